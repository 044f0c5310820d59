"""`scuderia fleet price`: what a GPU-hour costs, from which day on."""

from typing import Annotated

import typer

from scuderia.basics.actors import Actor
from scuderia.fleet.commands.formats import first_day
from scuderia.fleet.commands.options import AsJson, FirstDay, WhyCorrected
from scuderia.fleet.operations.prices import set_price
from scuderia.fleet.queries.prices import list_prices
from scuderia.fleet.queries.slas import read_first_day
from scuderia.loop.commands.command_actor import for_actor, now
from scuderia.loop.commands.listing import listing
from scuderia.loop.commands.output import print_done

app = typer.Typer(
    no_args_is_help=True, help="Prices of a GPU-hour, by node type and customer, from a day on."
)

app.command("list")(
    listing(
        "List the prices within reach: those of node types, and customers' own.",
        list_prices,
        {
            "sku": lambda row: row.sku,
            "customer": lambda row: row.customer or "-",
            "from": lambda row: first_day(row.first_day),
            "cents a GPU-hour": lambda row: row.cents_per_gpu_hour or "none stated",
        },
        empty="No price is stated. State one: scuderia fleet price set SKU --cents 250",
    )
)


@app.command("set")
@for_actor
def set_(
    sku: str,
    *,
    cents: Annotated[int, typer.Option(help="US cents a GPU-hour; 0: none from that day on.")],
    start: FirstDay = None,
    customer: Annotated[
        str | None, typer.Option(help="Whose own price it is; else everybody's who has none.")
    ] = None,
    reason: WhyCorrected = "",
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """State what a GPU-hour costs from a day on, until the next price begins."""
    day = read_first_day(start)
    changed = set_price(
        actor=actor,
        sku=sku,
        first_day=day,
        cents_per_gpu_hour=cents,
        customer=customer,
        reason=reason,
        now=now(),
    )
    words = "is stated" if changed else "stands like that already"
    print_done(
        {"sku": sku, "customer": customer, "first_day": day.isoformat(), "changed": changed},
        f"The price of {sku} from {first_day(day)} {words}.",
        as_json=as_json,
    )
