"""What a row of exclusions says: downtime of a customer that does not count, and why."""

from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.engine.facts import instant_of, seconds_of
from scuderia.fleet.engine.sla_rows import ZONE_CHARACTERS_MAX, is_zone
from scuderia.intake.fields import FieldSpec, FieldType, Record
from scuderia.intake.identities import identity_of
from scuderia.intake.records import Flaw

WORDS_MAX = 200
_ORDER = "Check the order and the time zones; an exclusion holds [from, to)."

FIELDS = (
    FieldSpec(name="customer", needs_column=True, may_be_empty=False, characters_max=128),
    FieldSpec(name="from", type=FieldType.INSTANT, needs_column=True, may_be_empty=False),
    FieldSpec(name="to", type=FieldType.INSTANT, needs_column=True, counted_from="from"),
    FieldSpec(name="cause", needs_column=True, characters_max=WORDS_MAX),
    FieldSpec(name="time_zone", characters_max=ZONE_CHARACTERS_MAX),
    FieldSpec(name="reason", needs_column=True, may_be_empty=False, characters_max=WORDS_MAX),
)


class ExclusionRow(NamedTuple):
    """Downtime of [start, end) that does not count; end None, with a cause alone: it lasts.

    cause       only of outages whose cause is of that class; "" of all
    time_zone   IANA: the clocks by which it was agreed
    """

    customer: str
    start: int
    end: int | None
    cause: str
    time_zone: str
    reason: str

    @property
    def key(self) -> tuple[str, int, str]:
        """Return what makes it the same exclusion when it is told again."""
        return self.customer, self.start, self.cause

    def told(self) -> dict[str, str]:
        """Return what may be said otherwise, as text; empty where it lasts."""
        ends = "" if self.end is None else instant_of(self.end).isoformat()
        return {"to": ends, "time_zone": self.time_zone, "reason": self.reason}

    def flaw(self) -> Flaw | None:
        """Return the objection to what cannot be excluded, or None."""
        if self.end is None and not self.cause:
            said = "neither an end nor a cause is given, so all downtime would be excluded"
            return Flaw("to", said, "Give an end, or the class of causes.")
        if self.end is not None and self.end <= self.start:
            return Flaw("to", "it does not lie after the start", _ORDER)
        if not is_zone(self.time_zone):
            said = f"no time zone {self.time_zone[:ZONE_CHARACTERS_MAX]!r}"
            return Flaw("time_zone", said, "Write an IANA zone, e.g. Europe/Rome or UTC.")
        if not 0 < len(self.reason) <= WORDS_MAX or len(self.cause) > WORDS_MAX:
            said = "there is no reason, or more words than are kept"
            return Flaw("reason", said, f"Say why, in at most {WORDS_MAX} characters.")
        return None


def row_of(record: Record) -> ExclusionRow:
    """Return the row.

    raises   Flaw
    """
    end = record.instant("to")
    row = ExclusionRow(
        record.text("customer"),
        seconds_of(record.required_instant("from")),
        None if end is None else seconds_of(end),
        record.text("cause"),
        record.text("time_zone") or "UTC",
        record.text("reason"),
    )
    flaw = row.flaw()
    if flaw is not None:
        raise flaw
    return row


def same_row(row: ExclusionRow) -> str:
    """Return the identity of the row: one of a customer, from one instant, of one class."""
    return identity_of("", row.customer, str(row.start), row.cause)


def instant_in(text: str, zone: str, field: str) -> AwareDatetime:
    """Return the instant that is written by the clocks of an IANA zone, unless it has an offset.

    raises   Flaw: unreadable, no zone, or those clocks never showed it, or twice
    """
    if not is_zone(zone):
        said = f"no time zone {zone[:ZONE_CHARACTERS_MAX]!r}"
        raise Flaw("time_zone", said, "Write an IANA zone, e.g. Europe/Rome or UTC.")
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        said, form = f"{text[:40]!r} is no instant", "2026-07-01T08:00"
        raise Flaw(field, said, f"Write it as {form}, by the clocks of the zone.") from None
    if at.tzinfo is not None:
        return at.astimezone(UTC)
    first, second = (at.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1))
    if first.utcoffset() != second.utcoffset():
        said = f"{text[:40]!r} came twice, or never, by the clocks of {zone}"
        raise Flaw(field, said, "Write it with its offset, e.g. 2026-10-25T02:30+02:00.")
    return first.astimezone(UTC)
