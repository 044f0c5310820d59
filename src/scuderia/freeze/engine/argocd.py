"""Decides as Argo CD does whether its sync windows let an application be synced. Pure.

The order: an active deny refuses; else an active allow lets through; else a matching allow that is
not active refuses; else it is let through. Someone syncing by hand passes a refusal if every window
behind it has `manualSync`; a sync that already runs, if every one has `syncOverrun` and it might
have begun when it did.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta, tzinfo
from enum import StrEnum
from fractions import Fraction

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput
from scuderia.freeze.engine.cron_schedules import CronSchedule
from scuderia.freeze.engine.globs import glob_fits

_TERM = re.compile(r"([0-9]*)(?:\.([0-9]*))?(ns|us|µs|μs|ms|s|m|h)")
_UNIT_US = {
    "ns": Fraction(1, 1_000),
    "us": Fraction(1),
    "µs": Fraction(1),
    "μs": Fraction(1),
    "ms": Fraction(1_000),
    "s": Fraction(1_000_000),
    "m": Fraction(60_000_000),
    "h": Fraction(3_600_000_000),
}
_LONGEST = timedelta(microseconds=2**63 // 1_000)
"""What 64 bits of nanoseconds hold: 292 years."""
_TEXT_MAX = 60


class BadDuration(BadInput):
    """A duration cannot be read as Go writes them."""

    code = "FREEZE-022"
    remedy = "Write hours, minutes and seconds, e.g. 8h, 90m or 1h30m; there is no unit for days."


class SyncKind(StrEnum):
    """What a window does while it is active."""

    ALLOW = "allow"
    DENY = "deny"


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncWindow:
    """A sync window of an AppProject.

    number         its place in the file, from 0 on, as `argocd proj windows list` shows it
    schedule       when it starts on a wall clock of `zone`; `cron` is how that was written
    duration       of each; `lasts` is how that was written
    and_operator   every kind of pattern that it has must fit; else any one is enough
    """

    number: int
    kind: SyncKind
    cron: str
    schedule: CronSchedule
    duration: timedelta
    lasts: str
    zone: tzinfo
    applications: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    and_operator: bool = False
    manual_sync: bool = False
    sync_overrun: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True)
class SyncAsked:
    """A sync that somebody wants to make.

    clusters       the destination by its name and its URL, whichever are known
    at             the instant asked about
    offsets_at     when the zones' offsets from UTC are read: Argo CD reads them from its own now
    manual         a person asks
    running_since  when it began, if it runs already
    """

    application: str
    namespace: str
    clusters: tuple[str, ...]
    at: AwareDatetime
    offsets_at: AwareDatetime
    manual: bool = False
    running_since: AwareDatetime | None = None


@dataclass(frozen=True, slots=True)
class SyncAnswer:
    """What Argo CD would say: `reasons` in the order in which they were found."""

    can_sync: bool
    matching: tuple[SyncWindow, ...]
    active: tuple[SyncWindow, ...]
    reasons: tuple[str, ...]


def parse_go_duration(text: str) -> timedelta:
    """Read `1h30m` as Go does, to the microsecond, upwards.

    raises   BadDuration
    """
    sign = -1 if text.startswith("-") else 1
    rest = text[1:] if text[:1] in {"+", "-"} else text
    if rest == "0":
        return timedelta(0)
    total, at = Fraction(0), 0
    while len(rest) <= _TEXT_MAX and (term := _TERM.match(rest, at)) and (term[1] or term[2]):
        amount = Fraction(f"{term[1] or 0}.{term[2] or 0}")
        total += amount * _UNIT_US[term[3]]
        at = term.end()
    if not rest or at != len(rest) or total > _LONGEST // timedelta(microseconds=1):
        raise BadDuration(f"the duration {text[:_TEXT_MAX]!r} cannot be read")
    # Upwards: a window is active when a start lies strictly later than so long ago.
    return timedelta(microseconds=-int(-total * sign // 1))


def fits(window: SyncWindow, asked: SyncAsked) -> bool:
    """Say whether the window is about the application; one without any pattern is about none."""
    kinds: list[tuple[tuple[str, ...], Sequence[str]]] = [
        (window.applications, (asked.application,)),
        (window.clusters, [one for one in asked.clusters if one]),
        (window.namespaces, (asked.namespace,)),
    ]
    answers = [_any_fits(patterns, names) for patterns, names in kinds if patterns]
    combine: Callable[[list[bool]], bool] = all if window.and_operator else any
    return bool(answers) and combine(answers)


def is_active(window: SyncWindow, at: AwareDatetime, offsets_at: AwareDatetime) -> bool:
    """Say whether Argo CD holds the window to be active: its very first instant is not.

    A schedule that is never due makes it active always: Argo CD takes "no next start" for one long
    past.
    """
    offset = offsets_at.astimezone(window.zone).utcoffset() or timedelta(0)
    wall = at.astimezone(UTC).replace(tzinfo=None) + offset
    start = window.schedule.next_after(wall - window.duration)
    return start is None or start < wall


def decide_sync(windows: Sequence[SyncWindow], asked: SyncAsked) -> SyncAnswer:
    """Say whether the sync may be made, and why."""
    matching = tuple(window for window in windows if fits(window, asked))
    can_sync, active, reasons = _decide(matching, asked, asked.at)
    if asked.running_since is not None and not can_sync:
        behind = _behind(matching, active)
        if not all(window.sync_overrun for window in behind):
            reasons.append("it runs already, but not every one of them has syncOverrun")
        else:
            can_sync, _, then = _decide(matching, asked, asked.running_since)
            reasons.append("every one of them has syncOverrun; when it began: " + "; ".join(then))
    return SyncAnswer(can_sync, matching, active, tuple(reasons))


def _decide(
    matching: tuple[SyncWindow, ...], asked: SyncAsked, at: AwareDatetime
) -> tuple[bool, tuple[SyncWindow, ...], list[str]]:
    active = tuple(window for window in matching if is_active(window, at, asked.offsets_at))
    behind = _behind(matching, active)
    if not behind:
        passing = [window for window in active if window.kind is SyncKind.ALLOW]
        if passing:
            return True, active, [f"{_told(passing)} is active"]
        return True, active, ["no window matches it" if not matching else "no deny is active"]
    denied = behind[0].kind is SyncKind.DENY
    reasons = [f"{_told(behind)} is {'active' if denied else 'not active, and no other allow is'}"]
    if not asked.manual:
        return False, active, reasons
    by_hand = all(window.manual_sync for window in behind)
    reasons.append(f"{'every one' if by_hand else 'not every one'} of them has manualSync")
    return by_hand, active, reasons


def _behind(
    matching: tuple[SyncWindow, ...], active: tuple[SyncWindow, ...]
) -> tuple[SyncWindow, ...]:
    """Return the windows behind a refusal; none where there is no refusal."""
    denies = tuple(window for window in active if window.kind is SyncKind.DENY)
    if denies or active:
        return denies
    return tuple(window for window in matching if window.kind is SyncKind.ALLOW)


def _any_fits(patterns: Sequence[str], names: Sequence[str]) -> bool:
    return any(glob_fits(pattern, name) for pattern in patterns for name in names)


def _told(windows: Sequence[SyncWindow]) -> str:
    return ", ".join(f"window {window.number} ({window.kind} {window.cron})" for window in windows)
