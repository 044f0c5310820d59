"""What a customer is promised, at which prices and with what excluded: tables, and their forms."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse

from scuderia.basics.actors import Actor
from scuderia.basics.subjects import EVERYTHING
from scuderia.fleet.nouns import BEGINNING
from scuderia.fleet.queries.exclusions import list_exclusions
from scuderia.fleet.queries.prices import list_prices
from scuderia.fleet.queries.slas import has_begun, list_promises
from scuderia.loop.nouns import Power
from scuderia.loop.queries.access import may
from scuderia.web.components import Cell, Field
from scuderia.web.request_context import RequestContext
from scuderia.web.tables import Source, TableColumn, TableSpec, rows_in_memory

_WHY = Field("reason", "Why", longest=200, help="Kept; needed where days that began are changed.")


@dataclass(frozen=True, slots=True)
class Form:
    """A form of a customer's page: where it goes, what it asks, and what its button says."""

    title: str
    action: str
    fields: tuple[Field, ...]
    button: str


def forms_for(actor: Actor, customer: str) -> tuple[Form, ...]:
    """Return the forms for whoever may describe the fleet; none for others."""
    may_state = may(actor, Power.IMPORT, frozenset({EVERYTHING}))
    if not may_state:
        return ()
    first = Field("first_day", "From the day", "date", help="Empty: from the beginning.")
    return (
        Form("Promise something from a day on", reverse("customer-sla", args=[customer]),
             (Field("target", "Share of each day", required=True, help="e.g. 0.975"), first,
              Field("time_zone", "Zone", help="IANA, e.g. Europe/Rome; empty: as before."), _WHY),
             "Promise it"),
        Form("State its own price", reverse("customer-price", args=[customer]),
             (Field("sku", "Node type", required=True),
              Field("cents", "US cents a GPU-hour", "number", required=True, minimum="0",
                    help="0: none of its own from that day on."), first, _WHY),
             "State it"),
        Form("Exclude downtime", reverse("customer-exclusion", args=[customer]),
             (Field("start", "From", required=True, help="e.g. 2026-07-04T22:00", longest=40),
              Field("end", "To", help="Empty, of a cause alone: it lasts.", longest=40),
              Field("cause", "Class of causes", help="Empty: every cause.", longest=200),
              Field("time_zone", "Zone", value="UTC", required=True),
              Field("reason", "Why", required=True, longest=200, help="Shown with the report.")),
             "Exclude it"),
    )  # fmt: skip


def terms_of(asked: RequestContext, customer: str) -> dict[str, tuple[TableSpec[Any], Source[Any]]]:
    """Return the tables of what holds for a customer, and what held before, by name."""
    actor = asked.actor
    promises = list_promises(actor, customer=customer)
    begun = [sla for sla in promises if has_begun(sla, asked.now)]
    told = [(sla, sla in begun[-1:]) for sla in reversed(promises)]
    rows: dict[str, tuple[TableSpec[Any], Sequence[Any]]] = {
        "promises": (_promises(), told),
        "prices": (_prices(), list_prices(actor, customer=customer)),
        "exclusions": (_exclusions(), list_exclusions(actor, customer=customer)),
    }
    return {name: (spec, rows_in_memory(spec, found)) for name, (spec, found) in rows.items()}


def _promises() -> TableSpec[Any]:
    """Return the promises; a row is one and whether it holds now."""
    return TableSpec(
        name="promises",
        caption="What was promised, the latest first",
        columns=(
            TableColumn("from", "From", lambda row: Cell(_day(row[0].first_day)),
                        lambda row: row[0].first_day.isoformat()),
            TableColumn("target", "Target", lambda row: Cell(f"{row[0].target:.2%}"),
                        lambda row: row[0].target, numeric=True),
            TableColumn("zone", "Days in", lambda row: Cell(row[0].time_zone),
                        lambda row: row[0].time_zone),
            TableColumn("now", "Holds now", lambda row: Cell("yes" if row[1] else "no"),
                        lambda row: row[1]),
        ),
        key=lambda row: row[0].first_day.isoformat(),
        size=10,
    )  # fmt: skip


def _prices() -> TableSpec[Any]:
    """Return the customer's own prices and those of the node types."""
    return TableSpec(
        name="prices",
        caption="Prices of a GPU-hour; its own win",
        columns=(
            TableColumn("sku", "Node type", lambda row: Cell(row.sku), lambda row: row.sku),
            TableColumn("whose", "Whose", lambda row: Cell(row.customer or "everybody's"),
                        lambda row: row.customer or ""),
            TableColumn("from", "From", lambda row: Cell(_day(row.first_day)),
                        lambda row: row.first_day.isoformat()),
            TableColumn("cents", "US cents a GPU-hour",
                        lambda row: Cell(str(row.cents_per_gpu_hour or "none stated")),
                        lambda row: row.cents_per_gpu_hour, numeric=True),
        ),
        key=lambda row: f"{row.sku} {row.customer} {row.first_day}",
        size=10,
    )  # fmt: skip


def _exclusions() -> TableSpec[Any]:
    """Return what does not count, and why."""
    return TableSpec(
        name="exclusions",
        caption="Downtime that does not count",
        columns=(
            TableColumn("from", "From", lambda row: Cell("", "instant", at=row.start),
                        lambda row: row.start),
            TableColumn("to", "To",
                        lambda row: Cell("", "instant", at=row.end) if row.end else Cell("lasts"),
                        lambda row: row.end),
            TableColumn("cause", "Causes", lambda row: Cell(row.cause or "every", "words"),
                        lambda row: row.cause),
            TableColumn("why", "Why", lambda row: Cell(row.reason, "words"),
                        lambda row: row.reason),
        ),
        key=lambda row: f"{row.start.isoformat()} {row.cause}",
        size=10,
    )  # fmt: skip


def _day(day: date) -> str:
    return "the beginning" if day == BEGINNING else f"{day:%d %b %Y}"
