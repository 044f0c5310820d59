"""The command line's rooms: their names, one sentence each, and where to find them when asked."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Door:
    """One group or command of the command line, imported only when it is asked for.

    target       module:attribute of a typer.Typer
    needs_django  whether the tables' classes must be loaded first
    """

    name: str
    job: str
    target: str
    needs_django: bool = True


DOORS = (
    Door("setup", "Create the home folder, its tables and static files; safe to repeat.",
         "scuderia.config.setup_command:app", needs_django=False),
    Door("demo", "Set up a living fleet with sixty days of history, and serve it.",
         "scuderia.config.demo_command:app", needs_django=False),
    Door("serve", "Serve the control room and run the worker, until stopped.",
         "scuderia.config.serve_command:app", needs_django=False),
    Door("fleet", "Import outages; report what every customer got.",
         "scuderia.fleet.commands.fleet:app"),
    Door("twin", "Replay a year of outages under another policy.", "scuderia.twin.commands:app",
         needs_django=False),
    Door("loop", "See, approve, reject and undo what the crew proposes.",
         "scuderia.loop.commands.proposals:app"),
    Door("brake", "Stop every agent, or one agent, kind or scope; and let go again.",
         "scuderia.loop.commands.brakes:app"),
    Door("audit", "Verify and export the chain of who did what.",
         "scuderia.loop.commands.audit:app"),
    Door("crew", "See the agents, and have them look at the world now.",
         "scuderia.loop.commands.agents:app"),
    Door("people", "Create people, give roles, issue and revoke tokens.",
         "scuderia.loop.commands.people:app"),
    Door("grant", "Say how far an agent may go, where, and until when.",
         "scuderia.loop.commands.grants:app"),
)  # fmt: skip

BY_NAME = {door.name: door for door in DOORS}
