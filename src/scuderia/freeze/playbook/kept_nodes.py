"""freeze.swap_kept: another free node is kept for a run to come, in place of one that is sick."""

from dataclasses import dataclass

from scuderia.basics.canonical import JsonObject
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import SubjectRef
from scuderia.fleet.playbook.outcomes import measure_lost, node_hours_lost
from scuderia.freeze.operations.kept_nodes import swap_kept
from scuderia.freeze.queries.capacity_holds import kept_node
from scuderia.freeze.queries.zone_scope import scope_nodes
from scuderia.loop.nouns import (
    ActionKind,
    BlastBound,
    BlastRadius,
    EffectReport,
    EffectState,
    Examination,
    Measurement,
    ParamSpec,
    Plan,
    ProbeReport,
    Rehearsal,
    Reversibility,
    Step,
)
from scuderia.loop.ports import registry

SWAP_KEPT = ActionKind(
    name="freeze.swap_kept",
    title="Keep another free node for a run to come",
    params=(ParamSpec("spare", "subject", "the free node that is kept instead"),),
    reversibility=Reversibility.REVERSIBLE,
    undo="Keep the former node again, once it is free and healthy.",
    undo_kind="freeze.swap_kept",
    blast=BlastBound(1, 1.0, "nodes that are kept for the run"),
    preconditions=(
        "A zone keeps the node for a run that has not begun, and nobody holds it.",
        "The other node is up, a ready spare of the same type, held by nobody and kept for nobody.",
    ),
    probe="The zone keeps the other node and no longer the first.",
)


@dataclass(slots=True)
class SwapKept:
    """Carries it out on our own tables: no command goes to a cluster."""

    kind: ActionKind

    def examine(self, plan: Plan, *, now: AwareDatetime, done: int = 0) -> Examination:
        """Look at what is kept, and whether the other node is free and healthy."""
        node, spare = _names(plan)
        kept, other = kept_node(node, now), kept_node(spare, now)
        nodes = {one.node: one for one in scope_nodes(now, free=True)}
        same = node in nodes and spare in nodes and nodes[node].sku == nodes[spare].sku
        is_free = spare in nodes and nodes[spare].is_free
        held = node in nodes and nodes[node].customer != ""
        zone = kept or other
        objections = (
            (kept is not None and kept.starts_at > now, f"{node} is kept for no run to come"),
            (not held, f"somebody holds {node} by now"),
            (is_free, f"{spare} is not a free and healthy spare"),
            (same, f"{spare} is not of the type of {node}"),
        )
        return Examination(
            steps=(
                Step(
                    0,
                    f"keep {spare} instead of {node}",
                    {
                        "node": node,
                        "spare": spare,
                    },
                    leaves={"kept": False, "is_free": False},
                ),
            ),
            snapshot={"kept": kept is not None, "is_free": is_free},
            blast=BlastRadius(
                1,
                zone.nodes if zone else 1,
                "node",
                affected=(zone.customer,) if zone else (),
            ),
            objections=() if done else tuple(words for holds, words in objections if not holds),
        )

    def perform(self, step: Step, *, key: str) -> EffectReport:  # noqa: ARG002 - the pin is the key
        """Keep the other node; done before, nothing happens."""
        node, spare = str(step.arguments["node"]), str(step.arguments["spare"])
        if self._is_done(node, spare):
            return EffectReport(EffectState.DONE)
        swap_kept(node=node, spare=spare, now=registry.clock.now())
        return EffectReport(EffectState.DONE)

    def observe(self, step: Step, *, key: str) -> EffectReport:  # noqa: ARG002
        """Say whether the other node is kept in place of the first."""
        done = self._is_done(str(step.arguments["node"]), str(step.arguments["spare"]))
        return EffectReport(EffectState.DONE if done else EffectState.NOT_DONE)

    def probe(self, plan: Plan) -> ProbeReport:
        """Say whether the zone keeps the one and not the other."""
        node, spare = _names(plan)
        passed = self._is_done(node, spare)
        return ProbeReport(passed, f"{spare} is {'' if passed else 'not '}kept instead of {node}")

    def undo_plan(self, plan: Plan, snapshot: JsonObject) -> Plan | None:  # noqa: ARG002
        """Return the same with the two nodes changed over."""
        node, spare = _names(plan)
        return Plan(self.kind.name, (SubjectRef("node", spare),), {"spare": f"node:{node}"})

    def measure(
        self, plan: Plan, rehearsal: Rehearsal, *, acted_at: AwareDatetime, now: AwareDatetime
    ) -> Measurement | None:
        """Measure the node-hours that the kept place lost since."""
        _, spare = _names(plan)
        return measure_lost(
            lambda start, end: node_hours_lost(start, end, node=spare),
            horizon_days=rehearsal.horizon_days,
            acted_at=acted_at,
            now=now,
        )

    def _is_done(self, node: str, spare: str) -> bool:
        now = registry.clock.now()
        return kept_node(node, now) is None and kept_node(spare, now) is not None


def _names(plan: Plan) -> tuple[str, str]:
    return plan.targets[0].name, SubjectRef.parse(str(plan.params["spare"])).name
