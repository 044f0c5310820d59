"""The command line: one root, rooms opened only when asked for, errors that say what to do next."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from scuderia.basics.rooms import Command
from scuderia.config.cli.commands import commands
from scuderia.config.cli.failures import exit_code_of, show_failure, told_apart
from scuderia.config.home import current_home
from scuderia.config.rollback import refuse_rolled_back
from scuderia.config.setup import ready_django, require_set_up

IMPORTS = "scuderia.config.cli.imports:app"
_added: set[str] = set()


def main() -> None:
    """Run the command line and exit with a documented code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line; return its exit code, having shown any failure."""
    try:
        _add_commands()
        code = root(args=arguments, prog_name="scuderia", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        sys.stderr.write("stopped; nothing further was done\n")
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as raised:  # noqa: BLE001 - the outermost call: every failure is told in words
        error = told_apart(raised)
        show_failure(error, as_json="--json" in arguments)
        return exit_code_of(error)
    return code if isinstance(code, int) else 0


class RoomsGroup(TyperGroup):
    """Lists the commands that rooms bring; imports a room only when its command is resolved."""

    def resolve_command(
        self,
        ctx: Any,  # Typer keeps its context class private
        args: list[str],
    ) -> tuple[str | None, Any, list[str]]:
        """Return the command, opening its room; another room's part of a group is its own."""
        for size in (3, 2):
            part = commands().get(" ".join(args[:size]))
            if len(args) >= size and part:
                return part.name, open_command(part, args[size:]), args[size:]
        name, command, rest = super().resolve_command(ctx, args)
        entry = commands().get(name or "")
        return name, open_command(entry, rest) if entry else command, rest


def open_command(entry: Command, words: Sequence[str] = ()) -> Any:  # a Typer command: as above
    """Import a room's commands, with Django ready where they need it.

    words   what follows the command; its help can be had without a home

    raises   NotSetUp: no home is made by asking it something
             TablesRolledBack, and whatever else says that its files do not belong together
    """
    if entry.needs_django:
        if "--help" not in words:
            require_set_up(current_home())
        ready_django()
        if "--help" not in words:
            refuse_rolled_back(current_home())
    module, _, attribute = (entry.target or IMPORTS).partition(":")
    command: Any = typer.main.get_command(getattr(import_module(module), attribute))
    if entry.import_kind:
        return command.commands[entry.import_kind]
    command.name = entry.name
    for part in commands().values():
        if part.name.startswith(f"{entry.name} "):
            command.add_command(_closed(part, part.name.removeprefix(f"{entry.name} ")))
    return command


root = typer.Typer(
    cls=RoomsGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Scuderia: keep AI supercomputers running. The crew proposes; you decide.",
)


def _use_home(folder: Path | None) -> None:
    if folder is not None:
        os.environ["SCUDERIA_HOME"] = str(folder.expanduser().resolve())


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - Typer hands the flag over by place
    if wanted:
        from importlib.metadata import version

        typer.echo(f"scuderia {version('scuderia')}")
        raise typer.Exit


@root.callback()
def _root(
    home: Annotated[
        Path | None,
        typer.Option(
            help="The folder that holds all state (else SCUDERIA_HOME, else ~/.scuderia).",
            callback=_use_home,
            is_eager=True,
        ),
    ] = None,
    version: Annotated[  # noqa: FBT002 - Typer's way to write a flag
        bool, typer.Option("--version", help="Show it.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Read the options before the command."""


def _add_commands() -> None:
    """Put a placeholder for every room's commands into the root, once.

    raises   BadRoom
    """
    for command in commands().values():
        if command.name not in _added:
            _placeholder(command)
            _added.add(command.name)


def _placeholder(entry: Command) -> None:
    root.command(entry.name, help=entry.job)(_stand_in)


def _closed(entry: Command, name: str) -> Any:  # a Typer command: as above
    alone = typer.Typer()
    alone.command(name, help=entry.job)(_stand_in)
    return typer.main.get_command(alone)


def _stand_in() -> None:
    """Stand for a room until it is opened."""
