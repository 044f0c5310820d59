"""The folder's owner as a person on the books, so that the command line works from minute one."""

import getpass
import re

from scuderia.basics.actors import BY_COMMAND_LINE, Actor, ActorKind
from scuderia.basics.errors import NotAuthorised
from scuderia.basics.subjects import EVERYTHING
from scuderia.config.home import Home, write_private

SETUP = Actor(ActorKind.SERVICE, "setup")
_FALLBACK = "owner"


def make_owner(home: Home) -> str:
    """Make the person who runs set-up an admin without a password; say who that is.

    They act from the command line of this machine; to sign in they need a password of their own.
    """
    from django.db import transaction

    from scuderia.loop.nouns import Role
    from scuderia.loop.operations import people
    from scuderia.loop.ports import registry
    from scuderia.loop.queries.people import person_named

    note = home.path / "owner"
    if note.exists():
        return f"{note.read_text(encoding='utf-8').strip()} is admin here"
    name, now = _login(), registry.clock.now()
    if person_named(name) is None:
        try:
            with transaction.atomic():
                people.create_person(actor=SETUP, name=name, full_name="", password=None, now=now)
                people.give_role(
                    actor=SETUP, person=name, role=Role.ADMIN, scope=EVERYTHING, now=now
                )
        except NotAuthorised:  # the database is shared, and another home's set-up came first
            return "somebody else is admin here; come with a token"
    write_private(note, f"{name}\n")
    return f"{name} is admin here"


def owner_of(home: Home) -> Actor:
    """Return who acts from the command line of a home that was set up."""
    name = (home.path / "owner").read_text(encoding="utf-8").strip()
    return Actor(ActorKind.PERSON, name, BY_COMMAND_LINE)


def _login() -> str:
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = _FALLBACK
    return re.sub(r"[^A-Za-z0-9._-]", "-", name).lstrip("._-")[:64] or _FALLBACK
