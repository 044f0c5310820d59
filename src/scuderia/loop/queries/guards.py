"""What stands in a plan's way right now: gates, preconditions, blast bounds, brakes, levels."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db.models import Q

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import Refused
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.loop.engine.blast_radius import blast_objections
from scuderia.loop.engine.digest import policy_version
from scuderia.loop.engine.grants import Given, most_cautious
from scuderia.loop.models.brakes import Brake
from scuderia.loop.models.grants import Grant
from scuderia.loop.nouns import (
    ActionKind,
    Answer,
    Autonomy,
    BlastRadius,
    BrakeScope,
    GateRequest,
    GateVerdict,
    GrantId,
    GrantState,
    Plan,
)
from scuderia.loop.ports import Executor, Gate, sockets
from scuderia.loop.queries.standing import known_lineage, lineage_of, union_lineage

NO_RADIUS = BlastRadius(count=-1, denominator_count=0, unit="?", gpus=0, customers=())


class UnknownKind(Refused):
    """No executor is plugged for this action kind, so it can be neither filed nor done."""

    code = "LOOP-006"
    remedy = "Use one of the action kinds that `scuderia crew list` names."


@dataclass(frozen=True, slots=True)
class Judgement:
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


def executor_of(kind: str) -> Executor:
    """Return who carries out this kind, or raise UnknownKind."""
    executor = sockets.executors.get(kind)
    if executor is None:
        raise UnknownKind(f"no executor for {kind[:64]!r}", kind=kind)
    return executor


def policy_of(kind: ActionKind) -> str:
    """Return the version of the rules in force for this kind."""
    return policy_version(kind, [gate.name for gate in sockets.gates])


def judge(
    plan: Plan, *, actor: Actor, at: AwareDatetime, phase: str, safe_direction: bool
) -> Judgement:
    """Ask every gate, every precondition and the blast bound; an error of any of them is a no.

    The safe direction is not held to a blast bound: putting ten nodes back must stay possible.
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
    return Judgement(gates, tuple(objections), radius)


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
    return tuple(_ask(gate, request) for gate in sockets.gates)


def brakes_on(*, agent: str, kind: str, targets: Sequence[SubjectRef]) -> list[Brake]:
    """Return every brake that stops this agent, this kind, or anything these targets hang under."""
    try:
        scopes = [str(scope) for scope in union_lineage(tuple(targets))]
    except Refused:  # a target that is gone hangs nowhere; its own name still stops it
        scopes = [*map(str, targets), str(EVERYTHING)]
    stopped = (
        Q(stops=BrakeScope.ALL)
        | Q(stops=BrakeScope.KIND, value=kind)
        | Q(stops=BrakeScope.SCOPE, value__in=scopes)
    )
    if agent:
        stopped |= Q(stops=BrakeScope.AGENT, value=agent)
    return list(Brake.objects.filter(stopped, lifted_at__isnull=True))


def brake_words(brakes: Sequence[Brake]) -> str:
    """Return who stopped what and why, in one line."""
    return "; ".join(
        f"brake on {brake.stops} {brake.value}".strip() + f" by {brake.set_by}: {brake.reason}"
        for brake in brakes
    )


def level_for(
    agent: str, kind: str, targets: Sequence[SubjectRef], *, at: AwareDatetime
) -> tuple[Autonomy, GrantId | None]:
    """Return how far the agent may go with this, and the grant that says so (None: default)."""
    grants = list(
        Grant.objects.filter(
            agent=agent,
            kind__in=[kind, "*"],
            state__in=[GrantState.ACTIVE, GrantState.SUSPENDED],
        )
    )
    if not grants:
        level, chosen = most_cautious([], kind=kind, lineages={}, at=at)
        return level, None
    lineages = {target: lineage_of(target) for target in targets}
    level, chosen = most_cautious(
        [_given(grant) for grant in grants], kind=kind, lineages=lineages, at=at
    )
    return level, chosen.id if chosen else None


def _given(grant: Grant) -> Given:
    scope, level = SubjectRef.parse(grant.scope), Autonomy(grant.level)
    if grant.state == GrantState.SUSPENDED:  # else a suspended budget would mean no budget
        level = min(level, Autonomy.ADVISE)
    return Given(
        id=GrantId(grant.id),
        kind=grant.kind,
        scope=scope,
        level=level,
        expires_at=grant.expires_at,
        depth=0 if scope == EVERYTHING else len(known_lineage(scope)),
    )


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
