"""The freeze room's words: intervals, ends of occurrences, recurrences."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput

WallTime: TypeAlias = datetime
"""A date and time of day as a clock on the wall shows it: no zone, no offset."""

DAYS_OF_WEEK = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
"""As RFC 5545 names them; Monday is day 0."""

LOCAL_TIMES = "RFC 5545 3.3.5"
"""The reading of local times that clocks skip (moved forward) or show twice (the first one)."""


class BadRecurrence(BadInput):
    """A recurrence rule, or a date beside it, cannot be read or means nothing."""

    code = "FREEZE-001"
    remedy = 'Write RFC 5545, e.g. --rrule "FREQ=WEEKLY;BYDAY=FR;COUNT=10".'


class TooManyOccurrences(BadInput):
    """A recurrence has more occurrences in the window than anyone can mean."""

    code = "FREEZE-002"
    remedy = "Narrow --from and --to, or give the rule a COUNT or an UNTIL."


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """The instants from `start` up to, not including, `end`; both in UTC."""

    start: AwareDatetime
    end: AwareDatetime

    def overlaps(self, other: "Interval") -> bool:
        """Say whether some instant lies in both."""
        return self.start < other.end and other.start < self.end


class EndKind(StrEnum):
    """How the end of each occurrence follows from its start, where days have 23 or 25 hours.

    WALL      the same time of day, so many dates later: "until 04:00"
    NOMINAL   RFC 5545 DURATION: days by the wall clock, then hours and minutes exactly
    EXACT     RFC 5545 DTEND: as many seconds as the first occurrence has
    """

    WALL = "wall"
    NOMINAL = "nominal"
    EXACT = "exact"


@dataclass(frozen=True, slots=True)
class Length:
    """How long each occurrence is: `days` by the wall clock and `rest` beside them, by kind.

    WALL     days, and rest on the wall clock as well
    NOMINAL  days on the wall clock, rest in elapsed seconds
    EXACT    days is 0, rest in elapsed seconds
    """

    kind: EndKind
    days: int
    rest: timedelta


class UpdateClass(StrEnum):
    """What an update changes."""

    FIRMWARE = "firmware"
    DRIVER = "driver"
    HOST_OS = "host_os"
    CONTAINER_RUNTIME = "container_runtime"
    FABRIC = "fabric"
    POWER = "power"
    STORAGE = "storage"
    SECURITY = "security"
    CONFIG = "config"


class UpdateState(StrEnum):
    """Where a planned update stands; a replan leaves one OUT when it finds it no start."""

    PLANNED = "planned"
    OUT = "left_out"
    DONE = "done"
    CANCELLED = "cancelled"


class UpdateSeverity(StrEnum):
    """How bad the worst flaw is that an update mends, as CVSS names it; NONE where none is told."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NONE = ""


@dataclass(frozen=True, slots=True)
class ZoneCover:
    """What a zone stops once it is compiled.

    zone        its identifier, told in every objection
    nodes       the nodes it holds, pinned, by name; and the shared parts on which they hang
    classes     of updates it stops
    intervals   half-open, Unix seconds; any order, they may overlap
    """

    zone: str
    nodes: frozenset[str]
    classes: frozenset[UpdateClass]
    intervals: tuple[tuple[int, int], ...]


class Ground(StrEnum):
    """Why an update is let through or refused: the precedence table, strictest first."""

    UNKNOWN_NODE = "unknown_node"
    UNKNOWN_CLASS = "unknown_class"
    STALE_ZONES = "stale_zones"
    BAD_CLOCK = "bad_clock"
    BREAK_GLASS = "break_glass"
    ZONE = "zone"
    CLEAR = "clear"


@dataclass(frozen=True, slots=True)
class AskedUpdate:
    """An update that somebody wants to make.

    nodes           by name, at least one; a shared part as switch:NAME, feed:NAME, storage:NAME
    update_class    as the deployer wrote it; one nobody knows is judged, not refused
    start           Unix seconds, the instant at which it begins
    work_s          from there to the p95 end of the work
    bake_s          how long it is watched afterwards, when it may still be rolled back
    rollback_s      how long that takes
    """

    nodes: tuple[str, ...]
    update_class: str
    start: int
    work_s: int
    bake_s: int = 0
    rollback_s: int = 0

    @property
    def end(self) -> int:
        """Return when nothing of it can touch a node any more."""
        return self.start + self.work_s + self.bake_s + self.rollback_s


@dataclass(frozen=True, slots=True)
class Objection:
    """One reason against an update: its ground, the zone if one objects, and words for people."""

    ground: Ground
    zone: str
    words: str


@dataclass(frozen=True, slots=True)
class Slot:
    """When the same update would be let through: it may start anywhere in [start, latest_start]."""

    start: int
    latest_start: int | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate answers.

    ground       the row of the precedence table that decided
    objections   every one of them; empty where it is allowed
    not_before   the earliest start at or after the asked one that is clear; None: it is no zone
                 that refuses, or it is allowed
    slots        other starts, the nearest to the asked one first
    """

    allowed: bool
    ground: Ground
    objections: tuple[Objection, ...] = ()
    not_before: int | None = None
    slots: tuple[Slot, ...] = ()


class UpdateOutcome(StrEnum):
    """How an update ended, in the words of the deployer that asked for it."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"
    NOT_STARTED = "not_started"


class AdapterName(StrEnum):
    """The systems that ask the gate in their own way."""

    GITHUB = "github"
    AZURE_DEVOPS = "azure-devops"
    TERRAFORM = "terraform"


@dataclass(frozen=True, slots=True)
class TargetAsked:
    """What a deployment to one place of another system touches, and for how long.

    name    as the system calls it, e.g. owner/repository:environment
    nodes   hostlists and places, e.g. `rack:r01 r02-n[01-16]`
    """

    name: str
    nodes: str
    update_class: UpdateClass
    work_s: int
    bake_s: int = 0
    rollback_s: int = 0


class CallbackState(StrEnum):
    """Where an answer stands that is sent to the system that asked."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


class ZoneState(StrEnum):
    """Where a zone's life stands; from `scheduled` on it follows from the clock."""

    REQUESTED = "requested"
    REJECTED = "rejected"
    SCHEDULED = "scheduled"
    ACTIVE = "active"
    ENDED = "ended"


class ZonePower(StrEnum):
    """What a person may do to zones; no machine holds any of it."""

    REQUEST = "request_zone"
    APPROVE = "approve_zone"
    BREAK_GLASS = "break_glass"
    APPROVE_GLASS = "approve_break_glass"


class GlassState(StrEnum):
    """Where a break-glass stands; none of them outlives its time."""

    REQUESTED = "requested"
    APPROVED = "approved"
    USED = "used"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class ZoneScope:
    """What a zone is asked to hold: everything under some subjects, or so many GPUs.

    Labels narrow either of them; alone, they narrow what the customer holds.

    under   subjects in the fleet's words, e.g. rack:r01; empty where a count is asked for
    gpus    how many GPUs of the customer's; None where subjects are named
    sku     the count is of this node type alone; site: there alone. "" is any
    labels  key=value or key!=value: of those nodes alone that meet all of them
    hold    the count is of free, healthy nodes, kept for the customer's run that then begins
    """

    under: tuple[str, ...] = ()
    gpus: int | None = None
    sku: str = ""
    site: str = ""
    labels: tuple[str, ...] = ()
    hold: bool = False


@dataclass(frozen=True, slots=True)
class ZoneTimes:
    """When a zone is in force, on a wall clock.

    time_zone         IANA: of every wall time here
    first, until      the first stretch [first, until); `until` is None while its end is open
    end_kind          how the ends of further stretches follow from the first
    rrule             RFC 5545; "" is once. exdates, rdates: wall times left out, and beside it
    """

    time_zone: str
    first: WallTime
    until: WallTime | None
    end_kind: EndKind = EndKind.WALL
    rrule: str = ""
    exdates: tuple[WallTime, ...] = ()
    rdates: tuple[WallTime, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneAsked:
    """A zone as typed; empty text is what was left out.

    start, end      `2026-07-24 00:00 America/Los_Angeles`: date, time and zone
    open_end        no end is known; then `review` says when that is looked at again
    classes         of updates that it stops, by name; none: every class
    end_kind        how the ends of what repeats follow: wall, nominal or exact
    """

    customer: str
    scope: ZoneScope
    start: str
    reason: str
    end: str = ""
    open_end: bool = False
    review: str = ""
    classes: tuple[str, ...] = ()
    title: str = ""
    ticket: str = ""
    rrule: str = ""
    exdates: tuple[str, ...] = ()
    rdates: tuple[str, ...] = ()
    end_kind: str = EndKind.WALL.value


@dataclass(frozen=True, slots=True)
class GlassAsked:
    """One update to be let through.

    minutes   how long after it is asked for everything is over: approval, use and the update
    """

    update: AskedUpdate
    minutes: int
    reason: str
    ticket: str

    @property
    def life(self) -> timedelta:
        """Return how long it lives from the moment at which it is asked for."""
        return timedelta(minutes=self.minutes)


class BadZone(BadInput):
    """A zone without a reason, an end that is not open, an update class or a time to come."""

    code = "FREEZE-010"
    remedy = "Say customer, what it holds, from when to when, and why."
