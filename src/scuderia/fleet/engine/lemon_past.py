"""What is known of a whole fleet's outages, as arrays: pace, memory, stretches of service."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from scuderia.fleet.engine.lemon import PACES_DAYS, TAUS_DAYS, Days1D, Memory, NodeHistory, Paces1D

PRIOR_RATE = 4.2e-3
"""Outages per node-day; five published fleets lie between 2.3e-3 and 6.5e-3."""
PRIOR_OUTAGES = 0.5
BURST_OUTAGES = 2.0

Places1D: TypeAlias = NDArray[np.intp]
"""Shape (n,), places in the order of the histories."""


@dataclass(frozen=True, slots=True, eq=False)
class FleetPast:
    """Every outage of a fleet, by node and then in the order of time.

    node           which history each outage is of, shape (n_outages,)
    starts, ends   days, shape (n_outages,); one that still lasts ends at infinity
    since          day on which each node appeared, shape (n_histories,)
    quiet          how many nodes never failed; they are at risk from day 0
    tells          how much each return tells of its node, shape (n_outages,), in (0, 1]: less when
                   the rest of the fleet was failing more often, that month, than over its year
    """

    node: Places1D
    starts: Days1D
    ends: Days1D
    since: Days1D
    quiet: int
    tells: NDArray[np.float64]

    def rate(self, at: float, *, over_days: float) -> float:
        """Return the fleet's outages per node-day in service, as known just before day `at`.

        What lies `over_days` back weighs 1/e; half an outage at PRIOR_RATE gives a young fleet a
        rate. An outage that begins at `at` itself is not looked at: it would explain itself.
        """
        known = self.starts < at
        starts, ends = self.starts[known], np.minimum(self.ends[known], at)
        faded = np.exp((starts - at) / over_days)
        appeared = np.minimum(np.append(self.since, 0.0), at)
        nodes = np.append(np.ones(len(self.since)), self.quiet)
        there = float(nodes @ -np.expm1((appeared - at) / over_days))
        out = float(np.sum(np.exp((ends - at) / over_days) - faded))
        return _smoothed(float(np.sum(faded)), over_days * (there - out))

    def paces(self, at: float) -> Paces1D:
        """Return the fleet's rate over its last month and its last year, as known before `at`."""
        return np.array([self.rate(at, over_days=days) for days in PACES_DAYS])

    def in_service_by_day(self, days: int) -> Days1D:
        """Return how many nodes were in service at every midnight from 0 to days - 1."""
        there = _counted(self.since, days, "right") + self.quiet
        return there - _counted(self.starts, days, "right") + _counted(self.ends, days, "right")

    def memory(self, at: float) -> Memory:
        """Return what is still felt of every node's returns at day `at`, shape (n_histories, 5).

        It is the sum over returns of `tells` times exp(-age / tau). An outage that still lasts
        counts as if it ended now: the score of a node that is out is that of its return.
        """
        known = self.starts <= at
        felt = _felt(self.tells[known], self.ends[known], at)
        found = np.zeros((len(self.since), len(TAUS_DAYS)))
        np.add.at(found, self.node[known], felt)
        return found

    def memory_of(self, place: int, at: float) -> Memory:
        """Return the memory of one node, shape (1, 5)."""
        own = slice(*np.searchsorted(self.node, [place, place + 1]))
        known = self.starts[own] <= at
        felt = _felt(self.tells[own][known], self.ends[own][known], at)
        return np.asarray(felt.sum(axis=0, keepdims=True))

    def begun_within(self, after: float, until: float) -> NDArray[np.float64]:
        """Return each node's outages that began within (after, until], shape (n_histories,)."""
        here = (self.starts > after) & (self.starts <= until)
        return np.bincount(self.node[here], minlength=len(self.since)).astype(float)

    def is_away(self, at: float) -> NDArray[np.bool_]:
        """Return which nodes are out, or not there yet, at day `at`; shape (n_histories,)."""
        here = (self.starts <= at) & (at < self.ends)
        out = np.bincount(self.node[here], minlength=len(self.since)) > 0
        return np.asarray(out | (self.since > at))


def _felt(tells: NDArray[np.float64], ends: Days1D, at: float) -> Memory:
    # of each return; an outage that still lasts counts as if it ended now
    ages = at - np.minimum(ends, at)
    return np.asarray(tells[:, None] * np.exp(-ages[:, None] / TAUS_DAYS))


def past_of(histories: Sequence[NodeHistory], *, nodes: int) -> FleetPast:
    """Lay the histories side by side.

    nodes   all nodes at risk, the ones without a history included
    """
    empty = [np.zeros(0)]
    starts = np.concatenate([one.starts for one in histories] or empty)
    alike = FleetPast(
        node=np.repeat(np.arange(len(histories)), [len(one.starts) for one in histories]),
        starts=starts,
        ends=np.concatenate([one.ends for one in histories] or empty),
        since=np.array([one.since for one in histories], dtype=float),
        quiet=max(nodes - len(histories), 0),
        tells=np.ones(len(starts)),
    )
    return replace(alike, tells=_tells(alike))


def _tells(past: FleetPast) -> NDArray[np.float64]:
    # what the others did: a node that keeps failing is no burst of the fleet. The month is drawn
    # towards the year, or every outage of a young fleet would be a burst
    days = int(np.max(past.starts, initial=0.0)) + 1
    (outages, served), (year_outages, year_served) = (
        _others_on_mornings(past, days, over_days) for over_days in PACES_DAYS
    )
    year = _smoothed(year_outages, year_served)
    month = (outages + BURST_OUTAGES) / (served + BURST_OUTAGES / year)
    return np.asarray(np.minimum(year / month, 1.0))


def _others_on_mornings(past: FleetPast, days: int, over_days: float) -> tuple[Days1D, Days1D]:
    mornings = past.starts.astype(int)
    outages, served = _seen_by_day(past, days, over_days)
    own = np.zeros(len(mornings))
    edges = np.searchsorted(past.node, np.arange(len(past.since) + 1))
    for first, last in pairwise(edges):
        starts, morning = past.starts[first:last], mornings[first:last, None]
        own[first:last] = np.sum(
            np.exp(np.minimum(starts - morning, 0.0) / over_days) * (starts < morning), axis=1
        )
    return np.maximum(outages[mornings] - own, 0.0), served[mornings]


def paces_by_day(past: FleetPast, days: int) -> NDArray[np.float64]:
    """Return FleetPast.paces of every midnight from 0 to days - 1, in one pass over the outages.

    returns   shape (2, days)
    """
    return np.array([
        _smoothed(*_seen_by_day(past, days, over_days)) for over_days in PACES_DAYS
    ])  # fmt: skip


def _seen_by_day(past: FleetPast, days: int, over_days: float) -> tuple[Days1D, Days1D]:
    # outages, and node-days in service, each weighed by how long before the midnight it was
    starts = _faded_by_day(past.starts, days, over_days)
    ends = _faded_by_day(past.ends, days, over_days)
    lasting = _counted(past.starts, days, "left") - _counted(past.ends, days, "left")
    appeared = np.concatenate([past.since, np.zeros(past.quiet)])
    there = _counted(appeared, days, "left") - _faded_by_day(appeared, days, over_days)
    return starts, over_days * (there - (ends + lasting - starts))


def _faded_by_day(moments: Days1D, days: int, over_days: float) -> Days1D:
    # the sum of exp(-age / over_days) over the moments before each midnight, carried day by day
    here = moments[moments < days - 1]
    midnight = np.floor(here) + 1
    arrived = np.bincount(midnight.astype(int), np.exp((here - midnight) / over_days), days)
    carried, total, fades = np.zeros(days), 0.0, float(np.exp(-1 / over_days))
    for day in range(days):
        total = total * fades + float(arrived[day])
        carried[day] = total
    return carried


def _counted(moments: Days1D, days: int, side: Literal["left", "right"]) -> Days1D:
    # how many moments lie before each midnight (left), or at the latest at it (right)
    found = np.searchsorted(np.sort(moments), np.arange(days, dtype=float), side=side)
    return found.astype(float)


_Figures = TypeVar("_Figures", float, Days1D)


def _smoothed(outages: _Figures, node_days: _Figures) -> _Figures:
    return (outages + PRIOR_OUTAGES) / (node_days + PRIOR_OUTAGES / PRIOR_RATE)


@dataclass(frozen=True, slots=True, eq=False)
class Stretches:
    """The fleet's stretches of service: from an appearance or a return to the next outage.

    begins, ends   days, shape (n_stretches,); one that goes on ends at infinity
    memory         at the begin, shape (n_stretches, 5); nothing later has any part in it
    """

    begins: Days1D
    ends: Days1D
    memory: Memory


def stretches_of(past: FleetPast) -> Stretches:
    """Cut the past into stretches of service; the nodes without an outage have no part in it."""
    first = np.append(True, past.node[1:] != past.node[:-1])[: len(past.node)]
    fresh, back = np.flatnonzero(first), np.isfinite(past.ends)
    following = np.append(past.starts[1:], np.inf)[: len(past.node)]
    following[fresh[1:] - 1] = np.inf
    return Stretches(
        np.concatenate([past.since[past.node[fresh]], past.ends[back]]),
        np.concatenate([past.starts[fresh], following[back]]),
        np.concatenate(
            [np.zeros((len(fresh), len(TAUS_DAYS))), _memory_at_ends(past, first)[back]]
        ),
    )


def _memory_at_ends(past: FleetPast, first: NDArray[np.bool_]) -> Memory:
    # every node's second outage after every node's first: one step for each turn, of all nodes
    places = np.arange(len(first))
    turn = places - np.maximum.accumulate(np.where(first, places, 0))
    found = np.repeat(past.tells[:, None], len(TAUS_DAYS), axis=1)
    for number in range(1, int(np.max(turn, initial=0)) + 1):
        here = np.flatnonzero(turn == number)
        gap = (past.ends[here] - past.ends[here - 1])[:, None]
        found[here] += found[here - 1] * np.exp(-gap / TAUS_DAYS)
    return found
