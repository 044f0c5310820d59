"""The fleet over JSON: nodes, timelines, customers and reports, within one's reach."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, cast

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from scuderia.basics.actors import Actor
from scuderia.basics.clock import parse_instant
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.fleet.api import shapes
from scuderia.fleet.nouns import NodeState
from scuderia.fleet.operations.packets import zip_evidence
from scuderia.fleet.queries.board import NodeStatus, fleet_board, node_status
from scuderia.fleet.queries.outages import NodeTimeline, node_timeline
from scuderia.fleet.queries.places import CustomerSummary, list_customers
from scuderia.fleet.queries.reach import readable_scopes, require_reach, within_reach
from scuderia.fleet.queries.report import Period, SlaReport, sla_report, whole_period
from scuderia.loop.ports import sockets

router = Router(tags=["fleet"])
Limit = Annotated[int, Query(ge=1, le=1000)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]
Days = Annotated[int, Query(ge=1, le=366)]
Target = Annotated[float | None, Query(gt=0, le=1)]
DAYS_USUAL = 30


def who(request: HttpRequest) -> Actor:
    """Return who came through the API's door."""
    return cast("Actor", request.auth)  # type: ignore[attr-defined]


@router.get("/nodes", response=shapes.NodesOut)
def list_nodes(
    request: HttpRequest,
    state: NodeState | None = None,
    customer: str = "",
    limit: Limit = 200,
    offset: Offset = 0,
) -> dict[str, object]:
    """Return nodes as they stand, in order of place."""
    board, scopes = fleet_board(sockets.clock.now()), readable_scopes(who(request))
    nodes = [
        node
        for node in board.nodes
        if within_reach(node, scopes)
        and (state is None or node.state is state)
        and (not customer or node.customer == customer)
    ]
    after = offset + limit
    return {
        "as_of": board.at,
        "total": len(nodes),
        "items": nodes[offset:after],
        "next_offset": after if after < len(nodes) else None,
    }


@router.get("/nodes/{name}", response=shapes.NodeOut)
def get_node(request: HttpRequest, name: str) -> NodeStatus:
    """Return one node as it stands."""
    require_reach(who(request), SubjectRef.parse(f"node:{name}"))
    return node_status(name, sockets.clock.now())


@router.get("/nodes/{name}/timeline", response=shapes.TimelineOut)
def get_timeline(request: HttpRequest, name: str, days: Days = 90) -> NodeTimeline:
    """Return what happened to one node in the days before now."""
    require_reach(who(request), SubjectRef.parse(f"node:{name}"))
    now = sockets.clock.now()
    return node_timeline(name, now - timedelta(days=days), now)


@router.get("/customers", response=list[shapes.CustomerOut])
def get_customers(request: HttpRequest) -> Sequence[CustomerSummary]:
    """Return the customers within reach."""
    scopes = readable_scopes(who(request))
    return [
        customer
        for customer in list_customers()
        if not scopes.isdisjoint({str(EVERYTHING), f"customer:{customer.name}"})
    ]


@router.get("/report", response=shapes.ReportOut)
def get_report(
    request: HttpRequest, since: str = "", until: str = "", target: Target = None
) -> SlaReport:
    """Return the report of the whole fleet, to those who may read everything."""
    require_reach(who(request), EVERYTHING)
    period = _period(since, until)
    return sla_report(period.start, period.end, target=target)


@router.get("/customers/{name}/report", response=shapes.ReportOut)
def get_customer_report(
    request: HttpRequest, name: str, since: str = "", until: str = "", target: Target = None
) -> SlaReport:
    """Return one customer's report; the last thirty days unless `since` and `until` say else."""
    require_reach(who(request), SubjectRef.parse(f"customer:{name}"))
    period = _period(since, until)
    return sla_report(period.start, period.end, customer=name, target=target)


@router.get("/customers/{name}/packet")
def get_packet(request: HttpRequest, name: str, since: str = "", until: str = "") -> HttpResponse:
    """Return one customer's evidence packet as a zip."""
    require_reach(who(request), SubjectRef.parse(f"customer:{name}"))
    body = zip_evidence(
        actor=who(request),
        customer=name,
        period=_period(since, until),
        now=sockets.clock.now(),
    )
    return HttpResponse(body, content_type="application/zip")


def _period(since: str, until: str) -> Period:
    whole = whole_period(now=sockets.clock.now())
    end = parse_instant(until, field="until") if until else whole.end
    usual = max(whole.start, end - timedelta(days=DAYS_USUAL))
    return Period(parse_instant(since, field="since") if since else usual, end)
