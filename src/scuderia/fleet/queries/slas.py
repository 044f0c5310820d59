"""What each customer was promised, from which day on, and whose clocks count its days."""

from collections.abc import Collection
from datetime import date

from django.db.models import QuerySet

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput
from scuderia.basics.subjects import EVERYTHING
from scuderia.fleet.engine.customer_days import Calendar, calendar_in, read_day
from scuderia.fleet.engine.facts import SlaFact, seconds_of
from scuderia.fleet.engine.report_lines import calendar_of, sla_on
from scuderia.fleet.models.slas import SlaDefinition
from scuderia.fleet.nouns import CustomerName
from scuderia.fleet.nouns import SlaDefinition as Sla
from scuderia.fleet.queries.access import readable_scopes
from scuderia.intake.records import Flaw


def customer_calendar(customer: str | None) -> Calendar:
    """Return whose clocks count a customer's days; UTC's without one, or without a promise."""
    return calendar_of(promises_of(customer) if customer is not None else ())


def promises_of(customer: str) -> tuple[SlaFact, ...]:
    """Return what one customer was promised, by first day."""
    return _promises(customer).get(customer, ())


def list_slas(at: AwareDatetime) -> tuple[Sla, ...]:
    """Return the promise of each customer that holds at an instant; of some, none does yet."""
    held = (
        (name, sla_on(slas, calendar_of(slas).day_of(seconds_of(at))))
        for name, slas in _promises(None).items()
    )
    return tuple(
        Sla(CustomerName(name), sla.target, sla.time_zone, date.fromisoformat(sla.first_day))
        for name, sla in held
        if sla is not None
    )


def has_begun(sla: Sla, at: AwareDatetime) -> bool:
    """Say whether the first day of a promise has begun, by the clocks of its zone."""
    return calendar_in(sla.time_zone).begins(sla.first_day) <= seconds_of(at)


def list_promises(actor: Actor, *, customer: str | None = None) -> tuple[Sla, ...]:
    """Return what customers within reach were promised, by customer and first day."""
    scopes = readable_scopes(actor)
    return tuple(
        Sla(CustomerName(name), sla.target, sla.time_zone, date.fromisoformat(sla.first_day))
        for name, slas in _promises(customer).items()
        if not scopes.isdisjoint({str(EVERYTHING), f"customer:{name}"})
        for sla in slas
    )


def promises_by_customer(customers: Collection[str]) -> dict[str, tuple[SlaFact, ...]]:
    """Return what these customers were promised, by first day; who was promised nothing is out."""
    return _told(SlaDefinition.objects.filter(customer__name__among=customers))


def _promises(customer: str | None) -> dict[str, tuple[SlaFact, ...]]:
    rows = SlaDefinition.objects.all()
    return _told(rows if customer is None else rows.filter(customer__name=customer))


def _told(rows: QuerySet[SlaDefinition]) -> dict[str, tuple[SlaFact, ...]]:
    found: dict[str, tuple[SlaFact, ...]] = {}
    for name, day, target, zone in rows.order_by("customer__name", "first_day").values_list(
        "customer__name", "first_day", "target", "time_zone"
    ):
        found[name] = (*found.get(name, ()), SlaFact(day.isoformat(), target, zone))
    return found


def read_first_day(text: str | None) -> date:
    """Return the day that a person wrote; without one, the one that is from the beginning.

    raises   BadInput: it cannot be read
    """
    try:
        return read_day(text or "", "from")
    except Flaw as flaw:
        raise BadInput(f"--from: {flaw.reason}", remedy=flaw.remedy) from None
