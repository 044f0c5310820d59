"""Rules that pull a node for good, replayed in the order of time: what each would have avoided."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from scuderia.fleet.engine.lemon import (
    WINDOW_DAYS,
    LemonModel,
    NodeHistory,
    fleet_rate,
    node_features,
    probability,
)

Z80 = 1.2816


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
    """One instant at which a rule may pull: an outage's start, or the return that ended it."""

    at: float
    node: str
    chance: float
    outages_left: int


def decision_moments(
    histories: Sequence[NodeHistory],
    model_at: Callable[[float], LemonModel],
    *,
    nodes: int,
    since: float,
    until: float,
) -> list[Moment]:
    """Score every outage's start and end in [since, until), in the order of time."""
    found = []
    for history in histories:
        for index in range(len(history.starts)):
            for at in (float(history.starts[index]), float(history.ends[index])):
                if since <= at < until:
                    rate = fleet_rate(histories, nodes=nodes, at=at)
                    chance = probability(model_at(at), rate, node_features(history, rate, at=at))
                    left = len(history.starts) - index - 1
                    found.append(Moment(at, history.node, chance, left))
    return sorted(found, key=lambda moment: (moment.at, moment.node))


def pull_at(moments: Sequence[Moment], threshold: float) -> dict[str, int]:
    """Pull each node the first time it scores `threshold`; say how many outages it had left."""
    pulled: dict[str, int] = {}
    for moment in moments:
        if moment.chance >= threshold and moment.node not in pulled:
            pulled[moment.node] = moment.outages_left
    return pulled


def threshold_for(moments: Sequence[Moment], count: int) -> float:
    """Return the highest threshold at which at least `count` nodes are pulled: hindsight."""
    best: dict[str, float] = {}
    for moment in moments:
        best[moment.node] = max(best.get(moment.node, 0.0), moment.chance)
    ranked = sorted(best.values(), reverse=True)
    return ranked[min(count, len(ranked)) - 1] if ranked and count else 1.0
