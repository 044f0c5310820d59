"""Durable runs: listed, undone, resumed, halted."""

from collections.abc import Mapping
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status

from scuderia.loop.api import common
from scuderia.loop.api.row_schemas import made_from
from scuderia.loop.nouns import (
    ActionId,
    ActionState,
)
from scuderia.loop.operations import actions as action_operations
from scuderia.loop.operations import undo
from scuderia.loop.queries import actions
from scuderia.loop.queries.actions import ActionRow
from scuderia.loop.queries.outcomes import OutcomeRow

router = Router(tags=["actions"])


@made_from(OutcomeRow, leave_out={"action_id"})
class OutcomeOut(Schema):
    """The measured effect beside the expected one, of the action that it stands in."""


@made_from(ActionRow, leave_out={"effects"}, usual=False)
class ActionLine(Schema):
    """One durable run, as lists tell it: without its effects."""


@router.get("/actions", response=common.answers(common.PageOut[ActionLine]))
def list_actions(
    request: HttpRequest,
    state: ActionState | None = None,
    *,
    page: common.Page,
) -> Mapping[str, object]:
    """Return runs, newest first."""
    states = (state,) if state else ()
    rows = actions.list_actions(common.request_actor(request), states=states, limit=page.rows_max)
    return page.of(rows)


@router.get("/actions/{action_id}", response=common.answers(ActionRow))
def get_action(request: HttpRequest, action_id: UUID) -> ActionRow:
    """Return one run with its effects."""
    return actions.get_action(common.request_actor(request), ActionId(action_id))


@router.post("/actions/{action_id}/undo", response=common.answers(common.ActionIdOut, status=202))
def undo_action(
    request: HttpRequest, action_id: UUID, said: common.ReasonIn
) -> Status[dict[str, ActionId]]:
    """Queue the action that undoes this one; no brake stops it."""
    queued = undo.undo_action(
        **common.asked_by(request), action_id=ActionId(action_id), reason=said.reason
    )
    return Status(202, {"action_id": queued})


@router.post("/actions/{action_id}/resume", response=common.answers(None, status=204))
def resume_action(request: HttpRequest, action_id: UUID, said: common.ReasonIn) -> Status[None]:
    """Let a halted run go on."""
    return _change(action_operations.resume_action, request, action_id, said)


@router.post("/actions/{action_id}/halt", response=common.answers(None, status=204))
def halt_action(request: HttpRequest, action_id: UUID, said: common.ReasonIn) -> Status[None]:
    """Stop one run before its next step."""
    return _change(action_operations.halt_action, request, action_id, said)


@router.post("/actions/{action_id}/cancel", response=common.answers(None, status=204))
def cancel_action(request: HttpRequest, action_id: UUID, said: common.ReasonIn) -> Status[None]:
    """End a halted run for good; what was done stays done and may be undone."""
    return _change(action_operations.cancel_action, request, action_id, said)


@router.post("/actions/{action_id}/acknowledge", response=common.answers(None, status=204))
def acknowledge_failure(
    request: HttpRequest, action_id: UUID, said: common.ReasonIn
) -> Status[None]:
    """Take note that a run failed, with a reason; it stays failed and may be undone."""
    return _change(action_operations.acknowledge_failure, request, action_id, said)


def _change(
    change: action_operations.ActionChange,
    request: HttpRequest,
    action_id: UUID,
    said: common.ReasonIn,
) -> Status[None]:
    """Change a run that is visible to who asks; to others there is none."""
    run = actions.get_action(common.request_actor(request), ActionId(action_id))
    change(**common.asked_by(request), action_id=run.id, reason=said.reason)
    return Status(204, None)
