"""`scuderia fleet amend`: correct an outage that was booked wrong, with a reason."""

from typing import Annotated

import typer

from scuderia.basics.actors import Actor
from scuderia.basics.errors import BadInput
from scuderia.fleet.commands.options import AsJson, read_instant
from scuderia.fleet.nouns import Severity
from scuderia.fleet.operations.amendments import (
    OutageChanges,
    amend_outage,
    retract_outage,
    share_said,
)
from scuderia.fleet.queries.outages import full_key
from scuderia.loop.commands.command_actor import for_actor
from scuderia.loop.commands.output import print_json, say
from scuderia.loop.ports import registry


@for_actor
def amend(
    outage: Annotated[str, typer.Argument(metavar="OUTAGE", help="Its key, or the end of it.")],
    *,
    reason: Annotated[str, typer.Option(help="Why, in your words; kept in the audit.")],
    start: Annotated[str | None, typer.Option(help="The instant at which it began.")] = None,
    end: Annotated[str | None, typer.Option(help="The instant at which it ended.")] = None,
    cause: Annotated[str | None, typer.Option(help="Its cause, once it is known.")] = None,
    planned: Annotated[str | None, typer.Option(help="true or false.")] = None,
    gpus_lost: Annotated[str, typer.Option(help='How many GPUs it took, or "all".')] = "",
    gpu_indices: Annotated[str, typer.Option(help="Which ones, from 0, as 0,3.")] = "",
    severity: Annotated[Severity | None, typer.Option(help="down or degraded.")] = None,
    retract: Annotated[bool, typer.Option("--retract", help="It never was.")] = False,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Correct an outage: its start, end, cause, kind or share of its node; or that it never was."""
    now = registry.clock.now()
    key = full_key(actor, outage)
    changes = OutageChanges(
        start=read_instant(start, "--start"),
        end=read_instant(end, "--end"),
        cause=cause,
        planned=_flag(planned),
        gpus_lost=share_said(gpus_lost, gpu_indices),
        severity=severity,
    )
    if retract:
        if changes != OutageChanges():
            raise BadInput(
                "what never was has no other start, end, cause, kind or share",
                remedy="Give --retract alone, or leave it out.",
            )
        retract_outage(actor=actor, source_key=key, reason=reason, now=now)
    else:
        amend_outage(actor=actor, source_key=key, changes=changes, reason=reason, now=now)
    if as_json:
        print_json({"outage": key, "retracted": retract})
    else:
        say(f"{key} is {'off the books' if retract else 'corrected'}; what stood there is kept.")


def _flag(text: str | None) -> bool | None:
    if text is None:
        return None
    if text.lower() not in {"true", "false"}:
        raise BadInput(
            f"--planned is not true or false: {text[:40]!r}", remedy="Write one of them."
        )
    return text.lower() == "true"
