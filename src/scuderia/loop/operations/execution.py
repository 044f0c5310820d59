"""The three calls of a durable run; each may be made again after any crash."""

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.loop.nouns import ActionId, ActionState, StepWord


def begin_action(action_id: ActionId, *, now: AwareDatetime) -> int:
    """Check everything again and start; return how many steps follow, 0 when none may."""
    raise NotImplementedError


def run_step(action_id: ActionId, index: int, *, now: AwareDatetime) -> StepWord:
    """Carry out one step: check, claim, observe, perform, observe, record."""
    raise NotImplementedError


def finish_action(action_id: ActionId, *, now: AwareDatetime) -> ActionState:
    """Probe the world and close the run; return the state it stands in."""
    raise NotImplementedError


def resume_action(
    *, actor: Actor, action_id: ActionId, reason: str = "", now: AwareDatetime
) -> None:
    """Let a halted run go on, by a person's word."""
    raise NotImplementedError


def halt_action(*, actor: Actor, action_id: ActionId, reason: str = "", now: AwareDatetime) -> None:
    """Stop one run before its next step; a person may resume it."""
    raise NotImplementedError
