"""How the loop's nouns look: their states, their six steps, their evidence, as plain parts."""

from collections.abc import Sequence
from textwrap import shorten

from django.urls import reverse

from scuderia.basics.units import Quantity
from scuderia.loop.nouns import (
    ActionState,
    Answer,
    GateVerdict,
    OutcomeVerdict,
    ProposalState,
    Rehearsal,
)
from scuderia.loop.queries.actions import ActionRow
from scuderia.loop.queries.findings import FindingRow
from scuderia.loop.queries.proposals import ProposalCard, QueueRow
from scuderia.web.components import Blast, Evidence, GateLine, Step, facts
from scuderia.web.svg import Effect, effect, figure

PROPOSAL_LOOKS = {
    ProposalState.PENDING: ("warn", "Waits for you"),
    ProposalState.APPROVED: ("ok", "Approved"),
    ProposalState.REJECTED: ("unknown", "Rejected"),
    ProposalState.EXPIRED: ("unknown", "Expired"),
    ProposalState.SUPERSEDED: ("unknown", "Superseded"),
    ProposalState.WITHDRAWN: ("unknown", "Withdrawn"),
}
ACTION_LOOKS = {
    ActionState.QUEUED: ("warn", "Queued"),
    ActionState.RUNNING: ("warn", "Running"),
    ActionState.DONE: ("ok", "Done"),
    ActionState.FAILED: ("bad", "Failed"),
    ActionState.UNDONE: ("hold", "Undone"),
    ActionState.HALTED: ("hold", "Halted"),
}
CLAIM_SHOWN = 120
_ENDED = ("unknown", "Ended")
_OUTCOME_LOOKS = {
    OutcomeVerdict.MET: ("done", "Met"),
    OutcomeVerdict.MISSED: ("failed", "Missed"),
    OutcomeVerdict.INCONCLUSIVE: ("held", "Inconclusive"),
}
_ACTION_STAGES = {
    ActionState.QUEUED: "now",
    ActionState.RUNNING: "now",
    ActionState.DONE: "done",
    ActionState.FAILED: "failed",
    ActionState.UNDONE: "held",
    ActionState.HALTED: "held",
}


def action_look(run: ActionRow) -> tuple[str, str]:
    """Return the mark and the word of a run; what was halted and cannot be resumed has ended."""
    ended = run.state is ActionState.HALTED and not run.resumable
    return _ENDED if ended else ACTION_LOOKS[run.state]


def effect_of(rehearsal: Rehearsal) -> Effect:
    """Return doing nothing beside doing it."""
    return effect(
        do_nothing=rehearsal.do_nothing,
        expected=rehearsal.expected,
        low=rehearsal.low,
        high=rehearsal.high,
        unit=f"{rehearsal.unit} in {rehearsal.horizon_days:g} days",
        better=rehearsal.better,
    )


def quantity_words(quantity: Quantity) -> str:
    """Return the quantity as people read it, e.g. `16.8 crate-hours`."""
    return f"{figure(quantity.amount)} {quantity.unit}"


def total_of(quantities: Sequence[Quantity]) -> str:
    """Return the sum in each unit, for unlike things are not added up."""
    sums: dict[str, float] = {}
    for quantity in quantities:
        sums[quantity.unit] = sums.get(quantity.unit, 0.0) + quantity.amount
    return " and ".join(quantity_words(Quantity(sums[unit], unit)) for unit in sums) or "nothing"


def blast_of(card: ProposalCard) -> Blast:
    """Return what the proposal would touch, beside its bound."""
    blast = card.row.blast
    bound = (
        f"at most {card.blast_targets_max} at once and {card.blast_share_max:.0%}"
        f" of the {card.blast_denominator}."
    )
    return Blast(
        blast.count, blast.denominator_count, blast.unit, blast.share, blast.details,
        blast.affected, bound,
    )  # fmt: skip


def gates_of(verdicts: Sequence[GateVerdict]) -> tuple[GateLine, ...]:
    """Return each gate's word."""
    return tuple(
        GateLine(v.gate, v.answer is Answer.YES, v.reasons, v.not_before) for v in verdicts
    )


def evidence_of(
    findings: Sequence[FindingRow], *, path: str, again: int | None, fresh: object
) -> tuple[Evidence, ...]:
    """Return every piece of evidence, numbered for running again; `fresh` is the one just run."""
    pieces = [piece for finding in findings for piece in finding.evidence]
    return tuple(
        Evidence(
            caption=piece.caption,
            query=piece.query,
            value=facts(piece.value),
            link=piece.link,
            again=f"{path}?again={index}",
            fresh=facts(fresh) if index == again and isinstance(fresh, dict) else None,
        )
        for index, piece in enumerate(pieces)
    )


def track_of(card: ProposalCard, action: ActionRow | None) -> tuple[Step, ...]:
    """Return the six steps of one proposal, each with its reason."""
    return (
        *_seen(card),
        _proposed(card.row),
        _decided(card),
        _acted(card.row, action),
        _measured(action),
    )


def _seen(card: ProposalCard) -> tuple[Step, Step]:
    pieces = sum(len(finding.evidence) for finding in card.findings)
    first = min((finding.opened_at for finding in card.findings), default=None)
    claim = card.findings[0].claim if card.findings else "Asked for by hand"
    by = card.findings[0].raised_by if card.findings else card.row.filed_by
    words = f"{pieces} pieces of evidence" if pieces else "None: asked for by hand"
    return (
        Step("Signal", "done", words, first),
        Step("Finding", "done", f"{shorten(claim, CLAIM_SHOWN, placeholder=' …')} ({by})", first),
    )


def _proposed(row: QueueRow) -> Step:
    waiting = row.state is ProposalState.PENDING
    stage = "now" if waiting else "done"
    words = row.returned_reason or f"{PROPOSAL_LOOKS[row.state][1]}. Filed by {row.filed_by}."
    return Step("Proposal", stage, words, row.filed_at, reverse("proposal", args=[row.id]))


def _decided(card: ProposalCard) -> Step:
    if not card.decisions:
        over = card.row.state is not ProposalState.PENDING
        words = PROPOSAL_LOOKS[card.row.state][1] if over else "A person decides"
        return Step("Decision", "held" if over else "ahead", words)
    last = card.decisions[-1]
    yes = last.answer is Answer.YES
    words = f"{'Yes' if yes else 'No'}, said {last.by}. {last.reason}".strip()
    return Step("Decision", "done" if yes else "held", words, last.at)


def _acted(row: QueueRow, action: ActionRow | None) -> Step:
    if action is None:
        return Step("Action", "ahead", "Nothing is done before a decision" if row else "")
    words = f"{action_look(action)[1]}. {action.said}".strip()
    at = action.finished_at or action.started_at or action.queued_at
    return Step(
        "Action", _ACTION_STAGES[action.state], words, at, reverse("action", args=[action.id])
    )


def _measured(action: ActionRow | None) -> Step:
    outcome = action.outcome if action else None
    if outcome is None:
        ended = action is not None and action_look(action) is _ENDED
        return Step(
            "Outcome",
            "held" if ended else "ahead",
            "The action ended early: nothing is measured" if ended else "Measured after the action",
        )
    if outcome.verdict is None:
        seen = "" if outcome.value is None else f"{figure(outcome.value)} {outcome.unit} so far; "
        return Step("Outcome", "now", f"{seen}expected {figure(outcome.expected)}", outcome.due_at)
    stage, word = _OUTCOME_LOOKS[outcome.verdict]
    seen = (
        ""
        if outcome.value is None
        else f"{figure(outcome.value)} against {figure(outcome.expected)}"
    )
    return Step("Outcome", stage, f"{word}: {seen} {outcome.unit}", outcome.measured_at)
