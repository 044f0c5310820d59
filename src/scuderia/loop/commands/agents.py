"""`scuderia crew`: who is in the crew, how each has fared, and a look at the world now."""

from typing import Annotated

import typer

from scuderia.basics.actors import Actor
from scuderia.basics.clock import parse_instant
from scuderia.loop.commands.command_actor import AsJson, for_actor, now
from scuderia.loop.commands.listing import listing
from scuderia.loop.commands.output import cell, print_facts, print_json, print_rows, say
from scuderia.loop.commands.proposals import courses
from scuderia.loop.operations.agents import make_rounds
from scuderia.loop.operations.past_looks import look_back
from scuderia.loop.queries.agents import list_agents
from scuderia.loop.queries.past_looks import LookBack, PastProposal

app = typer.Typer(no_args_is_help=True, help="See the agents, and have them look now.")


app.command("list")(
    listing(
        "List the agents with their last look and how they have fared.",
        list_agents,
        {
            "agent": lambda card: card.name,
            "job": lambda card: card.job,
            "last look": lambda card: card.last_round.at if card.last_round else "never",
            "proposed": lambda card: card.track.proposals,
            "approved": lambda card: card.track.approved,
            "met": lambda card: card.track.met,
            "missed": lambda card: card.track.missed,
        },
        empty="the crew is empty",
    )
)


@app.command("run")
@for_actor
def run(
    names: Annotated[list[str] | None, typer.Argument(help="Agents; all if none is named.")] = None,
    *,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", help="Look at this past instant or day, and file nothing."),
    ] = None,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Have agents look at the world as it stands, and file what they bring back."""
    if as_of is not None:
        at = parse_instant(as_of, field="--as-of")
        told = look_back(names or None, at=at, actor=actor, now=now())
        if as_json:
            print_json(told)
        else:
            _show_past(told)
        return
    reports = make_rounds(names or None, actor=actor, now=now())
    print_rows(
        reports,
        {
            "agent": lambda report: report.agent,
            "filed": lambda report: report.filed,
            "open findings": lambda report: report.findings_open,
            "open proposals": lambda report: report.proposals_open,
            "withdrawn": lambda report: report.withdrawn,
            "refused or failed": lambda report: report.error or report.refused,
        },
        empty="nobody looked",
        as_json=as_json,
    )


def _show_past(told: LookBack) -> None:
    say(
        f"As of {cell(told.as_of)} UTC; the books tell from {cell(told.begins)}"
        f" to {cell(told.ends)}."
    )
    for look in told.looks:
        say("")
        say(f"{look.agent}: {len(look.proposals)} proposals, {len(look.claims)} claims")
        if look.error:
            say(f"  failed: {look.error}")
        for proposal in look.proposals:
            _show_wish(proposal)
        for claim in look.claims:
            say(f"  claimed: {claim.claim} (confidence {claim.confidence:.0%})")
        for line in look.considered:
            say(f"  dropped: {line}")
    say("")
    say(told.limits)


def _show_wish(proposal: PastProposal) -> None:
    say(f"  proposed: {proposal.title}")
    both = courses(proposal.rehearsal, proposal.cost_of_delay)
    print_facts({"  targets": proposal.targets, **both})
