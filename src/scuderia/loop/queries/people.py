"""People, their roles and tokens, read."""

from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.db.models import Prefetch

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.loop.models.people import ApiToken, Membership
from scuderia.loop.nouns import (
    Power,
    Role,
)
from scuderia.loop.queries.access import may


@dataclass(frozen=True, slots=True)
class RoleRow:
    """One role a person holds."""

    role: Role
    scope: SubjectRef
    given_by: str
    given_at: AwareDatetime


@dataclass(frozen=True, slots=True)
class TokenRow:
    """One API token, without its secret."""

    name: str
    prefix: str
    powers: tuple[str, ...]
    scope: SubjectRef
    issued_at: AwareDatetime
    expires_at: AwareDatetime
    revoked_at: AwareDatetime | None
    last_used_at: AwareDatetime | None


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person with roles and tokens."""

    name: str
    full_name: str
    active: bool
    roles: tuple[RoleRow, ...]
    tokens: tuple[TokenRow, ...]


def list_people(actor: Actor) -> tuple[PersonRow, ...]:
    """Return everyone, for those who manage people and for services; else the actor alone."""
    found = get_user_model().objects.order_by("username")
    everyone = may(actor, Power.MANAGE_PEOPLE, frozenset({EVERYTHING}))
    if actor.is_person and not everyone:
        found = found.filter(username=actor.name)
    held = Membership.objects.filter(taken_at__isnull=True).order_by("given_at", "pk")
    tokens = ApiToken.objects.order_by("issued_at", "pk")
    rows = found.prefetch_related(
        Prefetch("memberships", queryset=held), Prefetch("api_tokens", queryset=tokens)
    )
    return tuple(
        PersonRow(
            name=user.get_username(),
            full_name=user.get_full_name(),
            active=user.is_active,
            roles=tuple(map(_role, user.memberships.all())),
            tokens=tuple(map(_token, user.api_tokens.all())),
        )
        for user in rows
    )


def _role(held: Membership) -> RoleRow:
    return RoleRow(
        role=Role(held.role),
        scope=SubjectRef.parse(held.scope),
        given_by=held.given_by,
        given_at=held.given_at,
    )


def _token(token: ApiToken) -> TokenRow:
    return TokenRow(
        name=token.name,
        prefix=token.prefix,
        powers=tuple(token.powers),
        scope=SubjectRef.parse(token.scope),
        issued_at=token.issued_at,
        expires_at=token.expires_at,
        revoked_at=token.revoked_at,
        last_used_at=token.last_used_at,
    )


def person_named(name: str) -> object | None:
    """Return the Django user of that name, if any."""
    return get_user_model().objects.filter(username=name).first()
