"""`scuderia fleet exclusion`: which downtime does not count against a promise, and why."""

from typing import Annotated

import typer

from scuderia.basics.actors import Actor
from scuderia.fleet.commands.options import AsJson, WhyCorrected
from scuderia.fleet.operations.exclusions import add_exclusion, retract_exclusion
from scuderia.fleet.queries.exclusions import list_exclusions, read_instant_in
from scuderia.loop.commands.command_actor import for_actor, now
from scuderia.loop.commands.listing import listing
from scuderia.loop.commands.output import print_done

app = typer.Typer(
    no_args_is_help=True, help="Downtime that does not count against a customer's promise."
)
Start = Annotated[str, typer.Option("--from", help="The first instant, by the zone's clocks.")]
Cause = Annotated[
    str, typer.Option(help="Only of outages with such a cause: Customer covers Customer / OOM.")
]
Zone = Annotated[str, typer.Option("--time-zone", help="IANA zone in which it was agreed.")]

app.command("list")(
    listing(
        "List what does not count against the promises within reach, and why.",
        list_exclusions,
        {
            "customer": lambda row: row.customer,
            "from": lambda row: row.start,
            "to": lambda row: row.end or "lasts",
            "cause": lambda row: row.cause or "every cause",
            "zone": lambda row: row.time_zone,
            "reason": lambda row: row.reason,
        },
        empty="Nothing is excluded. Exclude: scuderia fleet exclusion add CUSTOMER --from T --to T",
    )
)


@app.command("add")
@for_actor
def add(
    customer: str,
    *,
    start: Start,
    end: Annotated[
        str | None, typer.Option("--to", help="The instant after the last; else it lasts.")
    ] = None,
    cause: Cause = "",
    time_zone: Zone = "UTC",
    reason: Annotated[str, typer.Option(help="Why it does not count; shown with the report.")],
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Have downtime of a stretch, or of a class of causes, not count against a promise."""
    changed = add_exclusion(
        actor=actor,
        customer=customer,
        start=read_instant_in(start, time_zone, "from"),
        end=None if end is None else read_instant_in(end, time_zone, "to"),
        cause=cause,
        time_zone=time_zone,
        reason=reason,
        now=now(),
    )
    words = "does not count" if changed else "did not count already"
    print_done(
        {"customer": customer, "changed": changed},
        f"That downtime of {customer} {words}.",
        as_json=as_json,
    )


@app.command("retract")
@for_actor
def retract(
    customer: str,
    *,
    start: Start,
    cause: Cause = "",
    time_zone: Zone = "UTC",
    reason: WhyCorrected = "",
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Have what was excluded count again."""
    at = read_instant_in(start, time_zone, "from")
    retract_exclusion(
        actor=actor, customer=customer, start=at, cause=cause, reason=reason, now=now()
    )
    print_done(
        {"customer": customer, "retracted": True},
        f"That downtime of {customer} counts again.",
        as_json=as_json,
    )
