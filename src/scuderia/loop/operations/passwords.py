"""Passwords: set anew by who manages people, chosen over their link, or changed by their owner."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.db import transaction

from scuderia.basics.actors import BY_COMMAND_LINE, Actor, ActorKind
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput, NotAuthorised, NotFound, Refused
from scuderia.basics.subjects import EVERYTHING
from scuderia.loop.nouns import Power
from scuderia.loop.operations import access, audit, sign_ins
from scuderia.loop.operations.people import PASSWORD_CHARACTERS_MAX, refuse_weak, user_named


class BadPassword(BadInput):
    """The new password is too weak or too long, so the old one stays."""

    code = "LOOP-032"
    remedy = f"Choose 8 to {PASSWORD_CHARACTERS_MAX} characters that are not a common password."


class WrongPassword(BadInput):
    """The old password that was given is not the person's, so it stays."""

    code = "LOOP-033"
    remedy = "Give your present password, or ask an admin to set a new one."


class DeadLink(NotFound):
    """The link was used, has run out or was replaced by another password, so nothing was set."""

    code = "LOOP-036"
    remedy = "Ask an admin for a new link."


class LetInNoMore(Refused):
    """The person is deactivated, so no password would open."""

    code = "LOOP-037"
    remedy = "Reactivate the person first."


@dataclass(frozen=True, slots=True)
class PasswordLink:
    """Over which a person chooses a password; the secret is told once.

    ends_at   in wall time
    """

    person: str
    secret: str
    ends_at: AwareDatetime


@transaction.atomic
def set_password(*, actor: Actor, person: str, password: str, now: AwareDatetime) -> None:
    """Set another person's password anew; every session of theirs ends.

    One's own is changed with the old one, so that a session left open or a stolen token cannot
    take the account; only the home's owner, at its command line, sets their own so.

    raises   BadPassword, NotAuthorised, NotFound
    """
    access.require(actor, Power.MANAGE_PEOPLE, EVERYTHING)
    _refuse_oneself(actor, person)
    _write(person, password)
    audit.record(actor, "person.password_set", subject=f"person:{person}", at=now)


@transaction.atomic
def give_link(
    *, actor: Actor, person: str, now: AwareDatetime, wall: AwareDatetime
) -> PasswordLink:
    """Give a link over which another person chooses a password, once and within a day.

    The password of before opens until then. The link is void once the person signs in or is let
    in no more, or any password is set.

    wall     wall time; links age by it
    raises   NotAuthorised, NotFound, LetInNoMore
    """
    access.require(actor, Power.MANAGE_PEOPLE, EVERYTHING)
    _refuse_oneself(actor, person)
    user = user_named(person)
    if not user.is_active:
        raise LetInNoMore(f"{person} is let in no more")
    ends_at = wall + timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
    audit.record(actor, "person.password_link_given", subject=f"person:{person}", at=now)
    return PasswordLink(person, default_token_generator.make_token(user), ends_at)


def link_opens(*, person: str, secret: str) -> bool:
    """Say whether a password may be chosen over that link now."""
    return _behind_link(person, secret) is not None


@transaction.atomic
def choose_password(*, person: str, secret: str, new: str, now: AwareDatetime) -> None:
    """Choose one's password over a link, which then is void; one's sessions end.

    raises   BadPassword: the link stays
             DeadLink
    """
    if _behind_link(person, secret) is None:
        raise DeadLink("this link opens nothing any more")
    _write(person, new)
    owner = Actor(ActorKind.PERSON, person)
    audit.record(owner, "person.password_chosen", subject=owner, at=now, detail={"by": "link"})


def _behind_link(person: str, secret: str) -> User | None:
    user = get_user_model().objects.filter(username=person, is_active=True).first()
    return user if user and default_token_generator.check_token(user, secret) else None


def _refuse_oneself(actor: Actor, person: str) -> None:
    if str(actor) == f"person:{person}" and actor.via != BY_COMMAND_LINE:
        raise NotAuthorised(
            "one's own password is changed with the old one", remedy="Use the page Password."
        )


@transaction.atomic
def change_password(*, actor: Actor, old: str, new: str, now: AwareDatetime) -> None:
    """Change one's own password, given the old one; one's other sessions end.

    raises   BadPassword, WrongPassword, NotAuthorised
    """
    if actor.by_token or not actor.is_person:
        raise NotAuthorised(
            "a token cannot change a password", remedy="Sign in with your password."
        )
    user = user_named(actor.name)
    if not user.is_active or not user.check_password(old[:PASSWORD_CHARACTERS_MAX]):
        raise WrongPassword("that is not your present password")
    _write(actor.name, new)
    audit.record(actor, "person.password_changed", subject=actor, at=now)


def _write(person: str, password: str) -> None:
    """Write the password; Django's sessions hang on its hash, so they end with the old one.

    Who guessed at the old one holds the new one back no more.
    """
    user = user_named(person)
    try:
        refuse_weak(password)
    except ValidationError as error:
        raise BadPassword(" ".join(error.messages)) from None
    user.set_password(password)
    user.save(update_fields=["password"])
    sign_ins.forget_failures(person)
