"""Describes a customer and what it was promised; a promise is corrected with a reason."""

from dataclasses import dataclass

from django.db import transaction

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput
from scuderia.basics.subjects import SubjectRef
from scuderia.fleet.engine.sla_rows import ZONE_CHARACTERS_MAX, is_target, is_zone
from scuderia.fleet.models.customers import Customer
from scuderia.fleet.models.slas import SlaDefinition
from scuderia.fleet.nouns import BEGINNING
from scuderia.fleet.operations.descriptions import (
    DescribedAlready,
    audit_described,
    may_describe,
    require_reason,
)
from scuderia.fleet.operations.inventory import NoSuchZone, find_customer
from scuderia.fleet.operations.promise_changes import kept_promise_changes
from scuderia.fleet.queries.reports import NotATarget


@dataclass(frozen=True, slots=True)
class Promise:
    """What a customer is promised per day of its own zone; target None: nothing.

    target      share of the day, above 0 and up to 1
    time_zone   IANA
    """

    target: float | None = None
    time_zone: str = "UTC"

    def check(self) -> None:
        """Return if there can be such a promise.

        raises   NotATarget, NoSuchZone
        """
        if self.target is not None and not is_target(self.target):
            raise NotATarget(f"the target {self.target} is not a share of a day")
        if not is_zone(self.time_zone):
            raise NoSuchZone(f"no time zone {self.time_zone[:ZONE_CHARACTERS_MAX]!r}")


@transaction.atomic
def add_customer(*, actor: Actor, name: str, promise: Promise, now: AwareDatetime) -> bool:
    """Bring a customer onto the books; False if it is there already, promised just that.

    raises   NotAuthorised, NotFound, BadInput: no name, no target or no zone
             DescribedAlready: it was promised otherwise
    """
    may_describe(actor)
    subject = SubjectRef.parse(f"customer:{name}")
    promise.check()
    row, made = Customer.objects.get_or_create(name=name)
    if not made:
        held = _promised(row)
        if held != promise and not (held.target is None and promise.target is None):
            raise DescribedAlready(
                f"the customer {name} is on the books, {_words(held)}",
                remedy=f"Correct it: scuderia fleet customer edit {name} --reason WHY.",
            )
        return False
    _keep(row, promise)
    audit_described(actor, "fleet.customer.added", subject, now=now, detail=_told(promise))
    return True


@transaction.atomic
def edit_customer(
    *,
    actor: Actor,
    name: str,
    target: float | None = None,
    time_zone: str | None = None,
    reason: str,
    now: AwareDatetime,
) -> bool:
    """Correct what a customer was promised first, for the past too; None keeps what stands.

    returns  False if that stands already
    raises   NotAuthorised, NotFound, UnknownSubject, NotATarget, NoSuchZone
             ReasonMissing, BadInput: a zone for a customer that was promised nothing
    """
    may_describe(actor)
    row = find_customer(name)
    before = _promised(row)
    after = Promise(
        before.target if target is None else target,
        before.time_zone if time_zone is None else time_zone,
    )
    after.check()
    if after.target is None and time_zone is not None:
        raise BadInput(
            f"{name} was promised nothing, so no zone counts its days",
            remedy="Give --target with --time-zone.",
        )
    if after == before:
        return False
    require_reason(reason, f"what {name} was promised")
    with kept_promise_changes({name}, actor=actor, reason=reason, now=now):
        _keep(row, after)
    subject = SubjectRef("customer", name)
    audit_described(
        actor,
        "fleet.customer.edited",
        subject,
        reason=reason,
        now=now,
        detail={"before": _told(before), "after": _told(after)},
    )
    return True


def _promised(row: Customer) -> Promise:
    sla = SlaDefinition.objects.filter(customer=row).order_by("first_day").first()
    return Promise() if sla is None else Promise(sla.target, sla.time_zone)


def _keep(row: Customer, promise: Promise) -> None:
    if promise.target is not None:
        wanted = {"target": promise.target, "time_zone": promise.time_zone, "by_person": True}
        first = SlaDefinition.objects.filter(customer=row).order_by("first_day").first()
        SlaDefinition.objects.update_or_create(
            customer=row,
            first_day=BEGINNING if first is None else first.first_day,
            defaults=wanted,
        )


def _told(promise: Promise) -> dict[str, str | None]:
    target = None if promise.target is None else str(promise.target)
    return {"target": target, "time_zone": promise.time_zone}


def _words(promise: Promise) -> str:
    if promise.target is None:
        return "promised nothing"
    return f"promised {promise.target} a day in {promise.time_zone}"
