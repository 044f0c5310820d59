"""Zones and planned updates side by side, site by site, as an actor may read them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import Min

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.queries.nodes import list_nodes
from scuderia.freeze.engine.zone_times import intervals_of
from scuderia.freeze.models.updates import UpdateNode
from scuderia.freeze.models.zones import Zone, ZoneNode
from scuderia.freeze.nouns import ZoneState
from scuderia.freeze.queries.updates import UpdateRowView, list_updates
from scuderia.freeze.queries.zones import ZoneRow, list_zones, times_of

LONGEST = timedelta(days=2)
"""How long before the window an update may begin and still be shown at work in it."""
SHOWN = (ZoneState.REQUESTED, ZoneState.SCHEDULED, ZoneState.ACTIVE)


@dataclass(frozen=True, slots=True)
class ZoneStretches:
    """A zone, and the stretches of it that lie in the window, each [from, to)."""

    zone: ZoneRow
    stretches: tuple[tuple[AwareDatetime, AwareDatetime], ...]


@dataclass(frozen=True, slots=True)
class SiteCalendar:
    """What is closed and what is planned at one site."""

    site: str
    zones: tuple[ZoneStretches, ...]
    updates: tuple[UpdateRowView, ...]


def list_site_calendars(
    actor: Actor,
    now: AwareDatetime,
    *,
    since: AwareDatetime,
    before: AwareDatetime,
    customer: str = "",
) -> tuple[SiteCalendar, ...]:
    """Return the calendar of each site of which the actor may read a node, by name.

    customer   its zones, and the updates that touch what it holds; "" is all
    raises     NotFound: the actor may read nothing at all
    """
    under = f"customer:{customer}" if customer else ""
    early = since - LONGEST
    updates = tuple(
        one
        for one in list_updates(actor, now, since=early, before=before, under=under)
        if one.end > since
    )
    zones = [
        one
        for one in list_zones(actor, now)
        if one.state in SHOWN and (not customer or one.customer == customer)
    ]
    sites = {str(one.place.node): one.place.site for one in list_nodes(actor, now).nodes}
    stretches = _stretches(zones, since, before)
    at_zone = _sites_of_zones(zones, sites)
    at_update = _sites_of_updates(updates, sites)
    return tuple(
        SiteCalendar(
            site=site,
            zones=tuple(
                ZoneStretches(one, stretches[one.id])
                for one in zones
                if site in at_zone.get(one.id, ()) and stretches[one.id]
            ),
            updates=tuple(one for one in updates if at_update.get(one.key) == site),
        )
        for site in sorted(set(sites.values()))
    )


def _stretches(
    zones: list[ZoneRow], since: AwareDatetime, before: AwareDatetime
) -> Mapping[UUID, tuple[tuple[AwareDatetime, AwareDatetime], ...]]:
    found = {}
    for one in Zone.objects.filter(pk__in=[row.id for row in zones]):
        spans = intervals_of(times_of(one), before=before)
        first, last = int(since.timestamp()), int(before.timestamp())
        found[one.pk] = tuple(
            (_instant(max(start, first)), _instant(min(end, last)))
            for start, end in spans
            if start < last and end > first
        )
    return found


def _sites_of_zones(zones: list[ZoneRow], sites: Mapping[str, str]) -> Mapping[UUID, set[str]]:
    rows = ZoneNode.objects.filter(zone__in=[one.id for one in zones], until__isnull=True)
    found: dict[UUID, set[str]] = {}
    for zone, node in rows.values_list("zone_id", "node"):
        if node in sites:
            found.setdefault(zone, set()).add(sites[node])
    return found


def _sites_of_updates(
    updates: tuple[UpdateRowView, ...], sites: Mapping[str, str]
) -> Mapping[str, str]:
    """Return the site of each update: it has one, so any node of it that may be read tells."""
    keys = [one.key for one in updates]
    rows = (
        UpdateNode.objects.filter(update__key__among=keys, node__among=list(sites))
        .values_list("update__key")
        .annotate(first=Min("node"))
    )
    return {key: sites[node] for key, node in rows}


def _instant(at: int) -> AwareDatetime:
    return datetime.fromtimestamp(at, UTC)
