"""The nodes within one's reach over JSON: as they stand, what happened to one; and described."""

from datetime import datetime, timedelta
from typing import Annotated

from django.http import HttpRequest
from ninja import Query, Router, Schema

from scuderia.fleet.api.allocations import NodesIn
from scuderia.fleet.nouns import AllocationRecord, NodeState, RepairPhase
from scuderia.fleet.operations.descriptions import expand_nodes
from scuderia.fleet.operations.nodes import (
    NodeFacts,
    NodesDescribed,
    add_nodes,
    edit_nodes,
    retire_nodes,
)
from scuderia.fleet.queries import nodes
from scuderia.fleet.queries.nodes import NodeStatus, NodeTimeline
from scuderia.loop.api import common
from scuderia.loop.api.row_schemas import RowOf, made_from
from scuderia.loop.ports import registry

router = Router()
Days = Annotated[int, Query(ge=1, le=366)]
TOLD_MAX = 200


@made_from(RepairPhase, leave_out={"node"})
class PhaseOut(Schema):
    """Part of an outage of the node that is asked about."""


@made_from(AllocationRecord, leave_out={"node"})
class HoldOut(Schema):
    """A customer holds the node that is asked about."""


@made_from(NodeTimeline)
class TimelineOut(Schema):
    """What happened to one node; `outages_total` counts those beyond the list's end too."""

    outages_total: int


class NodesOut(Schema):
    """A page of nodes in order of place; pass `next_offset` back for more."""

    as_of: datetime
    total: int
    by_state: dict[NodeState, int]
    items: list[RowOf[NodeStatus]]
    next_offset: int | None


@router.get("/nodes", response=common.answers(NodesOut))
def list_nodes(
    request: HttpRequest,
    *,
    state: NodeState | None = None,
    customer: common.Wanted = "",
    rack: common.Wanted = "",
    spare: bool | None = None,
    page: common.LongPage,
) -> dict[str, object]:
    """Return the board: nodes as they stand, in order of place."""
    board = nodes.list_nodes(common.request_actor(request), registry.clock.now())
    found = [
        node
        for node in board.nodes
        if (state is None or node.state is state)
        and (not customer or node.customer == customer)
        and (not rack or node.place.rack == rack)
        and (spare is None or node.spare is spare)
    ]
    return {
        "as_of": board.at,
        "total": len(found),
        "by_state": board.count_by_state(),
        **page.of(found),
    }


@router.get("/nodes/{name}", response=common.answers(NodeStatus))
def get_node(request: HttpRequest, name: str) -> NodeStatus:
    """Return one node as it stands."""
    return nodes.get_node(common.request_actor(request), name, registry.clock.now())


@router.get("/nodes/{name}/timeline", response=common.answers(TimelineOut))
def get_timeline(request: HttpRequest, name: str, days: Days = 90) -> dict[str, object]:
    """Return what happened to one node in the days before now, newest first, 200 of each."""
    now = registry.clock.now()
    told = nodes.get_timeline(common.request_actor(request), name, now - timedelta(days=days), now)
    return {
        "place": told.place,
        "start": told.start,
        "end": told.end,
        "known_from": told.known_from,
        "known_until": told.known_until,
        "gpus": told.gpus,
        "out_s": told.out_s,
        "outages_total": len(told.outages),
        "outages": told.outages[:TOLD_MAX],
        "phases": told.phases[:TOLD_MAX],
        "allocations": told.allocations[:TOLD_MAX],
    }


class NodeFactsIn(Schema):
    """Where nodes stand, of which type, in service over [in_service_from, in_service_to)."""

    nodes: NodesIn
    site: common.SubjectText | None = None
    cluster: common.SubjectText | None = None
    rack: common.SubjectText | None = None
    sku: common.SubjectText | None = None
    in_service_from: common.Instant | None = None
    in_service_to: common.Instant | None = None
    dry_run: bool = False

    def facts(self) -> NodeFacts:
        """Return what is said of each of them."""
        told = {name: getattr(self, name) for name in NodeFacts.__dataclass_fields__}
        return NodeFacts(**told)


class NodeEditIn(NodeFactsIn):
    """What is so of nodes instead; what is left out stays."""

    reason: common.Words = ""


class RetireIn(Schema):
    """When nodes leave service; a reason where another end stood."""

    nodes: NodesIn
    end: common.Instant
    reason: common.Words = ""
    dry_run: bool = False


@router.post("/nodes", response=common.answers(NodesDescribed))
def add(request: HttpRequest, said: NodeFactsIn) -> NodesDescribed:
    """Bring nodes onto the books, all of them or none."""
    nodes = expand_nodes(said.nodes)
    return add_nodes(
        **common.asked_by(request), nodes=nodes, facts=said.facts(), dry_run=said.dry_run
    )


@router.patch("/nodes", response=common.answers(NodesDescribed))
def edit(request: HttpRequest, said: NodeEditIn) -> NodesDescribed:
    """Correct nodes, for all of the past too; all of them or none."""
    return edit_nodes(
        **common.asked_by(request),
        nodes=expand_nodes(said.nodes),
        facts=said.facts(),
        reason=said.reason,
        dry_run=said.dry_run,
    )


@router.post("/retirements", response=common.answers(NodesDescribed))
def retire(request: HttpRequest, said: RetireIn) -> NodesDescribed:
    """Take nodes out of service, all of them or none."""
    told = said.dict(exclude={"nodes"})
    return retire_nodes(**common.asked_by(request), nodes=expand_nodes(said.nodes), **told)
