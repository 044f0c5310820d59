"""Which downtime does not count against which customer's promise, and why."""

from dataclasses import dataclass

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput
from scuderia.basics.subjects import EVERYTHING
from scuderia.fleet.engine.exclusion_rows import instant_in
from scuderia.fleet.models.exclusions import Exclusion
from scuderia.fleet.nouns import CustomerName
from scuderia.fleet.queries.access import readable_scopes
from scuderia.intake.records import Flaw


@dataclass(frozen=True, slots=True)
class ExclusionSummary:
    """Downtime of [start, end) that does not count; end None: it lasts; cause "": every cause."""

    customer: CustomerName
    start: AwareDatetime
    end: AwareDatetime | None
    cause: str
    time_zone: str
    reason: str


def list_exclusions(actor: Actor, *, customer: str | None = None) -> tuple[ExclusionSummary, ...]:
    """Return what is excluded for customers within reach, by customer and start."""
    scopes = readable_scopes(actor)
    rows = Exclusion.objects.order_by("customer__name", "start", "cause")
    if customer is not None:
        rows = rows.filter(customer__name=customer)
    return tuple(
        ExclusionSummary(CustomerName(name), start, end, cause, zone, reason)
        for name, start, end, cause, zone, reason in rows.values_list(
            "customer__name", "start", "end", "cause", "time_zone", "reason"
        )
        if not scopes.isdisjoint({str(EVERYTHING), f"customer:{name}"})
    )


def read_instant_in(text: str, zone: str, field: str) -> AwareDatetime:
    """Return the instant that a person wrote by the clocks of a zone, or with its offset.

    raises   BadInput
    """
    try:
        return instant_in(text, zone, field)
    except Flaw as flaw:
        raise BadInput(f"--{flaw.field}: {flaw.reason}", remedy=flaw.remedy) from None
