"""`scuderia fleet sla`: what customers are promised, from which day on."""

from typing import Annotated

import typer

from scuderia.basics.actors import Actor
from scuderia.fleet.commands.formats import first_day, percent
from scuderia.fleet.commands.options import AsJson, FirstDay, WhyCorrected
from scuderia.fleet.operations.slas import retract_sla, set_sla
from scuderia.fleet.queries.slas import list_promises, read_first_day
from scuderia.loop.commands.command_actor import for_actor, now
from scuderia.loop.commands.listing import listing
from scuderia.loop.commands.output import print_done

app = typer.Typer(
    no_args_is_help=True, help="What customers are promised a day, from which day on."
)

app.command("list")(
    listing(
        "List what the customers within reach were promised, from which days on.",
        list_promises,
        {
            "customer": lambda row: row.customer,
            "from": lambda row: first_day(row.first_day),
            "target": lambda row: percent(row.target),
            "zone": lambda row: row.time_zone,
        },
        empty="Nothing was promised. Promise something: scuderia fleet sla set CUSTOMER",
    )
)


@app.command("set")
@for_actor
def set_(
    customer: str,
    *,
    target: Annotated[float, typer.Option(help="Share of each day that is promised, e.g. 0.975.")],
    start: FirstDay = None,
    time_zone: Annotated[
        str | None, typer.Option("--time-zone", help="IANA; else as before, or UTC.")
    ] = None,
    reason: WhyCorrected = "",
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Promise a customer something from a day of its own zone on, until its next promise."""
    day = read_first_day(start)
    changed = set_sla(
        actor=actor,
        customer=customer,
        first_day=day,
        target=target,
        time_zone=time_zone,
        reason=reason,
        now=now(),
    )
    words = f"is promised {percent(target)} a day" if changed else "was promised just that"
    print_done(
        {"customer": customer, "first_day": day.isoformat(), "changed": changed},
        f"From {first_day(day)} on, {customer} {words}.",
        as_json=as_json,
    )


@app.command("retract")
@for_actor
def retract(
    customer: str,
    *,
    start: FirstDay = None,
    reason: WhyCorrected = "",
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Take a promise off the books that never was; the one before it holds on instead."""
    day = read_first_day(start)
    retract_sla(actor=actor, customer=customer, first_day=day, reason=reason, now=now())
    print_done(
        {"customer": customer, "first_day": day.isoformat(), "retracted": True},
        f"The promise to {customer} from {first_day(day)} on is off the books.",
        as_json=as_json,
    )
