"""People, their roles and their API tokens."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import QuerySet

from scuderia.basics.actors import BY_COMMAND_LINE, Actor, ActorKind
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput, NotAuthorised, NotFound, Refused
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.loop.models.people import ApiToken, Membership
from scuderia.loop.nouns import Power, Role
from scuderia.loop.operations import access, audit
from scuderia.loop.operations.patience import waiting_at_most
from scuderia.loop.ports import registry
from scuderia.loop.queries.lineage import known_lineage
from scuderia.loop.queries.people import count_sessions

TOKEN_MARK = "scd"  # noqa: S105 - what every token begins with, not a secret
TOKEN_LIFE_MAX = timedelta(days=366)
USED_EVERY = timedelta(minutes=1)
NOTED_WITHIN_S = 0.05
PASSWORD_CHARACTERS_MAX = 500


class BadPerson(BadInput):
    """The name is taken or unreadable, or the password is too weak."""

    code = "LOOP-023"
    remedy = "Choose another name of letters, digits, dots and dashes, and a longer password."


class LastAdmin(Refused):
    """Nobody else could manage people any more, so the last admin stays one."""

    code = "LOOP-031"
    remedy = "Give another person the role of admin on everything first."


class BadToken(BadInput):
    """The token asks for nothing, for too long, or under a name that is taken."""

    code = "LOOP-024"
    remedy = "Name at least one power, a new name, and an end within a year."


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token; the secret is shown once and kept only as a hash."""

    name: str
    secret: str
    expires_at: AwareDatetime


@dataclass(frozen=True, slots=True)
class Ended:
    """How many sessions, among the newest that were read, and tokens ended with a person."""

    sessions: int
    tokens: int


@transaction.atomic
def create_person(
    *,
    actor: Actor,
    name: str,
    full_name: str = "",
    password: str | None = None,
    role: Role | None = None,
    scope: SubjectRef = EVERYTHING,
    now: AwareDatetime,
) -> Actor:
    """Make a person who may sign in, with a first role on the scope if one is named.

    Before there is any admin, set-up may make the first ones.

    raises   BadPerson, NotAuthorised
    """
    _require_people(actor, EVERYTHING)
    make_person(actor=actor, name=name, full_name=full_name, password=password, now=now)
    if role is not None:
        give_role(actor=actor, person=name, role=role, scope=scope, now=now)
    return Actor(ActorKind.PERSON, name)


def make_person(
    *, actor: Actor, name: str, full_name: str, password: str | None, now: AwareDatetime
) -> User:
    """Make the sign-in of a person, in the caller's transaction, who has asked whether they may.

    raises   BadPerson
    """
    try:
        SubjectRef.parse(f"person:{name}")
        if password is not None:
            refuse_weak(password)
        with transaction.atomic():
            first, _, last = full_name.partition(" ")
            user = get_user_model().objects.create_user(
                username=name, password=password, first_name=first[:150], last_name=last[:150]
            )
    except (ValidationError, IntegrityError) as error:
        raise BadPerson(f"{name[:80]!r}: {error}") from None
    audit.record(actor, "person.created", subject=f"person:{name}", at=now)
    return user


@transaction.atomic
def give_role(
    *, actor: Actor, person: str, role: Role, scope: SubjectRef, now: AwareDatetime
) -> None:
    """Make a person this on that scope, in place of any role held there."""
    _require_people(actor, scope)
    put_role(actor=actor, user=user_named(person), role=role, scope=scope, now=now)


def put_role(
    *, actor: Actor, user: User, role: Role, scope: SubjectRef, now: AwareDatetime
) -> None:
    """Make somebody this on that scope, for a caller who has asked whether they may.

    raises   LastAdmin
    """
    if role is not Role.ADMIN:
        _refuse_without_admin(user.pk, scope)
    _end_role(actor, user.pk, scope, now)
    Membership.objects.create(
        person_id=user.pk,
        role=role.value,
        scope=str(scope),
        given_by=str(actor),
        given_at=now,
    )
    audit.record(
        actor,
        "role.given",
        subject=f"person:{user.get_username()}",
        at=now,
        detail={"role": role.value, "scope": str(scope)},
        lineage=known_lineage(scope),
    )


@transaction.atomic
def take_role(*, actor: Actor, person: str, scope: SubjectRef, now: AwareDatetime) -> None:
    """Take a person's role on that scope."""
    access.require(actor, Power.MANAGE_PEOPLE, known_lineage(scope))
    user = user_named(person)
    _refuse_without_admin(user.pk, scope)
    if not _end_role(actor, user.pk, scope, now):
        raise NotFound(f"{person} has no role on {scope}")
    audit.record(
        actor,
        "role.taken",
        subject=f"person:{person}",
        at=now,
        detail={"scope": str(scope)},
        lineage=known_lineage(scope),
    )


@transaction.atomic
def deactivate_person(
    *, actor: Actor, person: str, reason: str, now: AwareDatetime, wall: AwareDatetime
) -> Ended:
    """Let a person in no more: sessions and tokens end at once, and the password is forgotten.

    Roles are kept. Doing it again changes nothing.

    wall     the instant at which sessions and tokens end, in wall time
    returns  how many of each
    raises   LastAdmin, NotAuthorised, NotFound
    """
    access.require(actor, Power.MANAGE_PEOPLE, EVERYTHING)
    user = user_named(person)
    if not user.is_active:
        return Ended(0, 0)
    _refuse_without_admin(user.pk, EVERYTHING)
    sessions = count_sessions(user, wall=wall)
    user.is_active = False
    user.set_unusable_password()  # sessions hang on the password: none comes back to life later
    user.save(update_fields=["is_active", "password"])
    live = ApiToken.objects.filter(person_id=user.pk, revoked_at__isnull=True)
    names = sorted(live.values_list("name", flat=True))
    tokens = live.filter(expires_at__gt=wall).count()
    live.update(revoked_at=wall)
    audit.record(
        actor, "person.deactivated", subject=f"person:{person}", at=now, reason=reason,
        detail={"tokens": names, "sessions": sessions},
    )  # fmt: skip
    return Ended(sessions, tokens)


@transaction.atomic
def reactivate_person(*, actor: Actor, person: str, now: AwareDatetime) -> None:
    """Let a person in again, with the roles of before, once a new password or token is given.

    raises   NotAuthorised, NotFound
    """
    access.require(actor, Power.MANAGE_PEOPLE, EVERYTHING)
    user = user_named(person)
    if user.is_active:
        return
    user.is_active = True
    user.save(update_fields=["is_active"])
    audit.record(actor, "person.reactivated", subject=f"person:{person}", at=now)


@transaction.atomic
def issue_token(
    *,
    actor: Actor,
    person: str,
    name: str,
    powers: Sequence[str],
    scope: SubjectRef,
    expires_at: AwareDatetime,
    now: AwareDatetime,
) -> IssuedToken:
    """Issue a token that narrows its person to these powers on that scope; `now` is wall time.

    A person issues tokens for themselves; someone who manages people may for others. A token
    cannot issue a token.
    """
    if actor.by_token or str(actor) != f"person:{person}":
        _refuse_token(actor)
        access.require(actor, Power.MANAGE_PEOPLE, EVERYTHING)
    if name == BY_COMMAND_LINE:
        raise BadToken(f"{name!r} is how the command line is told apart, so no token bears it")
    if not powers or not name or len(name) > 64 or not now < expires_at <= now + TOKEN_LIFE_MAX:  # noqa: PLR2004 - a column
        raise BadToken("the token is incomplete")
    _refuse_unknown(powers)
    prefix, secret = f"{TOKEN_MARK}_{secrets.token_hex(4)}", secrets.token_hex(32)
    try:
        with transaction.atomic():
            ApiToken.objects.create(
                person_id=user_named(person).pk,
                name=name,
                prefix=prefix,
                secret_sha256=_sha256(secret),
                powers=sorted({str(power) for power in powers}),
                scope=str(scope),
                issued_at=now,
                expires_at=expires_at,
            )
    except IntegrityError:
        raise BadToken(f"{person} has a token named {name!r} already") from None
    audit.record(
        actor,
        "token.issued",
        subject=f"person:{person}",
        at=now,
        detail={"name": name, "prefix": prefix, "scope": str(scope), "powers": sorted(powers)},
    )
    return IssuedToken(name, f"{prefix}_{secret}", expires_at)


@transaction.atomic
def revoke_token(*, actor: Actor, person: str, name: str, now: AwareDatetime) -> None:
    """End a token at once; its own person may, and whoever manages people."""
    if str(actor) != f"person:{person}":
        access.require(actor, Power.MANAGE_PEOPLE, EVERYTHING)
    ended = ApiToken.objects.filter(
        person__username=person, name=name, revoked_at__isnull=True
    ).update(revoked_at=now)
    if not ended:
        raise NotFound(f"{person} has no live token {name[:64]!r}")
    audit.record(actor, "token.revoked", subject=f"person:{person}", at=now, detail={"name": name})


def authenticate_token(secret: str, *, now: AwareDatetime) -> Actor | None:
    """Return the person behind a valid token, marked with the token's name, else None.

    `now` is wall time. The secret is compared in constant time, and hashed even for an unknown
    prefix, so that the answer's time tells nothing.
    """
    prefix, _, rest = secret.rpartition("_")
    token = (
        ApiToken.objects.select_related("person")
        .filter(prefix=prefix, person__is_active=True)
        .first()
    )
    kept = token.secret_sha256 if token is not None else _sha256("nobody")
    right = hmac.compare_digest(kept, _sha256(rest))
    if token is None or not right or token.revoked_at is not None or now >= token.expires_at:
        return None
    actor = Actor(ActorKind.PERSON, token.person.get_username(), via=token.name)
    if token.last_used_at is None or now - token.last_used_at >= USED_EVERY:
        with suppress(OperationalError), waiting_at_most(NOTED_WITHIN_S):  # no write, no wait
            _note_use(token, actor, now)
    return actor


@transaction.atomic
def _note_use(token: ApiToken, actor: Actor, now: AwareDatetime) -> None:
    """Note the use of a token, unless another process has noted one since the token was read."""
    same = ApiToken.objects.filter(pk=token.pk, last_used_at=token.last_used_at)
    if same.update(last_used_at=now):
        detail = {"name": token.name, "prefix": token.prefix}
        audit.record(actor, "token.used", subject=actor, at=now, detail=detail)


def _require_people(actor: Actor, scope: SubjectRef) -> None:
    """Ask for the power, except while there is no admin: then set-up makes the first ones."""
    if actor.kind is ActorKind.SERVICE and not _admins().exists():
        return
    access.require(actor, Power.MANAGE_PEOPLE, known_lineage(scope))


def _refuse_unknown(powers: Sequence[str]) -> None:
    unknown = sorted(set(powers) - set(registry.powers))
    if unknown:
        known = ", ".join(registry.powers)
        raise BadToken(f"there is no power {unknown[0][:40]!r}; there are {known}")


def _admins() -> QuerySet[Membership]:
    return Membership.objects.filter(
        role=Role.ADMIN, scope=str(EVERYTHING), taken_at__isnull=True, person__is_active=True
    )


def _refuse_without_admin(person_id: int, scope: SubjectRef) -> None:
    """Refuse to end what the person is on the scope, if no other admin of everything is left."""
    if scope != EVERYTHING:
        return
    admins = set(_admins().values_list("person_id", flat=True))
    if admins == {person_id}:
        raise LastAdmin("this is the last admin of everything")


def _refuse_token(actor: Actor) -> None:
    if actor.by_token:
        raise NotAuthorised("a token cannot issue a token", remedy="Sign in with your password.")


def _end_role(actor: Actor, person_id: int, scope: SubjectRef, now: AwareDatetime) -> int:
    return Membership.objects.filter(
        person_id=person_id, scope=str(scope), taken_at__isnull=True
    ).update(taken_by=str(actor), taken_at=now)


def refuse_weak(password: str) -> None:
    """Return if the password may be set.

    raises   ValidationError: too short, too common, or longer than a sign-in reads
    """
    validate_password(password)
    if len(password) > PASSWORD_CHARACTERS_MAX:
        raise ValidationError(f"a password has at most {PASSWORD_CHARACTERS_MAX} characters")


def user_named(name: str) -> User:
    """Return the sign-in of that person.

    raises   NotFound
    """
    user = get_user_model().objects.filter(username=name).first()
    if user is None:
        raise NotFound(f"no person {name[:80]!r}")
    return user


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
