"""The update calendar and the zones as iCalendar (RFC 5545), for an actor's own calendar."""

from datetime import datetime

from icalendar import Calendar, Event

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.freeze.queries.updates import UpdateRowView, list_updates
from scuderia.freeze.queries.zones import ZoneRow, list_zones

PRODUCT = "-//Scuderia//freeze//EN"


def calendar_feed(actor: Actor, now: AwareDatetime, *, under: str = "") -> str:
    """Return what is planned there, and the zones, as one calendar.

    under    a customer, site, cluster, rack or node; "" is all within reach
    raises   NotFound: the actor may read nothing at all
    """
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", f"Scuderia {under}".strip())
    for update in list_updates(actor, now, under=under):
        calendar.add_component(_update(update, now))
    for zone in list_zones(actor, now):
        if not under or under == f"customer:{zone.customer}":
            calendar.add_component(_zone(zone, now))
    return str(calendar.to_ical(), "utf-8")


def _update(row: UpdateRowView, now: AwareDatetime) -> Event:
    words = f"{row.update_class} on {row.nodes} nodes; {row.owner or 'no owner'}"
    return _event(
        uid=f"update-{row.key}",
        start=row.start,
        end=row.end,
        summary=f"{row.key}: {row.title or row.update_class}",
        words=f"{row.state}. {words}",
        now=now,
    )


def _zone(row: ZoneRow, now: AwareDatetime) -> Event:
    """Return the zone from its first to its last instant; an open end ends with its review."""
    return _event(
        uid=f"zone-{row.id}",
        start=row.starts_at,
        end=row.ends_at or row.review_at or row.starts_at,
        summary=f"No-fly zone: {row.title}",
        words=f"{row.state.value}. {row.scope}: {row.nodes} nodes. {row.reason}",
        now=now,
    )


def _event(
    *, uid: str, start: datetime, end: datetime, summary: str, words: str, now: datetime
) -> Event:
    event = Event()
    event.add("uid", f"{uid}@scuderia")
    event.add("dtstamp", now)
    event.add("dtstart", start)
    event.add("dtend", end)
    event.add("summary", summary)
    event.add("description", words)
    return event
