"""Zones that soon begin, end or are reviewed, wait for somebody, or were not left alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Count

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import NotFound
from scuderia.freeze.models.breaches import Breach
from scuderia.freeze.nouns import ZoneState
from scuderia.freeze.queries.zones import ZoneRow, list_zones

SOON = timedelta(days=7)
TOLD = 20


@dataclass(frozen=True, slots=True)
class ComingZone:
    """A zone, the next instant of its life, and how many changes were found inside it."""

    zone: ZoneRow
    at: AwareDatetime
    breaches: int


def list_coming_zones(actor: Actor, now: AwareDatetime) -> tuple[ComingZone, ...]:
    """Return the zones within the actor's reach of which something is to be told now.

    Those that wait for a second person, that begin, end or come to their review within a week,
    and those in force inside which something was changed. Nothing for who may read nothing.
    """
    try:
        zones = list_zones(actor, now)
    except NotFound:
        return ()
    changed = _changes([one.id for one in zones if one.state is ZoneState.ACTIVE])
    found = (ComingZone(one, _next(one), changed.get(one.id, 0)) for one in zones)
    told = [one for one in found if one.zone.waits_for or one.breaches or one.at - now <= SOON]
    return tuple(sorted(told, key=lambda one: (one.at, one.zone.id))[:TOLD])


def _next(zone: ZoneRow) -> AwareDatetime:
    """Return when it begins, or once it has, when it ends or is reviewed."""
    if zone.state is not ZoneState.ACTIVE:
        return zone.starts_at
    return zone.ends_at or zone.review_at or zone.starts_at


def _changes(zones: list[UUID]) -> Mapping[UUID, int]:
    rows = Breach.objects.filter(zone__in=zones).values_list("zone_id").annotate(n=Count("pk"))
    return dict(rows)
