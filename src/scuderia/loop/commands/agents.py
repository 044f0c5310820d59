"""`scuderia crew`: who is in the crew, how each has fared, and a look at the world now."""

from typing import Annotated

import typer

from scuderia.loop.commands.command_actor import As, AsJson, Token, command_actor, now
from scuderia.loop.commands.output import print_json, print_table
from scuderia.loop.operations.agents import make_rounds
from scuderia.loop.queries.agents import list_agents

app = typer.Typer(no_args_is_help=True, help="See the agents, and have them look now.")


@app.command("list")
def list_command(*, as_name: As = "", token: Token = "", as_json: AsJson = False) -> None:
    """List the agents with their last look and how they have fared."""
    cards = list_agents(command_actor(as_name, token))
    if as_json:
        print_json(cards)
        return
    print_table(
        ["agent", "job", "last look", "proposed", "approved", "met", "missed"],
        (
            (
                card.name,
                card.job,
                card.last_round.at if card.last_round else "never",
                card.track.proposals,
                card.track.approved,
                card.track.met,
                card.track.missed,
            )
            for card in cards
        ),
        empty="the crew is empty",
    )


@app.command("run")
def run(
    names: Annotated[list[str] | None, typer.Argument(help="Agents; all if none is named.")] = None,
    *,
    as_name: As = "",
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Have agents look at the world as it stands, and file what they bring back."""
    reports = make_rounds(names or None, actor=command_actor(as_name, token), now=now())
    if as_json:
        print_json(reports)
        return
    print_table(
        ["agent", "filed", "open findings", "open proposals", "withdrawn", "refused or failed"],
        (
            (
                report.agent,
                report.filed,
                report.findings_open,
                report.proposals_open,
                report.withdrawn,
                report.error or report.refused,
            )
            for report in reports
        ),
        empty="nobody looked",
    )
