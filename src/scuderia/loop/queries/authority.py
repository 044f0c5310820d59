"""Brakes and grants as they stand."""

from datetime import timedelta

from django.db.models import Count, Q, Sum

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import NotFound
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.loop.models.brakes import Brake
from scuderia.loop.models.grants import Grant
from scuderia.loop.nouns import Autonomy, BrakeScope, GrantId, GrantState, Power
from scuderia.loop.queries.rows import BrakeRow, GrantRow
from scuderia.loop.queries.standing import scopes_with


def list_brakes(actor: Actor, *, on_only: bool = True) -> tuple[BrakeRow, ...]:
    """Return the brakes, newest first; everyone who may read anything sees them."""
    if not scopes_with(actor, Power.READ):
        raise NotFound("nothing by that name is visible to you")
    found = Brake.objects.filter(lifted_at__isnull=True) if on_only else Brake.objects.all()
    return tuple(
        BrakeRow(
            stops=BrakeScope(brake.stops),
            value=brake.value,
            reason=brake.reason,
            set_by=brake.set_by,
            set_at=brake.set_at,
            lifted_by=brake.lifted_by,
            lifted_at=brake.lifted_at,
        )
        for brake in found.order_by("-set_at", "-pk")
    )


def list_grants(actor: Actor, *, now: AwareDatetime) -> tuple[GrantRow, ...]:
    """Return the grants with what is used of their budgets; scoped readers see their scopes'."""
    scopes = scopes_with(actor, Power.READ)
    found = Grant.objects.all()
    if str(EVERYTHING) not in scopes:
        found = found.filter(scope__in=[*scopes, str(EVERYTHING)]) if scopes else found.none()
    today = Q(actions__queued_at__gt=now - timedelta(days=1))
    counted = found.annotate(
        used=Count("actions", filter=today), reached=Sum("actions__targets_count", filter=today)
    )
    return tuple(
        GrantRow(
            id=GrantId(grant.id),
            agent=grant.agent,
            kind=grant.kind,
            scope=SubjectRef.parse(grant.scope),
            level=Autonomy(grant.level),
            actions_per_day=grant.actions_per_day,
            targets_per_day=grant.targets_per_day,
            cents_per_day=grant.cents_per_day,
            actions_today=grant.used,
            targets_today=grant.reached or 0,
            state=_state(grant, now),
            granted_by=grant.granted_by,
            reason=grant.reason,
            granted_at=grant.granted_at,
            expires_at=grant.expires_at,
        )
        for grant in counted.order_by("-granted_at", "-pk")
    )


def _state(grant: Grant, now: AwareDatetime) -> GrantState:
    """Return the state as it is by the clock, whether or not the row was closed yet."""
    stored = GrantState(grant.state)
    still_open = stored in {GrantState.ACTIVE, GrantState.SUSPENDED}
    return GrantState.EXPIRED if still_open and now >= grant.expires_at else stored
