"""Which downtime does not count against a promise, over JSON: read, added and retracted."""

from collections.abc import Mapping

from django.http import HttpRequest
from ninja import Router, Schema

from scuderia.fleet.api.customers import ChangedOut
from scuderia.fleet.operations.exclusions import add_exclusion, retract_exclusion
from scuderia.fleet.queries.exclusions import ExclusionSummary, list_exclusions
from scuderia.loop.api import common

router = Router()


@router.get("/exclusions", response=common.answers(common.PageOut[ExclusionSummary]))
def get_exclusions(
    request: HttpRequest, customer: common.Wanted = "", *, page: common.LongPage
) -> Mapping[str, object]:
    """Return what does not count for customers within reach; a null end lasts."""
    found = list_exclusions(common.request_actor(request), customer=customer or None)
    return page.of(found)


class RetractExclusionIn(Schema):
    """An exclusion by where it begins and its class of causes, and why."""

    customer: common.SubjectText
    start: common.Instant
    cause: common.Words = ""
    reason: common.Words = ""


class ExclusionIn(RetractExclusionIn):
    """Downtime of [start, end) that does not count; without an end, of a cause alone, it lasts."""

    end: common.Instant | None = None
    time_zone: common.SubjectText = "UTC"


@router.post("/exclusions", response=common.answers(ChangedOut))
def add(request: HttpRequest, said: ExclusionIn) -> dict[str, bool]:
    """Have downtime of a stretch, or of a class of causes, not count against a promise."""
    return {"changed": add_exclusion(**common.asked_by(request), **said.dict())}


@router.post("/exclusions/retract", response=common.answers(ChangedOut))
def retract(request: HttpRequest, said: RetractExclusionIn) -> dict[str, bool]:
    """Have what was excluded count again."""
    retract_exclusion(**common.asked_by(request), **said.dict())
    return {"changed": True}
