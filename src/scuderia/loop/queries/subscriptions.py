"""Who is told of what, and how the telling goes."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Count, Max, Q

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.records import row_from
from scuderia.basics.subjects import EVERYTHING
from scuderia.loop.models.subscriptions import Subscription
from scuderia.loop.nouns import Power
from scuderia.loop.queries.access import may

TOLD_MAX = 200


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    """One subscription.

    verbs     beginnings of the audit's verbs; `about` "" is all within the person's reach
    sent, waiting, given_up   entries of the last 30 days
    said      why the last try failed; "" while nothing that waits has failed
    is_deaf   its person was let in no more, so that it tells nothing
    """

    id: UUID
    person: str
    channel: str
    address: str
    about: str
    verbs: tuple[str, ...]
    set_at: AwareDatetime
    sent: int
    waiting: int
    given_up: int
    said: str
    is_deaf: bool


def list_subscriptions(actor: Actor) -> tuple[SubscriptionRow, ...]:
    """Return the person's own subscriptions, or everybody's to an admin of people; newest first."""
    found = Subscription.objects.filter(ended_at__isnull=True)
    if not may(actor, Power.MANAGE_PEOPLE, frozenset({EVERYTHING})):
        found = found.filter(person=actor.name if actor.is_person else "")
    counted = found.annotate(
        sent=_count("sent"),
        waiting=_count("waiting"),
        given_up=_count("given_up"),
        why=Max("notifications__said", filter=~Q(notifications__state="sent")),
    )
    rows = list(counted.order_by("-set_at", "-pk")[:TOLD_MAX])
    active = get_user_model().objects.filter(
        username__in={one.person for one in rows}, is_active=True
    )
    heard = set(active.values_list("username", flat=True))
    return tuple(
        row_from(
            SubscriptionRow, one, verbs=tuple(one.verbs), said=one.why or "",
            is_deaf=one.person not in heard,
        )
        for one in rows
    )  # fmt: skip


def _count(state: str) -> Count:
    return Count("notifications", filter=Q(notifications__state=state))
