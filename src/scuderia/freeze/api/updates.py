"""The calendar of planned updates over JSON and iCalendar, and drafts of it around a zone."""

import io
import json
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
from scuderia.intake.archives import Source
from scuderia.intake.fields import CommitReport
from scuderia.intake.pipeline import ImportOptions, run_import
from scuderia.intake.profiles import Profile
from scuderia.loop.api.common import (
    Instant,
    Limit,
    Name,
    Offset,
    PageOut,
    ReasonIn,
    Scalar,
    Wanted,
    answers,
    asked_by,
    file_answer,
    page_of,
    up_to,
)
from scuderia.loop.api.row_schemas import RowOf

router = Router(tags=["update calendar"])
ICAL = "text/calendar"


class UpdatesIn(Schema):
    """Rows of an update calendar, by the names of its columns; all of them or none is booked."""

    updates: Annotated[list[dict[Name, Scalar | None]], Field(min_length=1, max_length=1_000)]


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


@router.get("/updates", response=answers(PageOut[UpdateRowView]))
def get_updates(
    request: HttpRequest,
    *,
    since: Instant | None = None,
    before: Instant | None = None,
    under: Wanted = "",
    past: bool = False,
    limit: Limit = 50,
    offset: Offset = 0,
) -> Mapping[str, object]:
    """Return the planned updates within reach, the first to start first."""
    found = list_updates(
        **asked_by(request), since=since, before=before, under=under, past=past,
        limit=up_to(limit, offset),
    )  # fmt: skip
    return page_of(found, limit, offset)


@router.post("/updates", response=answers(UpdatesOut))
def add_updates(request: HttpRequest, said: UpdatesIn) -> UpdatesOut:
    """Plan updates, or tell planned ones otherwise; a bad row is named and nothing is booked."""
    asked = asked_by(request)
    text = "\n".join(map(json.dumps, said.updates))
    source = Source("updates", stream=io.BytesIO(text.encode()))
    report = run_import(update_import(asked["now"]), source, Profile(), ImportOptions(), **asked)
    done = report.commit or CommitReport()
    return UpdatesOut(added=done.added, amended=done.amended, unchanged=done.unchanged)


@router.post("/updates/{key}/cancel", response=answers(None, status=204))
def cancel(request: HttpRequest, key: Name, said: ReasonIn) -> Status[None]:
    """Take an update off the calendar, with a reason."""
    cancel_update(**asked_by(request), key=key, reason=said.reason)
    return Status(204, None)


@router.get(
    "/calendar.ics",
    response=answers(None),
    openapi_extra=file_answer(ICAL, "the calendar, RFC 5545"),
)
def get_feed(request: HttpRequest, *, under: Wanted = "") -> HttpResponse:
    """Return what is planned there, and the zones, as iCalendar."""
    feed = calendar_feed(**asked_by(request), under=under)
    return HttpResponse(feed, content_type=ICAL, headers={"Cache-Control": "private, no-store"})


@router.get("/zones/{zone_id}/bill", response=answers(BillView))
def get_zone_bill(request: HttpRequest, zone_id: UUID) -> BillView:
    """Return what a zone costs those who planned updates."""
    return get_bill(**asked_by(request), zone_id=zone_id)


@router.get("/zones/{zone_id}/replans", response=answers(list[RowOf[ReplanView]]))
def get_replans(request: HttpRequest, zone_id: UUID) -> tuple[ReplanView, ...]:
    """Return the drafts around a zone, the last first."""
    return list_replans(asked_by(request)["actor"], zone_id)


@router.post("/zones/{zone_id}/replans", response=answers(ReplanView))
def draft(request: HttpRequest, zone_id: UUID, said: DraftIn) -> ReplanView:
    """Draft the calendar around a zone; nothing is moved."""
    asked = asked_by(request)
    made = draft_replan(**asked, zone_id=zone_id, landing=said.landing, seed=said.seed)
    return get_replan(asked["actor"], made)


@router.get("/replans/{replan_id}", response=answers(ReplanView))
def get_one_replan(request: HttpRequest, replan_id: UUID) -> ReplanView:
    """Return one draft."""
    return get_replan(asked_by(request)["actor"], replan_id)


@router.post("/replans/{replan_id}/adopt", response=answers(MovedOut))
def adopt(request: HttpRequest, replan_id: UUID, said: ReasonIn) -> MovedOut:
    """Move the calendar as a draft says, unless anything changed since."""
    moved = adopt_replan(**asked_by(request), replan_id=replan_id, reason=said.reason)
    return MovedOut(moved=moved)
