"""A recorded year for the embedded fleet to live through: the outages of a user's file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from scuderia.basics.clock import parse_instant
from scuderia.basics.errors import BadInput
from scuderia.basics.safe_text import plain_words
from scuderia.connectors.embedded.faults import DAY_S
from scuderia.connectors.embedded.layout import Layout, recorded_layout
from scuderia.connectors.embedded.nodes import Recorded
from scuderia.intake.stepfun import DAY_0
from scuderia.twin.nouns import TwinError
from scuderia.twin.outage_files import RecordedOutage, RecordedOutages, read_recorded

CUSTOMER = "fleet"
TARGET = 0.95
NODES_MAX = 5_000
SHARE_PAST = 2 / 3
"""Of the file, what lies behind the fleet where nobody says as of when."""


@dataclass(frozen=True, slots=True)
class RecordedYear:
    """What a file tells of a fleet, in whole seconds since 1970 in UTC.

    outages      by node, apart from each other, in time order; a node may have none
    spares       nodes that nobody holds when the year begins
    begin, end   midnight of the first day; the last instant that the file knows
    """

    layout: Layout
    outages: Mapping[str, Recorded]
    spares: tuple[str, ...]
    begin: int
    end: int

    def instant_of(self, as_of: str) -> int:
        """Return the second that a person names: a date, an instant, or a day of the file.

        raises   BadInput: it cannot be read, or the file does not reach it
        """
        at = self.begin + round((self.end - self.begin) * SHARE_PAST)
        if as_of:
            at = _second(as_of, self.begin)
        if not self.begin < at <= self.end:
            first, last = (datetime.fromtimestamp(edge, tz=UTC) for edge in (self.begin, self.end))
            raise BadInput(
                f"--as-of {as_of[:40]!r} lies outside the file.",
                remedy=f"Give a time after {first:%Y-%m-%d} and up to {last:%Y-%m-%d %H:%M}, or a "
                f"day from 1 to {(self.end - self.begin) // DAY_S}.",
            )
        return at


def read_year(file: Path, *, fleet_size: int, spares: int) -> RecordedYear:
    """Read a StepFun trace or a table of outages as a year of one customer's fleet.

    raises   BadInput: the file, its size or a record is wrong; it says what to do
    """
    if not 1 <= fleet_size <= NODES_MAX or not 0 <= spares <= NODES_MAX:
        raise BadInput(
            f"A fleet of {fleet_size} nodes and {spares} spares cannot be lived through.",
            remedy=f"Give --fleet-size from 1 and --spares from 0, up to {NODES_MAX}.",
        )
    if not file.is_file():
        raise BadInput(f"There is no file {file}.", remedy="Give a StepFun trace or a table.")
    try:
        told = read_recorded(file)
    except TwinError as error:
        raise BadInput(error.message, remedy=error.remedy) from error
    named = sorted({one.node for one in told.outages})
    if len(named) > fleet_size:
        raise BadInput(
            f"{file.name} names {len(named)} nodes, the fleet has {fleet_size}.",
            remedy=f"Give --fleet-size {len(named)} or more.",
        )
    quiet = _new_names("quiet", fleet_size - len(named), taken=named)
    spare_names = _new_names("spare", spares, taken=named)
    words = plain_words(f"{file.name}: {fleet_size} nodes, {spares} spares")
    origin = int(DAY_0.timestamp()) if told.is_trace else 0
    return RecordedYear(
        layout=recorded_layout(
            words,
            nodes=(*named, *quiet, *spare_names),
            customer=CUSTOMER,
            target=TARGET,
        ),
        outages=_by_node(told, origin),
        spares=spare_names,
        begin=origin + told.begins_s,
        end=origin + _last(told.outages),
    )


def _by_node(told: RecordedOutages, origin: int) -> dict[str, Recorded]:
    found: dict[str, Recorded] = {}
    last = _last(told.outages)
    for one in sorted(told.outages, key=lambda one: (one.node, one.start_s)):
        start, end = origin + one.start_s, origin + (last if one.end_s is None else one.end_s)
        of_node = found.setdefault(one.node, [])
        if of_node and start <= of_node[-1][1]:
            began, ended, cause = of_node[-1]
            of_node[-1] = (began, max(ended, end), cause)
        else:
            of_node.append((start, end, plain_words(one.cause)))
    return found


def _last(outages: Iterable[RecordedOutage]) -> int:
    return max(one.start_s if one.end_s is None else one.end_s for one in outages)


def _new_names(word: str, count: int, *, taken: Iterable[str]) -> tuple[str, ...]:
    while any(name.startswith(f"{word}-") for name in taken):
        word += "-x"
    return tuple(f"{word}-{number:04d}" for number in range(1, count + 1))


def _second(text: str, begin: int) -> int:
    if text.isdecimal() and len(text) < 6:  # noqa: PLR2004 - a day of the file, not a year's date
        return begin + int(text) * DAY_S
    return int(parse_instant(text, field="--as-of").timestamp())
