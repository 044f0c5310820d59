"""The zones in force and to come, compiled once for each change of them and kept in memory.

What a question costs does not grow with the zones that are over: it asks for the version alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Q

from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.queries.inventory import gpus_of, list_places
from scuderia.fleet.queries.shared_parts import known_parts
from scuderia.freeze.engine.zone_index import ZoneIndex, compile_zones
from scuderia.freeze.engine.zone_times import intervals_of
from scuderia.freeze.models.zones import Zone, ZoneNode, ZonePart
from scuderia.freeze.nouns import UpdateClass, ZoneCover, ZoneState
from scuderia.freeze.queries.zones import times_of, zones_version

HORIZON = timedelta(days=3 * 366)
"""How far a rule without an end is spelled out; what lies beyond counts as closed."""
KEPT_FOR = timedelta(days=1)
_TRIES = 3


@dataclass(frozen=True, slots=True)
class CompiledZones:
    """The zones as compiled, and which state of them that was."""

    index: ZoneIndex
    version: int
    token: UUID | None
    compiled_at: AwareDatetime

    def is_of(self, token: UUID | None, now: AwareDatetime) -> bool:
        """Say whether it still is what the tables say, and of this day."""
        return self.token == token and self.compiled_at <= now < self.compiled_at + KEPT_FOR


_kept: list[CompiledZones] = []
"""The last one compiled, at most; replaced whole."""


def compiled_zones(now: AwareDatetime, asked_for: Sequence[str] = ()) -> CompiledZones:
    """Return the zones as they stand.

    asked_for   nodes: where one came onto the books since, everything is compiled anew
    """
    _, token = zones_version()
    found = next((one for one in _kept if one.is_of(token, now)), None)
    if found is None or _has_come(found.index, asked_for):
        found = _compiled_anew(now)
        _kept[:] = [found]
    return found


def _compiled_anew(now: AwareDatetime) -> CompiledZones:
    """Compile the zones of one version: again where one changed meanwhile, a few times at most."""
    for _ in range(_TRIES):
        version, token = zones_version()
        index = _compiled(now)
        if zones_version()[1] == token:
            break
    return CompiledZones(index, version, token, now)


def _has_come(index: ZoneIndex, names: Sequence[str]) -> bool:
    if not index.zones:  # nothing is closed, whatever the names
        return False
    unknown = [name for name in names if name not in index.node_number]
    return bool(unknown and (gpus_of(unknown) or known_parts(unknown)))


def zone_covers(now: AwareDatetime) -> tuple[tuple[ZoneCover, ...], tuple[str, ...]]:
    """Return what each zone in force or to come stops, and all that is known, ascending.

    That is every node on the books and every shared part: to the index a part is one node more,
    which a zone holds if it was pinned with it.
    """
    approved = Q(state__in=(ZoneState.SCHEDULED, ZoneState.ACTIVE))
    ahead = Q(ends_at__isnull=True) | Q(ends_at__gt=now)
    zones = list(Zone.objects.filter(approved & ahead).order_by("pk"))
    held: dict[UUID, set[str]] = {zone.pk: set() for zone in zones}
    rows = ZoneNode.objects.filter(zone__in=zones, until__isnull=True)
    for zone_id, node in rows.values_list("zone_id", "node").iterator():
        held[zone_id].add(node)
    parts = ZonePart.objects.filter(zone__in=zones).values_list("zone_id", "part")
    for zone_id, part in parts:
        held[zone_id].add(part)
    covers = tuple(_cover(zone, held[zone.pk], now) for zone in zones)
    known = {part for _, part in parts} | known_parts()
    return covers, tuple(sorted({*known, *(str(place.node) for place in list_places())}))


def _compiled(now: AwareDatetime) -> ZoneIndex:
    return compile_zones(*zone_covers(now))


def _cover(zone: Zone, nodes: set[str], now: AwareDatetime) -> ZoneCover:
    last = None if zone.ends_at is None else int(zone.ends_at.timestamp())
    found = intervals_of(times_of(zone), before=max(now, zone.starts_at) + HORIZON)
    return ZoneCover(
        zone=str(zone.pk),
        nodes=frozenset(nodes),
        classes=frozenset(map(UpdateClass, zone.classes)),
        intervals=tuple((start, end if last is None else min(end, last)) for start, end in found),
    )
