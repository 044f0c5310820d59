"""How far each agent may go: listed, given, revoked."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from scuderia.basics.subjects import SubjectRef
from scuderia.loop.api import common
from scuderia.loop.nouns import (
    Autonomy,
    GrantId,
)
from scuderia.loop.operations import grants
from scuderia.loop.queries import grants as grant_queries
from scuderia.loop.queries.grants import GrantRow

router = Router(tags=["grants"])


Budgeted = Annotated[int, Field(ge=1, le=common.COUNT_MAX)] | None


class GrantIn(Schema):
    """How far an agent may go; budgets are for a day, null is no limit of that sort."""

    agent: common.Name
    kind: common.Name
    scope: common.SubjectText
    level: Autonomy
    expires_at: common.Instant
    actions_per_day: Budgeted = None
    targets_per_day: Budgeted = None
    cents_per_day: Budgeted = None
    reason: common.Words


class GrantIdOut(Schema):
    """The grant that was given."""

    grant_id: UUID


@router.get("/grants", response=common.answers(common.PageOut[GrantRow]))
def list_grants(request: HttpRequest, *, page: common.Page) -> Mapping[str, object]:
    """Return how far each agent may go, newest first."""
    return page.of(grant_queries.list_grants(**common.asked_by(request)))


@router.post("/grants", response=common.answers(GrantIdOut, status=201))
def give_grant(request: HttpRequest, said: GrantIn) -> Status[dict[str, GrantId]]:
    """Give an agent a level for a kind ("*" for all) on a scope; it replaces an open one."""
    grant_id = grants.give_grant(
        **common.asked_by(request),
        agent=said.agent,
        kind=said.kind,
        scope=SubjectRef.parse(said.scope),
        level=said.level,
        expires_at=said.expires_at,
        budget=grants.Budget(said.actions_per_day, said.targets_per_day, said.cents_per_day),
        reason=said.reason,
    )
    return Status(201, {"grant_id": grant_id})


@router.post("/grants/{grant_id}/revoke", response=common.answers(None, status=204))
def revoke_grant(request: HttpRequest, grant_id: UUID, said: common.ReasonIn) -> Status[None]:
    """Take it back, for queued and waiting work too."""
    by = common.asked_by(request)
    grants.revoke_grant(**by, grant_id=GrantId(grant_id), reason=said.reason)
    return Status(204, None)
