"""Somebody to act as on the command line of a test that has no home folder of its own."""

import pytest

from scuderia.basics.actors import Actor, ActorKind
from scuderia.basics.subjects import EVERYTHING
from scuderia.loop.nouns import Role
from scuderia.loop.operations import people
from scuderia.loop.ports import registry

SETUP = Actor(ActorKind.SERVICE, "setup")


def acts_as_admin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Create an admin and have the command line act as them."""
    now = registry.clock.now()
    people.create_person(actor=SETUP, name="ada", now=now)
    people.give_role(actor=SETUP, person="ada", role=Role.ADMIN, scope=EVERYTHING, now=now)
    monkeypatch.setenv("SCUDERIA_ACTOR", "ada")
