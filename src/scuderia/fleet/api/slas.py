"""What customers are promised, from which day on, over JSON: read, stated and retracted."""

from collections.abc import Mapping
from datetime import date

from django.http import HttpRequest
from ninja import Router, Schema

from scuderia.fleet.api.customers import ChangedOut
from scuderia.fleet.nouns import BEGINNING, SlaDefinition
from scuderia.fleet.operations.slas import retract_sla, set_sla
from scuderia.fleet.queries.slas import list_promises
from scuderia.loop.api.common import (
    Limit,
    Offset,
    PageOut,
    Real,
    SubjectText,
    Wanted,
    Words,
    answers,
    asked_by,
    page_of,
    request_actor,
)

router = Router()


@router.get("/slas", response=answers(PageOut[SlaDefinition]))
def get_slas(
    request: HttpRequest, customer: Wanted = "", limit: Limit = 100, offset: Offset = 0
) -> Mapping[str, object]:
    """Return what customers within reach were promised; 1900-01-01 is from the beginning."""
    found = list_promises(request_actor(request), customer=customer or None)
    return page_of(found, limit, offset)


class RetractSlaIn(Schema):
    """A promise that never was, by its first day, and why."""

    customer: SubjectText
    first_day: date = BEGINNING
    reason: Words = ""


class SlaIn(RetractSlaIn):
    """A promise from a day of its zone on; a reason where another held on a day that has begun."""

    target: Real
    time_zone: SubjectText | None = None


@router.post("/slas", response=answers(ChangedOut))
def state(request: HttpRequest, said: SlaIn) -> dict[str, bool]:
    """Promise a customer something from a day on, until its next promise begins."""
    return {"changed": set_sla(**asked_by(request), **said.dict())}


@router.post("/slas/retract", response=answers(ChangedOut))
def retract(request: HttpRequest, said: RetractSlaIn) -> dict[str, bool]:
    """Take a promise off the books that never was; the one before it holds on instead."""
    retract_sla(**asked_by(request), **said.dict())
    return {"changed": True}
