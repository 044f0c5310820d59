"""ISO 2859-1's switching rules: how strictly the next lot is looked at, from those before it."""

from dataclasses import dataclass, replace

from scuderia.datasets.nouns import LotResult, Severity

_WITHIN, _REJECTED = 5, 2
_ACCEPTED_IN_A_ROW = 5
_REJECTED_ON_TIGHTENED = 5
_SCORE_FOR_REDUCED = 30
_SMALL_C = 1
_POINTS_SMALL_C, _POINTS = 2, 3


@dataclass(frozen=True, slots=True)
class Switching:
    """Where the rules stand before the next lot.

    recent     results on normal since it was last entered, at most five, newest last
    accepted   lots accepted in a row on tightened
    rejected   lots rejected on tightened since it was entered
    score      the standard's switching score, counted on normal
    """

    severity: Severity = Severity.NORMAL
    recent: tuple[bool, ...] = ()
    accepted: int = 0
    rejected: int = 0
    score: int = 0


def after_lot(state: Switching, result: LotResult, *, c: int, may_reduce: bool = True) -> Switching:
    """Return where the rules stand after one more lot (ISO 2859-1, 9.3).

    c            the acceptance number on normal inspection, by which the score counts
    may_reduce   production is steady and the customer agrees that less is looked at
    """
    match state.severity:
        case Severity.NORMAL:
            return _after_normal(state, result, c=c, may_reduce=may_reduce)
        case Severity.TIGHTENED:
            return _after_tightened(state, result)
        case Severity.REDUCED:
            is_kept = result is not LotResult.REJECTED and may_reduce
            return state if is_kept else Switching()
    return state  # what was discontinued is begun again by a person, with a new state


def _after_normal(state: Switching, result: LotResult, *, c: int, may_reduce: bool) -> Switching:
    recent = (*state.recent, result is not LotResult.REJECTED)[-_WITHIN:]
    if recent.count(False) >= _REJECTED:
        return Switching(Severity.TIGHTENED)
    score = _scored(state.score, result, c)
    if score >= _SCORE_FOR_REDUCED and may_reduce:
        return Switching(Severity.REDUCED)
    return replace(state, recent=recent, score=score)


def _scored(score: int, result: LotResult, c: int) -> int:
    if c <= _SMALL_C:
        return 0 if result is LotResult.REJECTED else score + _POINTS_SMALL_C
    return score + _POINTS if result is LotResult.ACCEPTED_TIGHTER else 0


def _after_tightened(state: Switching, result: LotResult) -> Switching:
    if result is LotResult.REJECTED:
        rejected = state.rejected + 1
        if rejected >= _REJECTED_ON_TIGHTENED:
            return Switching(Severity.DISCONTINUED)
        return replace(state, accepted=0, rejected=rejected)
    accepted = state.accepted + 1
    return Switching() if accepted >= _ACCEPTED_IN_A_ROW else replace(state, accepted=accepted)
