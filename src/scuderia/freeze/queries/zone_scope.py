"""The fleet as zones see it: every node on the books, by whom it is held and how fit it is."""

from collections.abc import Collection, Mapping

from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.nouns import NodeState
from scuderia.fleet.queries.capacity_holds import capacity_holds
from scuderia.fleet.queries.labels import labels_with
from scuderia.fleet.queries.nodes import NodeStatus, fleet_board
from scuderia.freeze.engine.zone_scope import Health, ScopeNode

_HEALTH = {NodeState.UP: Health.UP, NodeState.DEGRADED: Health.DEGRADED}


def scope_nodes(
    now: AwareDatetime, *, keys: Collection[str] = (), free: bool = False
) -> tuple[ScopeNode, ...]:
    """Return every node of the books; one whose source is silent is there, and unfit.

    keys   of the labels that are told
    free   tell which of them could be kept for a run
    """
    board, labels = fleet_board(now), labels_with(keys)
    kept = capacity_holds(now) if free else {}
    return tuple(
        _node(
            one,
            labels.get(str(one.place.node), {}),
            is_free=free and one.spare and str(one.place.node) not in kept,
        )
        for one in board.nodes
        if _is_there(one)
    )


def _is_there(status: NodeStatus) -> bool:
    return status.state is not NodeState.UNKNOWN or status.silent


def _node(status: NodeStatus, labels: Mapping[str, str], *, is_free: bool) -> ScopeNode:
    place = status.place
    return ScopeNode(
        node=str(place.node),
        site=place.site,
        cluster=place.cluster,
        rack=place.rack,
        sku=place.sku,
        gpus=status.gpus,
        customer=str(status.customer or ""),
        health=_HEALTH.get(status.state, Health.OUT),
        labels=labels,
        is_free=is_free,
    )
