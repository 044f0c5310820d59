"""Telling subscribers: which entries are for whom, and sending them, at least once each.

An entry that was sent just before a crash is sent again, under the same id.
"""

from collections.abc import Sequence
from datetime import timedelta
from functools import reduce
from operator import or_

from django.db import transaction
from django.db.models import Min, Q, QuerySet

from scuderia.basics.actors import Actor, ActorKind
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import ScuderiaError
from scuderia.loop.engine.notification_events import NotificationEvent, NotificationMessage
from scuderia.loop.models.audit import AuditEntry
from scuderia.loop.models.subscriptions import Notification, Subscription
from scuderia.loop.operations.subscriptions import channel_of
from scuderia.loop.ports import registry
from scuderia.loop.queries.audit import entries_within_reach, get_head

COLLECTED_MAX = 200
WAITING_MAX = 1_000
SENT_AT_ONCE = 20
TRIES_MAX = 8
FIRST_WAIT = timedelta(minutes=1)
LEASE = timedelta(minutes=2)
KEPT = timedelta(days=30)
SAID_MAX = 300


def collect_notifications(*, wall: AwareDatetime) -> int:
    """Note for each subscription which new entries it is to be told of; return how many."""
    head = get_head().seq
    behind = Subscription.objects.filter(ended_at__isnull=True, told_to__lt=head)
    return sum(_collect(one, head, wall) for one in behind.order_by("set_at", "pk"))


@transaction.atomic
def _collect(one: Subscription, head: int, wall: AwareDatetime) -> int:
    """Take the next entries of one subscription; while too many wait, the rest waits in the chain.

    Whose reach is gone is told nothing of the time without it.
    """
    room = WAITING_MAX - one.notifications.filter(state="waiting").count()
    most = min(room, COLLECTED_MAX)
    if most <= 0:
        return 0
    reader = Actor(ActorKind.PERSON, one.person)
    begins = (Q(verb=verb) | Q(verb__startswith=f"{verb}.") for verb in one.verbs)
    found = entries_within_reach(reader).filter(
        reduce(or_, begins), seq__gt=one.told_to, seq__lte=head
    )
    if one.about:
        found = found.filter(Q(subject=one.about) | Q(reach__contains=f"|{one.about}|"))
    entries = list(found.order_by("seq").values_list("seq", flat=True)[:most])
    Notification.objects.bulk_create(
        (Notification(subscription=one, entry=seq, next_at=wall) for seq in entries),
        ignore_conflicts=True,
    )
    told_to = entries[-1] if len(entries) == most else head
    Subscription.objects.filter(pk=one.pk, told_to=one.told_to).update(told_to=told_to)
    return len(entries)


def send_notifications(*, wall: AwareDatetime) -> int:
    """Send what is due, each within a bounded time; return how many entries were taken.

    What fails is tried again after 1, 2, 4 ... minutes, and given up after 8 tries.
    """
    # None ends later than it was next due, so the index finds what is old, however much is kept.
    Notification.objects.filter(state__in=("sent", "given_up"), next_at__lt=wall - KEPT).delete()
    due = Notification.objects.filter(
        state="waiting", next_at__lte=wall, subscription__ended_at__isnull=True
    )
    longest = due.values("subscription_id").annotate(first=Min("next_at")).order_by("first")
    ids = [one["subscription_id"] for one in longest[:SENT_AT_ONCE]]
    subscriptions = Subscription.objects.in_bulk(ids)
    return sum(_send(subscriptions[pk], wall) for pk in ids)


def _send(one: Subscription, wall: AwareDatetime) -> int:
    try:
        channel = channel_of(one.channel)
    except ScuderiaError as error:
        _failed(list(_due(one, wall)[:SENT_AT_ONCE]), error.message, wall)
        return 0
    sent = 0
    for _ in range(max(1, SENT_AT_ONCE // channel.at_once)):
        batch = _leased(one, channel.at_once, wall)
        if not batch:
            break
        try:
            channel.send(NotificationMessage(str(one.pk), one.address, _events(batch)))
        except ScuderiaError as error:
            _failed(batch, error.message, wall)
            break
        ids = [each.pk for each in batch]
        done = Notification.objects.filter(pk__in=ids, state="waiting")
        sent += done.update(state="sent", ended_at=wall, said="")
    return sent


def _due(one: Subscription, wall: AwareDatetime) -> "QuerySet[Notification]":
    return one.notifications.filter(state="waiting", next_at__lte=wall).order_by("entry")


def _leased(one: Subscription, most: int, wall: AwareDatetime) -> list[Notification]:
    """Take the next ones for this worker alone; should it die over them, they are due again."""
    taken = []
    for each in _due(one, wall)[:most]:
        mine = Notification.objects.filter(pk=each.pk, state="waiting", next_at=each.next_at)
        if mine.update(next_at=wall + LEASE):
            taken.append(each)
    return taken


def _failed(batch: Sequence[Notification], said: str, wall: AwareDatetime) -> None:
    for each in batch:
        tries = each.tries + 1
        over = tries >= TRIES_MAX
        Notification.objects.filter(pk=each.pk, state="waiting").update(
            tries=tries,
            said=said[:SAID_MAX],
            state="given_up" if over else "waiting",
            ended_at=wall if over else None,
            next_at=wall + FIRST_WAIT * 2 ** (tries - 1),
        )


def _events(batch: Sequence[Notification]) -> list[NotificationEvent]:
    entries = AuditEntry.objects.filter(seq__in=[one.entry for one in batch]).order_by("seq")
    return [
        NotificationEvent(
            home_id=registry.home_id, seq=one.seq, hash=one.hash, at=one.at, actor=one.actor,
            verb=one.verb, subject=one.subject, reason=one.reason,
        )
        for one in entries
    ]  # fmt: skip
