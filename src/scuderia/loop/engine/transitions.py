"""The one table of legal moves; every state write and every database trigger comes from it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeAlias

from scuderia.basics.errors import Refused
from scuderia.loop.nouns import (
    ActionState,
    EffectState,
    FindingState,
    GrantState,
    ProposalState,
)

Moves: TypeAlias = Mapping[StrEnum, frozenset[StrEnum]]
"""From a state to every state that may follow it; a state without followers is final."""


class IllegalMove(Refused):
    """The record is not in a state from which it may move there."""

    code = "LOOP-002"
    remedy = "Read the record again: someone or something moved it before you."


_P, _A, _G, _F, _E = ProposalState, ActionState, GrantState, FindingState, EffectState

PROPOSAL_MOVES: Moves = {
    _P.PENDING: frozenset({_P.APPROVED, _P.REJECTED, _P.EXPIRED, _P.SUPERSEDED, _P.WITHDRAWN}),
    _P.APPROVED: frozenset({_P.PENDING}),  # drift sends it back to the person
    _P.REJECTED: frozenset(),
    _P.EXPIRED: frozenset(),
    _P.SUPERSEDED: frozenset(),
    _P.WITHDRAWN: frozenset(),
}
ACTION_MOVES: Moves = {
    _A.QUEUED: frozenset({_A.RUNNING, _A.HALTED}),
    _A.RUNNING: frozenset({_A.DONE, _A.FAILED, _A.HALTED}),
    _A.HALTED: frozenset({_A.QUEUED, _A.RUNNING, _A.UNDONE}),
    _A.DONE: frozenset({_A.UNDONE}),
    _A.FAILED: frozenset({_A.UNDONE}),
    _A.UNDONE: frozenset(),
}
GRANT_MOVES: Moves = {
    _G.ACTIVE: frozenset({_G.EXPIRED, _G.REVOKED, _G.SUSPENDED}),
    _G.SUSPENDED: frozenset({_G.ACTIVE, _G.EXPIRED, _G.REVOKED}),
    _G.EXPIRED: frozenset(),
    _G.REVOKED: frozenset(),
}
FINDING_MOVES: Moves = {
    _F.OPEN: frozenset({_F.CLEARED}),
    _F.CLEARED: frozenset(),  # a claim that comes back is a new finding
}
EFFECT_MOVES: Moves = {
    _E.UNKNOWN: frozenset({_E.DONE, _E.NOT_DONE}),
    _E.NOT_DONE: frozenset({_E.UNKNOWN}),  # claimed again, for another try
    _E.DONE: frozenset(),
}

MOVES: Mapping[str, Moves] = {
    "proposal": PROPOSAL_MOVES,
    "action": ACTION_MOVES,
    "grant": GRANT_MOVES,
    "finding": FINDING_MOVES,
    "effect": EFFECT_MOVES,
}
FIRST: Mapping[str, frozenset[StrEnum]] = {
    "proposal": frozenset({_P.PENDING}),
    "action": frozenset({_A.QUEUED}),
    "grant": frozenset({_G.ACTIVE}),
    "finding": frozenset({_F.OPEN}),
    "effect": frozenset({_E.UNKNOWN}),
}
"""The states in which a record of each noun may be born."""


def is_legal(noun: str, before: StrEnum, after: StrEnum) -> bool:
    """Say whether a record of this noun may move from `before` to `after`."""
    return after in MOVES[noun][before]


def refuse_illegal(noun: str, before: StrEnum, after: StrEnum) -> None:
    """Raise IllegalMove unless the table holds the move."""
    if not is_legal(noun, before, after):
        raise IllegalMove(f"a {noun} that is {before.value} cannot become {after.value}")
