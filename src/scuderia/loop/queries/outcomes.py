"""What was promised beside what was measured."""

from dataclasses import dataclass, replace

from scuderia.basics.capacity import CapacityGain
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.records import row_from
from scuderia.loop.engine.json_codec import read_rehearsal
from scuderia.loop.engine.outcomes import Promise
from scuderia.loop.models.outcomes import Outcome
from scuderia.loop.nouns import (
    ActionId,
    ActionState,
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
    promised_back what was to be bought back, as it stood before the decider; None where the room
                  counts no capacity, or the plan was edited after its rehearsal
    bought_back   the same as measured, against what was expected of doing nothing; None before
                  the horizon is over, and of what was undone before
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
    promised_back: CapacityGain | None
    bought_back: CapacityGain | None


def promise_of(outcome: Outcome) -> Promise:
    """Return what was expected of the action when it was approved."""
    return row_from(Promise, outcome)


def outcome_row(outcome: Outcome) -> OutcomeRow:
    """Return the measured effect beside the expected one."""
    promised_back, bought_back = _capacity(outcome)
    return row_from(
        OutcomeRow,
        outcome,
        action_id=ActionId(outcome.action_id),
        verdict=OutcomeVerdict(outcome.verdict) if outcome.verdict else None,
        promised_back=promised_back,
        bought_back=bought_back,
    )


def _capacity(outcome: Outcome) -> tuple[CapacityGain | None, CapacityGain | None]:
    """Return what was to be bought back, and what was."""
    proposal = outcome.action.proposal
    if proposal.rehearsed_for != proposal.plan_digest:
        return None, None
    rehearsal = read_rehearsal(proposal.rehearsal)
    promised = rehearsal.bought_back
    if outcome.value is None or not _is_whole(outcome):
        return promised, None
    return promised, rehearsal.as_capacity(replace(rehearsal, expected=outcome.value).gain)


def _is_whole(outcome: Outcome) -> bool:
    """Say whether it was measured to the end of its horizon; what was undone before was not."""
    if outcome.verdict is None or outcome.measured_at is None:
        return False
    undone = outcome.action.state == ActionState.UNDONE
    if undone and outcome.verdict == OutcomeVerdict.INCONCLUSIVE:
        return False
    return outcome.measured_at >= outcome.due_at
