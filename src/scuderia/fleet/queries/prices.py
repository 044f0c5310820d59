"""What a GPU-hour costs, from which day on: a node type's price, and customers' own."""

from django.db.models import F

from scuderia.basics.actors import Actor
from scuderia.basics.subjects import EVERYTHING
from scuderia.fleet.models.prices import Price as PriceRow
from scuderia.fleet.nouns import CustomerName, Price
from scuderia.fleet.queries.access import readable_scopes


def list_prices(actor: Actor, *, customer: str | None = None) -> tuple[Price, ...]:
    """Return the prices within reach, by node type, whose and first day.

    A customer's reader sees its own prices and, since they are charged where it has none, those
    of the node types; whoever reads no customer sees none.
    customer   only its own, and those of the node types
    """
    scopes = readable_scopes(actor)
    whose_first = F("customer__name").asc(nulls_first=True)
    rows = PriceRow.objects.order_by("sku__name", whose_first, "first_day").values_list(
        "sku__name", "customer__name", "first_day", "cents_per_gpu_hour"
    )
    everything = str(EVERYTHING) in scopes
    if not everything and not any(scope.startswith("customer:") for scope in scopes):
        return ()
    return tuple(
        Price(sku, None if whose is None else CustomerName(whose), first_day, cents)
        for sku, whose, first_day, cents in rows
        if (whose is None or everything or f"customer:{whose}" in scopes)
        and (customer is None or whose in (None, customer))
    )
