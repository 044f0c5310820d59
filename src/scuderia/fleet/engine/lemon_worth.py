"""What the lemon score was worth on a fleet's own past, or else on the published year."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from scuderia.fleet.engine.lemon import NodeHistory
from scuderia.fleet.engine.lemon_backtest import BackTest, time_split
from scuderia.fleet.engine.lemon_rules import PolicyResult

DAYS_MIN = 140.0
OUTAGES_MIN = 20
SCORE_PULLED = 0.40
NAIVE = "2 outages in 28 days"


@dataclass(frozen=True, slots=True)
class LemonWorth:
    """A time split: the weights fitted before it, everything counted after it.

    own            measured on this fleet's own history; False: on the published year
    said           in words, which history it is, and why
    split_day, until_day   in days since that history began
    naive, score   pulling at the second outage in 28 days; pulling at a score of SCORE_PULLED
    score_matched  the score's threshold set, in hindsight, to pull as many nodes as the rule
    brier          of weekly looks, lower is better: the score's, the naive rule's as a forecast,
                   and that of the window's own base rate
    """

    own: bool
    said: str
    split_day: float
    until_day: float
    naive: PolicyResult
    score: PolicyResult
    score_matched: PolicyResult
    brier: float
    brier_of_naive: float
    brier_of_base_rate: float


PUBLISHED_WORTH = LemonWorth(
    own=False,
    said="Measured on the public StepFun year: 400 nodes, 348 days, 582 outages",
    split_day=174.49,
    until_day=348.98,
    naive=PolicyResult(NAIVE, 269, 51, 69, 28, 69 / 269, 28 / 51, 0.4596, 0.6354),
    score=PolicyResult("score >= 0.40", 269, 99, 97, 43, 97 / 269, 43 / 99, 0.3721, 0.4987),
    score_matched=PolicyResult(
        "score >= 0.474, as many nodes as 2 outages in 28 days",
        269, 51, 68, 28, 68 / 269, 28 / 51, 0.4596, 0.6354,
    ),
    brier=0.0723,
    brier_of_naive=0.0722,
    brier_of_base_rate=0.0723,
)  # fmt: skip
"""The figures of docs/lemon.md; tests compute them anew from the trace."""


def worth_of(histories: Sequence[NodeHistory], *, nodes: int, until: float) -> LemonWorth:
    """Split the history in half: fit on the first, measure on the second.

    returns   PUBLISHED_WORTH, saying why, where the history is too short to split
    cost      a second or two for a year of 400 nodes; the same history is measured once
    """
    split = until / 2
    later = sum(int(np.sum(history.starts >= split)) for history in histories)
    if until < DAYS_MIN or later < OUTAGES_MIN:
        return _published(
            f"this fleet's own {until:.0f} days, {later} outages in the later half, are too few "
            f"to split: it takes {DAYS_MIN:.0f} days and {OUTAGES_MIN} outages"
        )
    return _worth(_Past(tuple(histories), nodes, until))


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
    told = time_split(past.histories, nodes=past.nodes, split=past.until / 2, until=past.until)
    return LemonWorth(
        own=True,
        said=f"Measured on this fleet's own {past.until:.0f} days, split at half",
        split_day=told.from_day,
        until_day=told.to_day,
        naive=_rule(told, NAIVE),
        score=_rule(told, f"score >= {SCORE_PULLED:.2f}"),
        score_matched=next(one for one in told.policies if one.rule.endswith(f"as {NAIVE}")),
        brier=told.brier,
        brier_of_naive=told.brier_of_naive,
        brier_of_base_rate=told.brier_of_base_rate,
    )


def _rule(told: BackTest, rule: str) -> PolicyResult:
    return next(one for one in told.policies if one.rule == rule)
