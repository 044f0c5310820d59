"""The commands: our own, then those that rooms bring, in the rooms' order."""

from functools import lru_cache

from scuderia.basics.rooms import Command
from scuderia.config.rooms import rooms

_HERE = "scuderia.config.cli."
OWN = (
    Command(
        "setup", "Create the home folder, its tables and static files; safe to repeat.",
        f"{_HERE}setup:app", needs_django=False,
    ),
    Command(
        "demo", "Set up a living fleet with sixty days of history, and serve it.",
        f"{_HERE}demo:app", needs_django=False,
    ),
    Command(
        "serve", "Serve the control room and run the worker, until stopped.",
        f"{_HERE}serve:app", needs_django=False,
    ),
    Command(
        "backup", "Make a verified backup of the home, while it is served.", f"{_HERE}backup:app",
    ),
    Command(
        "restore", "Put the home of a backup in place, and say so in its audit.",
        f"{_HERE}restore:app", needs_django=False,
    ),
    Command(
        "upgrade", "Back up a home, then bring it to this release.", f"{_HERE}upgrade:app",
        needs_django=False,
    ),
    Command(
        "import", "Import a user's file: look, map, set bad records aside, book.",
        f"{_HERE}imports:app",
    ),
    Command(
        "rooms", "List the rooms, and what each of them brings.", f"{_HERE}rooms:app",
        needs_django=False,
    ),
)  # fmt: skip


@lru_cache(maxsize=1)
def commands() -> dict[str, Command]:
    """Return every command by its name; where two rooms bring one name, the first has it."""
    found: dict[str, Command] = {}
    for command in (*OWN, *(command for room in rooms() for command in room.commands)):
        found.setdefault(command.name, command)
    return found
