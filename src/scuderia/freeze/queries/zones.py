"""The no-fly zones that an actor may know of, each with its nodes and the steps of its life."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import NotFound
from scuderia.basics.subjects import EVERYTHING
from scuderia.fleet.queries.node_versions import last_seen_versions
from scuderia.fleet.queries.shared_parts import counted
from scuderia.freeze.engine.zone_times import NEVER, intervals_of
from scuderia.freeze.models.breaches import Breach
from scuderia.freeze.models.break_glass import BreakGlass
from scuderia.freeze.models.zones import Zone, ZoneExtension, ZoneNode, ZoneVersion
from scuderia.freeze.nouns import EndKind, Interval, ZoneScope, ZoneState, ZoneTimes
from scuderia.freeze.queries.zone_nodes import nodes_within_reach
from scuderia.loop.nouns import Power
from scuderia.loop.queries.access import scopes_with

BREACHES_TOLD = 200
AHEAD = timedelta(days=1)
FRESH = timedelta(minutes=5)
NODES_TOLD = 200
"""How many of a zone's nodes are told by name; their number is always told."""


@dataclass(frozen=True, slots=True)
class ZoneRow:
    """One zone; `ends_at` None while its end is open, and `review_at` says when that is seen to.

    state       as the clock has it
    waits_for   what a second person has yet to decide: "approval", "extension" or ""
    nodes       how many it holds, and `gpus` of how many GPUs; before approval as previewed
    first, until   as asked, in `time_zone`
    """

    id: UUID
    state: ZoneState
    waits_for: str
    customer: str
    title: str
    reason: str
    ticket: str
    scope: str
    classes: tuple[str, ...]
    nodes: int
    gpus: int
    starts_at: AwareDatetime
    ends_at: AwareDatetime | None
    review_at: AwareDatetime | None
    time_zone: str
    first: str
    until: str
    rrule: str
    end_kind: str
    requested_by: str
    requested_at: AwareDatetime
    decided_by: str
    decided_at: AwareDatetime | None
    decision_reason: str


@dataclass(frozen=True, slots=True)
class ZoneStepRow:
    """One step of a zone's life."""

    at: AwareDatetime
    step: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class BreachRow:
    """A change of a machine inside the zone, between `last_seen` and `seen`.

    node   "" where the machine is out of the reader's reach
    """

    node: str
    kind: str
    was: str
    value: str
    last_seen: AwareDatetime
    seen: AwareDatetime
    found_at: AwareDatetime


@dataclass(frozen=True, slots=True)
class LetThroughRow(BreachRow):
    """A change that a break-glass let through the zone: no breach; and by whose leave it was."""

    break_glass: UUID
    asked_by: str
    approved_by: str
    reason: str
    ticket: str


@dataclass(frozen=True, slots=True)
class ZoneView:
    """One zone, whole: the first of its nodes by name, and its steps, oldest first.

    node_names  those of its nodes that the reader may read, the first of them
    nodes_untold   how many it holds beside those
    parts       the switches, feeds and storage it holds on which a node hangs that they may read,
                by name; `parts_held` is how many it holds of each kind, in words
    breaches    what changed on its machines while it was in force, the first of them
    let_through what a break-glass let through, the first of it
    watched     how many of its nodes were seen within the last 5 minutes: of the others it is not
                known whether anything changed
    """

    zone: ZoneRow
    node_names: tuple[str, ...]
    nodes_untold: int
    parts: tuple[str, ...]
    parts_held: str
    steps: tuple[ZoneStepRow, ...]
    breaches: tuple[BreachRow, ...]
    let_through: tuple[LetThroughRow, ...]
    watched: int


def list_zones(
    actor: Actor, now: AwareDatetime, *, past: bool = False, limit: int = 200
) -> tuple[ZoneRow, ...]:
    """Return the zones within the actor's reach, the last to start first; `past`: over ones too."""
    found = zones_within_reach(actor)
    if not past:
        over = Q(state__in=(ZoneState.REJECTED, ZoneState.ENDED)) | Q(ends_at__lte=now)
        found = found.exclude(over)
    zones = list(found.order_by("-starts_at", "-pk")[:limit])
    held = _held(zones)
    extended = set(
        ZoneExtension.objects.filter(zone__in=zones, approved__isnull=True).values_list(
            "zone_id", flat=True
        )
    )
    return tuple(_row(zone, now, held, extended=zone.pk in extended) for zone in zones)


def get_zone(actor: Actor, zone_id: UUID, now: AwareDatetime) -> ZoneView:
    """Return one zone.

    raises   NotFound: none of that id within the actor's reach
    """
    zone = visible_zone(actor, zone_id)
    held = zone.pins.filter(until__isnull=True).order_by("node").values_list("node", flat=True)
    names = tuple(held)
    changes = zone.breaches.order_by("seen", "node").select_related("glass")
    breaches = changes.filter(glass__isnull=True)[:BREACHES_TOLD]
    let_through = changes.filter(glass__isnull=False)[:BREACHES_TOLD]
    changed = {one.node for one in (*breaches, *let_through)}
    parts = parts_held(zone)
    known = nodes_within_reach(actor, {*names, *changed, *parts}, now)
    told = tuple(name for name in names if name in known)[:NODES_TOLD]
    return ZoneView(
        zone=_row(
            zone,
            now,
            _held([zone]),
            extended=zone.extensions.filter(approved__isnull=True).exists(),
        ),
        node_names=told,
        nodes_untold=len(names) - len(told),
        parts=tuple(part for part in parts if part in known)[:NODES_TOLD],
        parts_held=counted(parts),
        steps=tuple(
            ZoneStepRow(one.at, one.step, one.by, one.reason) for one in zone.steps.order_by("pk")
        ),
        breaches=tuple(breach_row(one, known) for one in breaches),
        let_through=tuple(
            let_through_row(one, one.glass, known) for one in let_through if one.glass is not None
        ),
        watched=sum(now - at <= FRESH for at in last_seen_versions(names).values()),
    )


def parts_held(zone: Zone) -> tuple[str, ...]:
    """Return the switches, feeds and storage that the zone holds with its nodes, by name."""
    return tuple(zone.parts.order_by("part").values_list("part", flat=True))


def breach_row(found: Breach, known: Collection[str]) -> BreachRow:
    """Return a change as it is told; `known`: the nodes that may be named."""
    return BreachRow(**_change_of(found, known))


def let_through_row(found: Breach, glass: BreakGlass, known: Collection[str]) -> LetThroughRow:
    """Return a change that this break-glass let through, as it is told."""
    return LetThroughRow(
        **_change_of(found, known),
        break_glass=glass.pk,
        asked_by=glass.requested_by,
        approved_by=glass.approved_by,
        reason=glass.reason,
        ticket=glass.ticket,
    )


def _change_of(found: Breach, known: Collection[str]) -> dict[str, Any]:
    return {
        "node": found.node if found.node in known else "",
        "kind": found.kind,
        "was": found.was,
        "value": found.value,
        "last_seen": found.last_seen,
        "seen": found.seen,
        "found_at": found.found_at,
    }


def stretches_of(zone: Zone, now: AwareDatetime) -> tuple[Interval, ...]:
    """Return when the zone is in force, cut at its end; a rule without an end for a day ahead."""
    ends = zone.ends_at or NEVER
    return tuple(
        Interval(at, end)
        for start, until in intervals_of(times_of(zone), before=now + AHEAD)
        for at, end in (
            (datetime.fromtimestamp(start, UTC), min(datetime.fromtimestamp(until, UTC), ends)),
        )
        if at < end
    )


def zone_ids(actor: Actor, *, among: Collection[UUID] | None = None) -> tuple[UUID, ...]:
    """Return the ids of the zones within the actor's reach; `among`: those of these alone."""
    found = zones_within_reach(actor)
    if among is not None:
        found = found.filter(pk__in=among)
    return tuple(found.values_list("pk", flat=True))


def visible_zone(actor: Actor, zone_id: UUID) -> Zone:
    """Return one zone's row.

    raises   NotFound: none of that id within the actor's reach
    """
    found = zones_within_reach(actor).filter(pk=zone_id).first()
    if found is None:
        raise NotFound(f"no zone of the id {zone_id} is visible to you")
    return found


def times_of(zone: Zone) -> ZoneTimes:
    """Return when the zone is in force, as asked."""
    return ZoneTimes(
        time_zone=zone.time_zone,
        first=datetime.fromisoformat(zone.first_wall),
        until=datetime.fromisoformat(zone.until_wall) if zone.until_wall else None,
        end_kind=EndKind(zone.end_kind),
        rrule=zone.rrule,
        exdates=tuple(map(datetime.fromisoformat, zone.exdates)),
        rdates=tuple(map(datetime.fromisoformat, zone.rdates)),
    )


def scope_of(zone: Zone) -> ZoneScope:
    """Return what the zone is asked to hold."""
    asked = zone.scope
    labels = tuple(asked.get("labels", ()))
    return ZoneScope(
        tuple(asked["under"]), asked["gpus"], asked["sku"], asked["site"], labels,
        hold=asked.get("hold", False),
    )  # fmt: skip


def scope_words(scope: ZoneScope) -> str:
    """Return what a zone is asked to hold, in words; nodes are counted: not all may read them."""
    bears = f" with {', '.join(scope.labels)}" if scope.labels else ""
    if scope.gpus is None and not scope.under:
        return f"what it holds{bears}"
    if scope.gpus is None:
        named = [one for one in scope.under if not one.startswith("node:")]
        nodes = len(scope.under) - len(named)
        more = len(named) - _SUBJECTS_TOLD
        told = ", ".join(named[:_SUBJECTS_TOLD]) + (f" and {more} more" if more > 0 else "")
        counted = f"{nodes:,} node{'' if nodes == 1 else 's'}" if nodes else ""
        return ", ".join(filter(None, (told, counted))) + bears
    of = f" of {scope.sku}" if scope.sku else ""
    kept = ", kept free for its run" if scope.hold else ""
    return f"{scope.gpus:,} GPUs{of}{f' at {scope.site}' if scope.site else ''}{bears}{kept}"


_SUBJECTS_TOLD = 5


def state_at(zone: Zone, now: AwareDatetime) -> ZoneState:
    """Return where the zone's life stands by the clock, whether or not that was recorded yet."""
    state = ZoneState(zone.state)
    if state in (ZoneState.REQUESTED, ZoneState.REJECTED, ZoneState.ENDED):
        return state
    if zone.ends_at is not None and zone.ends_at <= now:
        return ZoneState.ENDED
    return ZoneState.ACTIVE if zone.starts_at <= now else ZoneState.SCHEDULED


def zones_version() -> tuple[int, UUID | None]:
    """Return how often the zones were changed, and the token of the last change."""
    found = ZoneVersion.objects.filter(pk=1).values_list("number", "token").first()
    return found or (0, None)


def zones_within_reach(actor: Actor) -> "QuerySet[Zone]":
    """Keep the zones of whose customer, or of a place of whose nodes, the actor may read."""
    scopes = scopes_with(actor, Power.READ)
    if not scopes:
        raise NotFound("nothing by that name is visible to you")
    if str(EVERYTHING) in scopes:
        return Zone.objects.all()
    named = [scope.removeprefix("node:") for scope in scopes if scope.startswith("node:")]
    pinned = ZoneNode.objects.filter(node__in=named).values("zone_id")
    within = (Q(reach__contains=f"|{scope}|") for scope in sorted(scopes))
    return Zone.objects.filter(reduce(or_, within, Q(pk__in=pinned)))


def _held(zones: list[Zone]) -> Mapping[UUID, tuple[int, int]]:
    """Return how many nodes, and GPUs, each zone holds."""
    rows = (
        ZoneNode.objects.filter(zone__in=zones, until__isnull=True)
        .values_list("zone_id")
        .annotate(nodes=Count("pk"), gpus_held=Sum("gpus"))
    )
    return {zone: (nodes, gpus) for zone, nodes, gpus in rows}


def _row(
    zone: Zone, now: AwareDatetime, held: Mapping[UUID, tuple[int, int]], *, extended: bool
) -> ZoneRow:
    state = state_at(zone, now)
    nodes, gpus = held.get(zone.pk, (0, 0))
    waits = "approval" if state is ZoneState.REQUESTED else "extension" if extended else ""
    return ZoneRow(
        id=zone.pk,
        state=state,
        waits_for=waits,
        customer=zone.customer,
        title=zone.title,
        reason=zone.reason,
        ticket=zone.ticket,
        scope=scope_words(scope_of(zone)),
        classes=tuple(zone.classes),
        nodes=nodes,
        gpus=gpus,
        starts_at=zone.starts_at,
        ends_at=zone.ends_at,
        review_at=zone.review_at,
        time_zone=zone.time_zone,
        first=zone.first_wall,
        until=zone.until_wall,
        rrule=zone.rrule,
        end_kind=zone.end_kind,
        requested_by=zone.requested_by,
        requested_at=zone.requested_at,
        decided_by=zone.decided_by,
        decided_at=zone.decided_at,
        decision_reason=zone.decision_reason,
    )
