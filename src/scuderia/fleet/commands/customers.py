"""`scuderia fleet customers` and `customer`: what each was promised, and the nodes it holds."""

from typing import Annotated

import typer

from scuderia.basics.actors import Actor
from scuderia.fleet.commands.formats import percent
from scuderia.fleet.commands.options import AsJson, WhyCorrected
from scuderia.fleet.operations.customers import Promise, add_customer, edit_customer
from scuderia.fleet.queries.customers import list_customers
from scuderia.loop.commands.command_actor import for_actor, now
from scuderia.loop.commands.listing import listing
from scuderia.loop.commands.output import print_done

customers = listing(
    "List the customers, what each was promised, and the nodes each holds.",
    lambda actor: list_customers(actor, now()),
    {
        "customer": lambda row: row.name,
        "target": lambda row: percent(row.target),
        "zone": lambda row: row.time_zone,
        "nodes": lambda row: row.nodes_held,
    },
    empty="No customer is on the books yet.",
)

app = typer.Typer(no_args_is_help=True, help="Customers, and what each was promised.")

Target = Annotated[
    float | None, typer.Option(help="Share of each day that was promised, e.g. 0.975.")
]
Zone = Annotated[
    str | None, typer.Option("--time-zone", help="IANA zone that counts its days; else UTC.")
]


@app.command("add")
@for_actor
def add(
    name: str,
    *,
    target: Target = None,
    time_zone: Zone = None,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Bring a customer onto the books; without a target nothing was promised."""
    promise = Promise(target, time_zone or "UTC")
    made = add_customer(actor=actor, name=name, promise=promise, now=now())
    words = "is on the books" if made else "was on the books just so; nothing changed"
    print_done({"customer": name, "changed": made}, f"{name} {words}.", as_json=as_json)


@app.command("edit")
@for_actor
def edit(
    name: str,
    *,
    target: Target = None,
    time_zone: Zone = None,
    reason: WhyCorrected = "",
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Correct what a customer was promised, for all of the past too."""
    changed = edit_customer(
        actor=actor, name=name, target=target, time_zone=time_zone, reason=reason, now=now()
    )
    words = "was promised otherwise, and is now corrected" if changed else "stands so already"
    print_done({"customer": name, "changed": changed}, f"{name} {words}.", as_json=as_json)
