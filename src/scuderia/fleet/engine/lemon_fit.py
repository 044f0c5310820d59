"""Fits the lemon score: a logistic regression by Newton steps, with no weight below zero."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from scuderia.fleet.engine.lemon import (
    FEATURES,
    HORIZON_DAYS,
    FleetRate,
    LemonModel,
    NodeHistory,
    base_log_odds,
    fleet_rate,
    node_features,
)

Rows1D: TypeAlias = NDArray[np.float64]
"""Shape (n_rows,)."""
Rows2D: TypeAlias = NDArray[np.float64]
"""Shape (n_rows, len(FEATURES))."""

WARM_UP_DAYS = 14.0
STRIDE_DAYS = 7.0
RIDGE = 20.0
INTERCEPT_RIDGE = 0.1
WEEK_PRIOR_NODES = 10.0
NEWTON_STEPS_MAX = 100
SWEEPS = 40
TOLERANCE = 1e-8


@dataclass(frozen=True, slots=True)
class Rows:
    """One row per node and instant: what was known then, and whether an outage followed.

    at        day of the evaluation          features   as known at that day
    offset    the fleet's log-odds then      failed     an outage began within 28 days
    closes    day on which `failed` is known: 28 days after `at`, or after the return from the
              outage that lasts at `at`
    weight    how many equal nodes the row stands for
    """

    at: Rows1D
    features: Rows2D
    offset: Rows1D
    failed: Rows1D
    closes: Rows1D
    weight: Rows1D
    routine: Rows1D

    def known_at(self, day: float) -> "Rows":
        """Keep the rows whose outcome is known at `day`."""
        return self.where(self.closes <= day)

    def where(self, keep: NDArray[np.bool_]) -> "Rows":
        """Keep the rows marked true."""
        return Rows(
            self.at[keep], self.features[keep], self.offset[keep],
            self.failed[keep], self.closes[keep], self.weight[keep], self.routine[keep],
        )  # fmt: skip

    def chance(self, model: LemonModel) -> Rows1D:
        """Return the model's score of every row."""
        odds = self.offset + model.intercept + self.features @ np.asarray(model.weights)
        return np.asarray(1 / (1 + np.exp(-odds)))


PUBLISHED = LemonModel(
    intercept=-0.1051,
    weights=(0.0271, 0.7319, 0.0423, 0.2768, 0.9939, 0.0, 0.0),
    fitted_on="the public StepFun year: 400 nodes, 348 days, 582 outages",
)
"""The prior of a fleet with little history of its own; never used in a back-test."""


def build_rows(histories: Sequence[NodeHistory], *, nodes: int, until: float) -> Rows:
    """Look at every node in service each STRIDE_DAYS, and at each outage's start and end.

    nodes    all nodes at risk; those without a history stand in one weighted row per instant
    cost     O(instants x nodes); a year of 400 nodes takes about a second
    """
    grid = np.arange(WARM_UP_DAYS, until, STRIDE_DAYS)
    rows = [row for at in grid for row in _rows_at(float(at), histories, nodes)]
    rows += [
        _row(history, float(at), fleet_rate(histories, nodes=nodes, at=float(at)))
        for history in histories
        for at in np.concatenate([history.starts, history.ends])
        if WARM_UP_DAYS <= at < until
    ]
    columns = tuple(zip(*rows, strict=True)) if rows else ((),) * 7
    at, features, *rest = (np.asarray(column, dtype=float) for column in columns)
    return Rows(at, features.reshape(-1, len(FEATURES)), *rest)


_Row: TypeAlias = tuple[float, NDArray[np.float64], float, float, float, float, float]


def _rows_at(at: float, histories: Sequence[NodeHistory], nodes: int) -> list[_Row]:
    rate = fleet_rate(histories, nodes=nodes, at=at)
    known = [history for history in histories if history.since <= at and not _is_down(history, at)]
    rows = [_row(history, at, rate, routine=1.0) for history in known]
    quiet = nodes - len(histories)
    if quiet > 0:
        rows.append(_row(NodeHistory("", np.zeros(0), np.zeros(0)), at, rate, float(quiet), 1.0))
    return rows


def _row(
    history: NodeHistory, at: float, rate: FleetRate, weight: float = 1.0, routine: float = 0.0
) -> _Row:
    opens = float(np.max(history.ends[history.starts <= at], initial=at))
    later = (history.starts > at) & (history.starts <= opens + HORIZON_DAYS)
    features = node_features(history, rate, at=at)
    failed, closes = float(np.any(later)), opens + HORIZON_DAYS
    return at, features, base_log_odds(rate), failed, closes, weight, routine


def _is_down(history: NodeHistory, at: float) -> bool:
    return bool(np.any((history.starts <= at) & (at < history.ends)))


def beside_the_fleet(rows: Rows) -> Rows:
    """Set each row beside what the whole fleet did over the same 28 days, for a fit to learn from.

    Beside the rate the fleet had before, a burst of the whole fleet would look like many lemons;
    beside its own days it teaches nothing about the nodes that were in it.
    """
    if not len(rows.at):
        return rows
    week = np.maximum(np.floor((rows.at - WARM_UP_DAYS) / STRIDE_DAYS), 0).astype(int)
    mass = rows.weight * (rows.routine == 1.0)
    failed = np.bincount(week, mass * rows.failed)[week]
    nodes = np.bincount(week, mass)[week]
    before = 1 / (1 + np.exp(-rows.offset))
    share = (failed + WEEK_PRIOR_NODES * before) / (nodes + WEEK_PRIOR_NODES)
    return replace(rows, offset=np.log(share / (1 - share)))


def fit_weights(rows: Rows, *, prior: LemonModel, fitted_on: str) -> LemonModel:
    """Fit the weights, drawn towards `prior` by a ridge, none of them below zero.

    rows     only those whose 28 days have already passed: the caller's duty
    returns  the prior itself when there are no rows
    source   penalised Newton (IRLS) with a projected coordinate descent for each quadratic
    """
    design = np.column_stack([np.ones(len(rows.at)), rows.features])
    centre = np.array([prior.intercept, *prior.weights])
    ridge = np.array([INTERCEPT_RIDGE, *([RIDGE] * len(FEATURES))])
    beta = centre.copy()
    for _ in range(NEWTON_STEPS_MAX):
        chance = 1 / (1 + np.exp(-(rows.offset + design @ beta)))
        gradient = design.T @ (rows.weight * (rows.failed - chance)) - ridge * (beta - centre)
        curvature = (design.T * (rows.weight * chance * (1 - chance))) @ design + np.diag(ridge)
        step = _projected_step(gradient, curvature, beta)
        beta = beta + step
        if np.max(np.abs(step)) < TOLERANCE:
            break
    return LemonModel(float(beta[0]), tuple(float(w) for w in beta[1:]), fitted_on)


def _projected_step(gradient: Rows1D, curvature: Rows2D, beta: Rows1D) -> Rows1D:
    # the maximum of the quadratic with beta[1:] + step >= 0, one coordinate at a time
    step = np.zeros_like(beta)
    residual = gradient.copy()
    for _ in range(SWEEPS):
        for j in range(len(beta)):
            move = residual[j] / curvature[j, j]
            if j and beta[j] + step[j] + move < 0:
                move = -beta[j] - step[j]
            step[j] += move
            residual -= curvature[:, j] * move
    return step
