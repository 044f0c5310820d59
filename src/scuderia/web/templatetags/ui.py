"""Filters and tags that write figures, instants, tiles and icons the same way everywhere."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django import template
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from scuderia.basics.units import percent as share_as_percent
from scuderia.web.components import STATE_GLYPHS, STATE_WORDS, Tile
from scuderia.web.page_chrome import place_of
from scuderia.web.svg import UNKNOWN, figure

register = template.Library()
DAY_S = 86_400
READY_GLYPH = "○"


@register.filter
def number(value: float | str | None, digits: int | None = None) -> str:
    """Write a number with thousands apart; unknown is a dash, zero is 0."""
    if value is None or value == "":
        return UNKNOWN
    return figure(float(value)) if digits is None else f"{float(value):,.{digits}f}"


@register.filter
def percent(value: float | None, digits: int = 1) -> str:
    """Write a share of one as percent."""
    return UNKNOWN if value is None else share_as_percent(float(value), digits)


@register.filter
def money(cents: float | None) -> str:
    """Write US cents as dollars."""
    return UNKNOWN if cents is None else f"${float(cents) / 100:,.0f}"


@register.filter
def duration(value: timedelta | float | None) -> str:
    """Write a length of time (or seconds) in its two largest units."""
    if value is None:
        return UNKNOWN
    seconds = int(value.total_seconds() if isinstance(value, timedelta) else value)
    if seconds < 0:
        return "0s"
    words = []
    for unit, size in (("d", DAY_S), ("h", 3600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            words.append(f"{count}{unit}")
    return " ".join(words[:2]) or "0s"


@register.filter
def instant(at: datetime | None) -> SafeString | str:
    """Write an instant in UTC to the minute, machine-readable inside."""
    if at is None:
        return UNKNOWN
    utc = at.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        utc.isoformat(timespec="seconds"),
        f"{utc:%Y-%m-%d %H:%M:%S} UTC",
        f"{utc.day} {utc:%b %Y %H:%M}",
    )


@register.filter
def day(at: datetime | None) -> str:
    """Write a day."""
    return UNKNOWN if at is None else f"{at.day} {at:%b %Y}"


@register.filter
def subject(ref: object) -> SafeString:
    """Write a subject's name, linked to where it is shown."""
    text = str(ref)
    href, name = place_of(text), text.partition(":")[2] or text
    if not href:
        return format_html('<span class="mono">{}</span>', name)
    return format_html('<a class="mono" href="{}">{}</a>', href, name)


@register.filter
def subject_or_text(value: object) -> SafeString | str:
    """Write a value, linked where it names a subject that some room shows."""
    return subject(value) if place_of(str(value)) else str(value)


@register.filter
def spaced(name: str) -> str:
    """Write a metric's name in words."""
    return name.replace("_", " ")


@register.filter
def units(count: int, unit: str) -> str:
    """Write a unit in the number that goes with `count`."""
    first, blank, rest = unit.partition(" ")
    many = first if count == 1 or first.endswith("s") else f"{first}s"
    return f"{many}{blank}{rest}"


@register.filter
def state_word(state: str) -> str:
    """Return a state's own word."""
    return STATE_WORDS.get(state, STATE_WORDS["unknown"])


@register.filter
def known_state(state: str) -> str:
    """Return the state, or "unknown" for one that has no colour."""
    return state if state in STATE_WORDS else "unknown"


@register.filter
def glyph(look: str) -> str:
    """Return the shape that goes with a look."""
    return STATE_GLYPHS.get(look, READY_GLYPH)


@register.filter
def plural(count: int, word: str) -> str:
    """Write a count with its word."""
    return f"{number(count)} {word}{'' if count == 1 else 's'}"


@register.filter
def permille(share: float | None) -> float:
    """Return a share as 0-1000 for a drawing, clipped."""
    return 0.0 if share is None else round(1000 * min(1.0, max(0.0, float(share))), 1)


_CELL = (
    '<a class="tile tile--{look}{dim}" href="{href}" data-row data-key="{key}" '
    'data-version="{look}" title="{title}" aria-label="{title}">{glyph}</a>'
)


@register.simple_tag
def tiles(each: Iterable[Tile]) -> SafeString:
    """Write many tiles at once: two thousand includes would cost more than the page may."""
    return mark_safe("".join(_tile(one) for one in each))  # noqa: S308 - each part is escaped below


def _tile(tile: Tile) -> str:
    title = escape(f"{tile.name}: {tile.word}{', ' + tile.note if tile.note else ''}")
    return _CELL.format(
        look=escape(tile.look),
        dim=" tile--dim" if tile.dim else "",
        href=escape(tile.href),
        key=escape(tile.name),
        title=title,
        glyph=STATE_GLYPHS.get(tile.look, READY_GLYPH),
    )


@register.simple_tag(takes_context=True)
def query(context: dict[str, Any], **changes: object) -> str:
    """Return the page's own query with some names changed; None removes one."""
    asked = context["request"].GET.copy()
    asked.pop("page", None)
    for name, value in changes.items():
        if value in (None, ""):
            asked.pop(name, None)
        else:
            asked[name] = str(value)
    return f"?{asked.urlencode()}"
