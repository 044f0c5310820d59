"""No-fly zones: their list, and each one's page with what a person may do to it."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import EVERYTHING
from scuderia.fleet.pages.board import Stretch, clusters_of
from scuderia.fleet.queries.nodes import list_nodes
from scuderia.freeze.nouns import ZonePower, ZoneState
from scuderia.freeze.operations import zones as operations
from scuderia.freeze.operations.replans import adopt_replan, draft_replan
from scuderia.freeze.pages.display import STATE_LOOKS, countdown
from scuderia.freeze.pages.forms import filled
from scuderia.freeze.pages.zone_plans import BillPanel, DraftPanel, bill_panel, draft_panel
from scuderia.freeze.pages.zone_table import ZONES
from scuderia.freeze.pages.zone_watch import (
    WatchPanel,
    is_sheet_of_watch,
    watch_panel,
    watch_tables,
)
from scuderia.freeze.queries.replans import list_replans
from scuderia.freeze.queries.zones import ZoneRow, ZoneView, get_zone, list_zones
from scuderia.loop.nouns import Power
from scuderia.loop.pages.forms import carry_out
from scuderia.loop.queries.access import may, may_somewhere
from scuderia.web.base_views import act, page, show
from scuderia.web.components import Crumb, Entry, Field, Tab
from scuderia.web.request_context import form_value, request_context
from scuderia.web.table_csv import csv_answer, first_csv
from scuderia.web.tables import DataTable, open_table, rows_in_memory

LIVE = (ZoneState.SCHEDULED, ZoneState.ACTIVE)
BILLED = (ZoneState.REQUESTED, *LIVE)


@dataclass(frozen=True, slots=True)
class ZonesPage:
    """The zones within the person's reach; `may_ask`: they may ask for one somewhere."""

    as_of: AwareDatetime
    tabs: tuple[Tab, ...]
    table: DataTable
    past: bool
    may_ask: bool


@dataclass(frozen=True, slots=True)
class ZonePage:
    """One zone.

    as_asked      from when to when, on the wall clock of its own zone; how it repeats
    look, word    of its state; `countdown` until it begins or ends, in words
    racks         those of its nodes that the person may read, as they stand now
    untold        how many it holds beside those
    parts         the switches, feeds and storage it holds, those that the person may know of named
    may_decide    something waits and the person may say yes or no; `same_person`: they asked
                  for it themselves, so that somebody else decides
    may_extend, may_end   whether these are offered, with `fields` of the former
    watch         what was seen of its machines, and what the gate was asked about them
    bill          None where nothing of it is to come; draft: the last one, None before the first
    may_draft, may_adopt   whether to draft the calendar around it, and to move it, are offered
    """

    as_of: AwareDatetime
    crumbs: tuple[Crumb, ...]
    zone: ZoneRow
    as_asked: str
    look: str
    word: str
    countdown: str
    racks: tuple[Stretch, ...]
    untold: int
    parts: str
    entries: tuple[Entry, ...]
    may_decide: bool
    same_person: bool
    may_extend: bool
    may_end: bool
    reason: str
    fields: tuple[Field, ...]
    watch: WatchPanel
    bill: BillPanel | None
    draft: DraftPanel | None
    may_draft: bool
    may_adopt: bool


@require_safe
@page
def zones(request: HttpRequest) -> HttpResponseBase:
    """Show the zones in force and to come, or with `?view=all` those over as well."""
    asked, past = request_context(request), request.GET.get("view") == "all"
    source = rows_in_memory(ZONES, list_zones(asked.actor, asked.now, past=past))
    if sheet := csv_answer(ZONES, source, request):
        return sheet
    path = reverse("zones")
    context = ZonesPage(
        as_of=asked.now,
        tabs=(Tab("In force and to come", path, not past), Tab("All", f"{path}?view=all", past)),
        table=open_table(ZONES, source, request),
        past=past,
        may_ask=may_somewhere(asked.actor, ZonePower.REQUEST),
    )
    return show(request, "freeze/zones.html", context)


@require_safe
@page
def zone(request: HttpRequest, zone_id: UUID) -> HttpResponseBase:
    """Show one zone, or one of its tables as a sheet."""
    asked = request_context(request)
    if is_sheet_of_watch(request):
        view = get_zone(asked.actor, zone_id, asked.now)
        if sheet := first_csv(request, *watch_tables(view, asked.actor, asked.now)):
            return sheet
    return _shown(request, zone_id)


@require_POST
@page
def approve(request: HttpRequest, zone_id: UUID) -> HttpResponse:
    """Say yes to a zone, or to a later end of it."""
    return _acted(request, zone_id, operations.approve_zone, "Approved, by two people.")


@require_POST
@page
def reject(request: HttpRequest, zone_id: UUID) -> HttpResponse:
    """Say no to a zone, or to a later end of it."""
    return _acted(request, zone_id, operations.reject_zone, "Rejected; what stood before stands.")


@require_POST
@page
def end(request: HttpRequest, zone_id: UUID) -> HttpResponse:
    """End a zone before its time."""
    words = "Ended. From this instant on it stops nothing."
    return _acted(request, zone_id, operations.end_zone, words)


@require_POST
@page
def extend(request: HttpRequest, zone_id: UUID) -> HttpResponse:
    """Ask for a later end."""
    end, review = form_value(request, "end"), form_value(request, "review")
    words = "Asked for. The end that stands holds until another person approves the later one."
    open_end = bool(review) and not end
    asked = {"end": end, "open_end": open_end, "review": review}
    return _acted(request, zone_id, operations.extend_zone, words, **asked)


@require_POST
@page
def draft(request: HttpRequest, zone_id: UUID) -> HttpResponse:
    """Draft the calendar around a zone, or with `landing` how the backlog comes down after it."""
    asked = request_context(request)

    def doing() -> str:
        landing = form_value(request, "landing") == "1"
        draft_replan(actor=asked.actor, zone_id=zone_id, now=asked.now, landing=landing)
        return "Drafted, and checked by code that is not the planner's. Nothing is moved yet."

    there, again = reverse("zone", args=[zone_id]), lambda: _shown(request, zone_id)
    return act(request, doing, then=there, again=again)


@require_POST
@page
def adopt(request: HttpRequest, zone_id: UUID, replan_id: UUID) -> HttpResponse:
    """Move the calendar as the draft that was shown says, if it is still of this calendar."""
    return carry_out(
        request,
        adopt_replan,
        "Adopted: the calendar stands as the draft says.",
        then=reverse("zone", args=[zone_id]),
        again=lambda: _shown(request, zone_id),
        replan_id=replan_id,
    )


def _acted(
    request: HttpRequest,
    zone_id: UUID,
    operation: Callable[..., None],
    words: str,
    **named: object,
) -> HttpResponse:
    return carry_out(
        request,
        operation,
        words,
        then=reverse("zone", args=[zone_id]),
        again=lambda: _shown(request, zone_id),
        zone_id=zone_id,
        **named,
    )


def _shown(request: HttpRequest, zone_id: UUID) -> HttpResponse:
    asked = request_context(request)
    view = get_zone(asked.actor, zone_id, asked.now)
    row, held = view.zone, operations.powers_over(asked.actor, zone_id)
    look, word = STATE_LOOKS[row.state]
    racks, told = _racks(view, asked.actor, asked.now)
    waits, live = bool(row.waits_for), row.state in LIVE
    path, everything = reverse("zone", args=[zone_id]), frozenset({EVERYTHING})
    is_billed = row.state in BILLED
    bill = bill_panel(request, asked.actor, row, asked.now, path) if is_billed else None
    context = ZonePage(
        as_of=asked.now,
        crumbs=(Crumb("No-fly zones", reverse("zones")), Crumb(row.title)),
        zone=row,
        as_asked=_as_asked(row),
        look=look,
        word=word,
        countdown=countdown(row, asked.now),
        racks=racks,
        untold=row.nodes - told,
        parts=_parts(view),
        entries=_entries(view),
        may_decide=waits and ZonePower.APPROVE in held,
        same_person=waits and _asked_by(view) == str(asked.actor),
        may_extend=live and not waits and ZonePower.REQUEST in held and not row.rrule,
        may_end=live and ZonePower.APPROVE in held,
        reason=form_value(request, "reason"),
        fields=filled(request, _fields(row), meant={"FREEZE-010": "reason"}),
        watch=watch_panel(request, asked.actor, view, asked.now, path),
        bill=bill,
        draft=draft_panel(request, list_replans(asked.actor, zone_id), path),
        may_draft=may(asked.actor, Power.READ, everything) and row.state in BILLED,
        may_adopt=may(asked.actor, ZonePower.APPROVE, everything) and live,
    )
    return show(request, "freeze/zone.html", context)


def _racks(view: ZoneView, actor: Actor, now: AwareDatetime) -> tuple[tuple[Stretch, ...], int]:
    """Return the zone's nodes that the actor may read, by rack, and how many they are."""
    names = set(view.node_names)
    nodes = [one for one in list_nodes(actor, now).nodes if one.place.node in names]
    return clusters_of(nodes, {one.place.node for one in nodes}), len(nodes)


def _parts(view: ZoneView) -> str:
    named = f": {', '.join(view.parts)}" if view.parts else ""
    return f"{view.parts_held}{named}" if view.parts_held else ""


def _as_asked(row: ZoneRow) -> str:
    first, until = (text[:16].replace("T", " ") for text in (row.first, row.until))
    repeats = f"; repeats {row.rrule}, ends {row.end_kind}" if row.rrule else ""
    return f"{first} to {until or 'an open end'}, {row.time_zone}{repeats}"


def _entries(view: ZoneView) -> tuple[Entry, ...]:
    return tuple(
        Entry(step.at, f"{step.step.capitalize()} by {step.by}", step.reason)
        for step in reversed(view.steps)
    )


def _asked_by(view: ZoneView) -> str:
    """Return who asked for what waits: the zone, or the later end of it."""
    if view.zone.waits_for == "approval":
        return view.zone.requested_by
    asked = [step.by for step in view.steps if step.step == "extension requested"]
    return asked[-1] if asked else ""


def _fields(row: ZoneRow) -> tuple[Field, ...]:
    end = f"Date, time and zone, e.g. 2026-08-07 00:00 {row.time_zone}."
    review = "Where no end is known: when it is looked at."
    return (
        Field("end", "To", longest=80, help=end),
        Field("review", "Or open, reviewed at", longest=80, help=review),
        Field("reason", "Why", required=True, longest=2_000),
    )
