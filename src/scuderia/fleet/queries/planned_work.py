"""Who works on which node as planned, as the calendars tell it that other rooms keep."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.nouns import PlannedWork
from scuderia.fleet.ports import registry

_BEFORE = timedelta(days=1)
"""How far back work that goes on is followed into what it follows at once."""


def planned_work(
    nodes: Iterable[str], since: AwareDatetime, until: AwareDatetime
) -> dict[str, tuple[PlannedWork, ...]]:
    """Return the stretches of work on each node that touch [since, until]; none: not told.

    Work that overlaps or follows at once is one stretch.
    """
    names, told = set(nodes), dict[str, list[PlannedWork]]()
    for calendar in registry.calendars.values() if names else ():
        for node, found in calendar.work_on(names, since=since, until=until).items():
            told.setdefault(node, []).extend(found)
    return {node: _joined(found) for node, found in told.items()}


def work_at(nodes: Iterable[str], at: AwareDatetime) -> dict[str, PlannedWork]:
    """Return the stretch of work that each node is in at an instant; none: it is in none."""
    told = planned_work(nodes, at - _BEFORE, at)
    return {node: one for node, stretches in told.items() for one in stretches if one.holds(at)}


def faults_kept_back(
    began: Mapping[str, AwareDatetime], now: AwareDatetime
) -> dict[str, PlannedWork]:
    """Return, of nodes that broke then, those that broke inside work, with its stretch.

    While the stretch lasts the fault is of the work; once it is over, what still is out is a fault.
    """
    told = planned_work(began, min(began.values(), default=now), now)
    return {
        node: one for node, stretches in told.items() for one in stretches if one.holds(began[node])
    }


def _joined(found: Iterable[PlannedWork]) -> tuple[PlannedWork, ...]:
    stretches: list[PlannedWork] = []
    for one in sorted(found, key=lambda work: (work.start, work.until)):
        if stretches and one.start <= stretches[-1].until:
            last = stretches.pop()
            words = last.words if one.words in last.words else f"{last.words}; {one.words}"
            stretches.append(PlannedWork(last.start, max(last.until, one.until), words))
        else:
            stretches.append(one)
    return tuple(stretches)
