"""What a row of SLA definitions says: what a customer is promised a day, from a day on."""

import math
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from scuderia.fleet.engine.customer_days import read_day
from scuderia.intake.fields import FieldSpec, FieldType, Record
from scuderia.intake.identities import identity_of
from scuderia.intake.records import Flaw

ZONE_CHARACTERS_MAX = 64

FIELDS = (
    FieldSpec(name="customer", needs_column=True, may_be_empty=False, characters_max=128),
    FieldSpec(name="from", needs_column=True),
    FieldSpec(name="target", type=FieldType.NUMBER, needs_column=True, may_be_empty=False),
    FieldSpec(name="time_zone", characters_max=ZONE_CHARACTERS_MAX),
)


class SlaRow(NamedTuple):
    """One promise as it is told; time_zone is IANA."""

    customer: str
    first_day: str
    target: float
    time_zone: str

    @property
    def key(self) -> tuple[str, str]:
        """Return what makes it the same promise when it is told again."""
        return self.customer, self.first_day

    def told(self) -> dict[str, str]:
        """Return what may be said otherwise, as text."""
        return {"target": str(self.target), "time_zone": self.time_zone}


def is_target(target: float) -> bool:
    """Say whether it is a share of a day that can be promised."""
    return math.isfinite(target) and 0 < target <= 1


def is_zone(name: str) -> bool:
    """Say whether it is an IANA zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return len(name) <= ZONE_CHARACTERS_MAX


def row_of(record: Record) -> SlaRow:
    """Return the row; without a zone, UTC's clocks count the days.

    raises   Flaw
    """
    told = record.values["target"]
    target = float(told) if isinstance(told, int | float) else math.nan
    if not is_target(target):
        said = f"{told} is not a share of a day"
        raise Flaw("target", said, "Write a share above 0 and up to 1, e.g. 0.95.")
    zone = record.text("time_zone") or "UTC"
    if not is_zone(zone):
        said = f"no time zone {zone[:ZONE_CHARACTERS_MAX]!r}"
        raise Flaw("time_zone", said, "Write an IANA zone, e.g. Europe/Rome or UTC.")
    first_day = read_day(record.text("from"), "from").isoformat()
    return SlaRow(record.text("customer"), first_day, target, zone)


def same_row(row: SlaRow) -> str:
    """Return the identity of the row: one promise of a customer begins on one day."""
    return identity_of("", *row.key)
