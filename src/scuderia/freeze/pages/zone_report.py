"""The report of a zone, for its customer: to read, to print, and to take along signed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_safe

from scuderia.basics.clock import AwareDatetime
from scuderia.freeze.operations.envelopes import sealed_report
from scuderia.freeze.operations.signing_keys import public_key
from scuderia.freeze.pages.zone_watch import BREACHES, DECISIONS, LET_THROUGH, machine
from scuderia.freeze.queries.zone_report import ReportedMachine, ZoneReport, zone_report
from scuderia.loop.queries.gate_refusals import GateRefusal
from scuderia.web.base_views import page, show
from scuderia.web.components import Card, Cell, Crumb, Entry
from scuderia.web.request_context import request_context
from scuderia.web.svg import UNKNOWN
from scuderia.web.tables import DataTable, TableColumn, TableSpec, open_table, rows_in_memory

PAPER_ROWS = 1_000
LOOKS: Mapping[str, tuple[str, str, str]] = {
    "quiet": (
        "ok", "Quiet",
        "Every machine was seen from the beginning to the end, and nothing of it changed.",
    ),
    "changed": ("bad", "Changed", "Something changed that nobody was let through for."),
    "not known": (
        "unknown", "Not known",
        "No change was seen, but not of every machine all of the time: the rest is not known.",
    ),
    "not begun": ("hold", "Not begun", "The zone has not been in force."),
}  # fmt: skip
"""By what the report comes to: how it looks, its word, and what it means."""


@dataclass(frozen=True, slots=True)
class ZoneReportPage:
    """A zone's report as it stands on paper: no table of it is filtered or paged.

    look, word, meaning   what it comes to
    unseen       machines of which not all is known, in words; "" where there is none
    file         what the signed envelope is called; key_id: the thumbprint of the key that signs it
    """

    as_of: AwareDatetime
    crumbs: tuple[Crumb, ...]
    report: ZoneReport
    look: str
    word: str
    meaning: str
    unseen: str
    cards: tuple[Card, ...]
    machines: DataTable
    breaches: DataTable
    let_through: DataTable
    decisions: DataTable
    refused: DataTable
    entries: tuple[Entry, ...]
    file: str
    key_id: str
    rows_max: int


@require_safe
@page
def report(request: HttpRequest, zone_id: UUID) -> HttpResponseBase:
    """Show a zone's report to whoever may read the zone."""
    asked = request_context(request)
    told = zone_report(asked.actor, zone_id, asked.now)
    look, word, meaning = LOOKS[told.finding.value]

    def on_paper(spec: TableSpec[Any], rows: tuple[Any, ...]) -> DataTable:
        return open_table(replace(spec, size=PAPER_ROWS), rows_in_memory(spec, rows), request)

    context = ZoneReportPage(
        as_of=asked.now,
        crumbs=(
            Crumb("No-fly zones", reverse("zones")),
            Crumb(told.title, reverse("zone", args=[zone_id])),
            Crumb("Report"),
        ),
        report=told,
        look=look,
        word=f"{word}, so far" if told.so_far else word,
        meaning=meaning,
        unseen=_unseen(told),
        cards=_cards(told),
        machines=on_paper(MACHINES, told.machines),
        breaches=on_paper(BREACHES, told.breaches),
        let_through=on_paper(LET_THROUGH, told.let_through),
        decisions=on_paper(DECISIONS, tuple(reversed(told.decisions))),
        refused=on_paper(REFUSED, told.refused_actions),
        entries=tuple(
            Entry(step.at, f"{step.step.capitalize()} by {step.by}", step.reason)
            for step in told.steps
        ),
        file=_file(zone_id),
        key_id=public_key(asked.actor).kid,
        rows_max=PAPER_ROWS,
    )
    return show(request, "freeze/zone_report.html", context)


@require_safe
@page
def envelope(request: HttpRequest, zone_id: UUID) -> HttpResponse:
    """Give the report as it is signed."""
    asked = request_context(request)
    body = sealed_report(actor=asked.actor, zone_id=zone_id, now=asked.now)
    headers = {
        "Content-Disposition": f'attachment; filename="{_file(zone_id)}"',
        "Cache-Control": "private, no-store",
    }
    return HttpResponse(body, content_type="application/json", headers=headers)


def _file(zone_id: UUID) -> str:
    return f"zone-report-{str(zone_id)[-12:]}.json"


def _cards(told: ZoneReport) -> tuple[Card, ...]:
    untold = f"and {told.untold:,} that you may not read" if told.untold else "of the customer's"
    refused = sum(not one.allowed for one in told.decisions)
    return (
        Card("Machines", f"{len(told.machines):,}", "", untold),
        Card("GPUs", f"{told.gpus:,}", "", "frozen"),
        Card("Changes without leave", f"{len(told.breaches):,}", "",
             f"and {len(told.let_through):,} by break-glass"),
        Card("Updates refused", f"{refused:,}", f"of {len(told.decisions):,}", "asked for"),
    )  # fmt: skip


def _unseen(told: ZoneReport) -> str:
    if not told.not_known:
        return ""
    more = len(told.not_known) - NAMES_TOLD
    names = ", ".join(told.not_known[:NAMES_TOLD]) + (f" and {more:,} more" if more > 0 else "")
    return f"Not known all of the time: {names}."


NAMES_TOLD = 12


def _seen(row: ReportedMachine) -> Cell:
    if not row.seen:
        return Cell("never: nothing is known", "words")
    first = min(first for first, _ in row.seen.values())
    last = max(last for _, last in row.seen.values())
    return Cell(f"{first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M}", "words")


def _how_it_came(row: ReportedMachine) -> Cell:
    told = [f"in place of {row.in_place_of}"] if row.in_place_of else []
    told += ["left by a swap"] if row.left else []
    return Cell(", ".join(told) or UNKNOWN, "words")


MACHINES: TableSpec[ReportedMachine] = TableSpec(
    name="machines",
    caption="The machines, from when to when each was frozen and seen, all times in UTC",
    columns=(
        TableColumn("machine", "Machine", lambda row: machine(row.node)),
        TableColumn("gpus", "GPUs", lambda row: Cell(f"{row.gpus:,}", "number"), numeric=True),
        TableColumn("from", "From (UTC)", lambda row: Cell("", "instant", at=row.since)),
        TableColumn("to", "To (UTC)", lambda row: Cell("", "instant", at=row.until)),
        TableColumn("swap", "Swapped", _how_it_came),
        TableColumn("seen", "Seen (UTC)", _seen),
        TableColumn("unknown", "Not known", lambda row: Cell(
            ", ".join(row.not_known).replace("_", " ") or UNKNOWN, "words")),
    ),
    key=lambda row: f"{row.node} {row.since}",
)  # fmt: skip
REFUSED: TableSpec[GateRefusal] = TableSpec(
    name="refused",
    caption="Our own actions that the gate refused, all times in UTC",
    columns=(
        TableColumn("action", "Action", lambda row: Cell(row.kind, "code")),
        TableColumn("at", "Refused (UTC)", lambda row: Cell("", "instant", at=row.at)),
        TableColumn("by", "Wanted by", lambda row: Cell(row.by)),
        TableColumn("machines", "Machines", lambda row: Cell(
            ", ".join(target.partition(":")[2] for target in row.targets), "words")),
    ),
    key=lambda row: f"{row.subject} {row.at}",
)  # fmt: skip
