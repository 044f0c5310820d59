"""How a zone's state and its countdown look and are called, the same on every page."""

from collections.abc import Mapping
from datetime import timedelta

from scuderia.basics.clock import AwareDatetime
from scuderia.freeze.nouns import ZoneState
from scuderia.freeze.queries.zones import ZoneRow
from scuderia.web.templatetags.ui import duration

STATE_LOOKS: Mapping[ZoneState, tuple[str, str]] = {
    ZoneState.REQUESTED: ("warn", "Asked for"),
    ZoneState.REJECTED: ("unknown", "Rejected"),
    ZoneState.SCHEDULED: ("hold", "Scheduled"),
    ZoneState.ACTIVE: ("hold", "In force"),
    ZoneState.ENDED: ("unknown", "Ended"),
}


def countdown(row: ZoneRow, now: AwareDatetime) -> str:
    """Return how long until the zone begins, ends or is looked at again; "" once it is over."""
    match row.state:
        case ZoneState.REQUESTED if row.starts_at <= now:
            return "its beginning has passed without an approval"
        case ZoneState.REQUESTED:
            return f"would begin in {duration(row.starts_at - now)}"
        case ZoneState.SCHEDULED:
            return f"begins in {duration(row.starts_at - now)}"
        case ZoneState.ACTIVE if row.ends_at is not None:
            return f"ends in {duration(row.ends_at - now)}"
        case ZoneState.ACTIVE if row.review_at is not None:
            left = row.review_at - now
            is_due = left <= timedelta(0)
            return "open end, review is due" if is_due else f"reviewed in {duration(left)}"
    return ""


def waits_words(row: ZoneRow) -> str:
    """Return what a second person has yet to decide, and who asked; "" for nothing."""
    match row.waits_for:
        case "approval":
            return f"approval, by another than {row.requested_by.partition(':')[2]}"
        case "extension":
            return "a later end, by another than who asks for it"
    return ""
