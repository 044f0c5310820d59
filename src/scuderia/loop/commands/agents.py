"""`scuderia crew`: who is in the crew, how each has fared, and a look at the world now."""

from typing import Annotated

import typer

from scuderia.basics.actors import Actor
from scuderia.loop.commands.command_actor import AsJson, for_actor, now
from scuderia.loop.commands.listing import listing
from scuderia.loop.commands.output import print_rows
from scuderia.loop.operations.agents import make_rounds
from scuderia.loop.queries.agents import list_agents

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
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Have agents look at the world as it stands, and file what they bring back."""
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
