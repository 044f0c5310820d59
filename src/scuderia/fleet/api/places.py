"""The fleet as it stands, within one's reach: nodes, open outages, spare pools, customers."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, cast

from django.http import HttpRequest
from ninja import Query, Router

from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.fleet.api import shapes
from scuderia.fleet.nouns import NodeState
from scuderia.fleet.queries.access import readable_scopes, require_reach, within_reach
from scuderia.fleet.queries.customers import list_customers
from scuderia.fleet.queries.nodes import NodeStatus, fleet_board, node_status, node_timeline
from scuderia.fleet.queries.outages import open_outages
from scuderia.fleet.queries.spare_pools import list_spare_pools
from scuderia.loop.api.common import Limit, Offset, PageOut, Wanted, answers, page_of, request_actor
from scuderia.loop.ports import registry

router = Router()
Days = Annotated[int, Query(ge=1, le=366)]
TOLD_MAX = 200


@router.get("/nodes", response=answers(shapes.NodesOut))
def list_nodes(
    request: HttpRequest,
    *,
    state: NodeState | None = None,
    customer: Wanted = "",
    rack: Wanted = "",
    spare: bool | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> dict[str, object]:
    """Return the board: nodes as they stand, in order of place."""
    board, scopes = fleet_board(registry.clock.now()), readable_scopes(request_actor(request))
    seen = [node for node in board.nodes if within_reach(node, scopes)]
    nodes = [
        node
        for node in seen
        if (state is None or node.state is state)
        and (not customer or node.customer == customer)
        and (not rack or node.place.rack == rack)
        and (spare is None or node.spare is spare)
    ]
    counted = Counter(node.state for node in seen)
    return {
        "as_of": board.at,
        "total": len(nodes),
        "by_state": {one: counted[one] for one in NodeState},
        **page_of(nodes, limit, offset),
    }


@router.get("/nodes/{name}", response=answers(shapes.NodeOut))
def get_node(request: HttpRequest, name: str) -> NodeStatus:
    """Return one node as it stands."""
    require_reach(request_actor(request), SubjectRef.parse(f"node:{name}"))
    return node_status(name, registry.clock.now())


@router.get("/nodes/{name}/timeline", response=answers(shapes.TimelineOut))
def get_timeline(request: HttpRequest, name: str, days: Days = 90) -> dict[str, object]:
    """Return what happened to one node in the days before now, newest first, 200 of each."""
    require_reach(request_actor(request), SubjectRef.parse(f"node:{name}"))
    now, scopes = registry.clock.now(), readable_scopes(request_actor(request))
    told = node_timeline(name, now - timedelta(days=days), now)
    whole = not scopes.isdisjoint(_above(told.place.site, told.place.cluster, told.place.rack))
    own = [
        hold
        for hold in told.allocations
        if whole or f"node:{name}" in scopes or f"customer:{hold.customer}" in scopes
    ]
    return {
        "place": told.place,
        "start": told.start,
        "end": told.end,
        "outages_total": len(told.outages),
        "outages": told.outages[:TOLD_MAX],
        "phases": told.phases[:TOLD_MAX],
        "allocations": own[:TOLD_MAX],
    }


@router.get("/outages", response=answers(PageOut[shapes.OpenOutageOut]))
def list_open_outages(
    request: HttpRequest, limit: Limit = 100, offset: Offset = 0
) -> Mapping[str, object]:
    """Return the outages that last, oldest first."""
    scopes = readable_scopes(request_actor(request))
    found = [
        outage
        for outage in open_outages(registry.clock.now())
        if within_reach(cast("NodeStatus", outage), scopes)  # it asks for place and customer alone
    ]
    return page_of(found, limit, offset)


@router.get("/spare-pools", response=answers(PageOut[shapes.SparePoolOut]))
def get_spare_pools(
    request: HttpRequest, limit: Limit = 100, offset: Offset = 0
) -> Mapping[str, object]:
    """Return each cluster's spares: the pool's target and what stands ready."""
    scopes = readable_scopes(request_actor(request))
    nodes = fleet_board(registry.clock.now()).nodes
    ready = Counter(node.place.cluster for node in nodes if node.spare)
    pools = [
        {
            "cluster": pool.cluster,
            "site": pool.site,
            "target_size": pool.target_size,
            "ready": ready[pool.cluster],
        }
        for pool in list_spare_pools()
        if not scopes.isdisjoint(_above(pool.site, pool.cluster))
    ]
    return page_of(pools, limit, offset)


@router.get("/customers", response=answers(PageOut[shapes.CustomerOut]))
def get_customers(
    request: HttpRequest, limit: Limit = 100, offset: Offset = 0
) -> Mapping[str, object]:
    """Return the customers within reach, with what each was promised."""
    scopes = readable_scopes(request_actor(request))
    found = [
        customer
        for customer in list_customers()
        if not scopes.isdisjoint({str(EVERYTHING), f"customer:{customer.name}"})
    ]
    return page_of(found, limit, offset)


def _above(site: str, cluster: str, rack: str = "") -> set[str]:
    """Return the scopes that hold a place whole, whoever its customers are."""
    above = {str(EVERYTHING), f"site:{site}", f"cluster:{cluster}"}
    return above | ({f"rack:{rack}"} if rack else set())
