"""States what a GPU-hour costs from a day on; what stood there is corrected with a reason."""

from collections.abc import Hashable, Mapping, Sequence
from datetime import date

from django.db import transaction

from scuderia.basics.actors import Actor
from scuderia.basics.canonical import JsonValue
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.fleet.engine.facts import seconds_of
from scuderia.fleet.engine.price_rows import PriceRow
from scuderia.fleet.models.customers import Customer
from scuderia.fleet.models.inventory import Sku
from scuderia.fleet.models.prices import Price
from scuderia.fleet.operations.descriptions import (
    Compared,
    audit_described,
    lock_named,
    may_describe,
    require_reason,
    unknown_customer,
)
from scuderia.fleet.operations.inventory import find_customer
from scuderia.fleet.queries.inventory import UnknownSubject
from scuderia.fleet.queries.slas import customer_calendar
from scuderia.intake.records import Flaw


@transaction.atomic
def set_price(
    *,
    actor: Actor,
    sku: str,
    first_day: date,
    cents_per_gpu_hour: int,
    customer: str | None = None,
    reason: str = "",
    now: AwareDatetime,
) -> bool:
    """Have a GPU-hour cost this from a day on, until the next price; False if it does.

    customer   whose own price it is; None: of everybody who has none. Its clocks count the days
    cents      0: none is stated from that day on
    raises     NotAuthorised, NotFound, UnknownSubject, BadInput
               ReasonMissing: a day that has begun had another price
    """
    may_describe(actor)
    row = PriceRow(sku, customer or "", first_day.isoformat(), cents_per_gpu_hour)
    flaw = row.flaw()
    if flaw is not None:
        raise BadInput(flaw.reason, remedy=flaw.remedy)
    lock_named(Sku.objects, {sku})
    kind = Sku.objects.filter(name=sku).first()
    if kind is None:
        raise UnknownSubject(f"no SKU is named {sku!r}")
    holder = None if customer is None else find_customer(customer)
    prices = Price.objects.filter(sku=kind, customer=holder, first_day__lte=first_day)
    before = prices.order_by("first_day").last()
    known = before is not None and before.first_day == first_day
    if known and before is not None and before.cents_per_gpu_hour == cents_per_gpu_hour:
        return False
    begun = customer_calendar(customer).begins(first_day) <= seconds_of(now)
    if before is not None and before.cents_per_gpu_hour != cents_per_gpu_hour and (known or begun):
        require_reason(reason, f"the price of {sku} from {first_day}")
    Price.objects.update_or_create(
        sku=kind,
        customer=holder,
        first_day=first_day,
        defaults={"cents_per_gpu_hour": cents_per_gpu_hour, "by_person": True},
    )
    subject = EVERYTHING if customer is None else SubjectRef("customer", customer)
    audit_described(
        actor,
        "fleet.price.corrected" if known else "fleet.price.stated",
        subject,
        reason=reason,
        now=now,
        detail={"sku": sku, "before": _told(before), "after": _after(row)},
    )
    return True


def compare_prices(rows: Sequence[PriceRow]) -> Compared[PriceRow]:
    """Say what of the rows is new, known or otherwise, and what cannot stand; writes nothing."""
    skus = set(Sku.objects.values_list("name", flat=True))
    customers = set(Customer.objects.values_list("name", flat=True))
    against: dict[Hashable, Flaw] = {}
    for row in rows:
        if row.sku not in skus:
            said = f"no SKU is named {row.sku!r}"
            against[row.key] = Flaw("sku", said, "Describe it: scuderia fleet sku add.")
        elif row.customer and row.customer not in customers:
            against[row.key] = unknown_customer(row.customer)
    return Compared.of(rows, _known({row.sku for row in rows}), against)


def keep_prices(compared: Compared[PriceRow]) -> None:
    """Write what is new and what is amended, in the caller's transaction."""
    rows = [*compared.added, *(row for row, _ in compared.amended)]
    skus = dict(Sku.objects.filter(name__among={r.sku for r in rows}).values_list("name", "id"))
    customers = Customer.objects.in_bulk(field_name="name")
    for row in rows:
        Price.objects.update_or_create(
            sku_id=skus[row.sku],
            customer=customers[row.customer] if row.customer else None,
            first_day=date.fromisoformat(row.first_day),
            defaults={"cents_per_gpu_hour": row.cents_per_gpu_hour, "by_person": True},
        )


def _known(skus: set[str]) -> Mapping[Hashable, PriceRow]:
    found = Price.objects.filter(sku__name__among=skus).values_list(
        "sku__name", "customer__name", "first_day", "cents_per_gpu_hour"
    )
    rows = (PriceRow(sku, whose or "", day.isoformat(), cents) for sku, whose, day, cents in found)
    return {row.key: row for row in rows}


def _told(row: Price | None) -> dict[str, JsonValue] | None:
    if row is None:
        return None
    return {"from": row.first_day.isoformat(), "cents_per_gpu_hour": row.cents_per_gpu_hour}


def _after(row: PriceRow) -> dict[str, JsonValue]:
    return {"from": row.first_day, "cents_per_gpu_hour": row.cents_per_gpu_hour}
