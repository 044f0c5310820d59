"""The commands of every room: their names, one sentence each, and where to find them when asked."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """One group or command of the command line, imported only when it is asked for.

    target       module:attribute of a typer.Typer
    needs_django  whether the tables' classes must be loaded first
    """

    name: str
    job: str
    target: str
    needs_django: bool = True


COMMANDS = (
    Command("setup", "Create the home folder, its tables and static files; safe to repeat.",
         "scuderia.config.cli.setup:app", needs_django=False),
    Command("demo", "Set up a living fleet with sixty days of history, and serve it.",
         "scuderia.config.cli.demo:app", needs_django=False),
    Command("serve", "Serve the control room and run the worker, until stopped.",
         "scuderia.config.cli.serve:app", needs_django=False),
    Command("fleet", "Import outages; report what every customer got.",
         "scuderia.fleet.commands.fleet:app"),
    Command("twin", "Replay a year of outages under another policy.", "scuderia.twin.commands:app",
         needs_django=False),
    Command("loop", "See, approve, reject and undo what the crew proposes.",
         "scuderia.loop.commands.proposals:app"),
    Command("brake", "Stop every agent, or one agent, kind or scope; and let go again.",
         "scuderia.loop.commands.brakes:app"),
    Command("audit", "Verify and export the chain of who did what.",
         "scuderia.loop.commands.audit:app"),
    Command("crew", "See the agents, and have them look at the world now.",
         "scuderia.loop.commands.agents:app"),
    Command("people", "Create people, give roles, issue and revoke tokens.",
         "scuderia.loop.commands.people:app"),
    Command("grant", "Say how far an agent may go, where, and until when.",
         "scuderia.loop.commands.grants:app"),
)  # fmt: skip

BY_NAME = {command.name: command for command in COMMANDS}
