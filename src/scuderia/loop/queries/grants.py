"""How far an agent may go, by the grants that stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Q, Sum

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.records import row_from
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.loop.engine.grants import Given, most_cautious
from scuderia.loop.models.grants import Grant
from scuderia.loop.nouns import Autonomy, GrantId, GrantState, Power
from scuderia.loop.queries.access import concerning, scopes_with
from scuderia.loop.queries.lineage import known_lineage, lineage_of


@dataclass(frozen=True, slots=True)
class GrantRow:
    """One grant and its budget; `actions_today` and `targets_today` are what is used of it."""

    id: GrantId
    agent: str
    kind: str
    scope: SubjectRef
    level: Autonomy
    actions_per_day: int | None
    targets_per_day: int | None
    cents_per_day: int | None
    actions_today: int
    targets_today: int
    state: GrantState
    granted_by: str
    reason: str
    granted_at: AwareDatetime
    expires_at: AwareDatetime


def list_grants(actor: Actor, *, now: AwareDatetime) -> tuple[GrantRow, ...]:
    """Return the grants that concern the actor, with what is used of their budgets."""
    today = Q(actions__queued_at__gt=now - timedelta(days=1))
    counted = Grant.objects.annotate(
        used=Count("actions", filter=today), reached=Sum("actions__targets_count", filter=today)
    )
    grants = list(counted.order_by("-granted_at", "-pk"))
    told = concerning(scopes_with(actor, Power.READ), (grant.scope for grant in grants))
    return tuple(
        row_from(
            GrantRow,
            grant,
            id=GrantId(grant.id),
            scope=SubjectRef.parse(grant.scope),
            level=Autonomy(grant.level),
            actions_today=grant.used,
            targets_today=grant.reached or 0,
            state=_state(grant, now),
        )
        for grant in grants
        if grant.scope in told
    )


def _state(grant: Grant, now: AwareDatetime) -> GrantState:
    """Return the state as it is by the clock, whether or not the row was closed yet."""
    stored = GrantState(grant.state)
    still_open = stored in {GrantState.ACTIVE, GrantState.SUSPENDED}
    return GrantState.EXPIRED if still_open and now >= grant.expires_at else stored


def level_for(
    agent: str, kind: str, targets: Sequence[SubjectRef], *, at: AwareDatetime
) -> tuple[Autonomy, GrantId | None]:
    """Return how far the agent may go with this, and the grant that says so (None: default)."""
    grants = list(
        Grant.objects.filter(
            agent=agent,
            kind__in=[kind, "*"],
            state__in=[GrantState.ACTIVE, GrantState.SUSPENDED],
        )
    )
    if not grants:
        level, chosen = most_cautious([], kind=kind, lineages={}, at=at)
        return level, None
    lineages = {target: lineage_of(target) for target in targets}
    level, chosen = most_cautious(
        [_given(grant) for grant in grants], kind=kind, lineages=lineages, at=at
    )
    return level, chosen.id if chosen else None


def _given(grant: Grant) -> Given:
    scope, level = SubjectRef.parse(grant.scope), Autonomy(grant.level)
    if grant.state == GrantState.SUSPENDED:  # else a suspended budget would mean no budget
        level = min(level, Autonomy.ADVISE)
    return Given(
        id=GrantId(grant.id),
        kind=grant.kind,
        scope=scope,
        level=level,
        expires_at=grant.expires_at,
        depth=0 if scope == EVERYTHING else len(known_lineage(scope)),
    )
