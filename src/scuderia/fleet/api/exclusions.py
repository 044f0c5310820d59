"""Which downtime does not count against a promise, over JSON: read, added and retracted."""

from collections.abc import Mapping

from django.http import HttpRequest
from ninja import Router, Schema

from scuderia.fleet.api.customers import ChangedOut
from scuderia.fleet.operations.exclusions import add_exclusion, retract_exclusion
from scuderia.fleet.queries.exclusions import ExclusionSummary, list_exclusions
from scuderia.loop.api.common import (
    Instant,
    Limit,
    Offset,
    PageOut,
    SubjectText,
    Wanted,
    Words,
    answers,
    asked_by,
    page_of,
    request_actor,
)

router = Router()


@router.get("/exclusions", response=answers(PageOut[ExclusionSummary]))
def get_exclusions(
    request: HttpRequest, customer: Wanted = "", limit: Limit = 100, offset: Offset = 0
) -> Mapping[str, object]:
    """Return what does not count for customers within reach; a null end lasts."""
    found = list_exclusions(request_actor(request), customer=customer or None)
    return page_of(found, limit, offset)


class RetractExclusionIn(Schema):
    """An exclusion by where it begins and its class of causes, and why."""

    customer: SubjectText
    start: Instant
    cause: Words = ""
    reason: Words = ""


class ExclusionIn(RetractExclusionIn):
    """Downtime of [start, end) that does not count; without an end, of a cause alone, it lasts."""

    end: Instant | None = None
    time_zone: SubjectText = "UTC"


@router.post("/exclusions", response=answers(ChangedOut))
def add(request: HttpRequest, said: ExclusionIn) -> dict[str, bool]:
    """Have downtime of a stretch, or of a class of causes, not count against a promise."""
    return {"changed": add_exclusion(**asked_by(request), **said.dict())}


@router.post("/exclusions/retract", response=answers(ChangedOut))
def retract(request: HttpRequest, said: RetractExclusionIn) -> dict[str, bool]:
    """Have what was excluded count again."""
    retract_exclusion(**asked_by(request), **said.dict())
    return {"changed": True}
