"""What was promised beside what was measured."""

from dataclasses import dataclass

from scuderia.basics.clock import AwareDatetime
from scuderia.loop.engine.outcomes import Promise
from scuderia.loop.models.outcomes import Outcome
from scuderia.loop.nouns import (
    ActionId,
    OutcomeVerdict,
)


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """The measured effect beside the expected one, all figures in `unit`.

    better        "lower" or "higher"
    do_nothing    expected without the action; `expected` with it, `low` to `high` its 80% interval
    due_at        the end of the horizon; before it, `value` may be there and still change
    value         None until it was measured once
    verdict       None while the horizon is open; then final
    note          what the reader must know of the figure, "" for nothing
    """

    action_id: ActionId
    metric: str
    unit: str
    better: str
    do_nothing: float
    expected: float
    low: float
    high: float
    due_at: AwareDatetime
    value: float | None
    measured_at: AwareDatetime | None
    verdict: OutcomeVerdict | None
    note: str


def promise_of(outcome: Outcome) -> Promise:
    """Return what was expected of the action when it was approved."""
    return Promise(
        better=outcome.better,
        do_nothing=outcome.do_nothing,
        expected=outcome.expected,
        low=outcome.low,
        high=outcome.high,
    )


def outcome_row(outcome: Outcome) -> OutcomeRow:
    """Return the measured effect beside the expected one."""
    return OutcomeRow(
        action_id=ActionId(outcome.action_id),
        metric=outcome.metric,
        unit=outcome.unit,
        better=outcome.better,
        do_nothing=outcome.do_nothing,
        expected=outcome.expected,
        low=outcome.low,
        high=outcome.high,
        due_at=outcome.due_at,
        value=outcome.value,
        measured_at=outcome.measured_at,
        verdict=OutcomeVerdict(outcome.verdict) if outcome.verdict else None,
        note=outcome.note,
    )
