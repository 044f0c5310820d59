"""Krippendorff's alpha with a bootstrap over units, and Fleiss' kappa where it applies."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scuderia.datasets.engine.votes import Floats
from scuderia.datasets.nouns import AgreementMetric, RepeatRule

CHUNK = 20
LEFT = 0.025


@dataclass(frozen=True, slots=True)
class Alpha:
    """Alpha and its 95% interval; nan where nothing could disagree.

    units, votes   those that count: a unit of one answer pairs with nothing
    """

    alpha: float
    low: float
    high: float
    units: int
    votes: int


def kept_answers(rows: npt.NDArray[np.int64], rule: RepeatRule) -> npt.NDArray[np.int64]:
    """Return the rows of (unit, rater, value) that count, in order."""
    if rule is RepeatRule.ALL or not len(rows):
        return rows
    keys = rows[:, 0] * (rows[:, 1].max() + 1) + rows[:, 1]
    ordered = keys if rule is RepeatRule.FIRST else keys[::-1]
    _, places = np.unique(ordered, return_index=True)
    return rows[np.sort(places if rule is RepeatRule.FIRST else len(rows) - 1 - places)]


def value_counts(rows: npt.NDArray[np.int64], n_values: int) -> Floats:
    """Return how often each unit got each value, shape (n_units, n_values)."""
    units = int(rows[:, 0].max(initial=-1)) + 1
    cells = rows[:, 0] * n_values + rows[:, 2]
    return np.bincount(cells, minlength=units * n_values).reshape(units, n_values).astype(float)


def krippendorff_alpha(
    counts: Floats,
    values: Floats,
    metric: AgreementMetric,
    *,
    resamples: int = 1_000,
    seed: int = 0,
) -> Alpha:
    """Return alpha over units that have two answers or more.

    values      each value as a number, rising; used by the interval metric alone
    resamples   units are drawn anew so often; the ordinal distance stays that of the whole sample
    source      Krippendorff, Computing Krippendorff's alpha-reliability (2011)
    """
    counts = counts[counts.sum(axis=1) > 1]
    if not len(counts):
        return Alpha(np.nan, np.nan, np.nan, 0, 0)
    sizes, totals = counts.sum(axis=1), counts.sum(axis=0)
    at = np.cumsum(totals) - totals / 2 if metric is AgreementMetric.ORDINAL else values
    observed = _disagreement(counts, at, metric) / (sizes - 1)

    def alpha(drawn: Floats) -> Floats:
        of_value = drawn @ counts
        n = of_value.sum(axis=1)
        expected = _disagreement(of_value, at, metric) / (n - 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            found: Floats = 1 - (drawn @ observed) / expected
        return np.where(expected > 0, found, np.nan)

    rng, spread = np.random.default_rng(seed), [np.zeros(0)]
    for begun in range(0, resamples, CHUNK):
        chances = np.full(len(counts), 1 / len(counts))
        often = rng.multinomial(len(counts), chances, size=min(CHUNK, resamples - begun))
        spread.append(alpha(often.astype(float)))
    told = np.concatenate(spread)
    told = told[~np.isnan(told)]
    low, high = np.quantile(told, [LEFT, 1 - LEFT]) if told.size else (np.nan, np.nan)
    whole = alpha(np.ones((1, len(counts))))[0]
    return Alpha(float(whole), float(low), float(high), len(counts), int(sizes.sum()))


def _disagreement(counts: Floats, at: Floats, metric: AgreementMetric) -> Floats:
    """Return the distances summed over all ordered pairs of answers, of each row."""
    sizes = counts.sum(axis=1)
    if metric is AgreementMetric.NOMINAL:
        apart: Floats = sizes**2 - (counts**2).sum(axis=1)
        return apart
    at = at - at.mean()  # sums of squares of great numbers would swallow small distances
    apart = 2 * (sizes * (counts @ at**2) - (counts @ at) ** 2)
    return np.maximum(apart, 0)


def fleiss_kappa(counts: Floats) -> float | None:
    """Return kappa where every unit has as many answers, two or more; else None.

    source   Fleiss, Psychological Bulletin 76 (1971)
    """
    sizes = counts.sum(axis=1)
    if not len(counts) or sizes[0] < 2 or (sizes != sizes[0]).any():  # noqa: PLR2004 - a pair
        return None
    agreed = ((counts**2).sum(axis=1) - sizes) / (sizes * (sizes - 1))
    chance = float(((counts.sum(axis=0) / sizes.sum()) ** 2).sum())
    return float((agreed.mean() - chance) / (1 - chance)) if chance < 1 else None
