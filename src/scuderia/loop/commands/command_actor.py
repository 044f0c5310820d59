"""Who acts when a command is typed: the person behind a token, or one the home's owner names.

On the machine itself, who may read and write the home's files holds the authority already, so
the owner of the folder may name any known person. Everyone else comes with an API token.
"""

import os
from collections.abc import Callable
from functools import wraps
from inspect import Parameter, signature
from pathlib import Path
from typing import Annotated

import typer
from django.conf import settings

from scuderia.basics.actors import BY_COMMAND_LINE, Actor, ActorKind
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import Refused
from scuderia.loop.operations import people
from scuderia.loop.ports import registry
from scuderia.loop.queries.people import person_named

As = Annotated[
    str,
    typer.Option("--as", envvar="SCUDERIA_ACTOR", help="The person who acts; else the owner."),
]
Token = Annotated[
    str,
    typer.Option(envvar="SCUDERIA_TOKEN", help="An API token; better given in the environment."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Reason = Annotated[str, typer.Option(help="Why, in your words; kept in the audit.")]

Command = Callable[..., None]


class TokenRefused(Refused):
    """The token is unknown, expired or revoked, so nobody was let in."""

    code = "CLI-002"
    remedy = "Ask an admin for a new one: scuderia people token NAME."


class NobodyActs(Refused):
    """It cannot be said which person acts."""

    code = "CLI-003"
    remedy = "Give --as NAME of a known person (`scuderia people list`), or a token."


def now() -> AwareDatetime:
    """Return the instant at which this command acts."""
    return registry.clock.now()


def command_actor(as_name: As = "", token: Token = "") -> Actor:
    """Return the person who acts.

    raises   TokenRefused: a token that lets nobody in
             NobodyActs: the named person is unknown, or this is not the home's owner
    """
    if token:
        found = people.authenticate_token(token, now=registry.wall.now())
        if found is None:
            raise TokenRefused("that token lets nobody in")
        return found
    _require_owner()
    name = as_name or owner_name()
    if not name:
        raise NobodyActs("nobody was named, and this home has no owner on its books")
    if person_named(name) is None:
        raise NobodyActs(f"nobody here is called {name[:80]!r}")
    return Actor(ActorKind.PERSON, name, via=BY_COMMAND_LINE)


def handed(name: str, made_by: Callable[..., object]) -> Callable[[Command], Command]:
    """Hand commands their keyword `name`: what `made_by` makes of the options that it asks for.

    The options stand where the keyword stood, so that several commands share them and their help.
    """
    made_of = signature(made_by).parameters
    shared = [one.replace(kind=Parameter.KEYWORD_ONLY) for one in made_of.values()]

    def decorate(command: Command) -> Command:
        asked = signature(command)
        options = [
            option
            for one in asked.parameters.values()
            for option in (shared if one.name == name else [one])
        ]

        @wraps(command)
        def run(**given: object) -> None:
            told = {option: given.pop(option) for option in made_of}
            command(**given, **{name: made_by(**told)})

        run.__signature__ = asked.replace(parameters=options)  # type: ignore[attr-defined]
        run.__annotations__ = {one.name: one.annotation for one in options}
        return run

    return decorate


for_actor = handed("actor", command_actor)
"""Hand a command its keyword `actor`: whom --as, a token or the home's ownership names."""


def owner_name() -> str:
    """Return the person that set-up made for the folder's owner, "" if it made none."""
    note = _home() / "owner"
    return note.read_text(encoding="utf-8").strip() if note.exists() else ""


def _require_owner() -> None:
    if _home().stat().st_uid != os.geteuid():
        raise NobodyActs(
            "only the owner of the home folder may act without a token",
            remedy="Set SCUDERIA_TOKEN to a token of yours.",
        )


def _home() -> Path:
    return Path(settings.HOME.path)
