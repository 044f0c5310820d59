"""Break-glass as an actor may know of it: who asked, who approved, for what, until when."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import NotFound
from scuderia.freeze.models.break_glass import BreakGlass
from scuderia.freeze.models.zones import Zone
from scuderia.freeze.nouns import AskedUpdate, GlassState
from scuderia.freeze.queries.zones import zones_within_reach


@dataclass(frozen=True, slots=True)
class GlassRow:
    """One break-glass; `starts_at` to `ends_at` is the update's whole interval.

    state   as the clock has it
    zones   through which the update is let
    """

    id: UUID
    state: GlassState
    zones: tuple[UUID, ...]
    customers: tuple[str, ...]
    update_class: str
    nodes: tuple[str, ...]
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    expires_at: AwareDatetime
    reason: str
    ticket: str
    requested_by: str
    requested_at: AwareDatetime
    approved_by: str
    approved_at: AwareDatetime | None
    approval_reason: str
    used_at: AwareDatetime | None


def list_break_glass(
    actor: Actor, now: AwareDatetime, *, past: bool = False, limit: int = 200
) -> tuple[GlassRow, ...]:
    """Return those all of whose zones lie within the actor's reach, the last asked for first.

    past   those that have expired as well
    raises NotFound: the actor may read nothing at all
    """
    found = _within_reach(actor)
    if not past:
        found = found.filter(expires_at__gt=now)
    rows = found.order_by("-requested_at", "-pk").prefetch_related("zones")[:limit]
    return tuple(row_of(one, now) for one in rows)


def visible_glass(actor: Actor, glass_id: UUID) -> BreakGlass:
    """Return one break-glass.

    raises   NotFound: none of that id within the actor's reach
    """
    found = _within_reach(actor).filter(pk=glass_id).first()
    if found is None:
        raise NotFound(f"no break-glass of the id {glass_id} is visible to you")
    return found


def glass_ids(actor: Actor) -> tuple[UUID, ...]:
    """Return the ids of those within the actor's reach."""
    return tuple(_within_reach(actor).values_list("pk", flat=True))


def update_of(glass: BreakGlass) -> AskedUpdate:
    """Return the one update that it is for."""
    told = dict(glass.update)
    return AskedUpdate(nodes=tuple(told.pop("nodes")), **told)


def state_of(glass: BreakGlass, now: AwareDatetime) -> GlassState:
    """Return where it stands by the clock."""
    if glass.expires_at <= now:
        return GlassState.EXPIRED
    if glass.used_at is not None:
        return GlassState.USED
    return GlassState.APPROVED if glass.approved_by else GlassState.REQUESTED


def row_of(glass: BreakGlass, now: AwareDatetime) -> GlassRow:
    """Return it as it is told; its zones are read with it."""
    update = update_of(glass)
    zones = sorted(glass.zones.all(), key=lambda zone: zone.pk)
    return GlassRow(
        id=glass.pk,
        state=state_of(glass, now),
        zones=tuple(zone.pk for zone in zones),
        customers=tuple(sorted({zone.customer for zone in zones})),
        update_class=update.update_class,
        nodes=update.nodes,
        starts_at=glass.starts_at,
        ends_at=glass.ends_at,
        expires_at=glass.expires_at,
        reason=glass.reason,
        ticket=glass.ticket,
        requested_by=glass.requested_by,
        requested_at=glass.requested_at,
        approved_by=glass.approved_by,
        approved_at=glass.approved_at,
        approval_reason=glass.approval_reason,
        used_at=glass.used_at,
    )


def _within_reach(actor: Actor) -> "QuerySet[BreakGlass]":
    visible = zones_within_reach(actor).values("pk")
    hidden = Zone.objects.exclude(pk__in=visible).values("pk")
    return BreakGlass.objects.exclude(zones__in=hidden)
