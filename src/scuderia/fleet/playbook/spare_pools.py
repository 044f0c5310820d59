"""Setting how many spares a cluster keeps."""

from collections.abc import Iterator

from scuderia.basics.canonical import JsonObject
from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.nouns import ControlVerb
from scuderia.fleet.playbook import outcomes
from scuderia.fleet.playbook.cluster_executor import (
    ClusterExecutor,
    ClusterState,
    gpus_in_words,
    read_cluster,
    step_of,
    target,
)
from scuderia.loop.nouns import BlastRadius, Examination, Plan, ProbeReport


class ResizeSparePool(ClusterExecutor):
    """fleet.resize_spare_pool: its own inverse, with the size before."""

    def examine(self, plan: Plan, *, now: AwareDatetime, done: int = 0) -> Examination:  # noqa: ARG002
        """Look at the size that the pool is meant to have, and at the nodes nobody holds.

        The blast is the nodes that change their role, out of the cluster's.
        """
        state, cluster, wanted = read_cluster(), target(plan).name, _wanted(plan)
        size, nodes = _size(state, cluster), state.cluster_nodes(cluster)
        return Examination(
            steps=(step_of(0, ControlVerb.SET_SPARE_POOL, target(plan), size=wanted),),
            snapshot={"size": size},
            blast=BlastRadius(
                count=abs(wanted - size),
                denominator_count=len(nodes),
                unit="node",
                details=(gpus_in_words(abs(wanted - size) * max(map(state.gpus, nodes))),),
            ),
            objections=tuple(_objections(state, cluster, wanted)),
        )

    def probe(self, plan: Plan) -> ProbeReport:
        """Say whether the pool is meant to have the new size."""
        size = _size(read_cluster(), target(plan).name)
        return ProbeReport(size == _wanted(plan), f"the pool of {target(plan).name} is {size}")

    def undo_plan(self, plan: Plan, snapshot: JsonObject) -> Plan | None:
        """Return the resize to the size before."""
        return Plan(self.kind.name, plan.targets, {"size": snapshot["size"]})

    def hours_lost(self, plan: Plan, start: AwareDatetime, end: AwareDatetime) -> float:
        """Return the node-hours that the cluster's customers lost."""
        return outcomes.cluster_hours_lost(start, end, cluster=target(plan).name)


def _objections(state: ClusterState, cluster: str, wanted: int) -> Iterator[str]:
    free = sum(state.node(node).customer is None for node in state.cluster_nodes(cluster))
    if wanted == _size(state, cluster):
        yield f"the pool of {cluster} is set to {wanted} already"
    if wanted > free:
        yield f"only {free} nodes of {cluster} are held by nobody"


def _wanted(plan: Plan) -> int:
    return int(str(plan.params["size"]))


def _size(state: ClusterState, cluster: str) -> int:
    state.cluster_nodes(cluster)
    return state.pool_sizes.get(cluster, 0)
