"""Excludes downtime from what counts against a promise, with a reason; or takes that back."""

from collections.abc import Hashable, Mapping, Sequence

from django.db import transaction

from scuderia.basics.actors import Actor
from scuderia.basics.canonical import JsonValue
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput, NotFound
from scuderia.basics.safe_text import plain_words
from scuderia.basics.subjects import SubjectRef
from scuderia.fleet.engine.exclusion_rows import WORDS_MAX, ExclusionRow
from scuderia.fleet.engine.facts import instant_of, seconds_of
from scuderia.fleet.models.customers import Customer
from scuderia.fleet.models.exclusions import Exclusion
from scuderia.fleet.operations.descriptions import (
    Compared,
    DescribedAlready,
    audit_described,
    lock_named,
    may_describe,
    of_unknown_customers,
    require_reason,
)
from scuderia.fleet.operations.inventory import find_customer

OF_A_CUSTOMER_MAX = 500
_COLUMNS = ("customer__name", "start", "end", "cause", "time_zone", "reason")


class NoSuchExclusion(NotFound):
    """Nothing is excluded for the customer from that instant, of that cause."""

    code = "FLEET-054"
    remedy = "See what is excluded, from which instants: `scuderia fleet exclusion list`."


@transaction.atomic
def add_exclusion(
    *,
    actor: Actor,
    customer: str,
    start: AwareDatetime,
    end: AwareDatetime | None = None,
    cause: str = "",
    time_zone: str = "UTC",
    reason: str,
    now: AwareDatetime,
) -> bool:
    """Have downtime of [start, end) not count against the promise; False if it does not already.

    end      None, with a cause alone: it lasts
    cause    only of outages whose cause is of that class, as "Customer" of "Customer / OOM"
    raises   NotAuthorised, NotFound, UnknownSubject, BadInput
             DescribedAlready: it is excluded otherwise
    """
    may_describe(actor)
    lock_named(Customer.objects, {customer})
    holder = find_customer(customer)
    row = ExclusionRow(
        customer,
        seconds_of(start),
        None if end is None else seconds_of(end),
        _words(cause),
        time_zone,
        _words(reason),
    )
    _require_good(row)
    held = _known({customer}).get(row.key)
    if held == row:
        return False
    if held is not None:
        raise DescribedAlready(
            f"{customer} has another exclusion from {instant_of(row.start).isoformat()}",
            remedy="Take it back with `scuderia fleet exclusion retract`, and add it anew.",
        )
    _require_room(customer, 1)
    _insert(holder, row)
    _audit("added", row, actor=actor, reason=row.reason, now=now)
    return True


@transaction.atomic
def retract_exclusion(
    *,
    actor: Actor,
    customer: str,
    start: AwareDatetime,
    cause: str = "",
    reason: str,
    now: AwareDatetime,
) -> None:
    """Have what was excluded count again.

    raises   NotAuthorised, NotFound, UnknownSubject, NoSuchExclusion, ReasonMissing
    """
    may_describe(actor)
    lock_named(Customer.objects, {customer})
    holder = find_customer(customer)
    held = _known({customer}).get((customer, seconds_of(start), plain_words(cause)))
    if held is None:
        raise NoSuchExclusion(f"nothing is excluded for {customer} from {start.isoformat()}")
    require_reason(reason, f"what is excluded for {customer}")
    Exclusion.objects.filter(customer=holder, start=start, cause=held.cause).delete()
    _audit("retracted", held, actor=actor, reason=reason, now=now)


def compare_exclusions(rows: Sequence[ExclusionRow]) -> Compared[ExclusionRow]:
    """Say what of the rows is new, known or otherwise, and what cannot stand; writes nothing."""
    known = _known({row.customer for row in rows})
    return Compared.of(rows, known, of_unknown_customers(rows))


def keep_exclusions(compared: Compared[ExclusionRow]) -> None:
    """Write what is new and what is amended, in the caller's transaction.

    raises   BadInput: more of one customer than are looked at
    """
    customers = Customer.objects.in_bulk(field_name="name")
    for name in {row.customer for row in compared.added}:
        _require_room(name, sum(row.customer == name for row in compared.added))
    for row, was in compared.amended:
        Exclusion.objects.filter(
            customer=customers[was.customer], start=instant_of(was.start), cause=was.cause
        ).delete()
        _insert(customers[row.customer], row)
    for row in compared.added:
        _insert(customers[row.customer], row)


def _words(text: str) -> str:
    """Return the text on one line; what is too long stays whole, and is refused."""
    return plain_words(text) if len(text) <= WORDS_MAX else text


def _require_good(row: ExclusionRow) -> None:
    flaw = row.flaw()
    if flaw is not None:
        raise BadInput(f"{flaw.field}: {flaw.reason}", remedy=flaw.remedy)


def _require_room(customer: str, more: int) -> None:
    if Exclusion.objects.filter(customer__name=customer).count() + more > OF_A_CUSTOMER_MAX:
        raise BadInput(
            f"{customer} would have more than {OF_A_CUSTOMER_MAX} exclusions",
            remedy="Exclude a class of causes instead of each outage.",
        )


def _insert(customer: Customer, row: ExclusionRow) -> None:
    Exclusion.objects.create(
        customer=customer,
        start=instant_of(row.start),
        end=None if row.end is None else instant_of(row.end),
        cause=row.cause,
        time_zone=row.time_zone,
        reason=row.reason,
    )


def _known(names: set[str]) -> Mapping[Hashable, ExclusionRow]:
    found = Exclusion.objects.filter(customer__name__among=names).values_list(*_COLUMNS)
    rows = (
        ExclusionRow(
            name, seconds_of(start), None if end is None else seconds_of(end), cause, zone, reason
        )
        for name, start, end, cause, zone, reason in found
    )
    return {row.key: row for row in rows}


def _audit(verb: str, row: ExclusionRow, *, actor: Actor, reason: str, now: AwareDatetime) -> None:
    subject = SubjectRef("customer", row.customer)
    detail: dict[str, JsonValue] = {
        "from": instant_of(row.start).isoformat(),
        "cause": row.cause,
        **row.told(),
    }
    audit_described(
        actor, f"fleet.exclusion.{verb}", subject, reason=reason, now=now, detail=detail
    )
