"""Setting how many spares a cluster keeps."""

from collections.abc import Sequence

from scuderia.basics.canonical import JsonObject
from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.nouns import ControlVerb
from scuderia.fleet.playbook import action_kinds, outcomes
from scuderia.fleet.playbook.cluster_executor import (
    ClusterExecutor,
    ClusterState,
    gpus_in_words,
    read_cluster,
    step_of,
    target,
)
from scuderia.loop.nouns import (
    ActionKind,
    BlastRadius,
    Measurement,
    Plan,
    ProbeReport,
    Rehearsal,
    Step,
)


class ResizeSparePool(ClusterExecutor):
    """fleet.resize_spare_pool: its own inverse, with the size before."""

    def __init__(self, kind: ActionKind = action_kinds.RESIZE_SPARE_POOL) -> None:
        super().__init__(kind)

    def snapshot(self, plan: Plan) -> JsonObject:
        """Return the size that the pool is meant to have."""
        return {"size": _size(read_cluster(), target(plan).name)}

    def blast_radius(self, plan: Plan) -> BlastRadius:
        """Return the nodes that change their role, out of the cluster's."""
        state, cluster = read_cluster(), target(plan).name
        nodes = state.cluster_nodes(cluster)
        count = abs(_wanted(plan) - _size(state, cluster))
        return BlastRadius(
            count=count,
            denominator_count=len(nodes),
            unit="node",
            details=(gpus_in_words(count * max(state.gpus(node) for node in nodes)),),
        )

    def objections(self, plan: Plan, *, now: AwareDatetime) -> Sequence[str]:  # noqa: ARG002
        """Return the preconditions that do not hold."""
        state, cluster = read_cluster(), target(plan).name
        free = sum(state.node(node).customer is None for node in state.cluster_nodes(cluster))
        found = []
        if _wanted(plan) == _size(state, cluster):
            found.append(f"the pool of {cluster} is set to {_wanted(plan)} already")
        if _wanted(plan) > free:
            found.append(f"only {free} nodes of {cluster} are held by nobody")
        return found

    def steps(self, plan: Plan) -> Sequence[Step]:
        """Set the size."""
        return (step_of(0, ControlVerb.SET_SPARE_POOL, target(plan), size=_wanted(plan)),)

    def probe(self, plan: Plan) -> ProbeReport:
        """Say whether the pool is meant to have the new size."""
        size = _size(read_cluster(), target(plan).name)
        return ProbeReport(size == _wanted(plan), f"the pool of {target(plan).name} is {size}")

    def undo_plan(self, plan: Plan, snapshot: JsonObject) -> Plan | None:
        """Return the resize to the size before."""
        return Plan(self.kind.name, plan.targets, {"size": snapshot["size"]})

    def measure(
        self, plan: Plan, rehearsal: Rehearsal, *, acted_at: AwareDatetime, now: AwareDatetime
    ) -> Measurement | None:
        """Measure the node-hours that the cluster's customers lost since the action."""
        return outcomes.cluster_hours_lost(
            cluster=target(plan).name,
            horizon_days=rehearsal.horizon_days,
            acted_at=acted_at,
            now=now,
        )


def _wanted(plan: Plan) -> int:
    return int(str(plan.params["size"]))


def _size(state: ClusterState, cluster: str) -> int:
    state.cluster_nodes(cluster)
    return state.pool_sizes.get(cluster, 0)
