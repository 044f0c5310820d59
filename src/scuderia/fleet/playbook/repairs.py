"""One node at a time: escalate its repair or stop, drain it or let it serve again."""

from collections.abc import Callable
from dataclasses import dataclass

from scuderia.basics.canonical import JsonObject
from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.nouns import ControlVerb, NodeObservation, NodeState
from scuderia.fleet.playbook import action_kinds, outcomes
from scuderia.fleet.playbook.cluster_executor import (
    OUT,
    ClusterExecutor,
    one_node,
    read_cluster,
    step_of,
    target,
)
from scuderia.loop.nouns import Examination, Plan, ProbeReport


@dataclass(slots=True)
class OneNode(ClusterExecutor):
    """A kind that sends one verb to one node.

    ready   the preconditions in order: what must hold of the node, and the objection if not
    took    what must hold of the node afterwards
    """

    verb: ControlVerb
    ready: tuple[tuple[Callable[[NodeObservation], bool], str], ...]
    took: Callable[[NodeObservation], bool]

    def examine(self, plan: Plan, *, now: AwareDatetime, done: int = 0) -> Examination:  # noqa: ARG002
        """Look at which preconditions hold; what else changes about the node does not matter."""
        state, node = read_cluster(), target(plan).name
        seen = state.node(node)
        holds = [test(seen) for test, _ in self.ready]
        return Examination(
            steps=(step_of(0, self.verb, target(plan)),),
            snapshot={"holds": holds, "customer": seen.customer},
            blast=one_node(
                state, node, out_of=len(state.cluster_nodes(state.places[node].cluster))
            ),
            objections=tuple(
                f"{node} {objection}"
                for held, (_, objection) in zip(holds, self.ready, strict=True)
                if not held
            ),
        )

    def probe(self, plan: Plan) -> ProbeReport:
        """Say whether the verb took hold."""
        seen = read_cluster().node(target(plan).name)
        escalated = ", its repair escalated" if seen.escalated else ""
        return ProbeReport(self.took(seen), f"{seen.node} is {seen.state.value}{escalated}")

    def undo_plan(self, plan: Plan, snapshot: JsonObject) -> Plan | None:  # noqa: ARG002
        """Return the declared inverse on the same node, if there is one."""
        return Plan(self.kind.undo_kind, plan.targets, {}) if self.kind.undo_kind else None

    def hours_lost(self, plan: Plan, start: AwareDatetime, end: AwareDatetime) -> float:
        """Return the hours that the node was out of service."""
        return outcomes.node_hours_lost(start, end, node=target(plan).name)


def _is_out(seen: NodeObservation) -> bool:
    return seen.state in OUT


def _is_drained(seen: NodeObservation) -> bool:
    return seen.state is NodeState.DRAINED


def _is_up(seen: NodeObservation) -> bool:
    return seen.state is NodeState.UP


ESCALATE_REPAIR = OneNode(
    kind=action_kinds.ESCALATE_REPAIR,
    verb=ControlVerb.ESCALATE_REPAIR,
    ready=(
        (_is_out, "is not out of service"),
        (lambda seen: not seen.escalated, "has its repair escalated already"),
    ),
    took=lambda seen: seen.escalated or not _is_out(seen),
)
DEESCALATE_REPAIR = OneNode(
    kind=action_kinds.DEESCALATE_REPAIR,
    verb=ControlVerb.DEESCALATE_REPAIR,
    ready=((lambda seen: seen.escalated, "has no escalated repair"),),
    took=lambda seen: not seen.escalated,
)
DRAIN_NODE = OneNode(
    kind=action_kinds.DRAIN_NODE,
    verb=ControlVerb.DRAIN,
    ready=((_is_up, "is not up"),),
    took=lambda seen: not _is_up(seen),
)
RETURN_NODE = OneNode(
    kind=action_kinds.RETURN_NODE,
    verb=ControlVerb.UNDRAIN,
    ready=((_is_drained, "is not drained"),),
    took=lambda seen: not _is_drained(seen),
)
