"""The calendar as the fleet asks for it: who works on which node as planned, and may."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q

from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.nouns import PlannedWork
from scuderia.freeze.engine.zone_times import intervals_of
from scuderia.freeze.models.updates import Update, UpdateNode
from scuderia.freeze.models.zones import Zone
from scuderia.freeze.nouns import UpdateState, ZoneState
from scuderia.freeze.queries.zones import times_of

LASTS_MAX = timedelta(days=28)
"""No longer than this are the work of an update and its bake: 14 days each."""
_FIRM = (ZoneState.SCHEDULED, ZoneState.ACTIVE, ZoneState.ENDED)


@dataclass(frozen=True, slots=True)
class UpdateWork:
    """Fills fleet.ports.WorkCalendar from the calendar of planned updates.

    Work is the p95 of an update and its bake. One that a zone stops on a node hides nothing
    there: it may not be done, so what breaks is no work of it.
    """

    def work_on(
        self, nodes: Collection[str], *, since: AwareDatetime, until: AwareDatetime
    ) -> Mapping[str, Sequence[PlannedWork]]:
        """Return the planned work on each of these nodes that touches [since, until]."""
        rows = UpdateNode.objects.filter(
            update__state=UpdateState.PLANNED,
            update__start_at__lte=until,
            update__start_at__gte=since - LASTS_MAX,
            node__among=set(nodes),
        )
        touched = [
            (row.node, row.update)
            for row in rows.select_related("update").iterator()
            if _ends(row.update) > since
        ]
        stopped = _stopped(touched)
        found: dict[str, list[PlannedWork]] = {}
        for node, update in touched:
            if (node, update.key) not in stopped:
                work = PlannedWork(update.start_at, _ends(update), f"update {update.key}")
                found.setdefault(node, []).append(work)
        return found


def _ends(update: Update) -> AwareDatetime:
    return update.start_at + timedelta(seconds=update.p95_s + update.bake_s)


def _stopped(touched: Sequence[tuple[str, Update]]) -> set[tuple[str, str]]:
    """Return which update may not be done on which node, as the zones stood and stand."""
    stopped: set[tuple[str, str]] = set()
    if not touched:
        return stopped
    spans = {
        update.key: (
            int(update.start_at.timestamp()),
            int(_ends(update).timestamp()) + update.rollback_s,
        )
        for _, update in touched
    }
    first = min(update.start_at for _, update in touched)
    last = max(_ends(update) + timedelta(seconds=update.rollback_s) for _, update in touched)
    lasting = Q(ends_at__isnull=True) | Q(ends_at__gt=first)
    for zone in Zone.objects.filter(lasting, state__in=_FIRM, starts_at__lt=last):
        ends = last if zone.ends_at is None else min(zone.ends_at, last)
        closed = [
            (start, min(end, int(ends.timestamp())))
            for start, end in intervals_of(times_of(zone), before=last)
        ]
        held = zone.pins.filter(node__among={node for node, _ in touched})
        pins = {pin.node: pin.until for pin in held.order_by("since")}
        for node, update in touched:
            begins, over = spans[update.key]
            is_held = node in pins and ((left := pins[node]) is None or left > update.start_at)
            if (
                is_held
                and update.update_class in zone.classes
                and any(start < over and begins < end for start, end in closed)
            ):
                stopped.add((node, update.key))
    return stopped
