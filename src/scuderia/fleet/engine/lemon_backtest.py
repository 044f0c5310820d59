"""Measures what the lemon score is worth, beside the naive rule: what came later, counted.

Nothing here looks ahead: a model that decides at day t was fitted on what was known at day t.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from scuderia.fleet.engine.lemon import (
    HORIZON_DAYS,
    WINDOW_DAYS,
    LemonModel,
    NodeHistory,
    chances,
)
from scuderia.fleet.engine.lemon_fit import REFIT_DAYS, PreparedPast, fit_model, prepare
from scuderia.fleet.engine.lemon_past import FleetPast, past_of
from scuderia.fleet.engine.lemon_rules import (
    LevelWorth,
    Moment,
    PolicyResult,
    decision_moments,
    level_for,
    levels_worth,
    mean_outage_hours,
    naive_rule,
    policy_result,
    pull_at,
)

Rows1D: TypeAlias = NDArray[np.float64]
"""Shape (n_rows,)."""

SINCE_DAYS = 84.0
WARM_UP_DAYS = 14.0
STRIDE_DAYS = 7.0
LEVELS = (0.3, 0.35, 0.4, 0.45, 0.5)
QUARTER_DAYS = 90.0
NAIVE_OUTAGES = 2
BIN_EDGES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Of the weekly looks scored within [low, high): the mean score, and what came true."""

    low: float
    high: float
    rows: int
    predicted: float
    observed: float


@dataclass(frozen=True, slots=True)
class BackTest:
    """The score's worth over [from_day, to_day), and the rules beside it.

    looks              at a node in service, once a week, whose next 28 days end by to_day
    policies           pulling nodes for good by the naive rules and at the score's levels
    levels             what a pull at each level was worth within 28 days
    brier, brier_of_base_rate   of those looks; lower is better. The base rate is the window's
                                own, known only in hindsight
    brier_of_naive     of the rule of 2 outages in 28 days as a forecast: the share that failed
                       among the nodes it names, and among the others, till then
    brier_of_fleet     of the fleet's own rate of the last 90 days, the same for every node
    auc_all, auc_after_outage   chance that a node that fails outranks one that does not: over
                                all nodes, and among nodes at an outage alone (the hard question)
    """

    from_day: float
    to_day: float
    looks: int
    fitted_on: str
    policies: tuple[PolicyResult, ...]
    levels: tuple[LevelWorth, ...]
    brier: float
    brier_of_base_rate: float
    brier_of_naive: float
    brier_of_fleet: float
    auc_all: float
    auc_after_outage: float
    calibration: tuple[CalibrationBin, ...]

    def as_json(self) -> dict[str, object]:
        """Return the whole as plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """One row per node in service and week: what was forecast, and whether an outage followed.

    at             day of the look
    score, fleet   the chance of an outage within 28 days: the score, and by the fleet's rate alone
    named          1 where the node had two outages or more within the 28 days before
    failed         1 where an outage began within 28 days; known 28 days after the look
    weight         nodes the row stands for: those that never failed are one row a week
    """

    at: Rows1D
    score: Rows1D
    fleet: Rows1D
    named: Rows1D
    failed: Rows1D
    weight: Rows1D

    def where(self, keep: NDArray[np.bool_]) -> "Looks":
        """Keep the rows marked true."""
        return Looks(
            self.at[keep], self.score[keep], self.fleet[keep],
            self.named[keep], self.failed[keep], self.weight[keep],
        )  # fmt: skip

    def brier(self, forecast: Rows1D) -> float:
        """Return the mean squared error of a forecast of every row."""
        return weighted_mean((forecast - self.failed) ** 2, self.weight)


def walk_forward(
    histories: Sequence[NodeHistory], *, nodes: int, since: float = SINCE_DAYS, until: float
) -> BackTest:
    """Fit again every 28 days on what was known by then, and measure up to the next fit.

    nodes    all nodes at risk, the ones without a history included
    cost     O(weeks x outages); a year of 400 nodes takes under a second
    """
    past = past_of(histories, nodes=nodes)
    ready = prepare(past, until=until)
    model_at = walking_model(ready, since=since, until=until)
    everything = looks_of(past, model_at, until=until)
    looks, naive = everything.where(everything.at >= since), naive_forecast(everything, since=since)
    moments = decision_moments(histories, past, ready.paces, model_at, since=since, until=until)
    at_outage = [one for one in moments if one.at < one.returned <= until - HORIZON_DAYS]
    base, hours = weighted_mean(looks.failed, looks.weight), mean_outage_hours(past, until=until)
    return BackTest(
        from_day=since,
        to_day=until,
        looks=int(np.sum(looks.weight)),
        fitted_on=model_at(until).fitted_on,
        policies=_policies(histories, moments, since),
        levels=levels_worth(moments, LEVELS, outage_h=hours, until=until),
        brier=looks.brier(looks.score),
        brier_of_base_rate=base * (1 - base),
        brier_of_naive=looks.brier(naive),
        brier_of_fleet=looks.brier(looks.fleet),
        auc_all=rank_chance(looks.score, looks.failed, looks.weight),
        auc_after_outage=rank_chance(
            np.array([one.chance for one in at_outage]),
            np.array([float(one.left_28d > 0) for one in at_outage]),
            np.ones(len(at_outage)),
        ),
        calibration=calibration_table(looks.score, looks.failed, looks.weight),
    )


def walking_model(
    ready: PreparedPast, *, since: float, until: float
) -> Callable[[float], LemonModel]:
    """Return the weights in use at a day: fitted on day `since` and every 28 days after it."""
    fits = [fit_model(ready, day=float(day)) for day in np.arange(since, until, REFIT_DAYS)]

    def model_at(at: float) -> LemonModel:
        turn = int((at - since) // REFIT_DAYS)
        return fits[min(max(turn, 0), len(fits) - 1)]

    return model_at


def looks_of(past: FleetPast, model_at: Callable[[float], LemonModel], *, until: float) -> Looks:
    """Look at every node in service each week from the warm-up on, where 28 days are left."""
    days = [float(at) for at in np.arange(WARM_UP_DAYS, until, STRIDE_DAYS)]
    looks = [_look(past, model_at(at), at) for at in days if at + HORIZON_DAYS <= until]
    columns = zip(*looks, strict=True) if looks else [[np.zeros(0)]] * 6
    return Looks(*(np.concatenate(list(column)) for column in columns))


def _look(past: FleetPast, model: LemonModel, at: float) -> tuple[Rows1D, ...]:
    here = ~past.is_away(at)
    memory = past.memory(at)[here]
    recent = past.begun_within(at - WINDOW_DAYS, at)[here]
    later = past.begun_within(at, at + HORIZON_DAYS)[here]
    weight = np.ones(len(recent))
    if past.quiet:
        memory = np.vstack([memory, np.zeros(memory.shape[1])])
        recent, later = np.append(recent, 0.0), np.append(later, 0.0)
        weight = np.append(weight, float(past.quiet))
    alone = -np.expm1(-past.rate(at, over_days=QUARTER_DAYS) * HORIZON_DAYS)
    return (
        np.full(len(weight), at),
        chances(model, past.paces(at), memory),
        np.full(len(weight), alone),
        (recent >= NAIVE_OUTAGES).astype(float),
        (later > 0).astype(float),
        weight,
    )


def naive_forecast(looks: Looks, *, since: float) -> Rows1D:
    """Return the naive rule's forecast of every look from day `since` on.

    It is the share that failed of the looks it names, and of the others, as known on the day of
    the latest fit.
    """
    wanted = looks.where(looks.at >= since)
    found = np.zeros(len(wanted.at))
    for turn in np.unique((wanted.at - since) // REFIT_DAYS):
        known = looks.where(looks.at + HORIZON_DAYS <= since + turn * REFIT_DAYS)
        for named in (0.0, 1.0):
            past = known.where(known.named == named)
            here = ((wanted.at - since) // REFIT_DAYS == turn) & (wanted.named == named)
            found[here] = weighted_mean(past.failed, past.weight)
    return found


def weighted_mean(values: Rows1D, weight: Rows1D) -> float:
    """Return the weighted mean; 0 when nothing was weighed."""
    total = float(np.sum(weight))
    return float(weight @ values) / total if total else 0.0


def _policies(
    histories: Sequence[NodeHistory], moments: Sequence[Moment], since: float
) -> tuple[PolicyResult, ...]:
    def at_level(words: str, level: float) -> PolicyResult:
        left = {node: moment.left for node, moment in pull_at(moments, level).items()}
        return policy_result(words, left, histories, since)

    found = []
    for outages in (2, 3):
        naive = naive_rule(histories, outages=outages, since=since)
        level = level_for(moments, naive.pulled)
        found += [naive, at_level(f"score >= {level:.3f}, no fewer nodes than {naive.rule}", level)]
    return (*found, *(at_level(f"score >= {level:.2f}", level) for level in LEVELS))


def rank_chance(score: Rows1D, failed: Rows1D, weight: Rows1D) -> float:
    """Return the chance that a row that failed outranks one that did not (ties count half)."""
    values, place = np.unique(score, return_inverse=True)
    hit = np.bincount(place, weight * failed, minlength=len(values))
    miss = np.bincount(place, weight * (1 - failed), minlength=len(values))
    below = np.cumsum(miss) - miss
    pairs = float(hit.sum() * miss.sum())
    return float(hit @ (below + miss / 2)) / pairs if pairs else 0.5


def calibration_table(score: Rows1D, failed: Rows1D, weight: Rows1D) -> tuple[CalibrationBin, ...]:
    """Group the scores by BIN_EDGES and set the mean score beside what came true."""
    bins = []
    for low, high in pairwise(BIN_EDGES):
        here = (score >= low) & (score < high)
        rows = float(np.sum(weight[here]))
        if rows:
            predicted = weighted_mean(score[here], weight[here])
            observed = weighted_mean(failed[here], weight[here])
            bins.append(CalibrationBin(low, high, int(rows), predicted, observed))
    return tuple(bins)
