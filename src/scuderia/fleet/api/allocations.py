"""Who holds which node, and when, over JSON: read within one's reach, given out and ended."""

from collections.abc import Mapping
from typing import Annotated

from django.http import HttpRequest
from ninja import Field, Router, Schema

from scuderia.fleet.operations.allocations import (
    AllocationsMade,
    allocate_nodes,
    deallocate_nodes,
)
from scuderia.fleet.operations.descriptions import expand_nodes
from scuderia.fleet.queries.allocations import NodeHold, list_allocations
from scuderia.loop.api import common

router = Router()
NodesIn = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=2_000, pattern=common.NO_NUL)]],
    Field(min_length=1, max_length=1_000),
]
"""Names of nodes, or hostlists such as node[001-128]."""


@router.get("/allocations", response=common.answers(common.PageOut[NodeHold]))
def get_allocations(
    request: HttpRequest,
    customer: common.Wanted = "",
    node: common.Wanted = "",
    *,
    page: common.LongPage,
) -> Mapping[str, object]:
    """Return who held which node within reach, by node and start; a null end lasts."""
    found = list_allocations(
        common.request_actor(request),
        customer=customer or None,
        node=node or None,
        limit=page.rows_max,
    )
    return page.of(found)


class AllocateIn(Schema):
    """Nodes for a customer over [start, end); without an end it lasts."""

    nodes: NodesIn
    customer: common.SubjectText
    start: common.Instant
    end: common.Instant | None = None
    dry_run: bool = False


@router.post("/allocations", response=common.answers(AllocationsMade))
def allocate(request: HttpRequest, said: AllocateIn) -> AllocationsMade:
    """Have a customer hold nodes, all of them or none; what it holds just so is left as it is."""
    told = said.dict(exclude={"nodes"})
    return allocate_nodes(**common.asked_by(request), nodes=expand_nodes(said.nodes), **told)


class DeallocateIn(Schema):
    """When what nodes are held by ends; a reason where another end stood, or it never was."""

    nodes: NodesIn
    end: common.Instant
    reason: common.Words = ""
    dry_run: bool = False


class EndedOut(Schema):
    """How many allocations were ended."""

    ended: int


@router.patch("/allocations", response=common.answers(EndedOut))
def deallocate(request: HttpRequest, said: DeallocateIn) -> dict[str, int]:
    """End what each of the nodes is held by at that instant, all of them or none."""
    told = said.dict(exclude={"nodes"})
    ended = deallocate_nodes(**common.asked_by(request), nodes=expand_nodes(said.nodes), **told)
    return {"ended": ended}
