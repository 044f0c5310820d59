"""Being told of what happens: asked for, asked for no longer."""

import re
from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput, NotAuthorised, NotFound, Refused
from scuderia.basics.ids import new_id
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.loop.models.subscriptions import ADDRESS_MAX, Subscription
from scuderia.loop.nouns import Power
from scuderia.loop.operations import access, audit
from scuderia.loop.ports import NotificationChannel, registry
from scuderia.loop.queries.access import may
from scuderia.loop.queries.lineage import lineage_of

A_PERSON_MAX = 20
VERBS_MAX = 20
_VERB = re.compile(r"[a-z][a-z_]*(\.[a-z][a-z_]*){0,3}")


class BadSubscription(BadInput):
    """What was asked for cannot be told."""

    code = "LOOP-047"
    remedy = "Name verbs of the audit by their beginnings, e.g. proposal.filed or action."


class NoSuchChannel(Refused):
    """Nobody set up this way of telling people."""

    code = "LOOP-048"
    remedy = "Have an admin set SCUDERIA_MAIL_SERVER or SCUDERIA_WEBHOOK_HOSTS: docs/settings.md."


class TooManySubscriptions(Refused):
    """The person has as many subscriptions as a person may."""

    code = "LOOP-049"
    remedy = f"End one of them: a person has {A_PERSON_MAX} at most."


@transaction.atomic
def subscribe(
    *,
    actor: Actor,
    channel: str,
    address: str,
    verbs: Sequence[str],
    about: str = "",
    now: AwareDatetime,
) -> UUID:
    """Have somebody told, from now on, of what happens within the actor's own reach.

    about    a subject such as customer:NAME: entries that bear on it alone
    verbs    beginnings of the audit's verbs, one at least; whole words of them
    raises   BadSubscription, NoSuchChannel, TooManySubscriptions, NotAuthorised, NotFound; what
             the channel says of the address
    """
    access.require_somewhere(actor, Power.READ)
    _refuse_tokens(actor)
    wanted = sorted({one.strip() for one in verbs if one.strip()})
    if not wanted or len(wanted) > VERBS_MAX or not all(map(_VERB.fullmatch, wanted)):
        raise BadSubscription(f"1 to {VERBS_MAX} verbs are needed", field="verbs")
    if len(address) > ADDRESS_MAX:
        raise BadSubscription("the address is too long", field="address")
    channel_of(channel).refuse(address)
    lineage = lineage_of(SubjectRef.parse(about)) if about else frozenset({EVERYTHING})
    if about and not may(actor, Power.READ, lineage):
        raise NotFound("nothing by that name is visible to you")
    mine = Subscription.objects.filter(person=actor.name, ended_at__isnull=True)
    if mine.count() >= A_PERSON_MAX:
        raise TooManySubscriptions(f"{actor.name} has {A_PERSON_MAX}")
    made = new_id()
    told_to = audit.record(
        actor, "subscription.set", subject=f"subscription:{made}", at=now,
        detail={"channel": channel, "address": address, "about": about, "verbs": list(wanted)},
    )  # fmt: skip
    Subscription.objects.create(
        id=made, person=actor.name, channel=channel, address=address, about=about, verbs=wanted,
        told_to=told_to, set_at=now,
    )  # fmt: skip
    return made


@transaction.atomic
def end_subscription(*, actor: Actor, subscription_id: UUID, now: AwareDatetime) -> None:
    """Tell no more; what waits is not sent either. An admin of people may end anybody's.

    raises   NotFound
    """
    found = Subscription.objects.filter(pk=subscription_id, ended_at__isnull=True).first()
    everywhere = may(actor, Power.MANAGE_PEOPLE, frozenset({EVERYTHING}))
    if found is None or not (everywhere or (actor.is_person and found.person == actor.name)):
        raise NotFound("no such subscription is visible to you")
    Subscription.objects.filter(pk=found.pk).update(ended_at=now, ended_by=str(actor))
    audit.record(actor, "subscription.ended", subject=f"subscription:{found.pk}", at=now)


def signing_key(actor: Actor, subscription_id: UUID) -> str:
    """Return the key that signs what a subscription of the actor's sends; "" where none does.

    raises   NotFound
    """
    found = Subscription.objects.filter(pk=subscription_id, person=actor.name).first()
    if found is None or not actor.is_person:
        raise NotFound("no such subscription is visible to you")
    return channel_of(found.channel).signing_key(str(found.pk))


def _refuse_tokens(actor: Actor) -> None:
    """Let a person in person alone: what is told has their whole reach, and a token has less."""
    access.refuse_machines(actor, Power.READ)
    if actor.by_token:
        raise NotAuthorised(
            "a token has nobody told of anything",
            remedy="Sign in, or use the command line as its owner.",
            actor=actor,
        )


def channel_of(name: str) -> NotificationChannel:
    """Return the channel of that name.

    raises   NoSuchChannel
    """
    found = registry.channels.get(name)
    if found is None:
        raise NoSuchChannel(f"no way to tell people by {name[:40]!r} is set up")
    return found
