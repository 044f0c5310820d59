"""Break-glass over JSON: by the session of a person signed in, never by a token."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Status

from scuderia.freeze.api.gate import UpdateIn
from scuderia.freeze.nouns import GlassAsked
from scuderia.freeze.operations import break_glass
from scuderia.freeze.queries.asked_updates import read_update
from scuderia.freeze.queries.break_glass import GlassRow, list_break_glass
from scuderia.loop.api import common

router = Router(tags=["break-glass"])


class GlassIn(UpdateIn):
    """One update, and for how many minutes from now on; all of it is over then."""

    minutes: Annotated[int, Field(ge=1, le=common.COUNT_MAX)]
    reason: common.Words
    ticket: common.Words


@router.get("/break-glass", response=common.answers(common.PageOut[GlassRow]))
def get_break_glass(
    request: HttpRequest, *, past: bool = False, page: common.Page
) -> Mapping[str, object]:
    """Return those within reach, the last asked for first; with `past` the expired ones too."""
    found = list_break_glass(**common.asked_by(request), past=past, limit=page.rows_max)
    return page.of(found)


@router.post("/break-glass", response=common.answers(GlassRow, status=201))
def request_break_glass(request: HttpRequest, said: GlassIn) -> Status[GlassRow]:
    """Ask that one update be let through the zones that stop it; another person approves."""
    told = said.dict(exclude={"minutes", "reason", "ticket"})
    asked = GlassAsked(read_update(**told), said.minutes, said.reason, said.ticket)
    return Status(201, break_glass.request_break_glass(**common.asked_by(request), asked=asked))


@router.post("/break-glass/{glass_id}/approve", response=common.answers(GlassRow))
def approve_break_glass(request: HttpRequest, glass_id: UUID, said: common.ReasonIn) -> GlassRow:
    """Say yes to somebody else's."""
    return break_glass.approve_break_glass(
        **common.asked_by(request), glass_id=glass_id, reason=said.reason
    )


@router.post("/break-glass/{glass_id}/use", response=common.answers(GlassRow))
def use_break_glass(request: HttpRequest, glass_id: UUID) -> GlassRow:
    """Break it, once: from now on the gate lets exactly this update through, until it expires."""
    return break_glass.use_break_glass(**common.asked_by(request), glass_id=glass_id)
