"""Customer: the SLA report, as a page and for paper, and its evidence packet."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_safe

from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.operations.evidence_packet import zip_evidence
from scuderia.fleet.pages.periods import DAYS_OFFERED, period_from
from scuderia.fleet.pages.report_tables import (
    AnyTable,
    cards_of,
    chart_words,
    days_chart,
    tables_of,
)
from scuderia.fleet.queries.reports import SlaReport, get_report
from scuderia.web.base_views import page, show
from scuderia.web.charts import Spec, on_paper
from scuderia.web.components import Card, Crumb, Field, Tab
from scuderia.web.request_context import request_context
from scuderia.web.table_csv import first_csv
from scuderia.web.tables import DataTable, open_table

EPOCH_NAME = "%Y%m%d"
PAPER_ROWS = 100


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """One report over one period.

    title         the customer's name, or that it is of the whole fleet
    fields        of the form that asks for another period, [from, to) in days of UTC
    tables        by name: causes, days, hours, headline, longest
    chart_words   what the chart shows
    chart         for the screen; `drawing` is the same as a picture for paper, "" on the screen
    print_href    the same report for paper
    packet_href   its evidence packet; "" of the whole fleet, which has none
    """

    as_of: AwareDatetime
    title: str
    report: SlaReport
    crumbs: tuple[Crumb, ...]
    tabs: tuple[Tab, ...]
    fields: tuple[Field, ...]
    cards: tuple[Card, ...]
    tables: Mapping[str, DataTable]
    chart: Spec
    chart_words: str
    drawing: str
    printing: bool
    print_href: str
    packet_href: str


@require_safe
@page
def customer(request: HttpRequest, name: str) -> HttpResponseBase:
    """Show one customer's report; `?print=1` for paper."""
    return _shown(request, name, reverse("customer", args=[name]))


@require_safe
@page
def whole(request: HttpRequest) -> HttpResponseBase:
    """Show the report of the whole fleet, to people who may read everything."""
    return _shown(request, None, reverse("fleet-report"))


@require_safe
@page
def packet(request: HttpRequest, name: str) -> HttpResponse:
    """Give one customer's evidence packet."""
    asked = request_context(request)
    period, _ = period_from(request, now=asked.now)
    body = zip_evidence(actor=asked.actor, customer=name, period=period, now=asked.now)
    stamp = f"{period.start:{EPOCH_NAME}}-{period.end:{EPOCH_NAME}}"
    told = f'attachment; filename="evidence-{name}-{stamp}.zip"'
    return HttpResponse(body, content_type="application/zip", headers={"Content-Disposition": told})


def _shown(request: HttpRequest, name: str | None, path: str) -> HttpResponseBase:
    who = request_context(request)
    now = who.now
    period, days = period_from(request, now=now)
    report = get_report(who.actor, period, customer=name)
    dates = {"from": f"{period.start:%Y-%m-%d}", "to": f"{period.end:%Y-%m-%d}"}
    asked = {"days": str(days)} if days else dates
    printing = request.GET.get("print") == "1"
    tables = tables_of(report, now)
    if sheet := first_csv(request, *tables.values()):
        return sheet
    chart = days_chart(report)
    context = CustomerPage(
        as_of=now,
        title=name or "The whole fleet",
        report=report,
        crumbs=(Crumb("Fleet", reverse("fleet")), Crumb(name or "Report")),
        tabs=tuple(Tab(f"{n} days", f"{path}?days={n}", current=n == days) for n in DAYS_OFFERED),
        fields=tuple(Field(key, key.capitalize(), "date", value=value, required=True)
                     for key, value in dates.items()),
        cards=cards_of(report),
        chart=chart,
        chart_words=chart_words(report),
        drawing=on_paper(chart) if printing else "",
        tables={key: _opened(one, request, printing=printing) for key, one in tables.items()},
        printing=printing,
        print_href=f"{path}?{urlencode(asked | {'print': '1'})}",
        packet_href=f"{path}/packet?{urlencode(asked)}" if name else "",
    )  # fmt: skip
    return show(request, "fleet/customer.html", context)


def _opened(table: AnyTable, request: HttpRequest, *, printing: bool) -> DataTable:
    spec, source = table
    return open_table(replace(spec, size=PAPER_ROWS) if printing else spec, source, request)
