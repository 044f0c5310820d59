"""Durable runs, their effects and their outcomes."""

from collections.abc import Sequence

from scuderia.basics.actors import Actor
from scuderia.loop.nouns import ActionId, ActionState
from scuderia.loop.queries.rows import (
    ActionRow,
)


def list_actions(
    actor: Actor, *, states: Sequence[ActionState] = (), limit: int = 100
) -> tuple[ActionRow, ...]:
    """Return runs within the actor's reach, newest first, without their effects."""
    raise NotImplementedError


def get_action(actor: Actor, action_id: ActionId) -> ActionRow:
    """Return one run with its effects.

    raises   NotFound: no such run within the actor's reach
    """
    raise NotImplementedError
