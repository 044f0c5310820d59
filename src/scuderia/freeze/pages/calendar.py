"""The calendar: zones and planned updates on one time axis per site, and the same in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from itertools import pairwise
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_safe

from scuderia.basics.clock import AwareDatetime
from scuderia.freeze.nouns import UpdateState
from scuderia.freeze.pages.display import STATE_LOOKS
from scuderia.freeze.queries.site_calendars import SiteCalendar, list_site_calendars
from scuderia.freeze.queries.update_feed import calendar_feed
from scuderia.intake.instants import zone_of
from scuderia.web.base_views import page, show
from scuderia.web.components import Cell, Crumb, Field, Tab
from scuderia.web.request_context import RequestContext, request_context
from scuderia.web.svg import StripPart, strip
from scuderia.web.table_csv import csv_answer
from scuderia.web.tables import (
    DataTable,
    Facet,
    TableColumn,
    TableSpec,
    open_table,
    rows_in_memory,
)

DAYS_OFFERED = (14, 30, 90)
LABELS_MAX = 14
MINOR = 3
"""On a phone one label in so many is shown."""
FILTER_MAX = 128
ICAL = "text/calendar; charset=utf-8"


@dataclass(frozen=True, slots=True)
class DayMark:
    """One day of the axis: where it begins in percent, and its label, "" for none.

    minor    its label is left out where there is little room
    clocks   how the clocks change on it, in words; "" on nearly all days
    """

    x: float
    label: str
    minor: bool
    clocks: str


@dataclass(frozen=True, slots=True)
class CalendarStrip:
    """One line of a site: a zone, or all of its updates."""

    name: str
    href: str
    words: str
    parts: tuple[StripPart, ...]


@dataclass(frozen=True, slots=True)
class SiteStrips:
    """One site's lines."""

    site: str
    strips: tuple[CalendarStrip, ...]


@dataclass(frozen=True, slots=True)
class CalendarLine:
    """One zone's stretch, or one update, as the table tells it; times on the viewer's clock."""

    site: str
    kind: str
    name: str
    href: str
    start: datetime
    end: datetime
    state: str
    word: str


@dataclass(frozen=True, slots=True)
class CalendarPage:
    """The calendar of the next days.

    zone      whose clock is shown
    now_x     where now is, in percent
    changes   the days on which its clocks change, in words
    feed_href the same as iCalendar
    """

    as_of: AwareDatetime
    crumbs: tuple[Crumb, ...]
    tabs: tuple[Tab, ...]
    fields: tuple[Field, ...]
    days: tuple[DayMark, ...]
    now_x: float
    zone: str
    changes: tuple[str, ...]
    sites: tuple[SiteStrips, ...]
    table: DataTable
    feed_href: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the URL asks for; empty text means all. `clock` is the time zone, `zone` its name."""

    days: int
    site: str
    customer: str
    zone: str
    clock: tzinfo

    @classmethod
    def read(cls, request: HttpRequest) -> "Wanted":
        """Read the URL.

        raises   UnknownTimeZone
        """
        asked = {
            name: request.GET.get(name, "")[:FILTER_MAX].strip()
            for name in ("days", "site", "customer", "tz")
        }
        days = next((n for n in DAYS_OFFERED if str(n) == asked["days"]), DAYS_OFFERED[0])
        zone = asked["tz"] or "UTC"
        return cls(days, asked["site"], asked["customer"], zone, zone_of(zone))

    def midnights(self, now: AwareDatetime) -> tuple[datetime, ...]:
        """Return the beginnings of the days, from today's on, and of the day after the last."""
        today = now.astimezone(self.clock).date()
        return tuple(
            datetime.combine(today + timedelta(days=n), time(), self.clock)
            for n in range(self.days + 1)
        )

    def url(self, days: int) -> str:
        """Return the page's address over as many days."""
        asked = {"days": str(days), "site": self.site, "customer": self.customer, "tz": self.zone}
        kept = {name: value for name, value in asked.items() if value}
        return f"{reverse('calendar')}?{urlencode(kept)}"


LINES: TableSpec[CalendarLine] = TableSpec(
    caption="Zones and planned updates, the first to start first",
    columns=(
        TableColumn("what", "What", lambda row: Cell(row.name, "words", href=row.href),
                    lambda row: row.name),
        TableColumn("kind", "Kind", lambda row: Cell(row.kind), lambda row: row.kind),
        TableColumn("site", "Site", lambda row: Cell(row.site, "name"), lambda row: row.site),
        TableColumn("from", "From", lambda row: Cell(_wall(row.start)), lambda row: row.start),
        TableColumn("to", "To", lambda row: Cell(_wall(row.end)), lambda row: row.end),
        TableColumn("state", "State", lambda row: Cell(row.word, "state", state=row.state),
                    lambda row: row.word),
    ),
    key=lambda row: f"{row.site} {row.kind} {row.name} {row.start.isoformat()}",
    facets=(
        Facet("kind", "Kind", (("zone", "zone"), ("update", "update")), lambda row: row.kind),
    ),
    order="from",
    size=25,
)  # fmt: skip


@require_safe
@page
def calendar(request: HttpRequest) -> HttpResponseBase:
    """Show the next days, under the filter of the URL."""
    asked, wanted = request_context(request), Wanted.read(request)
    midnights = wanted.midnights(asked.now)
    found = list_site_calendars(
        asked.actor, asked.now, since=midnights[0], before=midnights[-1], customer=wanted.customer
    )
    shown = [one for one in found if not wanted.site or one.site == wanted.site]
    source = rows_in_memory(LINES, [line for one in shown for line in _lines(one, wanted.clock)])
    if sheet := csv_answer(LINES, source, request):
        return sheet
    days = _days(midnights)
    under = f"customer:{wanted.customer}" if wanted.customer else ""
    under = f"site:{wanted.site}" if wanted.site else under
    context = CalendarPage(
        as_of=asked.now,
        crumbs=(Crumb("No-fly zones", reverse("zones")), Crumb("Calendar")),
        tabs=tuple(Tab(f"{n} days", wanted.url(n), n == wanted.days) for n in DAYS_OFFERED),
        fields=_fields(wanted, [one.site for one in found]),
        days=days,
        now_x=_percent(asked.now, midnights),
        zone=wanted.zone,
        changes=tuple(one.clocks for one in days if one.clocks),
        sites=tuple(_site(one, asked, midnights, days) for one in shown),
        table=open_table(LINES, source, request),
        feed_href=f"{reverse('calendar-feed')}?{urlencode({'under': under})}",
    )
    return show(request, "freeze/calendar.html", context)


@require_safe
@page
def feed(request: HttpRequest) -> HttpResponse:
    """Give what is planned there, and the zones, as iCalendar."""
    asked, under = request_context(request), request.GET.get("under", "")[:FILTER_MAX]
    body = calendar_feed(asked.actor, asked.now, under=under)
    told = {"Content-Disposition": 'attachment; filename="calendar.ics"'}
    return HttpResponse(body, content_type=ICAL, headers=told)


def _wall(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def _percent(at: datetime, midnights: Sequence[datetime]) -> float:
    first, last = midnights[0].timestamp(), midnights[-1].timestamp()
    return round(100 * (at.timestamp() - first) / (last - first), 3)


def _days(midnights: Sequence[datetime]) -> tuple[DayMark, ...]:
    """Return the days; every so many bears its date, and one whose clocks change says so."""
    step = max(1, -(-(len(midnights) - 1) // LABELS_MAX))
    marks = []
    for place, (start, end) in enumerate(pairwise(midnights)):
        hours = (end.timestamp() - start.timestamp()) / 3600
        clocks = f"{start:%Y-%m-%d} has {hours:g} hours: the clocks change" if hours != 24 else ""  # noqa: PLR2004 - a day
        label = f"{start.day} {start:%b}" if place % step == 0 else ""
        minor = bool(place // step % MINOR)
        marks.append(DayMark(_percent(start, midnights), label, minor, clocks))
    return tuple(marks)


def _site(
    one: SiteCalendar, asked: RequestContext, midnights: Sequence[datetime], days: Sequence[DayMark]
) -> SiteStrips:
    first, last = midnights[0].timestamp(), midnights[-1].timestamp()
    pairs = pairwise(midnights)
    changed = [
        (start.timestamp(), end.timestamp(), "mark", day.clocks)
        for (start, end), day in zip(pairs, days, strict=True)
        if day.clocks
    ]
    now = asked.now.timestamp()
    today = [(now, now + (last - first) / 500, "now", "now")]

    def line_up(
        name: str, href: str, words: str, found: list[tuple[float, float, str, str]]
    ) -> CalendarStrip:
        return CalendarStrip(
            name, href, words, strip([*changed, *found, *today], start=first, end=last)
        )

    strips = [
        line_up(
            held.zone.title,
            reverse("zone", args=[held.zone.id]),
            STATE_LOOKS[held.zone.state][1],
            [
                (a.timestamp(), b.timestamp(), STATE_LOOKS[held.zone.state][0], held.zone.title)
                for a, b in held.stretches
            ],
        )
        for held in one.zones
    ]
    planned = [
        (line.start.timestamp(), line.end.timestamp(), line.state, f"{line.name}: {line.word}")
        for line in _lines(one, midnights[0].tzinfo)
        if line.kind == "update"
    ]
    strips.append(line_up("Planned updates", "", f"{len(planned):,}", planned))
    return SiteStrips(one.site, tuple(strips))


def _lines(one: SiteCalendar, clock: tzinfo | None) -> Iterator[CalendarLine]:
    for held in one.zones:
        look, word = STATE_LOOKS[held.zone.state]
        href = reverse("zone", args=[held.zone.id])
        for start, end in held.stretches:
            yield CalendarLine(one.site, "zone", held.zone.title, href, start.astimezone(clock),
                               end.astimezone(clock), look, word)  # fmt: skip
    for row in one.updates:
        is_out = row.state == UpdateState.OUT
        word = f"has no start: {row.binding}" if is_out else f"planned on {row.nodes:,} nodes"
        name = f"{row.key}: {row.title or row.update_class.replace('_', ' ')}"
        yield CalendarLine(one.site, "update", name, "", row.start.astimezone(clock),
                           row.end.astimezone(clock), "bad" if is_out else "ok", word)  # fmt: skip


def _fields(wanted: Wanted, sites: Sequence[str]) -> tuple[Field, ...]:
    return (
        Field("days", "", "hidden", value=str(wanted.days)),
        Field("site", "Site", "select", value=wanted.site,
              choices=(("", "Any"), *((name, name) for name in sites))),
        Field("customer", "Customer", value=wanted.customer, longest=FILTER_MAX),
        Field("tz", "Your time zone", value=wanted.zone, required=True, longest=64),
    )  # fmt: skip
