"""A command that lists the rows that one query returns to whoever acts."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from scuderia.basics.actors import Actor
from scuderia.loop.commands.command_actor import AsJson, for_actor
from scuderia.loop.commands.output import print_rows

Row = TypeVar("Row")


def listing(
    says: str,
    rows_for: Callable[[Actor], Sequence[Row]],
    columns: Mapping[str, Callable[[Row], object]],
    *,
    empty: str,
) -> Callable[..., None]:
    """Return the command.

    says      its help, one sentence
    columns   heading to what stands below it
    empty     what is said where there is no row
    """

    def command(*, actor: Actor, as_json: AsJson = False) -> None:
        print_rows(rows_for(actor), columns, empty=empty, as_json=as_json)

    command.__doc__ = says
    return for_actor(command)
