"""A period's figures over JSON: the SLA report, the ledger, the evidence packet."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema

from scuderia.basics.clock import AwareDatetime, parse_instant
from scuderia.basics.errors import BadInput
from scuderia.fleet.nouns import LedgerClass
from scuderia.fleet.operations.evidence_packet import zip_evidence
from scuderia.fleet.queries import reports
from scuderia.fleet.queries.reports import Ledger, Period, SlaReport, whole_period
from scuderia.loop.api import common
from scuderia.loop.api.row_schemas import made_from
from scuderia.loop.ports import registry

router = Router()
Target = Annotated[float | None, Query(gt=0, le=1)]
Since = Annotated[str, Query(max_length=40)]
DAYS_USUAL = 30
PERIOD_MAX = timedelta(days=400)
FIRST, LAST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
CAUSES_MAX = 200
ZIP = "application/zip"


class NodeSecondsOut(Schema):
    """One node's seconds by class."""

    node: str
    seconds: dict[LedgerClass, int]


@made_from(Ledger, leave_out={"site", "by_node"})
class LedgerOut(Schema):
    """Every node-second of a period in exactly one class; `items` is one page of the nodes."""

    items: list[NodeSecondsOut]
    next_offset: int | None


@made_from(SlaReport, leave_out={"site"})
class ReportOut(Schema):
    """The SLA report of a period; null is unknown, never zero."""


class BadPeriod(BadInput):
    """The period is too long to answer at once, or lies outside of any books."""

    code = "WEB-010"
    remedy = f"Ask for {PERIOD_MAX.days} days at most, between 1990 and 2100."


@router.get("/report", response=common.answers(ReportOut))
def get_report(
    request: HttpRequest, since: Since = "", until: Since = "", target: Target = None
) -> SlaReport:
    """Return the report of the whole fleet, to those who may read everything."""
    actor = common.request_actor(request)
    return _bounded(reports.get_report(actor, _period(since, until), target=target))


@router.get("/customers/{name}/report", response=common.answers(ReportOut))
def get_customer_report(
    request: HttpRequest, name: str, since: Since = "", until: Since = "", target: Target = None
) -> SlaReport:
    """Return one customer's report; the last thirty days unless `since` and `until` say else."""
    actor, period = common.request_actor(request), _period(since, until)
    return _bounded(reports.get_report(actor, period, customer=name, target=target))


@router.get("/ledger", response=common.answers(LedgerOut))
def get_ledger(
    request: HttpRequest,
    customer: common.Wanted = "",
    since: Since = "",
    until: Since = "",
    *,
    page: common.LongPage,
) -> dict[str, object]:
    """Return every node-second of a period in its class; the nodes are paged, the sums are whole.

    Without a customer it is the whole fleet's, for those who may read everything.
    """
    actor, period = common.request_actor(request), _period(since, until)
    ledger = reports.get_ledger(actor, period, customer=customer or None)
    shown = page.of(sorted(ledger.by_node))
    names = shown["items"]
    assert isinstance(names, list)  # noqa: S101 - a page of a list is a list
    return {
        "customer": ledger.customer,
        "start": ledger.start,
        "end": ledger.end,
        "time_zone": ledger.time_zone,
        "nodes": ledger.nodes,
        "seconds": ledger.seconds,
        "gpu_seconds": ledger.gpu_seconds,
        "days": ledger.days,
        "next_offset": shown["next_offset"],
        "items": [{"node": name, "seconds": ledger.by_node[name]} for name in names],
    }


@router.get(
    "/customers/{name}/packet",
    response={401: common.RefusalOut, 404: common.RefusalOut, 422: common.RefusalOut},
    openapi_extra=common.file_answer(ZIP, "JSON, CSV and hashes in one zip", format="binary"),
)
def get_packet(
    request: HttpRequest, name: str, since: Since = "", until: Since = ""
) -> HttpResponse:
    """Return one customer's evidence packet, which rebuilds every figure from raw events."""
    body = zip_evidence(
        actor=common.request_actor(request),
        customer=name,
        period=_period(since, until),
        now=registry.clock.now(),
    )
    return HttpResponse(body, content_type=ZIP, headers={"Cache-Control": "private, no-store"})


def _period(since: str, until: str) -> Period:
    whole = whole_period(now=registry.clock.now())
    end = _instant(until, field="until") if until else whole.end
    usual = max(whole.start, end - timedelta(days=DAYS_USUAL))
    period = Period(_instant(since, field="since") if since else usual, end)
    if period.end - period.start > PERIOD_MAX:
        raise BadPeriod(f"{(period.end - period.start).days} days are too many")
    return period


def _instant(text: str, *, field: str) -> AwareDatetime:
    try:
        at = parse_instant(text, field=field)
    except OverflowError:
        raise BadPeriod(f"{field} lies outside the calendar") from None
    if not FIRST <= at <= LAST:
        raise BadPeriod(f"{field} lies outside of any books")
    return at


def _bounded(report: SlaReport) -> SlaReport:
    """Return the report with its gravest causes alone; the sums above them stay whole."""
    return replace(report, by_cause=report.by_cause[:CAUSES_MAX])
