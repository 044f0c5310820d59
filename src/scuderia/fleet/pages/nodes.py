"""Node: what it is now, what happened to it, what is claimed of it and on what evidence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import SubjectRef
from scuderia.basics.units import HOUR_S, percent
from scuderia.fleet.nouns import OutageRecord
from scuderia.fleet.operations.amendments import amend_outage, retract_outage
from scuderia.fleet.pages.amendments import changes_from, fields_of
from scuderia.fleet.pages.display import READY, STATE_LOOKS, look_of, share_words
from scuderia.fleet.pages.outage_table import outages_of
from scuderia.fleet.queries.amendments import AmendmentRow, list_amendments
from scuderia.fleet.queries.lemons import LemonWorth, lemon_worth
from scuderia.fleet.queries.lineage import lineage
from scuderia.fleet.queries.nodes import NodeStatus, NodeTimeline, get_node, get_timeline
from scuderia.loop.nouns import Power
from scuderia.loop.ports import registry
from scuderia.loop.queries.access import may
from scuderia.loop.queries.findings import FindingRow, list_findings
from scuderia.web.base_views import act, page, show
from scuderia.web.components import Card, Crumb, Entry, Field, Tab, facts
from scuderia.web.request_context import form_value, request_context
from scuderia.web.svg import UNKNOWN, StripPart, strip
from scuderia.web.table_csv import csv_answer
from scuderia.web.tables import DataTable, open_table

DAYS_OFFERED = (28, 90, 365)
DAYS_USUAL = 90
ENTRIES_MAX = 40
LEMON_QUERY = "lemon_score"
Facts = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class NodePage:
    """One node over a stretch of days, [start, as_of).

    look, word      the mark's
    outages         the table, a page of it; `booked` is how many the days hold
    entries         what happened, newest first, at most ENTRIES_MAX
    findings        the latest claims, cleared ones too
    lemon           the score as facts for people; empty where nobody tells it
    worth           how the score did on the fleet's own past; None where there is no score
    customer_href   "" where nobody holds the node
    may_amend       the person may correct its outages
    fields          of that form
    """

    as_of: AwareDatetime
    node: NodeStatus
    crumbs: tuple[Crumb, ...]
    look: str
    word: str
    cards: tuple[Card, ...]
    tabs: tuple[Tab, ...]
    days: int
    start: AwareDatetime
    strip: tuple[StripPart, ...]
    outages: DataTable
    booked: int
    entries: tuple[Entry, ...]
    findings: tuple[FindingRow, ...]
    lemon: Facts
    worth: LemonWorth | None
    customer_href: str
    may_amend: bool
    fields: tuple[Field, ...]


@require_safe
@page
def node(request: HttpRequest, name: str) -> HttpResponseBase:
    """Show one node."""
    asked = request_context(request)
    if request.GET.get("csv"):
        start = asked.now - timedelta(days=_days(request.GET.get("days", "")))
        told = get_timeline(asked.actor, name, start, asked.now)
        return csv_answer(*outages_of(told, asked.now), request) or shown(request, name)
    return shown(request, name)


@require_POST
@page
def amend(request: HttpRequest, name: str) -> HttpResponse:
    """Correct one of the node's outages, or take one off the books."""
    asked, key = request_context(request), form_value(request, "outage")
    reason = form_value(request, "reason")

    def doing() -> str:
        if form_value(request, "retract"):
            retract_outage(actor=asked.actor, source_key=key, reason=reason, now=asked.now)
            return "The outage is off the books; what stood there is kept."
        amend_outage(
            actor=asked.actor, source_key=key, changes=changes_from(request), reason=reason,
            now=asked.now,
        )  # fmt: skip
        return "The outage is corrected; what stood there is kept."

    return act(
        request, doing, then=reverse("node", args=[name]), again=lambda: shown(request, name)
    )


def shown(request: HttpRequest, name: str) -> HttpResponse:
    """Return the node's page, with what was refused before it, if anything."""
    asked = request_context(request)
    ref = SubjectRef.parse(f"node:{name}")
    days = _days(request.GET.get("days", ""))
    start = asked.now - timedelta(days=days)
    status = get_node(asked.actor, name, asked.now)
    told = get_timeline(asked.actor, name, start, asked.now)
    board, (look, word) = reverse("fleet"), look_of(status)
    lemon, worth = _lemon(str(ref), asked.now)
    context = NodePage(
        as_of=asked.now,
        node=status,
        crumbs=(Crumb("Fleet", board), Crumb(status.place.rack, f"{board}?q={status.place.rack}"),
                Crumb(name)),
        look="ok" if look == READY else look,
        word=word,
        cards=_cards(told, asked.now),
        tabs=tuple(Tab(f"{n} days", f"{reverse('node', args=[name])}?days={n}", current=n == days)
                   for n in DAYS_OFFERED),
        days=days,
        start=start,
        strip=_strip(told, asked.now),
        outages=open_table(
            *outages_of(told, asked.now), request, path=reverse("node", args=[name])
        ),
        booked=len(told.outages),
        entries=_entries(told, list_amendments(asked.actor, name)),
        findings=list_findings(asked.actor, subject=ref, open_only=False, limit=10),
        lemon=lemon,
        worth=worth,
        may_amend=may(asked.actor, Power.IMPORT, lineage(ref)),
        fields=fields_of(told),
        customer_href=reverse("customer", args=[status.customer]) if status.customer else "",
    )  # fmt: skip
    return show(request, "fleet/node.html", context)


def _days(text: str) -> int:
    return int(text) if text in {str(offered) for offered in DAYS_OFFERED} else DAYS_USUAL


def _lemon(node: str, now: AwareDatetime) -> tuple[Facts, LemonWorth | None]:
    """Return the score and its worth, kept for an hour of the fleet: both read all of it."""
    query = registry.evidence.get(LEMON_QUERY)
    if query is None:
        return (), None
    hour = f"{now:%Y%m%d%H}"
    score = cache.get_or_set(f"lemon:{hour}:{node}", lambda: facts(query.run({"node": node})))
    worth = cache.get_or_set(f"lemon-worth:{hour}", lambda: lemon_worth(now, quick=True))
    return score or (), worth


def _cards(told: NodeTimeline, now: AwareDatetime) -> tuple[Card, ...]:
    unplanned = [outage for outage in told.outages if not outage.planned]
    hours = told.out_s / HOUR_S
    whole = (told.known_until - told.known_from).total_seconds() / HOUR_S
    longest = max((_hours(outage, told.start, now) for outage in unplanned), default=0.0)
    return (
        Card("Outages", f"{len(unplanned)}", "", "unplanned, in the days shown"),
        Card(
            "Hours out",
            f"{hours:,.0f}",
            f"of {whole:,.0f}",
            "unplanned, by share of its GPUs"
            if any(outage.gpus_lost is not None for outage in unplanned)
            else "unplanned",
        ),
        Card(
            "Up",
            percent(1 - hours / whole, 1) if whole > 0 else UNKNOWN,
            "",
            f"of the {whole / 24:,.0f} days on the books",
        ),
        Card("Longest", f"{longest:,.0f}", "hours", "one unplanned outage"),
    )


def _hours(outage: OutageRecord, start: AwareDatetime, end: AwareDatetime) -> float:
    inside = min(outage.end or end, end) - max(outage.start, start)
    return max(0.0, inside.total_seconds() / HOUR_S)


def _strip(told: NodeTimeline, now: AwareDatetime) -> tuple[StripPart, ...]:
    start, end = told.start.timestamp(), now.timestamp()
    stretches = [
        (start, end, "unknown", "Not on the books"),
        (told.known_from.timestamp(), told.known_until.timestamp(), "ok", "Up"),
    ]
    stretches += [
        (o.start.timestamp(), (o.end or now).timestamp(), _look(o), _about(o, told.gpus))
        for o in sorted(told.outages, key=lambda o: o.gpus_lost is None)
    ]  # fmt: skip
    stretches += [
        (phase.start.timestamp(), (phase.end or now).timestamp(), *STATE_LOOKS[phase.state])
        for phase in told.phases
    ]
    return strip(stretches, start=start, end=end)


_BEGINS = {"hold": "Planned work begins", "bad": "Out of service", "warn": "Degraded"}


def _look(outage: OutageRecord) -> str:
    if outage.planned:
        return "hold"
    return "bad" if outage.gpus_lost is None else "warn"


def _about(outage: OutageRecord, gpus: int) -> str:
    cause = outage.cause or "cause unknown"
    if outage.gpus_lost is None:
        return cause
    return f"{share_words(outage.gpus_lost, outage.gpu_indices, gpus)}, {cause}"


def _entries(told: NodeTimeline, amended: Sequence[AmendmentRow]) -> tuple[Entry, ...]:
    found = [
        Entry(o.start, _BEGINS[_look(o)], _about(o, told.gpus), _look(o))
        for o in told.outages
    ]  # fmt: skip
    found += [Entry(o.end, "Back in service", "", "ok") for o in told.outages if o.end]
    found += [Entry(phase.start, STATE_LOOKS[phase.state][1], "", "warn") for phase in told.phases]
    found += [
        Entry(held.start, f"Given to {held.customer}", "", "",
              reverse("customer", args=[held.customer]))
        for held in told.allocations
        if held.start >= told.start
    ]  # fmt: skip
    found += [Entry(h.end, f"Taken from {h.customer}") for h in told.allocations if h.end]
    found += [
        Entry(
            row.amended_at, f"Corrected by {row.amended_by}", f"{row.words}. {row.reason}", "hold"
        )
        for row in amended
    ]
    dated = [(entry.at, index, entry) for index, entry in enumerate(found) if entry.at]
    return tuple(entry for _, _, entry in sorted(dated, reverse=True)[:ENTRIES_MAX])
