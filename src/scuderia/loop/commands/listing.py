"""A command that lists the rows that one query returns to whoever acts."""

from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter, signature
from typing import Annotated, TypeVar, get_origin

from scuderia.basics.actors import Actor
from scuderia.loop.commands.command_actor import AsJson, for_actor
from scuderia.loop.commands.output import print_rows

Row = TypeVar("Row")


def listing(
    says: str,
    rows_for: Callable[..., Sequence[Row]],
    columns: Mapping[str, Callable[[Row], object]],
    *,
    empty: str,
) -> Callable[..., None]:
    """Return the command.

    says       its help, one sentence
    rows_for   told who acts, and the value of each option that it annotates as Typer's
    columns    heading to what stands below it
    empty      what is said where there is no row
    """

    def command(*, actor: Actor, as_json: AsJson = False, **asked: object) -> None:
        print_rows(rows_for(actor, **asked), columns, empty=empty, as_json=as_json)

    own = signature(command)
    options = [
        one.replace(kind=Parameter.KEYWORD_ONLY)
        for one in signature(rows_for).parameters.values()
        if get_origin(one.annotation) is Annotated
    ]
    shown = [*options, own.parameters["actor"], own.parameters["as_json"]]
    command.__signature__ = own.replace(parameters=shown)  # type: ignore[attr-defined]
    command.__doc__ = says
    return for_actor(command)
