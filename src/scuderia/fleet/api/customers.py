"""The customers within one's reach over JSON, and what each was promised."""

from collections.abc import Mapping

from django.http import HttpRequest
from ninja import Router, Schema

from scuderia.fleet.operations.customers import Promise, add_customer, edit_customer
from scuderia.fleet.queries.customers import CustomerSummary, list_customers
from scuderia.loop.api import common

router = Router()


@router.get("/customers", response=common.answers(common.PageOut[CustomerSummary]))
def get_customers(request: HttpRequest, *, page: common.LongPage) -> Mapping[str, object]:
    """Return the customers within reach, with what each was promised."""
    return page.of(list_customers(**common.asked_by(request)))


class ChangedOut(Schema):
    """Whether anything changed: False where the books said just that."""

    changed: bool


class CustomerIn(Schema):
    """A customer, and the share of each day that it is promised; no target: nothing."""

    name: common.SubjectText
    target: common.Real | None = None
    time_zone: common.SubjectText | None = None


class CustomerEditIn(CustomerIn):
    """What a customer was promised instead; what is left out stays."""

    reason: common.Words = ""


@router.post("/customers", response=common.answers(ChangedOut))
def add(request: HttpRequest, said: CustomerIn) -> dict[str, bool]:
    """Bring a customer onto the books."""
    promise = Promise(said.target, said.time_zone or "UTC")
    return {"changed": add_customer(**common.asked_by(request), name=said.name, promise=promise)}


@router.patch("/customers", response=common.answers(ChangedOut))
def edit(request: HttpRequest, said: CustomerEditIn) -> dict[str, bool]:
    """Correct what a customer was promised, for all of the past too."""
    return {"changed": edit_customer(**common.asked_by(request), **said.dict())}
