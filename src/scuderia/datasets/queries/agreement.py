"""From a file of answers to how far its raters agree, and how surely that is known."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scuderia.basics.errors import BadInput
from scuderia.datasets.engine.agreement import (
    fleiss_kappa,
    kept_answers,
    krippendorff_alpha,
    value_counts,
)
from scuderia.datasets.engine.votes import Floats
from scuderia.datasets.nouns import AgreementMetric, RepeatRule
from scuderia.datasets.queries.vote_files import AnswerFile, BadVotes, read_answers

RESAMPLES_MAX = 20_000
CELLS_MAX = 50_000_000


class BadAgreement(BadInput):
    """Agreement cannot be told as it was asked for."""

    code = "DATA-043"
    remedy = "Say --metric nominal, ordinal or interval and --repeated first, last or all."


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementAnswer:
    """Alpha with its 95% interval, and over what it was reckoned.

    alpha          None where every answer is the same, so that nothing could disagree
    units, votes   that count; `units_alone` have one answer, which pairs with none
    repeated       answers to a unit beyond a rater's first; the rule says which counts
    fleiss_kappa   None where units have unlike numbers of answers
    """

    metric: AgreementMetric
    alpha: float | None
    low: float | None
    high: float | None
    units: int
    units_alone: int
    votes: int
    raters: int
    values: tuple[str, ...]
    repeated: int
    repeated_rule: RepeatRule
    fleiss_kappa: float | None
    resamples: int
    seed: int


def tell_agreement(
    path: Path, metric: str, *, repeated: str = "first", resamples: int = 1_000, seed: int = 0
) -> AgreementAnswer:
    """Return how far the raters of the file agree.

    raises   BadAgreement; BadVotes, FileUnreadable, ColumnsMissing
    """
    if metric not in tuple(AgreementMetric) or repeated not in tuple(RepeatRule):
        raise BadAgreement(f"there is no metric {metric[:40]!r}, or no rule {repeated[:40]!r}")
    if not 0 <= resamples <= RESAMPLES_MAX or seed < 0:
        said = f"{resamples} resamples from seed {seed}"
        raise BadAgreement(said, remedy=f"Say 0 to {RESAMPLES_MAX:,} resamples, a seed from 0 on.")
    told, how, rule = read_answers(path), AgreementMetric(metric), RepeatRule(repeated)
    if len(told.items) * len(told.labels) > CELLS_MAX:
        said = f"{told.file}, field label: {len(told.labels):,} values of {len(told.items):,} items"
        raise BadVotes(said, remedy="Is the column label one of free text?")
    values = _values(told, how)
    once = kept_answers(told.rows, RepeatRule.FIRST)
    counts = value_counts(kept_answers(told.rows, rule), len(told.labels))
    alpha = krippendorff_alpha(counts, values, how, resamples=resamples, seed=seed)
    return AgreementAnswer(
        metric=how,
        alpha=_told(alpha.alpha),
        low=_told(alpha.low),
        high=_told(alpha.high),
        units=alpha.units,
        units_alone=len(told.items) - alpha.units,
        votes=alpha.votes,
        raters=len(told.workers),
        values=told.labels,
        repeated=len(told.rows) - len(once),
        repeated_rule=rule,
        fleiss_kappa=fleiss_kappa(counts),
        resamples=resamples,
        seed=seed,
    )


def _values(told: AnswerFile, metric: AgreementMetric) -> Floats:
    """Return the values as numbers; ranks and gaps have none between words."""
    if metric is AgreementMetric.NOMINAL:
        return np.arange(len(told.labels), dtype=float)
    try:
        values = np.array([float(label) for label in told.labels])
    except ValueError:
        values = np.array([np.nan])
    if not np.isfinite(values).all():
        said = f"{told.file}, field label: {told.labels[-1][:80]!r} is no number"
        raise BadVotes(said, remedy=f"Write numbers for --metric {metric}, or say nominal.")
    return values


def _told(value: float) -> float | None:
    return None if np.isnan(value) else value
