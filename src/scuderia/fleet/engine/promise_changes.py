"""Which days that had begun a changed promise was changed for; pure."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from scuderia.fleet.engine.facts import SlaFact


class ChangedDays(NamedTuple):
    """Days [first, last] that are held to `after` instead of `before`; None promises nothing."""

    first: date
    last: date
    before: SlaFact
    after: SlaFact | None


def changed_days(
    before: Sequence[SlaFact], after: Sequence[SlaFact], *, until: date
) -> tuple[ChangedDays, ...]:
    """Return the days up to `until` for which something else is promised than was.

    before, after   by first day
    returns         stretches in the order of their days. Days for which nothing was promised are
                    none of them: to describe the past for the first time changes no promise
    """
    edges = sorted({sla.first_day for sla in (*before, *after)})
    starts = [day for day in map(date.fromisoformat, edges) if day <= until]
    ends = [*(day - timedelta(days=1) for day in starts[1:]), *([until] if starts else [])]
    found: list[ChangedDays] = []
    for first, last in zip(starts, ends, strict=True):
        was, now = promised_on(before, first), promised_on(after, first)
        if was is None or _terms(was) == _terms(now):
            continue
        told = found[-1] if found and found[-1].last + timedelta(days=1) == first else None
        if told and _changed(told.before, told.after) == _changed(was, now):
            found[-1] = told._replace(last=last)
        else:
            found.append(ChangedDays(first, last, was, now))
    return tuple(found)


def promised_on(slas: Sequence[SlaFact], day: date) -> SlaFact | None:
    """Return the promise that holds on a day: the last that begins by then; None: none does."""
    begun = [sla for sla in slas if sla.first_day <= day.isoformat()]
    return begun[-1] if begun else None


def _changed(was: SlaFact | None, now: SlaFact | None) -> tuple[object, object]:
    return _terms(was), _terms(now)


def _terms(sla: SlaFact | None) -> tuple[float, str] | None:
    return None if sla is None else (sla.target, sla.time_zone)
