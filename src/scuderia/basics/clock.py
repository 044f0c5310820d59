"""Instants and the clocks that hand them out; nothing else in Scuderia reads the time of day."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeAlias

from scuderia.basics.errors import BadInput

AwareDatetime: TypeAlias = datetime
"""A datetime with tzinfo; inside Scuderia always UTC."""


class Clock(Protocol):
    """Tells the current instant."""

    def now(self) -> AwareDatetime:
        """Return the current instant in UTC."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's own clock."""

    def now(self) -> AwareDatetime:
        """Return the machine's time in UTC."""
        return datetime.now(UTC)


@dataclass(slots=True)
class FixedClock:
    """A clock that moves only when told; for tests and replays."""

    at: AwareDatetime

    def now(self) -> AwareDatetime:
        """Return the instant it was last set to."""
        return self.at

    def advance(self, by: timedelta) -> AwareDatetime:
        """Move by `by` (which may be negative: clocks do jump) and return the new instant."""
        self.at += by
        return self.at


@dataclass(frozen=True, slots=True)
class AcceleratedClock:
    """A demo clock: `speed` fleet seconds pass in each wall second since `wall_anchor_s`.

    fleet_anchor    the fleet's instant at the anchor
    wall_anchor_s   wall time at the anchor, Unix seconds
    speed           fleet seconds per wall second, > 0
    """

    fleet_anchor: AwareDatetime
    wall_anchor_s: float
    speed: float

    def now(self) -> AwareDatetime:
        """Return the fleet's instant; never earlier than the anchor."""
        elapsed_s = max(0.0, time.time() - self.wall_anchor_s)
        return self.fleet_anchor + timedelta(seconds=elapsed_s * self.speed)


def require_aware(at: datetime, *, field: str) -> AwareDatetime:
    """Return `at` in UTC, or refuse it by the name of its field when it carries no zone."""
    if at.tzinfo is None:
        message = f"{field} has no time zone: {at.isoformat()}"
        raise BadInput(message, remedy="Add an offset or an IANA zone, e.g. 2026-07-24T00:00:00Z.")
    return at.astimezone(UTC)


def parse_instant(text: str, *, field: str) -> AwareDatetime:
    """Read an ISO 8601 instant that carries its offset; a bare date means midnight UTC.

    raises   BadInput: unreadable, or a time of day without an offset (never UTC by silence)
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        message = f"{field} is not an ISO 8601 instant: {text!r}"
        raise BadInput(message, remedy="Write 2026-07-24 or 2026-07-24T00:00:00Z.") from None
    if at.tzinfo is None and len(text) <= len("2026-07-24"):
        return at.replace(tzinfo=UTC)
    return require_aware(at, field=field)
