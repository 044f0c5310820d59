"""A zone's life: asked for by one person, approved by another, then scheduled, active and ended."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from django.db import transaction

from scuderia.basics.actors import WORKER, Actor
from scuderia.basics.canonical import JsonObject
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import NotAuthorised, NotFound, Refused
from scuderia.basics.ids import new_id
from scuderia.basics.subjects import EVERYTHING, Lineage, SubjectRef
from scuderia.fleet.queries.inventory import UnknownSubject
from scuderia.fleet.queries.shared_parts import parts_of
from scuderia.freeze.engine.zone_asked import (
    read_classes,
    read_end,
    read_review,
    read_times,
    require_reason,
    require_words,
    span_to_come,
    spelled,
    with_end,
)
from scuderia.freeze.engine.zone_scope import (
    ScopeNode,
    gpus_in,
    label_keys,
    nodes_in_scope,
    refuse_bad_scope,
)
from scuderia.freeze.models.zones import (
    TITLE_MAX,
    Zone,
    ZoneExtension,
    ZoneNode,
    ZonePart,
    ZoneStep,
    ZoneVersion,
)
from scuderia.freeze.nouns import (
    BadZone,
    ZoneAsked,
    ZonePower,
    ZoneScope,
    ZoneState,
    ZoneTimes,
)
from scuderia.freeze.queries.zone_scope import scope_nodes
from scuderia.freeze.queries.zones import (
    scope_of,
    scope_words,
    state_at,
    times_of,
    visible_zone,
)
from scuderia.loop.nouns import Power
from scuderia.loop.operations import access, audit
from scuderia.loop.queries.access import may, scopes_with
from scuderia.loop.queries.lineage import known_lineage, lineage_of, lineages_of

_BATCH = 2_000


class SamePerson(NotAuthorised):
    """Who asked for it would approve it; it needs two people."""

    code = "FREEZE-013"
    remedy = "Have another person approve it."


class NotNow(Refused):
    """The zone's life has passed, or not reached, the point at which this can be done."""

    code = "FREEZE-014"
    remedy = "See where it stands: `scuderia freeze show ZONE`."


@dataclass(frozen=True, slots=True)
class ZonePreview:
    """What a zone would hold as the fleet stands now; `zone_id` None where nothing was written.

    parts   the switches, feeds and storage on which its nodes hang, by name
    """

    zone_id: UUID | None
    nodes: tuple[str, ...]
    gpus: int
    starts_at: AwareDatetime
    ends_at: AwareDatetime | None
    parts: tuple[str, ...]


@transaction.atomic
def request_zone(
    *, actor: Actor, asked: ZoneAsked, now: AwareDatetime, dry_run: bool = False
) -> ZonePreview:
    """Ask for a zone; it stops nothing before another person approves it.

    raises   NotAuthorised, NotFound: over something that it would hold; UnknownSubject
             BadZone, BadRecurrence, UnclearInstant, UnknownTimeZone: what was typed
             NothingInScope, TooFewGpus: what it would hold
    """
    refuse_bad_scope(asked.scope)
    require_over(actor, ZonePower.REQUEST, asked.customer, asked.scope)
    times, review_at = read_times(asked)
    span = span_to_come(times, review_at, now)
    classes = read_classes(asked.classes)
    require_words(asked)
    nodes = _nodes_for(actor, asked, now)
    ends_at = None if span.is_open else span.end
    names = tuple(one.node for one in nodes)
    parts = tuple(sorted(parts_of(names)))
    if dry_run:
        return ZonePreview(None, names, gpus_in(nodes), span.start, ends_at, parts)
    zone = Zone.objects.create(
        customer=asked.customer,
        title=asked.title.strip() or f"{asked.customer}: {scope_words(asked.scope)}"[:TITLE_MAX],
        reason=audit.bounded(asked.reason),
        ticket=asked.ticket,
        scope=asdict(asked.scope),
        classes=sorted(classes),
        reach=_reach(asked.customer, nodes),
        **_columns(times),
        review_at=review_at,
        starts_at=span.start,
        ends_at=ends_at,
        state=ZoneState.REQUESTED,
        requested_by=str(actor),
        requested_at=now,
    )
    _pin(zone, nodes, now)
    detail: JsonObject = {"gpus": gpus_in(nodes), "nodes": len(nodes), "classes": sorted(classes)}
    record_step(zone, "requested", actor=actor, reason=asked.reason, now=now, detail=detail)
    return ZonePreview(zone.pk, names, gpus_in(nodes), span.start, ends_at, parts)


@transaction.atomic
def approve_zone(*, actor: Actor, zone_id: UUID, reason: str, now: AwareDatetime) -> None:
    """Say yes to a zone, or to another end that somebody asks for; the zone's nodes are pinned.

    raises   NotFound, NotAuthorised, SamePerson: asked for by the same person, whatever the token
             NotNow: nothing waits, or it is over already; NothingInScope, TooFewGpus
    """
    zone = _locked(actor, zone_id, ZonePower.APPROVE)
    require_reason(reason)
    if zone.state == ZoneState.REQUESTED:
        _approve_request(zone, actor=actor, reason=reason, now=now)
        return
    asked = _open_extension(zone, now)
    require_second_person(actor, asked.requested_by)
    times = with_end(times_of(zone), asked.until_wall)
    span = span_to_come(times, asked.review_at, now)
    Zone.objects.filter(pk=zone.pk).update(
        until_wall=asked.until_wall,
        review_at=asked.review_at,
        ends_at=None if span.is_open else span.end,
    )
    _settle(asked, approved=True, actor=actor, now=now)
    detail: JsonObject = {"until": asked.until_wall or None, "asked_by": asked.requested_by}
    record_step(zone, "extended", actor=actor, reason=reason, now=now, detail=detail)


@transaction.atomic
def reject_zone(*, actor: Actor, zone_id: UUID, reason: str, now: AwareDatetime) -> None:
    """Say no to a zone, or to another end that somebody asks for; what stands goes on.

    raises   NotFound, NotAuthorised, BadZone: no reason; NotNow: nothing waits
    """
    zone = _locked(actor, zone_id, ZonePower.APPROVE)
    require_reason(reason)
    if zone.state == ZoneState.REQUESTED:
        _decide(zone, ZoneState.REJECTED, actor=actor, reason=reason, now=now)
        record_step(zone, "rejected", actor=actor, reason=reason, now=now)
        return
    _settle(_open_extension(zone, now), approved=False, actor=actor, now=now)
    record_step(zone, "extension rejected", actor=actor, reason=reason, now=now)


@transaction.atomic
def extend_zone(
    *,
    actor: Actor,
    zone_id: UUID,
    end: str = "",
    open_end: bool = False,
    review: str = "",
    reason: str,
    now: AwareDatetime,
) -> None:
    """Ask for a later end; the old one holds until another person approves.

    raises   NotFound, NotAuthorised, BadZone: no later end; UnclearInstant
             NotNow: not approved, over, or another extension waits
    """
    zone = _locked(actor, zone_id, ZonePower.REQUEST)
    require_reason(reason)
    if state_at(zone, now) not in (ZoneState.SCHEDULED, ZoneState.ACTIVE):
        raise NotNow(f"the zone is {state_at(zone, now).value}")
    if zone.extensions.filter(approved__isnull=True).exists():
        raise NotNow("another extension waits for a decision")
    if zone.rrule or zone.rdates:
        raise BadZone("a zone that repeats is extended by another zone beside it")
    until = read_end(end, open_end=open_end, zone=zone.time_zone)
    review_at = read_review(review)
    span = span_to_come(with_end(times_of(zone), spelled(until)), review_at, now)
    if zone.ends_at is None or span.end <= zone.ends_at:
        raise BadZone("that is no later end than the zone has", field="end")
    ZoneExtension.objects.create(
        zone=zone,
        until_wall=spelled(until),
        review_at=review_at,
        reason=audit.bounded(reason),
        requested_by=str(actor),
        requested_at=now,
    )
    detail: JsonObject = {"until": spelled(until) or None}
    record_step(zone, "extension requested", actor=actor, reason=reason, now=now, detail=detail)


@transaction.atomic
def end_zone(*, actor: Actor, zone_id: UUID, reason: str, now: AwareDatetime) -> None:
    """End a zone before its time; from this instant on it stops nothing.

    raises   NotFound, NotAuthorised, BadZone: no reason; NotNow: it is not approved, or over
    """
    zone = _locked(actor, zone_id, ZonePower.APPROVE)
    require_reason(reason)
    state = state_at(zone, now)
    if state not in (ZoneState.SCHEDULED, ZoneState.ACTIVE):
        raise NotNow(f"the zone is {state.value}")
    Zone.objects.filter(pk=zone.pk).update(state=ZoneState.ENDED, ends_at=max(now, zone.starts_at))
    zone.extensions.filter(approved__isnull=True).update(
        approved=False, decided_by=str(actor), decided_at=now
    )
    record_step(zone, "ended early", actor=actor, reason=reason, now=now)


@transaction.atomic
def record_passages(*, now: AwareDatetime) -> int:
    """Record, once each, which zones the clock has made active or ended; return how many."""
    begun = Zone.objects.filter(state=ZoneState.SCHEDULED, starts_at__lte=now)
    over = Zone.objects.filter(state__in=(ZoneState.SCHEDULED, ZoneState.ACTIVE), ends_at__lte=now)
    passed = 0
    for zones, state in ((begun, ZoneState.ACTIVE), (over, ZoneState.ENDED)):
        for zone in zones.select_for_update().order_by("pk"):
            Zone.objects.filter(pk=zone.pk).update(state=state)
            record_step(zone, state.value, actor=WORKER, reason="", now=now)
            passed += 1
    return passed


def require_second_person(actor: Actor, asked_by: str) -> None:
    """Return if somebody else asked: the one place of the two people's rule.

    A person stays the same whether they come by a page, a token or the command line.
    raises   SamePerson
    """
    if str(actor) == asked_by:
        raise SamePerson(f"{actor} asked for it and may not approve it", actor=actor)


def require_over(actor: Actor, power: str, customer: str, scope: ZoneScope) -> None:
    """Return if the actor holds the power on everything that is named to be held.

    raises   NotAuthorised, NotFound
    """
    named = scope.under or (f"customer:{customer}",)
    subjects = frozenset(map(SubjectRef.parse, named))
    scopes = scopes_with(actor, power)
    lineages = _lineages(subjects)
    if scope.hold:  # it takes what is nobody's: whoever has a say over all of that
        sites = {SubjectRef.parse(f"site:{scope.site}")} if scope.site else set()
        lineages += _lineages(sites) or [frozenset({EVERYTHING})]
    for lineage in lineages:
        if scopes.isdisjoint(map(str, lineage)):
            access.require(actor, power, lineage)


def powers_over(actor: Actor, zone_id: UUID) -> frozenset[ZonePower]:
    """Return which powers over the zone the actor holds: what a page may offer them.

    raises   NotFound: no such zone is visible
    """
    zone = visible_zone(actor, zone_id)
    return frozenset(power for power in ZonePower if _holds(actor, power, zone))


def _holds(actor: Actor, power: ZonePower, zone: Zone) -> bool:
    try:
        require_over(actor, power, zone.customer, scope_of(zone))
    except (NotAuthorised, NotFound):
        return False
    return True


def _lineages(subjects: Collection[SubjectRef]) -> list[Lineage]:
    """Return where each hangs; one that is on no books hangs under everything alone.

    So somebody who may not know of it is told just that, and not that it is not there.
    """
    try:
        return list(lineages_of(subjects).values())
    except UnknownSubject:
        return [known_lineage(one) for one in subjects]


def _is_known_to(actor: Actor, customer: str) -> bool:
    """Say whether there is such a customer, and the actor may know of it."""
    try:
        lineage = lineage_of(SubjectRef.parse(f"customer:{customer}"))
    except UnknownSubject:
        return False
    return may(actor, Power.READ, lineage)


def _nodes_for(actor: Actor, asked: ZoneAsked, now: AwareDatetime) -> tuple[ScopeNode, ...]:
    """Return what the zone would hold; its customer is one whom the actor may know, or holds of it.

    raises   UnknownSubject, NothingInScope, TooFewGpus
    """
    unknown = UnknownSubject(f"no customer is named {asked.customer[:80]!r}")
    is_known = _is_known_to(actor, asked.customer)
    if asked.scope.gpus is not None and not is_known:
        raise unknown
    nodes = _resolved(asked.scope, asked.customer, now)
    if not is_known and all(one.customer != asked.customer for one in nodes):
        raise unknown
    return nodes


def _resolved(scope: ZoneScope, customer: str, now: AwareDatetime) -> tuple[ScopeNode, ...]:
    return nodes_in_scope(
        scope, customer, scope_nodes(now, keys=label_keys(scope), free=scope.hold)
    )


def _approve_request(zone: Zone, *, actor: Actor, reason: str, now: AwareDatetime) -> None:
    require_second_person(actor, zone.requested_by)
    if zone.ends_at is not None and zone.ends_at <= now:
        raise NotNow("its time has passed")
    nodes = _resolved(scope_of(zone), zone.customer, now)
    _pin(zone, nodes, now)
    Zone.objects.filter(pk=zone.pk).update(reach=_reach(zone.customer, nodes))
    _decide(zone, ZoneState.SCHEDULED, actor=actor, reason=reason, now=now)
    parts = zone.parts.count()
    detail: JsonObject = {"gpus": gpus_in(nodes), "nodes": len(nodes), "parts": parts}
    record_step(zone, "approved", actor=actor, reason=reason, now=now, detail=detail)


def _decide(zone: Zone, state: ZoneState, *, actor: Actor, reason: str, now: AwareDatetime) -> None:
    Zone.objects.filter(pk=zone.pk).update(
        state=state, decided_by=str(actor), decided_at=now, decision_reason=audit.bounded(reason)
    )


def _locked(actor: Actor, zone_id: UUID, power: ZonePower) -> Zone:
    """Return the zone, held until the transaction ends, if the actor has the power over it."""
    visible_zone(actor, zone_id)
    zone = Zone.objects.select_for_update().get(pk=zone_id)
    require_over(actor, power, zone.customer, scope_of(zone))
    return zone


def _open_extension(zone: Zone, now: AwareDatetime) -> ZoneExtension:
    found = zone.extensions.filter(approved__isnull=True).first()
    if found is None or state_at(zone, now) is ZoneState.ENDED:
        raise NotNow(f"nothing waits for a decision: the zone is {state_at(zone, now).value}")
    return found


def _settle(asked: ZoneExtension, *, approved: bool, actor: Actor, now: AwareDatetime) -> None:
    ZoneExtension.objects.filter(pk=asked.pk).update(
        approved=approved, decided_by=str(actor), decided_at=now
    )


def _pin(zone: Zone, nodes: Sequence[ScopeNode], now: AwareDatetime) -> None:
    """Have the zone hold these nodes and no others, and the parts on which they hang."""
    zone.pins.all().delete()
    zone.parts.all().delete()
    parts = sorted(parts_of([one.node for one in nodes]))
    ZonePart.objects.bulk_create([ZonePart(zone=zone, part=part) for part in parts])
    ZoneNode.objects.bulk_create(
        [ZoneNode(zone=zone, node=one.node, gpus=one.gpus, since=now) for one in nodes],
        batch_size=_BATCH,
    )


def _reach(customer: str, nodes: Sequence[ScopeNode]) -> str:
    """Return the customer and every place of a node, as the audit spells a reach."""
    places = {
        place
        for one in nodes
        for place in (f"site:{one.site}", f"cluster:{one.cluster}", f"rack:{one.rack}")
    }
    return "".join(f"|{scope}" for scope in sorted({*places, f"customer:{customer}"})) + "|"


def record_step(
    zone: Zone,
    step: str,
    *,
    actor: Actor,
    reason: str,
    now: AwareDatetime,
    detail: JsonObject | None = None,
) -> None:
    """Write one step, with its audit entry, and say that the zones are no longer what they were."""
    ZoneStep.objects.create(
        zone=zone, step=step, by=str(actor), at=now, reason=audit.bounded(reason),
        detail=detail or {},
    )  # fmt: skip
    known = (scope for scope in zone.reach.strip("|").split("|") if not scope.startswith("rack:"))
    audit.record(
        actor,
        f"freeze.zone.{step.replace(' ', '_')}",
        subject=f"zone:{zone.pk}",
        reason=reason,
        at=now,
        detail=detail,
        lineage=frozenset(map(SubjectRef.parse, known)) | {EVERYTHING},
    )
    version, _ = ZoneVersion.objects.select_for_update().get_or_create(pk=1)
    ZoneVersion.objects.filter(pk=1).update(number=version.number + 1, token=new_id())


def add_to_reach(zone: Zone, nodes: Sequence[ScopeNode]) -> None:
    """Have whoever may read these nodes' places read the zone as well, in the transaction."""
    known = set(zone.reach.strip("|").split("|")) | set(
        _reach(zone.customer, nodes).strip("|").split("|")
    )
    zone.reach = "".join(f"|{scope}" for scope in sorted(known)) + "|"
    Zone.objects.filter(pk=zone.pk).update(reach=zone.reach)


def _columns(times: ZoneTimes) -> dict[str, object]:
    return {
        "time_zone": times.time_zone,
        "first_wall": spelled(times.first),
        "until_wall": spelled(times.until),
        "end_kind": times.end_kind.value,
        "rrule": times.rrule,
        "exdates": [spelled(one) for one in times.exdates],
        "rdates": [spelled(one) for one in times.rdates],
    }
