"""Signing in and out: every attempt is counted before its password is looked at, and audited."""

import hashlib
import unicodedata
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.db.models import Count, Max, QuerySet

from scuderia.basics.actors import Actor, ActorKind
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import Refused
from scuderia.loop.engine.json_codec import keepable
from scuderia.loop.engine.sign_ins import (
    WINDOW,
    Failures,
    callbacks_held_until,
    held_until,
    network_of,
)
from scuderia.loop.models.people import SignInFailure
from scuderia.loop.operations import audit
from scuderia.loop.operations.patience import waiting_at_most

CALLBACK = "an answer of the provider"
"""What is counted in place of a name, which is not known before the answer is read."""
SIGN_IN = Actor(ActorKind.SERVICE, "sign-in")
"""Who tells of a failure: nobody has come in."""
NAME_CHARACTERS_MAX = 150
REASON_CHARACTERS_MAX = 300
TURN_WITHIN_S = 5.0
"""How long a sign-in waits for the writer's turn, in place of the usual 30 s, each time."""


class HeldBack(Refused):
    """Too many wrong passwords came before, so this one was not looked at."""

    code = "WEB-002"
    remedy = "Wait as long as is said, or ask an admin to set a new password."
    said = "too many wrong passwords for this name or from this address"

    def __init__(self, wait: timedelta) -> None:
        self.wait_s = max(1, -(-wait // timedelta(seconds=1)))
        super().__init__(f"{self.said}; wait {told_wait(self.wait_s)}")


class AnswerHeldBack(HeldBack):
    """Too many answers of the provider were refused from there before; this one was not read."""

    code = "SSO-009"
    remedy = "Wait as long as is said, then begin again at the sign-in page."
    said = "too many refused sign-ins from this address"


def told_wait(seconds: int) -> str:
    """Return a wait in words, never shorter than it is."""
    if seconds <= 90:  # noqa: PLR2004 - where people begin to say minutes
        return f"{seconds} second{'s' if seconds > 1 else ''}"
    return f"{-(-seconds // 60)} minutes"


def begin_attempt(*, name: str, address: str, wall: AwareDatetime) -> int:
    """Count an attempt as failed before its password is looked at; return its number.

    So no password is tried uncounted, however many processes are asked at once. Whoever then
    proves right takes the name's failures away with `sign_in`.

    wall     wall time; failures count for WINDOW
    raises   HeldBack: try again after `wait_s` seconds; nothing was counted
    """
    key, network = _key(name), network_of(address)

    def until() -> AwareDatetime | None:
        return held_until(
            _failures(SignInFailure.objects.filter(name_sha256=key)),
            _failures(SignInFailure.objects.filter(network=network)),
        )

    return _count(key, network, wall, until, HeldBack)


def begin_callback(*, address: str, wall: AwareDatetime) -> int:
    """Count a provider's answer as refused before it is read; return its number.

    As `begin_attempt` does, by the address alone. One that proves right is counted no more with
    `take_back`; the others stay counted.

    raises   AnswerHeldBack: nothing was counted
    """
    key, network = _key(CALLBACK), network_of(address)

    def until() -> AwareDatetime | None:
        refused = SignInFailure.objects.filter(name_sha256=key, network=network)
        return callbacks_held_until(_failures(refused))

    return _count(key, network, wall, until, AnswerHeldBack)


def _count(
    key: str,
    network: str,
    wall: AwareDatetime,
    until: Callable[[], AwareDatetime | None],
    held_back: type[HeldBack],
) -> int:
    with waiting_at_most(TURN_WITHIN_S), transaction.atomic():
        SignInFailure.objects.filter(at__lte=wall - WINDOW).delete()
        end = until()
        if end is not None and wall < end:
            raise held_back(end - wall)
        return int(SignInFailure.objects.create(name_sha256=key, network=network, at=wall).pk)


def take_back(attempt: int) -> None:
    """Count an attempt no more: what it brought was right."""
    with waiting_at_most(TURN_WITHIN_S), transaction.atomic():
        SignInFailure.objects.filter(pk=attempt).delete()


def forget_failures(name: str) -> None:
    """Let a name be tried as if it had never failed, in the caller's transaction."""
    SignInFailure.objects.filter(name_sha256=_key(name)).delete()


def sign_in(*, actor: Actor, address: str, now: AwareDatetime) -> None:
    """Put on record that a person gave the right password; the name's failures are forgotten."""
    with waiting_at_most(TURN_WITHIN_S), transaction.atomic():
        forget_failures(actor.name)
        record(actor, "person.signed_in", actor.name, address, now)


def refuse_sign_in(*, name: str, address: str, now: AwareDatetime) -> None:
    """Put on record that a name was given with a wrong password, whether there is such a person."""
    with waiting_at_most(TURN_WITHIN_S), transaction.atomic():
        record(SIGN_IN, "person.sign_in_failed", name, address, now)


def refuse_otherwise(*, name: str, address: str, by: str, reason: str, now: AwareDatetime) -> None:
    """Put on record that somebody was not let in who came otherwise than by password.

    name   what they were called, "" where nobody said
    by     which other way they came
    """
    with waiting_at_most(TURN_WITHIN_S), transaction.atomic():
        record(SIGN_IN, "person.sign_in_failed", name, address, now, by=by, reason=reason)


def sign_out(*, actor: Actor, address: str, by: str = "", now: AwareDatetime) -> None:
    """Put on record that a person closed their session; `by` is how they came, "" by password."""
    with waiting_at_most(TURN_WITHIN_S), transaction.atomic():
        record(actor, "person.signed_out", actor.name, address, now, by=by)


def record(
    actor: Actor,
    verb: str,
    name: str,
    address: str,
    now: AwareDatetime,
    *,
    by: str = "",
    reason: str = "",
) -> None:
    """Put a coming or going on record, in the caller's transaction; `by` which way, "" password."""
    audit.record(
        actor,
        verb,
        subject=f"person:{keepable(name[:NAME_CHARACTERS_MAX])}" if name else str(SIGN_IN),
        at=now,
        reason=keepable(reason[:REASON_CHARACTERS_MAX]),
        detail={"address": keepable(address[:64]), **({"by": by} if by else {})},
    )


def _failures(found: QuerySet[SignInFailure]) -> Failures:
    counted = found.aggregate(count=Count("pk"), last=Max("at"))
    return Failures(counted["count"], counted["last"])


def _key(name: str) -> str:
    """Return a name as it is counted: bounded, and one for all its spellings."""
    spelled = unicodedata.normalize("NFKC", name[:NAME_CHARACTERS_MAX]).casefold()
    return hashlib.sha256(spelled.encode(errors="replace")).hexdigest()
