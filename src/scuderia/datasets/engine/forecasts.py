"""When a project reaches its target, by how its contributors work and by how such forecasts erred.

Pure: what arrived, the target, the instant and the seed are handed in. Time is counted as worked
time: a declared pause, and a gap without any arrival of IDLE_HOURS, are no work. The date assumes
that nothing interrupts the work from now on; how often past projects were is told beside it.

Each contributor's rate is a draw from the pool's Gamma (arrivals are Poisson), so the pool's rate
is Gamma too: shape R a + k, rate b + E for k arrivals of R contributors in E worked days. Beside
finished projects it is drawn half-way to theirs. Then the back-tests speak: how far, in logarithms,
forecasts at such progress missed, as a line over progress and a spread between projects, and the
spread is Student's with as many degrees of freedom as there are independent projects.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import numpy as np

from scuderia.basics.clock import require_aware
from scuderia.basics.errors import BadInput
from scuderia.datasets.engine.forecast_errors import BackTest, Misses, misses_of, pooled_rate

IDLE_HOURS = 36
DRAWS = 4_000
HORIZON_DAYS = 3_650
_DAY_S = 86_400
_HOUR_S = 3_600
_WEEK = 7
_WEEKDAY_PRIOR_DAYS = 4.0
_STOP_HOURS = 72
_OWN_POINTS = (0.25, 0.5, 0.75)
_OWN_ARRIVALS_MIN = 40
_SHAPE_MAX = 100.0
_CHANGE_MAX = 10**9
_OVERLAP_MAX = 100.0
_BUSIEST = 3

Floats = np.ndarray
"""Shape (n,), float64."""
Ints = np.ndarray
"""Shape (n,), int64."""


class BadForecast(BadInput):
    """What was asked of a forecast makes no sense."""

    code = "DATA-087"
    remedy = "Give a target and changes not below zero, and pauses that end after they begin."


class ForecastState(StrEnum):
    """What a forecast can say.

    EXPECTED    dates
    REACHED     the target is reached already
    PAUSED      the project is paused with no end told: days of work, no date
    NO_WORK     nothing has arrived, or all of it at one instant: no rate, no date
    """

    EXPECTED = "expected"
    REACHED = "reached"
    PAUSED = "paused"
    NO_WORK = "no_work"


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause that somebody declared: [start, end), or open."""

    start: datetime
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class ForecastAsked:
    """What is asked.

    target   how many judgments make the project done
    """

    target: int
    now: datetime
    seed: int = 0
    pauses: tuple[Pause, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What if: each as a change from now on.

    more_raters   contributors more, each at the pool's mean rate
    without       contributors that stop
    more_target   judgments more
    overlap       judgments an item then, over now: 4 of 5 is 0.8 of what is left
    lost_days     days without work
    """

    more_raters: int = 0
    without: frozenset[str] = frozenset()
    more_target: int = 0
    overlap: float = 1.0
    lost_days: float = 0.0


@dataclass(frozen=True, slots=True)
class Mover:
    """A change in words, and by how many days it moves the P50 (later is above zero)."""

    what: str
    days: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """When a target is reached, or why no date can be said.

    low, high      the P10 and the P90: between them lies 80 in 100 of what may come
    p50, p80, p95  by when the target is reached with that probability
    work_days      the same three in days of work from now, where no date can be said too
    groups         how many independent projects the spread was learned from
    interrupted    how many of them stood still for IDLE_HOURS or more after such progress
    movers         what moves the date, most first
    """

    state: ForecastState
    words: str
    done: int
    target: int
    low: datetime | None = None
    p50: datetime | None = None
    p80: datetime | None = None
    p95: datetime | None = None
    high: datetime | None = None
    work_days: tuple[float, float, float] | None = None
    groups: int = 0
    interrupted: int = 0
    movers: tuple[Mover, ...] = ()


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Judgments as they came, by instant.

    seconds   shape (n,), Unix seconds, ascending
    raters    shape (n,), each the place of its contributor in `names`
    """

    seconds: Ints
    raters: Ints
    names: tuple[str, ...] = field(default=())

    @staticmethod
    def of(judged: Iterable[tuple[str, datetime]]) -> "Arrivals":
        """Return the arrivals of (contributor, instant) in any order."""
        told = sorted((require_aware(at, field="instant").timestamp(), who) for who, at in judged)
        names = sorted({who for _, who in told})
        place = {who: at for at, who in enumerate(names)}
        return Arrivals(
            np.array([int(at) for at, _ in told], dtype=np.int64),
            np.array([place[who] for _, who in told], dtype=np.int64),
            tuple(names),
        )

    def until(self, second: int) -> "Arrivals":
        """Return what came up to that second, it included."""
        kept = int(np.searchsorted(self.seconds, second, side="right"))
        return replace(self, seconds=self.seconds[:kept], raters=self.raters[:kept])


@dataclass(frozen=True, slots=True)
class Pool:
    """What is known of the pool's rate: Gamma(shape, rate) arrivals a worked day.

    worked_days   E
    """

    shape: float
    rate: float
    worked_days: float
    contributors: int

    @property
    def per_day(self) -> float:
        """Return the mean."""
        return self.shape / self.rate

    @property
    def per_contributor(self) -> float:
        """Return the mean rate of one contributor of the pool."""
        return self.per_day / self.contributors


def forecast(
    arrivals: Arrivals,
    asked: ForecastAsked,
    past: Sequence[BackTest] = (),
    change: Change | None = None,
) -> Forecast:
    """Say when the target is reached.

    past     back-tests of finished projects; without any, the project's own earlier points
    change   what if
    raises   BadForecast
    """
    _check(asked, change or Change())
    now = int(asked.now.timestamp())
    arrivals = arrivals.until(now)
    done, change = arrivals.seconds.size, change or Change()
    left = max(0.0, (asked.target - done) * change.overlap + change.more_target)
    if not left:
        words = f"{done:,} of {asked.target:,} judgments are there"
        return Forecast(ForecastState.REACHED, words, done, asked.target)
    pool = pool_of(arrivals, asked)
    if pool is None:
        words = "no date: nothing arrived over time yet, so there is no rate"
        return Forecast(ForecastState.NO_WORK, words, done, asked.target)
    per_day = _changed_rate(arrivals, pool, change)
    progress = min(1.0, done / (done + left))
    misses = misses_of(past or own_back_tests(arrivals, asked), progress)
    days = change.lost_days + _days_drawn(pool, per_day, left, past, misses, asked.seed)
    of = np.quantile(days, (0.5, 0.8, 0.95)).tolist()
    told = Forecast(
        ForecastState.EXPECTED,
        "",
        done,
        asked.target,
        work_days=(of[0], of[1], of[2]),
        groups=misses.groups,
        interrupted=misses.interrupted,
    )
    resumes = _resumes(asked)
    if resumes is None:
        words = f"paused: {of[0]:.1f} days of work are left (P50), from the day it goes on"
        return replace(told, state=ForecastState.PAUSED, words=words)
    return _dated(
        told, days, _Calendar(arrivals, pool, asked.now, resumes), _idle_days(arrivals, asked)
    )


def what_moves(
    arrivals: Arrivals, asked: ForecastAsked, past: Sequence[BackTest] = ()
) -> tuple[Mover, ...]:
    """Return what moves the P50, most first; nothing where there is no date."""
    before = forecast(arrivals, asked, past)
    if before.work_days is None:
        return ()
    kept = arrivals.until(int(asked.now.timestamp()))
    counts = np.bincount(kept.raters, minlength=len(kept.names))
    busiest = np.argsort(-counts, kind="stable")[:_BUSIEST].tolist()
    share = counts[busiest].sum() / max(1, counts.sum())
    changes = (
        (
            f"the {len(busiest)} busiest contributors stop ({share:.0%} of what arrived)",
            Change(without=frozenset(kept.names[at] for at in busiest)),
        ),
        ("a tenth more contributors", Change(more_raters=max(1, len(kept.names) // 10))),
        ("a tenth more to judge", Change(more_target=max(1, asked.target // 10))),
        ("one judgment in five less of each item left", Change(overlap=0.8)),
        ("two days without work", Change(lost_days=2.0)),
    )
    movers = []
    for words, change in changes:
        after = forecast(arrivals, asked, past, change)
        p50 = after.work_days[0] if after.work_days else 0.0
        movers.append(Mover(words, round(p50 - before.work_days[0], 2)))
    return tuple(sorted(movers, key=lambda one: -abs(one.days)))


def pool_of(arrivals: Arrivals, asked: ForecastAsked) -> Pool | None:
    """Return the pool's rate, its Gamma's shape by moments; none without time to count by."""
    if arrivals.seconds.size == 0:
        return None
    worked = worked_days(arrivals.seconds, int(asked.now.timestamp()), asked.pauses)
    if worked <= 0:
        return None
    counts = np.bincount(arrivals.raters)
    counts = counts[counts > 0]
    mean, spread = float(counts.mean()), float(counts.var())
    shape = min(_SHAPE_MAX, mean * mean / (spread - mean)) if spread > mean else _SHAPE_MAX
    rate = shape * worked / mean
    return Pool(counts.size * shape + counts.sum(), rate + worked, worked, counts.size)


def worked_days(seconds: Ints, now: int, pauses: Sequence[Pause] = ()) -> float:
    """Return the days worked from the first arrival to now: no gap of IDLE_HOURS, no pause.

    A gap that still lasts is one too.
    """
    return float(worked_clock(np.append(seconds, now), pauses)[-1])


def worked_clock(seconds: Ints, pauses: Sequence[Pause] = ()) -> Floats:
    """Return for each instant the days worked since the first; seconds ascending."""
    gaps = np.diff(seconds).astype(float)
    gaps[gaps >= IDLE_HOURS * _HOUR_S] = 0.0
    for start, end in _apart(pauses):
        inside = np.minimum(seconds[1:], end) - np.maximum(seconds[:-1], start)
        gaps -= np.minimum(gaps, np.maximum(inside, 0.0))
    return np.concatenate([[0.0], np.cumsum(gaps)]) / _DAY_S


def back_tests(
    arrivals: Arrivals,
    target: int,
    group: str,
    points: Iterable[float] = _OWN_POINTS,
    pauses: Sequence[Pause] = (),
) -> list[BackTest]:
    """Return how a finished project's own rate would have foretold its end, at these progresses.

    group   projects that ran side by side are one: they share their interruptions
    """
    if arrivals.seconds.size < target:
        return []
    clock = worked_clock(arrivals.seconds, pauses)
    found = []
    for point in points:
        done = max(1, int(np.ceil(point * target)))
        now, end = int(arrivals.seconds[done - 1]), int(arrivals.seconds[target - 1])
        asked = ForecastAsked(target, datetime.fromtimestamp(now, UTC), pauses=tuple(pauses))
        pool = pool_of(arrivals.until(now), asked)
        worked = float(clock[target - 1] - clock[done - 1])
        if pool is None or done >= target or worked <= 0:
            continue
        lost = (end - now) / _DAY_S - worked
        found.append(
            BackTest(
                group=group,
                progress=done / target,
                left=target - done,
                own_per_day=pool.per_day,
                worked_days=worked,
                whole_per_day=target / float(clock[target - 1]),
                was_interrupted=lost * _DAY_S >= IDLE_HOURS * _HOUR_S,
            )
        )
    return found


def own_back_tests(arrivals: Arrivals, asked: ForecastAsked) -> list[BackTest]:
    """Return the same of this project's own past: as if what is there now had been the target."""
    done = arrivals.seconds.size
    if done < _OWN_ARRIVALS_MIN:
        return []
    return back_tests(arrivals, done, "own", pauses=asked.pauses)


def side_by_side(projects: Mapping[str, Arrivals]) -> dict[str, str]:
    """Return a group for each project: one for those that ran side by side.

    Two did if they share half of the shorter one's time; whoever is linked by others is too.
    """
    spans = {
        name: (int(one.seconds[0]), int(one.seconds[-1]))
        for name, one in sorted(projects.items())
        if one.seconds.size
    }
    group = {name: name for name in projects}
    for name, (start, end) in spans.items():
        for other, (begun, ended) in spans.items():
            shorter = min(end - start, ended - begun)
            if other < name and min(end, ended) - max(start, begun) >= shorter / 2:
                old, new = group[name], group[other]
                group = {one: new if of == old else of for one, of in group.items()}
    return group


def _apart(pauses: Sequence[Pause]) -> list[tuple[float, float]]:
    """Return the pauses in Unix seconds, those that overlap as one."""
    found: list[tuple[float, float]] = []
    for pause in sorted(pauses, key=lambda one: one.start):
        start = pause.start.timestamp()
        end = pause.end.timestamp() if pause.end else np.inf
        if found and start <= found[-1][1]:
            before = found.pop()
            start, end = before[0], max(end, before[1])
        found.append((start, end))
    return found


def _check(asked: ForecastAsked, change: Change) -> None:
    require_aware(asked.now, field="now")
    if asked.target < 0:
        raise BadForecast(f"a target of {asked.target:,} judgments is none")
    said = (change.more_raters, change.more_target, change.lost_days)
    if not (all(0 <= one < _CHANGE_MAX for one in said) and 0 <= change.overlap <= _OVERLAP_MAX):
        raise BadForecast("a change from now on is at or above zero, and no more than could be")
    for pause in asked.pauses:
        require_aware(pause.start, field="pause")
        if pause.end is not None and require_aware(pause.end, field="pause") <= pause.start:
            raise BadForecast("a pause ends before it begins")


def _changed_rate(arrivals: Arrivals, pool: Pool, change: Change) -> float:
    """Return the pool's mean rate after the change; at least a thousandth of what it was."""
    gone = sum(
        (pool.shape - arrivals.seconds.size) / pool.contributors + count
        for name, count in zip(
            arrivals.names, np.bincount(arrivals.raters, minlength=len(arrivals.names)), strict=True
        )
        if name in change.without and count
    )
    after = pool.per_day - gone / pool.rate + change.more_raters * pool.per_contributor
    return float(max(after, pool.per_day / 1_000))


def _days_drawn(
    pool: Pool, per_day: float, left: float, past: Sequence[BackTest], misses: Misses, seed: int
) -> Floats:
    """Return draws of the days of work left, shape (DRAWS,)."""
    rng = np.random.default_rng(seed)
    own = rng.gamma(pool.shape, 1.0 / pool.rate, DRAWS)
    among = pooled_rate(past)
    rate = own if among is None else np.sqrt(own * among)
    rate *= per_day / pool.per_day
    noise = rng.gamma(left, 1.0 / left, DRAWS)  # Poisson arrivals: the wait for the last of them
    missed = misses.middle + misses.spread * rng.standard_t(misses.freedom, DRAWS)
    bound = np.log(10.0 * HORIZON_DAYS)
    logs = np.log(left) - np.log(rate) + np.log(noise) + missed
    drawn: Floats = np.exp(np.clip(logs, -bound, bound))
    return drawn


def _resumes(asked: ForecastAsked) -> datetime | None:
    """Return from when on there is work; none where it is paused without an end."""
    at = asked.now
    for pause in sorted(asked.pauses, key=lambda one: one.start):
        if pause.start <= at:
            if pause.end is None:
                return None
            at = max(at, pause.end)
    return at


def _idle_days(arrivals: Arrivals, asked: ForecastAsked) -> float:
    """Return for how long nothing has arrived, if that is no ordinary gap; else 0."""
    idle = int(asked.now.timestamp()) - int(arrivals.seconds[-1])
    return idle / _DAY_S if idle >= IDLE_HOURS * _HOUR_S else 0.0


class _Calendar:
    """Days of work as instants: a weekday on which less arrives takes longer."""

    def __init__(self, arrivals: Arrivals, pool: Pool, now: datetime, start: datetime) -> None:
        self._start = start
        factors = _weekday_factors(arrivals, pool, int(now.timestamp()))
        hours = np.arange(HORIZON_DAYS * 24)
        weekday = ((hours + start.hour) // 24 + start.weekday()) % _WEEK
        self._worked = np.concatenate([[0.0], np.cumsum(factors[weekday] / 24)])

    def at(self, days: float) -> datetime | None:
        """Return the instant after so many days of work; none beyond HORIZON_DAYS."""
        if days > self._worked[-1]:
            return None
        hours = float(np.interp(days, self._worked, np.arange(self._worked.size)))
        return self._start + timedelta(hours=hours)


def _weekday_factors(arrivals: Arrivals, pool: Pool, now: int) -> Floats:
    """Return what a weekday (0 is Monday, UTC) brings of a worked day's arrivals, shape (7,).

    A weekday's own days weigh against _WEEKDAY_PRIOR_DAYS ordinary ones. Days in a gap of
    _STOP_HOURS or more are of no weekday: the work stood still.
    """
    seconds = arrivals.seconds
    hours = np.arange(int(seconds[0]) // _HOUR_S, now // _HOUR_S)
    ends = np.append(seconds, now)
    before = np.searchsorted(seconds, hours * _HOUR_S, side="right").clip(1)
    gaps = ends[before] - seconds[before - 1]
    worked = hours[gaps < _STOP_HOURS * _HOUR_S]
    seen = np.bincount((worked // 24 + 3) % _WEEK, minlength=_WEEK) / 24  # Unix began on Thursday
    counts = np.bincount((seconds // _DAY_S + 3) % _WEEK, minlength=_WEEK)
    told: Floats = (counts / pool.per_day + _WEEKDAY_PRIOR_DAYS) / (seen + _WEEKDAY_PRIOR_DAYS)
    return told


def _dated(told: Forecast, days: Floats, calendar: _Calendar, idle_days: float) -> Forecast:
    low, high = np.quantile(days, (0.1, 0.9)).tolist()
    p50, p80, p95 = (calendar.at(one) for one in told.work_days or ())
    words = "if nothing interrupts the work"
    if told.interrupted:
        words += f"; {told.interrupted} of {told.groups} past projects stood still after this"
    if idle_days:
        words += f"; nothing arrived for {idle_days:.1f} days: if it goes on now"
    return replace(
        told,
        words=words,
        low=calendar.at(low),
        p50=p50,
        p80=p80,
        p95=p95,
        high=calendar.at(high),
    )
