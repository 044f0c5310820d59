"""Putting the world back."""

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.loop.nouns import ActionId


def undo_action(
    *, actor: Actor, action_id: ActionId, reason: str = "", now: AwareDatetime
) -> ActionId:
    """Queue the action that undoes this one, by this person's decision; return its id."""
    raise NotImplementedError
