"""People, their roles and their API tokens."""

from collections.abc import Sequence
from dataclasses import dataclass

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import SubjectRef
from scuderia.loop.nouns import (
    Power,
    Role,
)


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token; the secret is shown once and kept only as a hash."""

    name: str
    secret: str
    expires_at: AwareDatetime


def create_person(
    *,
    actor: Actor,
    name: str,
    full_name: str = "",
    password: str | None = None,
    now: AwareDatetime,
) -> Actor:
    """Make a person who may sign in; the first ones may be made by a service at set-up."""
    raise NotImplementedError


def give_role(
    *, actor: Actor, person: str, role: Role, scope: SubjectRef, now: AwareDatetime
) -> None:
    """Make a person this on that scope, in place of any role held there."""
    raise NotImplementedError


def take_role(*, actor: Actor, person: str, scope: SubjectRef, now: AwareDatetime) -> None:
    """Take a person's role on that scope."""
    raise NotImplementedError


def issue_token(
    *,
    actor: Actor,
    person: str,
    name: str,
    powers: Sequence[Power],
    scope: SubjectRef,
    expires_at: AwareDatetime,
    now: AwareDatetime,
) -> IssuedToken:
    """Issue a token that narrows its person to these powers on that scope."""
    raise NotImplementedError


def revoke_token(*, actor: Actor, person: str, name: str, now: AwareDatetime) -> None:
    """End a token at once."""
    raise NotImplementedError


def authenticate_token(secret: str, *, now: AwareDatetime) -> Actor | None:
    """Return the person behind a valid token, marked with the token's name, else None."""
    raise NotImplementedError
