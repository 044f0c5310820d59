"""Who does something: a person, an agent or a service."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class ActorKind(StrEnum):
    """Agents and services are actors too; neither holds acting power."""

    PERSON = "person"
    AGENT = "agent"
    SERVICE = "service"


BY_COMMAND_LINE = "cli"
"""How the owner of the home folder comes; no API token may bear this name."""


@dataclass(frozen=True, slots=True, order=True)
class Actor:
    """Someone or something that the audit names, e.g. `person:ada`, `agent:lemon-scout`.

    via   the API token the person came with, or BY_COMMAND_LINE; "" at the pages; in the audit
    """

    kind: ActorKind
    name: str
    via: str = ""

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.name}"

    @property
    def is_person(self) -> bool:
        """Only people decide."""
        return self.kind is ActorKind.PERSON

    @property
    def by_token(self) -> bool:
        """Whether an API token narrows this person's powers."""
        return self.via not in ("", BY_COMMAND_LINE)


WORKER = Actor(ActorKind.SERVICE, "worker")
IMPORTER = Actor(ActorKind.SERVICE, "importer")


class SignedIn(Protocol):
    """What a signed-in user says of themselves; Django's user is one."""

    def get_username(self) -> str:
        """Return the unique name."""


def actor_of(user: SignedIn) -> Actor:
    """Return the person behind a signed-in user."""
    return Actor(ActorKind.PERSON, str(user.get_username()))


def actor_named(text: str, *, via: str = "") -> Actor:
    """Return the actor that `str` spelled.

    raises   ValueError: it names no kind of actor
    """
    kind, _, name = text.partition(":")
    return Actor(ActorKind(kind), name, via)
