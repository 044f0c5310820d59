"""States what a customer is promised from a day on; what stood there is corrected with a reason."""

from collections.abc import Hashable, Mapping, Sequence
from datetime import date

from django.db import transaction

from scuderia.basics.actors import Actor
from scuderia.basics.canonical import JsonValue
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import NotFound
from scuderia.basics.subjects import SubjectRef
from scuderia.fleet.engine.customer_days import calendar_in
from scuderia.fleet.engine.facts import seconds_of
from scuderia.fleet.engine.sla_rows import SlaRow
from scuderia.fleet.models.customers import Customer
from scuderia.fleet.models.slas import SlaDefinition
from scuderia.fleet.operations.customers import Promise
from scuderia.fleet.operations.descriptions import (
    Compared,
    SaidBy,
    audit_described,
    lock_named,
    may_describe,
    of_unknown_customers,
    require_reason,
)
from scuderia.fleet.operations.inventory import find_customer
from scuderia.fleet.operations.promise_changes import kept_promise_changes


class NoSuchPromise(NotFound):
    """Nothing was promised to the customer from that day on."""

    code = "FLEET-053"
    remedy = "See what was promised, from which days: `scuderia fleet sla list`."


@transaction.atomic
def set_sla(
    *,
    actor: Actor,
    customer: str,
    first_day: date,
    target: float,
    time_zone: str | None = None,
    reason: str = "",
    now: AwareDatetime,
) -> bool:
    """Promise a customer this from a day of its zone on, until its next promise; False if it is.

    time_zone   IANA; None: as was promised before, else UTC
    raises      NotAuthorised, NotFound, UnknownSubject, NotATarget, NoSuchZone
                ReasonMissing: something else was promised for a day that has begun
    """
    may_describe(actor)
    lock_named(Customer.objects, {customer})
    holder = find_customer(customer)
    before = _held_from(holder, first_day)
    zone = time_zone or ("UTC" if before is None else before.time_zone)
    Promise(target, zone).check()
    known = before is not None and before.first_day == first_day
    same = before is not None and (before.target, before.time_zone) == (target, zone)
    if known and same:
        return False
    begun = calendar_in(zone).begins(first_day) <= seconds_of(now)
    if before is not None and not same and (known or begun):
        require_reason(reason, f"what {customer} is promised from {first_day}")
    with kept_promise_changes({customer}, actor=actor, reason=reason, now=now):
        SlaDefinition.objects.update_or_create(
            customer=holder,
            first_day=first_day,
            defaults={"target": target, "time_zone": zone, "by_person": True},
        )
    after = {"from": first_day.isoformat(), "target": str(target), "time_zone": zone}
    verb = "corrected" if known else "stated"
    _audit(verb, customer, before, after, actor=actor, reason=reason, now=now)
    return True


@transaction.atomic
def retract_sla(
    *, actor: Actor, customer: str, first_day: date, reason: str, now: AwareDatetime
) -> None:
    """Take a promise off the books that never was: the one before it holds on instead.

    raises   NotAuthorised, NotFound, UnknownSubject, NoSuchPromise, ReasonMissing
    """
    may_describe(actor)
    lock_named(Customer.objects, {customer})
    holder = find_customer(customer)
    held = _held_from(holder, first_day)
    if held is None or held.first_day != first_day:
        raise NoSuchPromise(f"nothing is promised to {customer} from {first_day} on")
    require_reason(reason, f"what {customer} is promised from {first_day}")
    with kept_promise_changes({customer}, actor=actor, reason=reason, now=now):
        SlaDefinition.objects.filter(pk=held.pk).delete()
    left = _told(_held_from(holder, first_day))
    _audit("retracted", customer, held, left, actor=actor, reason=reason, now=now)


def compare_slas(rows: Sequence[SlaRow]) -> Compared[SlaRow]:
    """Say what of the rows is new, known or otherwise, and what cannot stand; writes nothing."""
    known = _known({row.customer for row in rows})
    return Compared.of(rows, known, of_unknown_customers(rows))


def keep_slas(compared: Compared[SlaRow], by: SaidBy) -> None:
    """Write what is new and what is amended, in the caller's transaction."""
    customers = Customer.objects.in_bulk(field_name="name")
    rows = [*compared.added, *(row for row, _ in compared.amended)]
    told = {row.customer for row in rows}
    with kept_promise_changes(told, actor=by.actor, reason=by.reason, now=by.now):
        for row in rows:
            SlaDefinition.objects.update_or_create(
                customer=customers[row.customer],
                first_day=date.fromisoformat(row.first_day),
                defaults={"target": row.target, "time_zone": row.time_zone, "by_person": True},
            )


def _held_from(customer: Customer, day: date) -> SlaDefinition | None:
    """Return the promise that holds on a day, or none."""
    rows = SlaDefinition.objects.filter(customer=customer, first_day__lte=day)
    return rows.order_by("first_day").last()


def _known(names: set[str]) -> Mapping[Hashable, SlaRow]:
    found = SlaDefinition.objects.filter(customer__name__among=names).values_list(
        "customer__name", "first_day", "target", "time_zone"
    )
    rows = (SlaRow(name, day.isoformat(), target, zone) for name, day, target, zone in found)
    return {row.key: row for row in rows}


def _told(row: SlaDefinition | None) -> dict[str, str] | None:
    if row is None:
        return None
    return {
        "from": row.first_day.isoformat(),
        "target": str(row.target),
        "time_zone": row.time_zone,
    }


def _audit(
    verb: str,
    customer: str,
    before: SlaDefinition | None,
    after: Mapping[str, JsonValue] | None,
    *,
    actor: Actor,
    reason: str,
    now: AwareDatetime,
) -> None:
    subject = SubjectRef("customer", customer)
    audit_described(
        actor,
        f"fleet.sla.{verb}",
        subject,
        reason=reason,
        now=now,
        detail={"before": _told(before), "after": after},
    )
