"""Stopping an action: halted for a person to resume, or sent back as a proposal."""

from datetime import timedelta

from django.db import transaction

from scuderia.basics.actors import WORKER, Actor
from scuderia.basics.canonical import JsonObject
from scuderia.basics.clock import AwareDatetime
from scuderia.loop.engine.transitions import IllegalMove
from scuderia.loop.models.actions import Action
from scuderia.loop.models.proposals import Proposal
from scuderia.loop.nouns import ActionState, ProposalState
from scuderia.loop.operations import audit
from scuderia.loop.operations.preflight import StopKind, StopReason
from scuderia.loop.operations.proposals import rebind
from scuderia.loop.operations.transitions import move
from scuderia.loop.queries.lineage import told_lineage

LIFE_AFTER_RETURN = timedelta(hours=24)


def stop_action(action: Action, stop: StopReason, *, now: AwareDatetime) -> None:
    """Halt the action, or void its decision and ask the person again; nothing further is done."""
    back = stop.way is StopKind.RETURN
    try:
        with transaction.atomic():
            move(
                action,
                "action",
                ActionState.HALTED,
                resumable=not back,
                said=stop.said[:2000],
                finished_at=now if back else None,
            )
            record(
                WORKER,
                "action.sent_back" if back else "action.halted",
                action,
                at=now,
                reason=stop.said[:2000],
            )
            if back:
                _send_back(action, stop, now)
    except IllegalMove:  # somebody stopped it first; either way it does not go on
        action.refresh_from_db()


@transaction.atomic
def end_halted(
    action: Action, actor: Actor, verb: str, *, said: str, reason: str, now: AwareDatetime
) -> bool:
    """Give a halted run its end, if nobody has moved it since it was read; say whether it did."""
    waiting = Action.objects.filter(
        pk=action.pk, state=ActionState.HALTED, resumable=True, attempt=action.attempt
    )
    ended = waiting.update(resumable=False, finished_at=now, said=said[:2000])
    if ended:
        record(actor, verb, action, at=now, reason=reason or said[:2000])
    return bool(ended)


def record(
    actor: Actor,
    verb: str,
    action: Action,
    *,
    at: AwareDatetime,
    reason: str = "",
    detail: JsonObject | None = None,
) -> None:
    """Write one audit entry about an action, readable by those who may read its proposal."""
    audit.record(
        actor,
        verb,
        subject=f"action:{action.pk}",
        reason=reason,
        at=at,
        detail={"digest": action.digest, **(detail or {})},
        lineage=told_lineage(action.proposal),
    )


def _send_back(action: Action, stop: StopReason, now: AwareDatetime) -> None:
    proposal = Proposal.objects.get(pk=action.proposal_id)
    move(
        proposal,
        "proposal",
        ProposalState.PENDING,
        closed_at=None,
        returned_reason=stop.said[:2000],
        expires_at=max(proposal.expires_at, now + LIFE_AFTER_RETURN),
    )
    if stop.resolved is not None:
        rebind(proposal, stop.resolved, returned=stop.said[:2000])
    else:  # the serial must grow all the same: the old decision names it
        Proposal.objects.filter(pk=proposal.pk).update(serial=proposal.serial + 1)
