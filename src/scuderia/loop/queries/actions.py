"""Durable runs, their effects and their outcomes."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, QuerySet

from scuderia.basics.actors import Actor
from scuderia.basics.errors import NotFound
from scuderia.basics.subjects import EVERYTHING
from scuderia.loop.models.actions import LIVE, Action
from scuderia.loop.models.effects import Effect
from scuderia.loop.models.proposals import ProposalScope
from scuderia.loop.nouns import ActionId, ActionState, EffectState, Power
from scuderia.loop.queries.reading import action_row, effect_row
from scuderia.loop.queries.rows import ActionRow, EffectRow
from scuderia.loop.queries.standing import scopes_with


def list_actions(
    actor: Actor, *, states: Sequence[ActionState] = (), limit: int = 100
) -> tuple[ActionRow, ...]:
    """Return runs within the actor's reach, newest first, without their effects."""
    found = _reachable(actor)
    if states:
        found = found.filter(state__in=[state.value for state in states])
    return _rows(list(found.order_by("-queued_at", "-pk")[:limit]), {})


def get_action(actor: Actor, action_id: ActionId) -> ActionRow:
    """Return one run with its effects.

    raises   NotFound: no such run within the actor's reach
    """
    action = _reachable(actor).filter(pk=action_id).first()
    if action is None:
        raise NotFound("no such action is visible to you")
    effects = tuple(map(effect_row, action.effects.order_by("step")))
    return _rows([action], {action.pk: effects})[0]


def list_unfinished() -> tuple[ActionId, ...]:
    """Return every run that has neither ended nor halted; for the worker."""
    live = Action.objects.filter(state__in=LIVE).order_by("queued_at", "pk")
    return tuple(ActionId(one) for one in live.values_list("pk", flat=True))


def _reachable(actor: Actor) -> QuerySet[Action]:
    found = Action.objects.select_related("proposal", "decision", "outcome")
    scopes = scopes_with(actor, Power.READ)
    if str(EVERYTHING) in scopes:
        return found
    within = ProposalScope.objects.filter(
        proposal=OuterRef("proposal_id"), scope__in=sorted(scopes)
    )
    return found.filter(Exists(within))


def _rows(
    actions: Sequence[Action], effects: dict[UUID, tuple[EffectRow, ...]]
) -> tuple[ActionRow, ...]:
    ids = [action.pk for action in actions]
    counted = (
        Effect.objects.filter(action__in=ids, state=EffectState.DONE)
        .values("action")
        .annotate(done=Count("pk"))
    )
    done = {row["action"]: row["done"] for row in counted}
    undoing = Action.objects.filter(undo_of__in=ids, state__in=LIVE)
    being_undone = frozenset(one.undo_of_id for one in undoing if one.undo_of_id)
    return tuple(
        action_row(
            action,
            effects_done=done,
            being_undone=being_undone,
            effects=effects.get(action.pk, ()),
        )
        for action in actions
    )
