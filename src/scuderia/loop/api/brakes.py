"""What is stopped: listed, set, lifted."""

from collections.abc import Mapping
from functools import partial

from django.http import HttpRequest
from ninja import Router, Schema, Status

from scuderia.basics.clock import AwareDatetime
from scuderia.loop.api import common
from scuderia.loop.nouns import (
    BrakeScope,
)
from scuderia.loop.operations import brakes
from scuderia.loop.queries import brakes as brake_queries
from scuderia.loop.queries.brakes import BrakeRow

router = Router(tags=["brakes"])


class BrakeIn(Schema):
    """What to stop or release: all, an agent, a kind or a scope."""

    stops: BrakeScope
    value: common.SubjectText = ""
    reason: common.Words = ""


class LiftIn(BrakeIn):
    """What to release, why it is safe again, and when the brakes were last looked at."""

    as_of: AwareDatetime | None = None


@router.get("/brakes", response=common.answers(common.PageOut[BrakeRow]))
def list_brakes(
    request: HttpRequest,
    *,
    on_only: bool = True,
    page: common.Page,
) -> Mapping[str, object]:
    """Return the brakes, newest first."""
    found = brake_queries.list_brakes(common.request_actor(request), on_only=on_only)
    return page.of(found)


@router.post("/brakes", response=common.answers(None, status=204))
def set_brake(request: HttpRequest, said: BrakeIn) -> Status[None]:
    """Stop everything, an agent, a kind or a scope; undo and un-drain stay open."""
    return _change(brakes.set_brake, request, said)


@router.post("/brakes/lift", response=common.answers(None, status=204))
def lift_brake(request: HttpRequest, said: LiftIn) -> Status[None]:
    """Let go of a brake, with a reason; what it halted waits for a person to resume it."""
    return _change(partial(brakes.lift_brake, as_of=said.as_of), request, said)


def _change(change: brakes.BrakeChange, request: HttpRequest, said: BrakeIn) -> Status[None]:
    by = common.asked_by(request)
    change(**by, scope=said.stops, value=said.value, reason=said.reason)
    return Status(204, None)
