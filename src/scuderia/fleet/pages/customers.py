"""Customer: the SLA report, as a page and for paper, and its evidence packet."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput
from scuderia.fleet.operations.evidence_packet import zip_evidence
from scuderia.fleet.operations.exclusions import add_exclusion
from scuderia.fleet.operations.prices import set_price
from scuderia.fleet.operations.slas import set_sla
from scuderia.fleet.pages.periods import DAYS_OFFERED, period_from
from scuderia.fleet.pages.report_tables import (
    AnyTable,
    cards_of,
    cause_words,
    chart_words,
    days_chart,
    tables_of,
)
from scuderia.fleet.pages.slas import Form, forms_for, terms_of
from scuderia.fleet.queries.exclusions import read_instant_in
from scuderia.fleet.queries.reports import SlaReport, get_report
from scuderia.fleet.queries.slas import read_first_day
from scuderia.web.base_views import act, page, show
from scuderia.web.charts import Spec, on_paper
from scuderia.web.components import Card, Crumb, Field, Tab
from scuderia.web.request_context import RequestContext, form_value, request_context
from scuderia.web.table_csv import first_csv
from scuderia.web.tables import DataTable, open_table

EPOCH_NAME = "%Y%m%d"
PAPER_ROWS, DIGITS_MAX, CHANGES_SHOWN = 100, 10, 20


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """One report over one period.

    title         the customer's name, or that it is of the whole fleet
    fields        of the form that asks for another period, [from, to) in days of UTC
    tables        by name: causes, days, hours, headline, longest; of a customer also
                  promises, prices, exclusions
    chart_words   what the chart shows
    forms         by which promises, prices and exclusions are stated, for who may
    cause_words   what the hours by cause add up to, and why that is more than the downtime
    promises_changed   the latest first, `changes_left` more are not shown
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
    forms: tuple[Form, ...]
    chart: Spec
    chart_words: str
    cause_words: str
    promises_changed: tuple[str, ...]
    changes_left: int
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


@require_POST
@page
def state_sla(request: HttpRequest, name: str) -> HttpResponseBase:
    """Promise the customer something from a day on."""

    def doing(asked: RequestContext) -> str:
        set_sla(
            actor=asked.actor,
            customer=name,
            first_day=read_first_day(form_value(request, "first_day")),
            target=_number(request, "target"),
            time_zone=form_value(request, "time_zone") or None,
            reason=form_value(request, "reason"),
            now=asked.now,
        )
        return "It is promised from that day on; what stood there is kept in the audit."

    return _acted(request, name, doing)


@require_POST
@page
def state_price(request: HttpRequest, name: str) -> HttpResponseBase:
    """State a price of the customer's own from a day on."""

    def doing(asked: RequestContext) -> str:
        set_price(
            actor=asked.actor,
            customer=name,
            sku=form_value(request, "sku"),
            first_day=read_first_day(form_value(request, "first_day")),
            cents_per_gpu_hour=_whole(request, "cents"),
            reason=form_value(request, "reason"),
            now=asked.now,
        )
        return "The price is stated from that day on; what stood there is kept in the audit."

    return _acted(request, name, doing)


@require_POST
@page
def exclude(request: HttpRequest, name: str) -> HttpResponseBase:
    """Have downtime of the customer not count against its promise."""

    def doing(asked: RequestContext) -> str:
        zone, end = form_value(request, "time_zone"), form_value(request, "end")
        add_exclusion(
            actor=asked.actor,
            customer=name,
            start=read_instant_in(form_value(request, "start"), zone, "from"),
            end=read_instant_in(end, zone, "to") if end else None,
            cause=form_value(request, "cause"),
            time_zone=zone,
            reason=form_value(request, "reason"),
            now=asked.now,
        )
        return "That downtime does not count; the availability without exclusions stays."

    return _acted(request, name, doing)


def _acted(
    request: HttpRequest, name: str, doing: Callable[[RequestContext], str]
) -> HttpResponseBase:
    asked, there = request_context(request), reverse("customer", args=[name])
    return act(
        request,
        lambda: doing(asked),
        then=there,
        again=lambda: _page(request, name, there, *_asked(request, name)),
    )


def _number(request: HttpRequest, name: str) -> float:
    text = form_value(request, name)
    try:
        return float(text)
    except ValueError:
        raise BadInput(f"{name}: {text[:40]!r} is no number", remedy="Write digits.") from None


def _whole(request: HttpRequest, name: str) -> int:
    text = form_value(request, name)
    if not (text.isascii() and text.isdigit() and len(text) < DIGITS_MAX):
        raise BadInput(f"{name}: {text[:40]!r} is no whole number", remedy="Write digits alone.")
    return int(text)


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
    """Return the page, or one of its tables as a sheet."""
    report, tables, days = _asked(request, name)
    sheet = first_csv(request, *tables.values())
    return sheet or _page(request, name, path, report, tables, days)


def _asked(request: HttpRequest, name: str | None) -> tuple[SlaReport, Mapping[str, AnyTable], int]:
    """Return the report of the period that is asked for, its tables, and the days chosen."""
    who = request_context(request)
    period, days = period_from(request, now=who.now)
    report = get_report(who.actor, period, customer=name)
    return report, tables_of(report, who.now) | (terms_of(who, name) if name else {}), days


def _page(
    request: HttpRequest,
    name: str | None,
    path: str,
    report: SlaReport,
    tables: Mapping[str, AnyTable],
    days: int,
) -> HttpResponse:
    who = request_context(request)
    dates = {"from": f"{report.start:%Y-%m-%d}", "to": f"{report.end:%Y-%m-%d}"}
    asked = {"days": str(days)} if days else dates
    printing = request.GET.get("print") == "1"
    chart = days_chart(report)
    changes = tuple(change.words for change in reversed(report.promises_changed))
    context = CustomerPage(
        as_of=who.now,
        title=name or "The whole fleet",
        report=report,
        crumbs=(Crumb("Fleet", reverse("fleet")), Crumb(name or "Report")),
        tabs=tuple(Tab(f"{n} days", f"{path}?days={n}", current=n == days) for n in DAYS_OFFERED),
        fields=tuple(Field(key, key.capitalize(), "date", value=value, required=True)
                     for key, value in dates.items()),
        cards=cards_of(report),
        chart=chart,
        chart_words=chart_words(report),
        cause_words=cause_words(report),
        promises_changed=changes[:CHANGES_SHOWN],
        changes_left=max(0, len(changes) - CHANGES_SHOWN),
        drawing=on_paper(chart) if printing else "",
        tables={key: _opened(one, request, printing=printing) for key, one in tables.items()},
        forms=forms_for(who.actor, name) if name and not printing else (),
        printing=printing,
        print_href=f"{path}?{urlencode(asked | {'print': '1'})}",
        packet_href=f"{path}/packet?{urlencode(asked)}" if name else "",
    )  # fmt: skip
    return show(request, "fleet/customer.html", context)


def _opened(table: AnyTable, request: HttpRequest, *, printing: bool) -> DataTable:
    spec, source = table
    return open_table(replace(spec, size=PAPER_ROWS) if printing else spec, source, request)
