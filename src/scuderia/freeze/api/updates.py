"""The calendar of planned updates over JSON and iCalendar, and drafts of it around a zone."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema, Status

from scuderia.freeze.operations.replans import adopt_replan, draft_replan
from scuderia.freeze.operations.update_imports import update_import
from scuderia.freeze.operations.updates import cancel_update
from scuderia.freeze.queries.impact_bill import BillView, get_bill
from scuderia.freeze.queries.replans import ReplanView, get_replan, list_replans
from scuderia.freeze.queries.update_feed import calendar_feed
from scuderia.freeze.queries.updates import UpdateRowView, list_updates
from scuderia.loop.api import common
from scuderia.loop.api.booked_rows import book_rows
from scuderia.loop.api.row_schemas import RowOf

router = Router(tags=["update calendar"])
ICAL = "text/calendar"


class UpdatesIn(Schema):
    """Rows of an update calendar, by the names of its columns; all of them or none is booked."""

    updates: Annotated[
        list[dict[common.Name, common.Scalar | None]], Field(min_length=1, max_length=1_000)
    ]


class UpdatesOut(Schema):
    """How many of the rows were new, told otherwise, and known."""

    added: int
    amended: int
    unchanged: int


class DraftIn(Schema):
    """How to draft: with `landing`, few starts in the first hours after the zone."""

    landing: bool = False
    seed: Annotated[int, Field(ge=0, le=2**31)] = 1


class MovedOut(Schema):
    """How many updates were moved."""

    moved: int


@router.get("/updates", response=common.answers(common.PageOut[UpdateRowView]))
def get_updates(
    request: HttpRequest,
    *,
    since: common.Instant | None = None,
    before: common.Instant | None = None,
    under: common.Wanted = "",
    past: bool = False,
    page: common.Page,
) -> Mapping[str, object]:
    """Return the planned updates within reach, the first to start first."""
    found = list_updates(
        **common.asked_by(request), since=since, before=before, under=under, past=past,
        limit=page.rows_max,
    )  # fmt: skip
    return page.of(found)


@router.post("/updates", response=common.answers(UpdatesOut))
def add_updates(request: HttpRequest, said: UpdatesIn) -> UpdatesOut:
    """Plan updates, or tell planned ones otherwise; a bad row is named and nothing is booked."""
    asked = common.asked_by(request)
    done = book_rows(update_import(asked["now"]), said.updates, "updates", asked)
    return UpdatesOut(added=done.added, amended=done.amended, unchanged=done.unchanged)


@router.post("/updates/{key}/cancel", response=common.answers(None, status=204))
def cancel(request: HttpRequest, key: common.Name, said: common.ReasonIn) -> Status[None]:
    """Take an update off the calendar, with a reason."""
    cancel_update(**common.asked_by(request), key=key, reason=said.reason)
    return Status(204, None)


@router.get(
    "/calendar.ics",
    response=common.answers(None),
    openapi_extra=common.file_answer(ICAL, "the calendar, RFC 5545"),
)
def get_feed(request: HttpRequest, *, under: common.Wanted = "") -> HttpResponse:
    """Return what is planned there, and the zones, as iCalendar."""
    feed = calendar_feed(**common.asked_by(request), under=under)
    return HttpResponse(feed, content_type=ICAL, headers={"Cache-Control": "private, no-store"})


@router.get("/zones/{zone_id}/bill", response=common.answers(BillView))
def get_zone_bill(request: HttpRequest, zone_id: UUID) -> BillView:
    """Return what a zone costs those who planned updates."""
    return get_bill(**common.asked_by(request), zone_id=zone_id)


@router.get("/zones/{zone_id}/replans", response=common.answers(list[RowOf[ReplanView]]))
def get_replans(request: HttpRequest, zone_id: UUID) -> tuple[ReplanView, ...]:
    """Return the drafts around a zone, the last first."""
    return list_replans(common.asked_by(request)["actor"], zone_id)


@router.post("/zones/{zone_id}/replans", response=common.answers(ReplanView))
def draft(request: HttpRequest, zone_id: UUID, said: DraftIn) -> ReplanView:
    """Draft the calendar around a zone; nothing is moved."""
    asked = common.asked_by(request)
    made = draft_replan(**asked, zone_id=zone_id, landing=said.landing, seed=said.seed)
    return get_replan(asked["actor"], made)


@router.get("/replans/{replan_id}", response=common.answers(ReplanView))
def get_one_replan(request: HttpRequest, replan_id: UUID) -> ReplanView:
    """Return one draft."""
    return get_replan(common.asked_by(request)["actor"], replan_id)


@router.post("/replans/{replan_id}/adopt", response=common.answers(MovedOut))
def adopt(request: HttpRequest, replan_id: UUID, said: common.ReasonIn) -> MovedOut:
    """Move the calendar as a draft says, unless anything changed since."""
    moved = adopt_replan(**common.asked_by(request), replan_id=replan_id, reason=said.reason)
    return MovedOut(moved=moved)
