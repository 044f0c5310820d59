"""Durable runs, their effects and their outcomes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, QuerySet

from scuderia.basics.actors import Actor
from scuderia.basics.canonical import JsonObject
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import NotFound
from scuderia.basics.records import row_from
from scuderia.basics.subjects import EVERYTHING, Lineage, SubjectRef
from scuderia.loop.engine.json_codec import (
    read_targets,
)
from scuderia.loop.models.actions import LIVE, OPEN, UNANSWERED, Action
from scuderia.loop.models.effects import Effect
from scuderia.loop.models.proposals import ProposalScope
from scuderia.loop.nouns import (
    ActionId,
    ActionState,
    EffectState,
    Power,
    ProposalId,
)
from scuderia.loop.queries.access import may, scopes_with
from scuderia.loop.queries.effects import EffectRow, effect_row
from scuderia.loop.queries.lineage import live_lineage, told_lineage
from scuderia.loop.queries.listing import holding, in_order
from scuderia.loop.queries.outcomes import OutcomeRow, outcome_row

ACTION_ORDERS = {
    "title": "proposal__title",
    "state": "state",
    "by": "decision__decided_by",
    "queued": "queued_at",
    "finished": "finished_at",
    "outcome": "outcome__verdict",
}


def known_actions(ids: Iterable[ActionId]) -> set[ActionId]:
    """Return those of these actions that the tables tell of."""
    return {ActionId(pk) for pk in Action.objects.filter(pk__in=ids).values_list("pk", flat=True)}


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One durable run. `effects` is empty in lists; `can_undo` says the button may be offered.

    acknowledged_at   when a person took note that it failed
    """

    id: ActionId
    proposal_id: ProposalId
    title: str
    kind: str
    agent: str
    targets: tuple[SubjectRef, ...]
    params: JsonObject
    state: ActionState
    resumable: bool
    safe_direction: bool
    said: str
    decided_by: str
    steps_total: int
    queued_at: AwareDatetime
    started_at: AwareDatetime | None
    finished_at: AwareDatetime | None
    acknowledged_at: AwareDatetime | None
    undo_of: ActionId | None
    can_undo: bool
    outcome: OutcomeRow | None
    effects: tuple[EffectRow, ...] = ()

    @property
    def is_unanswered(self) -> bool:
        """Say whether it failed and nobody has taken note."""
        return self.state is ActionState.FAILED and self.acknowledged_at is None

    @property
    def is_stuck(self) -> bool:
        """Say whether a person must give it an end, an undo that halted no less than another."""
        return self.is_unanswered or self.resumable


def list_actions(
    actor: Actor,
    *,
    states: Sequence[ActionState] = (),
    words: str = "",
    order: str = "",
    offset: int = 0,
    limit: int = 100,
) -> tuple[ActionRow, ...]:
    """Return runs within the actor's reach, newest first unless ordered, without their effects.

    words   each of them in the title, in who decided, in the agent or the kind
    order   one of ACTION_ORDERS, "-" before it for descending
    """
    found = _reachable(actor).filter(
        holding(words, "proposal__title", "decision__decided_by", "agent", "kind")
    )
    if states:
        found = found.filter(state__in=[state.value for state in states])
    ordered = in_order(found, ACTION_ORDERS, order, unasked=("-queued_at", "-pk"))
    return _rows(list(ordered[offset : offset + limit]), {})


def list_unsettled(actor: Actor, *, limit: int) -> tuple[ActionRow, ...]:
    """Return, newest first, runs that go on by themselves and those that a person must end."""
    found = _reachable(actor).filter(OPEN | UNANSWERED).order_by("-queued_at", "-pk")
    return _rows(list(found[:limit]), {})


def get_action(actor: Actor, action_id: ActionId) -> ActionRow:
    """Return one run with its effects.

    raises   NotFound: no such run within the actor's reach
    """
    action = _reachable(actor).filter(pk=action_id).first()
    if action is None:
        raise NotFound("no such action is visible to you")
    effects = tuple(map(effect_row, action.effects.order_by("step")))
    return _rows([action], {action.pk: effects})[0]


def last_action_on(
    subject: SubjectRef, *, since: AwareDatetime, until: AwareDatetime
) -> tuple[str, AwareDatetime] | None:
    """Return kind and start of the newest run on this very target begun in [since, until]."""
    names = ProposalScope.objects.filter(proposal=OuterRef("proposal_id"), scope=str(subject))
    begun = Action.objects.filter(Exists(names), started_at__gte=since, started_at__lte=until)
    newest = begun.order_by("-started_at").first()
    return (newest.kind, newest.started_at) if newest and newest.started_at else None


def is_decider(actor: Actor, action: Action) -> bool:
    """Say whether this person said yes to it."""
    return action.decision.decided_by == str(actor)


def lineage_for(actor: Actor, action: Action) -> Lineage:
    """Return on what an actor's powers over the action may stand.

    The targets may hang elsewhere by now, by this very action. Who decided it keeps the powers
    that a role gives over where they hung then, so that the promised way back stays theirs.
    """
    if is_decider(actor, action):
        return told_lineage(action.proposal)
    return live_lineage(action.proposal)


def powers_over(actor: Actor, action_id: ActionId) -> frozenset[Power]:
    """Return what the actor may do to the run, of deciding, stopping and undoing."""
    action = _reachable(actor).filter(pk=action_id).first()
    if action is None:
        return frozenset()
    lineage = lineage_for(actor, action)
    asked = (Power.DECIDE, Power.BRAKE, Power.UNDO)
    return frozenset(power for power in asked if may(actor, power, lineage))


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
    undoing = Action.objects.filter(OPEN, undo_of__in=ids)
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


def action_row(
    action: Action,
    *,
    effects_done: Mapping[UUID, int],
    being_undone: frozenset[UUID],
    effects: tuple[EffectRow, ...] = (),
) -> ActionRow:
    """Return one run; `effects_done` and `being_undone` answer whether undo may be offered."""
    outcome = getattr(action, "outcome", None)
    undoable = {ActionState.DONE, ActionState.FAILED, ActionState.HALTED}
    return row_from(
        ActionRow,
        action,
        id=ActionId(action.id),
        proposal_id=ProposalId(action.proposal_id),
        title=action.proposal.title,
        targets=read_targets(action.targets),
        state=ActionState(action.state),
        decided_by=action.decision.decided_by,
        undo_of=ActionId(action.undo_of_id) if action.undo_of_id else None,
        can_undo=(
            ActionState(action.state) in undoable
            and not action.safe_direction
            and effects_done.get(action.id, 0) > 0
            and action.id not in being_undone
        ),
        outcome=outcome_row(outcome) if outcome else None,
        effects=effects,
    )
