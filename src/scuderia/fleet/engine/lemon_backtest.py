"""Measures what the lemon score is worth, beside the naive rule: what came later, counted.

Nothing here looks ahead: a model that decides at day t was fitted on outcomes known at day t.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from scuderia.fleet.engine.lemon import FEATURES, LemonModel, NodeHistory
from scuderia.fleet.engine.lemon_fit import (
    Rows,
    Rows1D,
    beside_the_fleet,
    build_rows,
    fit_weights,
)
from scuderia.fleet.engine.lemon_rules import (
    Moment,
    PolicyResult,
    decision_moments,
    naive_rule,
    policy_result,
    pull_at,
    threshold_for,
)

REFIT_DAYS = 28.0
LEVELS = (0.35, 0.4, 0.45, 0.5)
BIN_EDGES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 1.0)
BLANK = LemonModel(0.0, (0.0,) * len(FEATURES), "a blank prior")


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

    brier, brier_of_base_rate   of a weekly look at each node in service; lower is better. The
                                base rate is the window's own, known only in hindsight
    brier_of_naive              of the rule of 2 outages in 28 days as a forecast: the share that
                                failed among the nodes it names, and among the others, till then
    auc_all, auc_after_outage   chance that a node that fails outranks one that does not: over
                                all nodes, and among nodes at an outage alone (the hard question)
    """

    method: str
    from_day: float
    to_day: float
    fitted_on: str
    policies: tuple[PolicyResult, ...]
    brier: float
    brier_of_base_rate: float
    brier_of_naive: float
    auc_all: float
    auc_after_outage: float
    calibration: tuple[CalibrationBin, ...]

    def as_json(self) -> dict[str, object]:
        """Return the whole as plain values."""
        return asdict(self)


def time_split(
    histories: Sequence[NodeHistory], *, nodes: int, split: float, until: float
) -> BackTest:
    """Fit once on outcomes known at day `split`, and measure strictly later."""
    rows = build_rows(histories, nodes=nodes, until=until)
    fit = _fit_at(rows, split)
    return _measure(
        "one time split", histories, rows, lambda _at: fit, nodes=nodes, since=split, until=until
    )


def walk_forward(
    histories: Sequence[NodeHistory], *, nodes: int, since: float, until: float
) -> BackTest:
    """Fit again every 28 days on outcomes known by then, and measure up to the next fit."""
    rows = build_rows(histories, nodes=nodes, until=until)
    days = np.arange(since, until, REFIT_DAYS)
    fits = [_fit_at(rows, float(day)) for day in days]

    def fit_of(at: float) -> Fit:
        return fits[max(int(np.searchsorted(days, at, side="right")) - 1, 0)]

    return _measure(
        "walk forward, fitted again every 28 days",
        histories, rows, fit_of, nodes=nodes, since=since, until=until,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fit:
    """What was learnt by one day: the model, and how often the naive rule's nodes fail.

    named    of the rows with two outages or more in 28 days, the share that failed in the next 28
    others   of all other rows
    """

    model: LemonModel
    named: float
    others: float

    def naive_chance(self, rows: Rows) -> Rows1D:
        """Return the naive rule's forecast of every row."""
        return np.where(_is_named(rows), self.named, self.others)


def _fit_at(rows: Rows, day: float) -> Fit:
    past = rows.known_at(day)
    words = f"{len(past.at)} rows with outcomes known at day {day:g}"
    named = _is_named(past)
    return Fit(
        fit_weights(beside_the_fleet(past), prior=BLANK, fitted_on=words),
        weighted_mean(past.failed[named], past.weight[named]),
        weighted_mean(past.failed[~named], past.weight[~named]),
    )


def _is_named(rows: Rows) -> NDArray[np.bool_]:
    # log1p(2 outages), less a hair
    return np.asarray(rows.features[:, FEATURES.index("outages in 28 days")] > np.log(2.5))


def _measure(
    method: str,
    histories: Sequence[NodeHistory],
    rows: Rows,
    fit_of: Callable[[float], Fit],
    *,
    nodes: int,
    since: float,
    until: float,
) -> BackTest:
    moments = decision_moments(
        histories, lambda at: fit_of(at).model, nodes=nodes, since=since, until=until
    )
    later = rows.where((rows.at >= since) & (rows.closes <= until))
    chance = _at_each(later, lambda at, here: here.chance(fit_of(at).model))
    routine = later.routine == 1.0
    looks, scored = later.where(routine), chance[routine]
    naive = _at_each(looks, lambda at, here: fit_of(at).naive_chance(here))
    base = weighted_mean(looks.failed, looks.weight)
    return BackTest(
        method=method,
        from_day=since,
        to_day=until,
        fitted_on=fit_of(until).model.fitted_on,
        policies=_policies(histories, moments, since),
        brier=weighted_mean((scored - looks.failed) ** 2, looks.weight),
        brier_of_base_rate=base * (1 - base),
        brier_of_naive=weighted_mean((naive - looks.failed) ** 2, looks.weight),
        auc_all=rank_chance(scored, looks.failed, looks.weight),
        auc_after_outage=rank_chance(
            chance[~routine], later.failed[~routine], later.weight[~routine]
        ),
        calibration=calibration_table(scored, looks.failed, looks.weight),
    )


def weighted_mean(values: Rows1D, weight: Rows1D) -> float:
    """Return the weighted mean; 0 when nothing was weighed."""
    total = float(np.sum(weight))
    return float(weight @ values) / total if total else 0.0


def _at_each(rows: Rows, chance: Callable[[float, Rows], Rows1D]) -> Rows1D:
    out = np.zeros(len(rows.at))
    for at in np.unique(rows.at):
        here = rows.at == at
        out[here] = chance(float(at), rows.where(here))
    return out


def _policies(
    histories: Sequence[NodeHistory], moments: Sequence[Moment], since: float
) -> tuple[PolicyResult, ...]:
    found = []
    for outages in (2, 3):
        naive = naive_rule(histories, outages=outages, since=since)
        level = threshold_for(moments, naive.pulled)
        words = f"score >= {level:.3f}, as many nodes as {naive.rule}"
        found += [naive, policy_result(words, pull_at(moments, level), histories, since)]
    for level in LEVELS:
        found.append(
            policy_result(f"score >= {level:.2f}", pull_at(moments, level), histories, since)
        )
    return tuple(found)


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
