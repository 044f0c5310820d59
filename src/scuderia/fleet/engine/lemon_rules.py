"""Rules that pull a node for good, replayed in the order of time: what each would have avoided."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scuderia.fleet.engine.lemon import HORIZON_DAYS, WINDOW_DAYS, LemonModel, NodeHistory, chances
from scuderia.fleet.engine.lemon_past import FleetPast

Z80 = 1.2816
HANDOVER_H = 1.0
"""What a swap costs its customer: a spare is at work within an hour."""
PULL_OUTAGES = 3
"""A node is pulled for its own past, not for the burst that follows any return."""
PULLED_MIN = 10


@dataclass(frozen=True, slots=True)
class PolicyResult:
    """What pulling nodes for good by one rule would have done in the window.

    pulled, failed_again   nodes; failed_again had at least one later outage in the window
    avoided                later outages of pulled nodes; avoided_share is of `outages`
    precision_low, _high   80% Wilson interval of failed_again / pulled
    """

    rule: str
    outages: int
    pulled: int
    avoided: int
    failed_again: int
    avoided_share: float
    precision: float
    precision_low: float
    precision_high: float


def naive_rule(
    histories: Sequence[NodeHistory], *, outages: int, days: float = WINDOW_DAYS, since: float = 0.0
) -> PolicyResult:
    """Pull a node for good at the outage that is its `outages`-th within `days`.

    since   decide only from this day on; what came before still counts as history
    """
    pulled = {}
    for history in histories:
        for index, start in enumerate(history.starts):
            recent = np.sum(history.starts[: index + 1] > start - days)
            if start >= since and recent >= outages:
                pulled[history.node] = len(history.starts) - index - 1
                break
    return policy_result(f"{outages} outages in {days:g} days", pulled, histories, since)


def policy_result(
    rule: str, pulled: dict[str, int], histories: Sequence[NodeHistory], since: float
) -> PolicyResult:
    """Count what came of pulling these nodes; `pulled` holds each node's later outages."""
    total = int(sum(np.sum(history.starts >= since) for history in histories))
    avoided, again = sum(pulled.values()), sum(rest > 0 for rest in pulled.values())
    low, high = wilson_interval(again, len(pulled))
    return PolicyResult(
        rule=rule, outages=total, pulled=len(pulled), avoided=avoided, failed_again=again,
        avoided_share=avoided / total if total else 0.0,
        precision=again / len(pulled) if pulled else 0.0,
        precision_low=low, precision_high=high,
    )  # fmt: skip


def wilson_interval(hits: int, trials: int) -> tuple[float, float]:
    """Return the 80% Wilson score interval of a share; (0, 1) without a trial."""
    if not trials:
        return 0.0, 1.0
    share, spread = hits / trials, Z80**2 / trials
    centre = (share + spread / 2) / (1 + spread)
    half = Z80 / (1 + spread) * np.sqrt(share * (1 - share) / trials + spread / (4 * trials))
    return float(max(0.0, centre - half)), float(min(1.0, centre + half))


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant at which a rule may pull: an outage's start, or the return that ended it.

    chance           the score          recent   the node's outages within the 28 days before
    rate             the fleet's own over the year before, outages per node-day
    returned         day on which the outage at that instant ended
    left, left_28d   the node's later outages: all of them, and within 28 days of its return
    """

    at: float
    node: str
    chance: float
    recent: int
    rate: float
    returned: float
    left: int
    left_28d: int


def decision_moments(
    histories: Sequence[NodeHistory],
    past: FleetPast,
    paces: NDArray[np.float64],
    model_at: Callable[[float], LemonModel],
    *,
    since: float,
    until: float,
) -> list[Moment]:
    """Score every outage's start and end in [since, until), in the order of time.

    paces   the fleet's at every midnight, shape (2, days): those of the morning are looked at
    """
    found = []
    for place, history in enumerate(histories):
        for index, (start, end) in enumerate(zip(history.starts, history.ends, strict=True)):
            later = history.starts[index + 1 :]
            soon = int(np.sum(later <= end + HORIZON_DAYS))
            for at in (float(start), float(end)):
                if since <= at < until:
                    morning = paces[:, int(at)]
                    chance = chances(model_at(at), morning, past.memory_of(place, at))
                    recent = int(np.sum(history.starts[: index + 1] > at - WINDOW_DAYS))
                    found.append(
                        Moment(at, history.node, float(chance[0]), recent, float(morning[1]),
                               float(end), len(later), soon)
                    )  # fmt: skip
    return sorted(found, key=lambda moment: (moment.at, moment.node))


def pull_at(moments: Sequence[Moment], level: float, *, recent: int = 1) -> dict[str, Moment]:
    """Pull each node the first time it scores `level` with so many recent outages."""
    pulled: dict[str, Moment] = {}
    for moment in moments:
        if moment.chance >= level and moment.recent >= recent:
            pulled.setdefault(moment.node, moment)
    return pulled


def level_for(moments: Sequence[Moment], count: int) -> float:
    """Return the highest level at which at least `count` nodes are pulled: hindsight."""
    best: dict[str, float] = {}
    for moment in moments:
        best[moment.node] = max(best.get(moment.node, 0.0), moment.chance)
    ranked = sorted(best.values(), reverse=True)
    return ranked[min(count, len(ranked)) - 1] if ranked and count else 1.0


@dataclass(frozen=True, slots=True)
class LevelWorth:
    """What a pull at a level, with PULL_OUTAGES recent outages, saved its customer in 28 days.

    pulled      nodes pulled whose 28 days are over
    saved_h     mean of (its outages in 28 days, less a spare's) times an outage's mean hours, less
                the hand-over; low, high: the 80% interval of that mean
    """

    level: float
    pulled: int
    saved_h: float
    low: float
    high: float

    @property
    def pays(self) -> bool:
        """Return whether the swap was worth its price, with nine chances in ten."""
        return self.low > 0


def levels_worth(
    moments: Sequence[Moment], levels: Sequence[float], *, outage_h: float, until: float
) -> tuple[LevelWorth, ...]:
    """Replay pulling at each level and count the hours each pull saved or cost.

    outage_h   mean hours of an outage
    returns    only levels at which enough nodes were pulled to speak of
    """
    told = (_level_worth(moments, level, outage_h, until) for level in levels)
    return tuple(one for one in told if one is not None)


def _level_worth(
    moments: Sequence[Moment], level: float, outage_h: float, until: float
) -> LevelWorth | None:
    gains = np.array([
        (moment.left_28d - moment.rate * HORIZON_DAYS) * outage_h - HANDOVER_H
        for moment in pull_at(moments, level, recent=PULL_OUTAGES).values()
        if moment.returned + HORIZON_DAYS <= until
    ])  # fmt: skip
    if len(gains) < PULLED_MIN:
        return None
    mean, spread = float(np.mean(gains)), float(np.std(gains, ddof=1) / np.sqrt(len(gains)))
    return LevelWorth(level, len(gains), mean, mean - Z80 * spread, mean + Z80 * spread)


def mean_outage_hours(past: FleetPast, *, until: float) -> float:
    """Return the mean hours of the outages that were over by `until`; 0 without one."""
    over = past.ends <= until
    return float(np.mean(past.ends[over] - past.starts[over]) * 24) if np.any(over) else 0.0
