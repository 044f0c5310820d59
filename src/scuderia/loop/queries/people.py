"""People, their roles and tokens, read."""

from dataclasses import dataclass

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db.models import Prefetch, QuerySet

from scuderia.basics.actors import Actor, ActorKind
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import NotFound
from scuderia.basics.records import row_from
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.loop.models.people import ApiToken, Identity, Membership
from scuderia.loop.nouns import (
    Power,
    Role,
)
from scuderia.loop.queries.access import may

SESSIONS_READ_MAX = 5000


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


@dataclass(frozen=True, slots=True)
class PersonCard:
    """One person, and what would end if they were let in no more.

    live_tokens   names of the tokens that open today
    sessions      how many open sessions are theirs, among the SESSIONS_READ_MAX newest of all
    accounts      those at providers that are this person, as "SUBJECT at ISSUER"
    """

    row: PersonRow
    live_tokens: tuple[str, ...]
    sessions: int
    accounts: tuple[str, ...]


def list_people(actor: Actor) -> tuple[PersonRow, ...]:
    """Return everyone, for those who manage people and for services; else the actor alone."""
    return _rows(_visible(actor))


def get_person(actor: Actor, name: str, *, wall: AwareDatetime) -> PersonCard:
    """Return one of those that `list_people` returns, with what opens at `wall`, in wall time.

    raises   NotFound
    """
    user = _visible(actor).filter(username=name).first()
    if user is None:
        raise NotFound(f"no person {name[:80]!r}")
    (row,) = _rows(get_user_model().objects.filter(pk=user.pk))
    live = (one for one in row.tokens if one.revoked_at is None and wall < one.expires_at)
    return PersonCard(
        row,
        tuple(one.name for one in live),
        count_sessions(user, wall=wall),
        tuple(map(str, Identity.objects.filter(person=user).order_by("bound_at"))),
    )


def count_sessions(user: AbstractBaseUser, *, wall: AwareDatetime) -> int:
    """Return how many of the SESSIONS_READ_MAX newest sessions open for them at `wall`.

    A session says only when it is read whose it is, so each is; one of an old password is dead.
    """
    if not user.is_active:
        return 0
    newest = Session.objects.filter(expire_date__gt=wall).order_by("-expire_date")
    key, live = user.get_session_auth_hash(), 0
    for session in newest[:SESSIONS_READ_MAX]:
        kept = session.get_decoded()
        live += kept.get(SESSION_KEY) == str(user.pk) and kept.get(HASH_SESSION_KEY) == key
    return live


def _visible(actor: Actor) -> QuerySet[User]:
    found = get_user_model().objects.order_by("username")
    everyone = may(actor, Power.MANAGE_PEOPLE, frozenset({EVERYTHING}))
    if actor.is_person and not everyone:
        found = found.filter(username=actor.name)
    return found


def _rows(found: QuerySet[User]) -> tuple[PersonRow, ...]:
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
    return row_from(
        TokenRow, token, powers=tuple(token.powers), scope=SubjectRef.parse(token.scope)
    )


def person_named(name: str) -> object | None:
    """Return the Django user of that name, if any."""
    return get_user_model().objects.filter(username=name).first()


def token_actor(person: str, token: str, now: AwareDatetime) -> Actor | None:
    """Return the person, narrowed by that token of theirs; None where it is not alive then.

    now   wall time, in which tokens live
    """
    is_alive = ApiToken.objects.filter(
        person__username=person,
        person__is_active=True,
        name=token,
        revoked_at__isnull=True,
        expires_at__gt=now,
    ).exists()
    return Actor(ActorKind.PERSON, person, via=token) if is_alive else None
