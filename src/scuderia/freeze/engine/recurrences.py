"""Expands a recurrence rule on the wall clock: which local times it names, in order.

It knows no zone: `occurrences` turns wall times into instants. Source: RFC 5545 3.3.10, whose
table of what each part expands or limits is kept as one filter of days and one of times. Where its
text leaves a choice: a rule's first occurrence is the first it names, whether or not DTSTART is
one; BYWEEKNO alone means DTSTART's weekday; BYMONTHDAY in a year without BYMONTH means every
month; BYSETPOS counts in the whole period, the days before DTSTART with it.
"""

from calendar import isleap, monthrange
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import product

from scuderia.freeze.engine.recurrence_rules import RecurrenceRule, last_start
from scuderia.freeze.nouns import TooManyOccurrences, WallTime

_STEPS_MAX = 500_000
"""Hours, minutes or seconds looked at before a rule is given up: nobody means a year of minutes."""
_EMPTY_YEARS = 800
"""Two whole cycles of the calendar: what was not named in so long is never named."""
_STEP_S = {"HOURLY": 3_600, "MINUTELY": 60, "SECONDLY": 1}
_DAY = timedelta(days=1)
_LAST = datetime(9999, 12, 30)  # noqa: DTZ001 - a wall time has no zone


def wall_times(
    rule: RecurrenceRule,
    first: WallTime,
    *,
    since: WallTime | None = None,
    before: WallTime | None = None,
) -> Iterator[WallTime]:
    """Yield the wall times that `rule` names from `first` (DTSTART) on, in order.

    since    those earlier may be left out, where nothing has to be counted from the start
    before   where to stop; None: at COUNT, at UNTIL, or at the end of the year 9999
    raises   TooManyOccurrences: millions of periods passed without an end
    """
    last = last_start(rule)
    left = rule.count
    skip_to = since if rule.count is None else None
    for at in _named(rule, first, skip_to):
        if (before is not None and at >= before) or (last is not None and at > last):
            return
        yield at
        if left is not None:
            left -= 1
            if left == 0:
                return


def _named(rule: RecurrenceRule, first: WallTime, skip_to: WallTime | None) -> Iterator[WallTime]:
    if rule.freq in _STEP_S:
        yield from _within_days(rule, first, skip_to)
        return
    for day_set in _day_sets(rule, first, skip_to):
        times = _times(rule, first)
        found = [datetime.combine(day, at) for day, at in product(day_set, times)]
        yield from (at for at in _at_positions(found, rule.positions) if at >= first)


def _at_positions(found: list[WallTime], positions: tuple[int, ...]) -> list[WallTime]:
    """Return those of a period that BYSETPOS names; all of them without one."""
    if not positions:
        return found
    size = len(found)
    places = {at - 1 if at > 0 else size + at for at in positions if abs(at) <= size}
    return [found[place] for place in sorted(places)]


# ---- days: years, months, weeks, days ---------------------------------------------------------


def _day_sets(
    rule: RecurrenceRule, first: WallTime, skip_to: WallTime | None
) -> Iterator[list[date]]:
    """Yield the days of each period that the rule names, period by period."""
    start = first.date()
    seen = max(start, skip_to.date()) if skip_to else start
    for days in _periods(rule, start, seen):
        named = [day for day in days if _is_named(rule, start, day)]
        if named:
            seen = days[-1]
            yield named
        elif days[-1].year - seen.year > _EMPTY_YEARS:
            return


def _periods(rule: RecurrenceRule, start: date, skip_to: date) -> Iterator[list[date]]:
    """Yield every `interval`th year, month, week or day as its days, from that of `skip_to` on."""
    if rule.freq == "YEARLY":
        late = max(0, skip_to.year - start.year) // rule.interval
        for year in range(start.year + late * rule.interval, 10_000, rule.interval):
            yield [date(year, 1, 1) + _DAY * at for at in range(365 + isleap(year))]
    elif rule.freq == "MONTHLY":
        months = start.year * 12 + start.month - 1
        late = max(0, skip_to.year * 12 + skip_to.month - 1 - months) // rule.interval
        for month in range(months + late * rule.interval, 10_000 * 12, rule.interval):
            year, number = divmod(month, 12)
            length = monthrange(year, number + 1)[1]
            yield [date(year, number + 1, day + 1) for day in range(length)]
    else:
        size = 7 if rule.freq == "WEEKLY" else 1
        back = (start.weekday() - rule.week_start) % 7 if size == 7 else 0  # noqa: PLR2004 - a week
        ordinal = start.toordinal() - back
        step = size * rule.interval
        late = max(0, skip_to.toordinal() - ordinal) // step
        for day in range(ordinal + late * step, date.max.toordinal() - size, step):
            yield [date.fromordinal(day + at) for at in range(size)]


def _is_named(rule: RecurrenceRule, start: date, day: date) -> bool:
    """Say whether the parts that speak of days name `day`; what none says, DTSTART says."""
    if rule.months and day.month not in rule.months:
        return False
    if rule.weeks and not _in_weeks(rule, day):
        return False
    if rule.days_of_year and not _in(rule.days_of_year, _day_of_year(day), 365 + isleap(day.year)):
        return False
    if rule.days_of_month and not _in(
        rule.days_of_month, day.day, monthrange(day.year, day.month)[1]
    ):
        return False
    if rule.days_of_week:
        return _on_days_of_week(rule, day)
    if rule.days_of_month or rule.days_of_year:
        return True
    return _as_the_start(rule, start, day)


def _as_the_start(rule: RecurrenceRule, start: date, day: date) -> bool:
    """Say whether the day is where DTSTART stands in its own period."""
    if rule.weeks or rule.freq == "WEEKLY":
        return day.weekday() == start.weekday()
    if rule.freq == "YEARLY" and not rule.months and day.month != start.month:
        return False
    return rule.freq not in ("YEARLY", "MONTHLY") or day.day == start.day


def _in(numbers: tuple[int, ...], number: int, size: int) -> bool:
    return number in numbers or number - size - 1 in numbers


def _day_of_year(day: date) -> int:
    return day.timetuple().tm_yday


def _on_days_of_week(rule: RecurrenceRule, day: date) -> bool:
    for named in rule.days_of_week:
        if named.weekday == day.weekday() and (
            not named.nth or named.nth in _places_of_weekday(rule, day)
        ):
            return True
    return False


def _places_of_weekday(rule: RecurrenceRule, day: date) -> tuple[int, int]:
    """Return which of its weekday the day is, in its month or year, from either end."""
    if rule.freq == "MONTHLY" or rule.months:
        at, size = day.day, monthrange(day.year, day.month)[1]
    else:
        at, size = _day_of_year(day), 365 + isleap(day.year)
    return (at - 1) // 7 + 1, -((size - at) // 7 + 1)


def _in_weeks(rule: RecurrenceRule, day: date) -> bool:
    week, size = _week_of(day, rule.week_start)
    return _in(rule.weeks, week, size)


@lru_cache(maxsize=4_096)
def _week_of(day: date, week_start: int) -> tuple[int, int]:
    """Return the number of the day's week in its own week-year, and how many that year has."""
    for year in (day.year + 1, day.year, day.year - 1):
        first = _first_week(year, week_start)
        if day.toordinal() >= first:
            return (day.toordinal() - first) // 7 + 1, (
                _first_week(year + 1, week_start) - first
            ) // 7
    raise AssertionError(day)


def _first_week(year: int, week_start: int) -> int:
    """Return the ordinal of the first day of the first week with four days in `year`."""
    ordinal = date.max.toordinal() + 1 if year > date.max.year else date(year, 1, 1).toordinal()
    back = (ordinal - 1 - week_start) % 7
    return ordinal - back if back <= 3 else ordinal - back + 7  # noqa: PLR2004 - four days or more


def _times(rule: RecurrenceRule, first: WallTime) -> list[time]:
    return [
        time(hour, minute, second)
        for hour in sorted(rule.hours) or [first.hour]
        for minute in sorted(rule.minutes) or [first.minute]
        for second in sorted(rule.seconds) or [first.second]
    ]


# ---- times within days: hours, minutes, seconds -----------------------------------------------


def _within_days(
    rule: RecurrenceRule, first: WallTime, skip_to: WallTime | None
) -> Iterator[WallTime]:
    """Yield the times of every `interval`th hour, minute or second that the other parts allow."""
    size = timedelta(seconds=_STEP_S[rule.freq])
    start = first.replace(minute=0, second=0) if rule.freq == "HOURLY" else first
    start = start.replace(second=0) if rule.freq == "MINUTELY" else start
    step = size * rule.interval
    at = start if skip_to is None else _on_step(start, step, skip_to - step)
    for _ in range(_STEPS_MAX):
        if at > _LAST - step:
            return
        allowed_from = _allowed_from(rule, first, at)
        if allowed_from > at:
            at = _on_step(start, step, allowed_from)
            continue
        yield from (
            one for one in _at_positions(_inside(rule, first, at), rule.positions) if one >= first
        )
        at += step
    raise TooManyOccurrences("the rule names nothing, or too much, for half a million steps")


def _on_step(start: WallTime, step: timedelta, at: WallTime) -> WallTime:
    """Return the first period at or after `at`."""
    return start + max(0, -((start - at) // step)) * step


def _allowed_from(rule: RecurrenceRule, first: WallTime, at: WallTime) -> WallTime:
    """Return `at` where its day, hour and minute are allowed, else when the next begins."""
    midnight = datetime.combine(at.date(), time())
    if not _day_is_allowed(rule, first.date(), at.date()):
        return midnight + _DAY
    if rule.hours and at.hour not in rule.hours:
        return at.replace(minute=0, second=0) + timedelta(hours=1)
    if rule.freq != "HOURLY" and rule.minutes and at.minute not in rule.minutes:
        return at.replace(second=0) + timedelta(minutes=1)
    if rule.freq == "SECONDLY" and rule.seconds and at.second not in rule.seconds:
        return at + timedelta(seconds=1)
    return at


@lru_cache(maxsize=64)
def _day_is_allowed(rule: RecurrenceRule, start: date, day: date) -> bool:
    named = rule.months or rule.days_of_year or rule.days_of_month or rule.days_of_week
    return not named or _is_named(rule, start, day)


def _inside(rule: RecurrenceRule, first: WallTime, at: WallTime) -> list[WallTime]:
    """Return the times inside one hour, minute or second."""
    minutes = (sorted(rule.minutes) or [first.minute]) if rule.freq == "HOURLY" else [at.minute]
    seconds = [at.second] if rule.freq == "SECONDLY" else sorted(rule.seconds) or [first.second]
    return [at.replace(minute=minute, second=second) for minute in minutes for second in seconds]
