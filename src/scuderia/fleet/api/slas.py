"""What customers are promised, from which day on, over JSON: read, stated and retracted."""

from collections.abc import Mapping
from datetime import date

from django.http import HttpRequest
from ninja import Router, Schema

from scuderia.fleet.api.customers import ChangedOut
from scuderia.fleet.nouns import BEGINNING, SlaDefinition
from scuderia.fleet.operations.slas import retract_sla, set_sla
from scuderia.fleet.queries.slas import list_promises
from scuderia.loop.api import common

router = Router()


@router.get("/slas", response=common.answers(common.PageOut[SlaDefinition]))
def get_slas(
    request: HttpRequest, customer: common.Wanted = "", *, page: common.LongPage
) -> Mapping[str, object]:
    """Return what customers within reach were promised; 1900-01-01 is from the beginning."""
    found = list_promises(common.request_actor(request), customer=customer or None)
    return page.of(found)


class RetractSlaIn(Schema):
    """A promise that never was, by its first day, and why."""

    customer: common.SubjectText
    first_day: date = BEGINNING
    reason: common.Words = ""


class SlaIn(RetractSlaIn):
    """A promise from a day of its zone on; a reason where another held on a day that has begun."""

    target: common.Real
    time_zone: common.SubjectText | None = None


@router.post("/slas", response=common.answers(ChangedOut))
def state(request: HttpRequest, said: SlaIn) -> dict[str, bool]:
    """Promise a customer something from a day on, until its next promise begins."""
    return {"changed": set_sla(**common.asked_by(request), **said.dict())}


@router.post("/slas/retract", response=common.answers(ChangedOut))
def retract(request: HttpRequest, said: RetractSlaIn) -> dict[str, bool]:
    """Take a promise off the books that never was; the one before it holds on instead."""
    retract_sla(**common.asked_by(request), **said.dict())
    return {"changed": True}
