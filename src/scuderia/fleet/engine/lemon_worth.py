"""What the lemon score was worth on a fleet's own past, or else on the published year."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from scuderia.fleet.engine.lemon import NodeHistory
from scuderia.fleet.engine.lemon_backtest import (
    SINCE_DAYS,
    BackTest,
    CalibrationBin,
    walk_forward,
)
from scuderia.fleet.engine.lemon_fit import REFIT_DAYS
from scuderia.fleet.engine.lemon_rules import LevelWorth, PolicyResult

DAYS_MIN = 140.0
OUTAGES_MIN = 20
OUTAGES_MAX = 20_000
NAIVE = "2 outages in 28 days"


@dataclass(frozen=True, slots=True)
class LemonWorth:
    """A walk forward: fitted again every 28 days on what was known, counted on what came after.

    own            measured on this fleet's own history; False: on the published year
    said           in words, which history it is, and why
    from_day, until_day   in days since that history began
    naive          pulling at the second outage in 28 days
    score_matched  the score's level set, in hindsight, to pull as many nodes as the rule
    pull           the lowest level whose pulls were worth the swap; None: no level was, so that
                   nothing is to be pulled for its score
    brier          of weekly looks, lower is better: the score's, the naive rule's as a forecast,
                   the fleet's own rate of 90 days, and the window's base rate (hindsight)
    calibration    what was forecast beside what came true
    """

    own: bool
    said: str
    from_day: float
    until_day: float
    looks: int
    naive: PolicyResult
    score_matched: PolicyResult
    pull: LevelWorth | None
    brier: float
    brier_of_naive: float
    brier_of_fleet: float
    brier_of_base_rate: float
    calibration: tuple[CalibrationBin, ...]


PUBLISHED_WORTH = LemonWorth(
    own=False,
    said="Measured on the public StepFun year: 400 nodes, 348 days, 582 outages",
    from_day=84.0,
    until_day=348.98,
    looks=13_265,
    naive=PolicyResult(NAIVE, 431, 77, 116, 49, 116 / 431, 49 / 77, 0.5639, 0.7031),
    score_matched=PolicyResult(
        "score >= 0.420, no fewer nodes than 2 outages in 28 days",
        431, 82, 125, 53, 125 / 431, 53 / 82, 0.5764, 0.7105,
    ),
    pull=LevelWorth(0.3, 29, 115.6, 75.0, 156.3),
    brier=0.0749,
    brier_of_naive=0.0748,
    brier_of_fleet=0.0764,
    brier_of_base_rate=0.0745,
    calibration=(
        CalibrationBin(0.05, 0.1, 8_146, 0.083, 0.073),
        CalibrationBin(0.1, 0.15, 3_620, 0.118, 0.082),
        CalibrationBin(0.15, 0.2, 1_189, 0.160, 0.103),
        CalibrationBin(0.2, 0.3, 240, 0.234, 0.175),
        CalibrationBin(0.3, 0.4, 57, 0.349, 0.211),
        CalibrationBin(0.4, 0.5, 10, 0.421, 0.500),
        CalibrationBin(0.5, 1.0, 3, 0.524, 0.000),
    ),
)  # fmt: skip
"""The figures of docs/lemon.md; tests compute them anew from the trace."""


def worth_of(histories: Sequence[NodeHistory], *, nodes: int, until: float) -> LemonWorth:
    """Walk forward through the history, from its 84th day on.

    returns   PUBLISHED_WORTH, saying why, where the history is too short or too large to measure
    cost      under a second for a year of 400 nodes; the same history is measured once
    """
    outages = sum(len(history.starts) for history in histories)
    later = sum(int(np.sum(history.starts >= SINCE_DAYS)) for history in histories)
    if until < DAYS_MIN or later < OUTAGES_MIN:
        return _published(
            f"this fleet's own {until:.0f} days, {later} outages after the first "
            f"{SINCE_DAYS:.0f}, are too few to measure on: it takes {DAYS_MIN:.0f} days and "
            f"{OUTAGES_MIN} outages"
        )
    if outages > OUTAGES_MAX:
        return _published(f"over {OUTAGES_MAX:,} outages of this fleet's own take too long")
    return _worth(_Past(tuple(histories), nodes, until))


def worth_known_at(histories: Sequence[NodeHistory], *, nodes: int, at: float) -> LemonWorth:
    """Return what was known of the score's worth on the last day it was fitted, before day `at`.

    What happened since is cut off, so that one history is measured once in 28 days.
    """
    until = float(np.floor(at / REFIT_DAYS) * REFIT_DAYS)
    return worth_of([_cut(one, until) for one in histories], nodes=nodes, until=until)


def _cut(history: NodeHistory, until: float) -> NodeHistory:
    known = history.starts < until
    ends = history.ends[known]
    return replace(history, starts=history.starts[known], ends=np.where(ends > until, np.inf, ends))


def published_because(why: str) -> LemonWorth:
    """Return the published year's figures, saying why the fleet's own are not shown."""
    return _published(why)


def _published(why: str) -> LemonWorth:
    told = PUBLISHED_WORTH
    return replace(told, said=f"{told.said}, because {why}")


@dataclass(frozen=True, eq=False)
class _Past:
    histories: tuple[NodeHistory, ...]
    nodes: int
    until: float

    @property
    def digest(self) -> str:
        told = hashlib.sha256(f"{self.nodes} {self.until}".encode())
        for history in self.histories:
            told.update(history.node.encode() + history.starts.tobytes() + history.ends.tobytes())
        return told.hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Past) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


@lru_cache(maxsize=4)
def _worth(past: _Past) -> LemonWorth:
    told = walk_forward(past.histories, nodes=past.nodes, until=past.until)
    return worth_told_by(told, said=f"Measured on this fleet's own {past.until:.0f} days")


def worth_told_by(told: BackTest, *, said: str) -> LemonWorth:
    """Pick from a back-test what is shown beside a score."""
    return LemonWorth(
        own=True,
        said=f"{said}, from day {told.from_day:.0f} on, fitted again every 28 days",
        from_day=told.from_day,
        until_day=told.to_day,
        looks=told.looks,
        naive=next(one for one in told.policies if one.rule == NAIVE),
        score_matched=next(one for one in told.policies if one.rule.endswith(f"than {NAIVE}")),
        pull=next((level for level in told.levels if level.pays), None),
        brier=told.brier,
        brier_of_naive=told.brier_of_naive,
        brier_of_fleet=told.brier_of_fleet,
        brier_of_base_rate=told.brier_of_base_rate,
        calibration=told.calibration,
    )
