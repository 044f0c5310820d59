"""How far an agent may go: given, suspended and revoked by people."""

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from scuderia.basics.actors import WORKER, Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput, NotFound, Refused
from scuderia.basics.subjects import SubjectRef
from scuderia.loop.engine.grants import refuse_unbuilt
from scuderia.loop.models.actions import Action
from scuderia.loop.models.grants import Grant
from scuderia.loop.nouns import Autonomy, GrantId, GrantState, Power
from scuderia.loop.operations import access, audit
from scuderia.loop.operations.transitions import move
from scuderia.loop.ports import executor_of
from scuderia.loop.queries.lineage import lineage_of

OPEN = [GrantState.ACTIVE.value, GrantState.SUSPENDED.value]
BUDGET_WINDOW = timedelta(days=1)


class BadGrant(BadInput):
    """The grant says nothing that could be given."""

    code = "LOOP-008"
    remedy = "Give an agent, a reason, an end in the future, and budgets above zero."


class BudgetSpent(Refused):
    """The grant's budget for a day is used up."""

    code = "LOOP-009"
    remedy = "Wait until the day has passed, or ask a lead for a larger budget."


@dataclass(frozen=True, slots=True)
class Budget:
    """The most a grant allows in a day of domain time; None is no limit of that sort."""

    actions_per_day: int | None = None
    targets_per_day: int | None = None
    cents_per_day: int | None = None


@transaction.atomic
def give_grant(  # noqa: PLR0913 - a grant is exactly these facts
    *,
    actor: Actor,
    agent: str,
    kind: str,
    scope: SubjectRef,
    level: Autonomy,
    expires_at: AwareDatetime,
    budget: Budget,
    reason: str,
    now: AwareDatetime,
) -> GrantId:
    """Give an agent a level for a kind ("*" for all) on a scope; it replaces an open one.

    raises   LevelNotBuilt: levels 3 and 4 are not built yet
    """
    lineage = lineage_of(scope)
    access.require(actor, Power.GRANT, lineage)
    refuse_unbuilt(level)
    _refuse_bad(agent, kind, expires_at, budget, reason, now)
    same = Grant.objects.filter(agent=agent, kind=kind, scope=str(scope), state__in=OPEN)
    for old in same.select_for_update():
        move(old, "grant", GrantState.REVOKED, closed_by=str(actor), closed_at=now)
    grant = Grant.objects.create(
        agent=agent,
        kind=kind,
        scope=str(scope),
        level=level.value,
        **asdict(budget),
        granted_by=str(actor),
        reason=audit.bounded(reason),
        granted_at=now,
        expires_at=expires_at,
    )
    detail = {
        "agent": agent,
        "kind": kind,
        "scope": str(scope),
        "level": level.value,
        "expires_at": expires_at.isoformat(),
        "budget": asdict(budget),
    }
    audit.record(
        actor,
        "grant.given",
        subject=f"grant:{grant.id}",
        reason=reason,
        at=now,
        detail=detail,
        lineage=lineage,
    )
    return GrantId(grant.id)


def revoke_grant(*, actor: Actor, grant_id: GrantId, reason: str = "", now: AwareDatetime) -> None:
    """Take it back, for queued and waiting work too: each step asks for the grant again."""
    _turn(grant_id, GrantState.REVOKED, "grant.revoked", actor, reason, now)


def suspend_grant(*, actor: Actor, grant_id: GrantId, reason: str = "", now: AwareDatetime) -> None:
    """Stop it for a while; the agent may only advise under it, queued work included."""
    _turn(grant_id, GrantState.SUSPENDED, "grant.suspended", actor, reason, now)


def reinstate_grant(
    *, actor: Actor, grant_id: GrantId, reason: str = "", now: AwareDatetime
) -> None:
    """Let a suspended grant hold again."""
    _turn(grant_id, GrantState.ACTIVE, "grant.reinstated", actor, reason, now)


@transaction.atomic
def expire_due(*, now: AwareDatetime) -> int:
    """Close grants whose time has passed; return how many."""
    due = list(Grant.objects.filter(state__in=OPEN, expires_at__lte=now).select_for_update())
    for grant in due:
        move(grant, "grant", GrantState.EXPIRED, closed_by=str(WORKER), closed_at=now)
        audit.record(
            WORKER,
            "grant.expired",
            subject=f"grant:{grant.id}",
            at=now,
            lineage=frozenset({SubjectRef.parse(grant.scope)}),
        )
    return len(due)


def refuse_over_budget(
    grant_id: GrantId | None,
    *,
    targets: int,
    cents: int | None,
    now: AwareDatetime,
    but: UUID | None = None,
) -> None:
    """Raise BudgetSpent if one more action with so many targets passes the grant's day.

    cents   what the action costs; unknown is refused where money is budgeted
    but     the id of an action that is counted already: itself
    """
    grant = Grant.objects.filter(pk=grant_id).first() if grant_id else None
    if grant is None:
        return
    used = Action.objects.filter(grant=grant, queued_at__gt=now - BUDGET_WINDOW)
    if but is not None:
        used = used.exclude(pk=but)
    if grant.actions_per_day is not None and used.count() >= grant.actions_per_day:
        raise BudgetSpent(f"{grant.agent} has used its {grant.actions_per_day} actions a day")
    spent = used.aggregate(targets=Sum("targets_count"), cents=Sum("cost_cents"))
    if (
        grant.targets_per_day is not None
        and (spent["targets"] or 0) + targets > grant.targets_per_day
    ):
        raise BudgetSpent(f"{grant.agent} may touch {grant.targets_per_day} targets a day")
    if grant.cents_per_day is None:
        return
    if cents is None or (spent["cents"] or 0) + cents > grant.cents_per_day:
        raise BudgetSpent(f"{grant.agent} may spend {grant.cents_per_day} cents a day")


def _refuse_bad(
    agent: str,
    kind: str,
    expires_at: AwareDatetime,
    budget: Budget,
    reason: str,
    now: AwareDatetime,
) -> None:
    if kind != "*":
        executor_of(kind)
    limits = [limit for limit in asdict(budget).values() if limit is not None]
    if not agent or not reason.strip() or expires_at <= now or any(one <= 0 for one in limits):
        raise BadGrant("the grant is incomplete")


@transaction.atomic
def _turn(
    grant_id: GrantId,
    to: GrantState,
    verb: str,
    actor: Actor,
    reason: str,
    now: AwareDatetime,
) -> None:
    grant = Grant.objects.filter(pk=grant_id).first()
    if grant is None:
        raise NotFound("no such grant")
    lineage = lineage_of(SubjectRef.parse(grant.scope))
    access.require(actor, Power.GRANT, lineage)
    final = to is GrantState.REVOKED
    closed: dict[str, Any] = {"closed_by": str(actor), "closed_at": now} if final else {}
    move(grant, "grant", to, **closed)
    audit.record(actor, verb, subject=f"grant:{grant.id}", reason=reason, at=now, lineage=lineage)
