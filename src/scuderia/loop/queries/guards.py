"""What stands in a plan's way right now: gates, preconditions, blast bounds, brakes, levels."""

from dataclasses import dataclass, replace

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.loop.engine.blast_radius import blast_objections
from scuderia.loop.nouns import (
    Answer,
    BlastRadius,
    GateRequest,
    GateVerdict,
    Plan,
)
from scuderia.loop.ports import Executor, Gate, executor_of, registry
from scuderia.loop.queries.lineage import union_lineage

NO_RADIUS = BlastRadius(count=-1, denominator_count=0, unit="?")


@dataclass(frozen=True, slots=True)
class PreflightReport:
    """Everything that was asked about one plan at one moment."""

    gates: tuple[GateVerdict, ...]
    objections: tuple[str, ...]
    radius: BlastRadius

    @property
    def refusals(self) -> tuple[str, ...]:
        """Return every reason against, gates first."""
        said = [
            f"gate {verdict.gate}: {'; '.join(verdict.reasons) or 'no'}"
            for verdict in self.gates
            if verdict.answer is not Answer.YES
        ]
        return (*said, *self.objections)


def judge(
    plan: Plan, *, actor: Actor, at: AwareDatetime, phase: str, safe_direction: bool
) -> PreflightReport:
    """Ask every gate, every precondition and the blast bound; an error of any of them is a no.

    The safe direction is not held to a blast bound: putting ten things back must stay possible.
    """
    executor = executor_of(plan.kind)
    gates = ask_gates(plan, actor=actor, at=at, phase=phase, safe_direction=safe_direction)
    objections, radius = _objections(executor, plan, at), NO_RADIUS
    try:
        radius = executor.blast_radius(plan)
    except Exception as error:  # noqa: BLE001 - what cannot be counted must not be done
        objections.append(f"the blast radius could not be counted: {_words(error)}")
    else:
        if not safe_direction:
            objections += blast_objections(executor.kind, radius, targets=len(plan.targets))
    return PreflightReport(gates, tuple(objections), radius)


def ask_gates(
    plan: Plan, *, actor: Actor, at: AwareDatetime, phase: str, safe_direction: bool
) -> tuple[GateVerdict, ...]:
    """Return every gate's word; an erroring gate says no."""
    request = GateRequest(
        plan=plan,
        lineage=union_lineage(plan.targets),
        actor=actor,
        at=at,
        phase=phase,
        safe_direction=safe_direction,
    )
    return tuple(_ask(gate, request) for gate in registry.gates)


def _ask(gate: Gate, request: GateRequest) -> GateVerdict:
    try:
        verdict = gate.decide(request)
        return replace(verdict, gate=gate.name, reasons=tuple(verdict.reasons))
    except Exception as error:  # noqa: BLE001 - an erroring gate is a no, recorded as one
        return GateVerdict(gate.name, Answer.NO, (f"the gate failed: {_words(error)}",))


def _objections(executor: Executor, plan: Plan, at: AwareDatetime) -> list[str]:
    try:
        return list(executor.objections(plan, now=at))
    except Exception as error:  # noqa: BLE001 - a precondition that cannot be checked does not hold
        return [f"the preconditions could not be checked: {_words(error)}"]


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]
