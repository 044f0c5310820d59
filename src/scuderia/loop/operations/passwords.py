"""Passwords: set anew by who manages people, or changed by their owner, who gives the old one."""

from django.core.exceptions import ValidationError
from django.db import transaction

from scuderia.basics.actors import BY_COMMAND_LINE, Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput, NotAuthorised
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


@transaction.atomic
def set_password(*, actor: Actor, person: str, password: str, now: AwareDatetime) -> None:
    """Set another person's password anew; every session of theirs ends.

    One's own is changed with the old one, so that a session left open or a stolen token cannot
    take the account; only the home's owner, at its command line, sets their own so.

    raises   BadPassword, NotAuthorised, NotFound
    """
    access.require(actor, Power.MANAGE_PEOPLE, EVERYTHING)
    if str(actor) == f"person:{person}" and actor.via != BY_COMMAND_LINE:
        raise NotAuthorised(
            "one's own password is changed with the old one", remedy="Use the page Password."
        )
    _write(person, password)
    audit.record(actor, "person.password_set", subject=f"person:{person}", at=now)


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
