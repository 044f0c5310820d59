"""Break-glass: one update through the zones that stop it, by two people.

Nobody comes here by a token: each of the two is signed in, or acts at the machine itself. What
opens is what the home's key signed at approval; a row without it, or that says otherwise, opens
nothing.
"""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction

from scuderia.basics.actors import Actor
from scuderia.basics.canonical import JsonObject
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import NotAuthorised, Refused
from scuderia.basics.subjects import EVERYTHING, Lineage, SubjectRef
from scuderia.freeze.engine.break_glass import (
    KIND,
    digest_of,
    opens,
    refuse_bad_glass,
)
from scuderia.freeze.engine.gate import Circumstances, decide
from scuderia.freeze.engine.signatures import BadSignature, claims_of, key_id, signed
from scuderia.freeze.engine.zone_asked import require_reason
from scuderia.freeze.models.break_glass import BreakGlass
from scuderia.freeze.models.zones import Zone, ZoneNode, ZonePart
from scuderia.freeze.nouns import AskedUpdate, GlassAsked, GlassState, Ground, Verdict, ZonePower
from scuderia.freeze.operations.signing_keys import signing_key
from scuderia.freeze.operations.zones import record_step, require_over, require_second_person
from scuderia.freeze.queries.break_glass import GlassRow, row_of, state_of, update_of, visible_glass
from scuderia.freeze.queries.gate_decisions import index_for
from scuderia.freeze.queries.zone_index import compiled_zones
from scuderia.freeze.queries.zones import scope_of, zone_ids
from scuderia.loop.nouns import Power
from scuderia.loop.operations import access, audit
from scuderia.loop.ports import registry


class NotInPerson(NotAuthorised):
    """A machine, or somebody by a token, would break glass; it needs people signed in."""

    code = "FREEZE-061"
    remedy = "Sign in yourself, or act at the machine that holds the home, without a token."


class NothingToBreak(Refused):
    """No zone that you may open stops this update, so no glass is broken."""

    code = "FREEZE-062"
    remedy = "Ask the gate what it says: `scuderia freeze ask`; name only nodes that a zone holds."


class GlassNotNow(Refused):
    """The break-glass has expired, was used, or waits for the other person."""

    code = "FREEZE-063"
    remedy = "See where it stands: `scuderia freeze break-glass list --past`; or ask for another."


@transaction.atomic
def request_break_glass(*, actor: Actor, asked: GlassAsked, now: AwareDatetime) -> GlassRow:
    """Ask that one update be let through every zone that stops it; it opens nothing yet.

    raises   NotInPerson, NotAuthorised, NotFound: over a zone that stops it
             BadBreakGlass, BadUpdate; NothingToBreak
    """
    _require_in_person(actor)
    refuse_bad_glass(asked, int(now.timestamp()))
    zones = _zones_in_the_way(actor, asked.update, now)
    for zone in zones:
        require_over(actor, ZonePower.BREAK_GLASS, zone.customer, scope_of(zone))
    glass = BreakGlass.objects.create(
        update=asdict(asked.update),
        digest=digest_of(asked.update),
        reason=audit.bounded(asked.reason),
        ticket=asked.ticket,
        requested_by=str(actor),
        requested_at=now,
        starts_at=_instant(asked.update.start),
        ends_at=_instant(asked.update.end),
        expires_at=now + asked.life,
    )
    glass.zones.set(zones)
    _record(glass, "requested", actor=actor, reason=asked.reason, now=now)
    return row_of(glass, now)


@transaction.atomic
def approve_break_glass(
    *, actor: Actor, glass_id: UUID, reason: str, now: AwareDatetime
) -> GlassRow:
    """Say yes to somebody else's; the home's key signs what it opens, and for how long.

    raises   NotInPerson, NotFound, NotAuthorised, SamePerson, BadZone: no reason
             GlassNotNow: it waits for nobody, or the update was to begin before
    """
    glass = _locked(actor, glass_id, ZonePower.APPROVE_GLASS)
    require_second_person(actor, glass.requested_by)
    require_reason(reason)
    _require_state(glass, GlassState.REQUESTED, now)
    glass.approved_by, glass.approved_at = str(actor), now
    glass.approval_reason = audit.bounded(reason)
    glass.token = signed(_claims(glass, now), signing_key(), kind=KIND)
    glass.save()
    _record(glass, "approved", actor=actor, reason=reason, now=now)
    return row_of(glass, now)


@transaction.atomic
def use_break_glass(*, actor: Actor, glass_id: UUID, now: AwareDatetime) -> GlassRow:
    """Break the glass, once: from now until it expires the gate lets exactly this update through.

    Who asked for it uses it. Every zone's life tells it, and so does each customer's audit.
    raises   NotInPerson, NotFound, NotAuthorised
             GlassNotNow: not approved, used, expired, or the update was to begin before
    """
    glass = _locked(actor, glass_id, ZonePower.BREAK_GLASS)
    if str(actor) != glass.requested_by:
        raise NotAuthorised(f"{glass.requested_by} asked for it and uses it alone", actor=actor)
    _require_state(glass, GlassState.APPROVED, now)
    glass.used_at = now
    glass.save(update_fields=["used_at"])
    _record(glass, "used", actor=actor, reason=glass.reason, now=now)
    detail = _told(glass)
    for zone in glass.zones.order_by("pk"):
        record_step(zone, "glass broken", actor=actor, reason=glass.reason, now=now, detail=detail)
        customer = SubjectRef.parse(f"customer:{zone.customer}")
        audit.record(
            actor,
            "freeze.break_glass.told",
            subject=customer,
            reason=glass.reason,
            at=now,
            detail={**detail, "zone": str(zone.pk)},
            lineage=frozenset({customer, EVERYTHING}),
        )
    return row_of(glass, now)


def glass_for(update: AskedUpdate, verdict: Verdict, now: AwareDatetime) -> str:
    """Return the break-glass that lets this update through the zones that refuse it, "" for none.

    Whatever else refuses it, such as a node nobody knows, no glass opens.
    """
    if verdict.allowed or verdict.ground is not Ground.ZONE:
        return ""
    used = BreakGlass.objects.filter(
        digest=digest_of(update), used_at__lte=now, expires_at__gt=now
    ).order_by("pk")
    objecting = {one.zone for one in verdict.objections}
    return next((str(one.pk) for one in used if _opens(one, update, objecting, now)), "")


def glasses_used(zone: Zone) -> tuple[tuple[BreakGlass, AskedUpdate], ...]:
    """Return what was let through the zone by a signed token, and for which update each was."""
    used = zone.glasses.filter(used_at__isnull=False).order_by("used_at", "pk")
    return tuple(
        (glass, update)
        for glass in used
        for update in (update_of(glass),)
        if glass.used_at and _opens(glass, update, {str(zone.pk)}, glass.used_at)
    )


def _opens(glass: BreakGlass, update: AskedUpdate, objecting: set[str], now: AwareDatetime) -> bool:
    """Say whether the signed token, whatever its row says, lets the update through."""
    key = signing_key().public_key()
    try:
        claims = claims_of(glass.token, {key_id(key): key}, kind=KIND)
    except BadSignature:
        return False
    return claims.get("jti") == str(glass.pk) and opens(
        claims, update, objecting, int(now.timestamp())
    )


def _require_in_person(actor: Actor) -> None:
    """Return for a person who is signed in; a stranger is told that nothing is here.

    raises   NotInPerson, NotFound
    """
    access.require_somewhere(actor, Power.READ)
    if not actor.is_person or actor.by_token:
        how = f" by the token {actor.via!r}" if actor.by_token else ""
        raise NotInPerson(f"{actor}{how} may not break glass", actor=actor)


def _zones_in_the_way(actor: Actor, update: AskedUpdate, now: AwareDatetime) -> tuple[Zone, ...]:
    """Return the zones that stop the update, where they alone do and hold all of its nodes.

    raises   NothingToBreak
    """
    zones = compiled_zones(now, update.nodes)
    index = index_for(actor, zones.index, update.nodes, now)
    verdict = decide(index, update, Circumstances(int(now.timestamp())))
    if verdict.ground is not Ground.ZONE:
        raise NothingToBreak(f"the gate's answer is {verdict.ground.value!r}, not a zone's refusal")
    named = {UUID(one.zone) for one in verdict.objections}
    if named != set(zone_ids(actor, among=named)):
        raise NothingToBreak("a zone of somebody else's stops it as well")
    pins = ZoneNode.objects.filter(zone__in=named, until__isnull=True, node__in=update.nodes)
    parts = ZonePart.objects.filter(zone__in=named, part__in=update.nodes)
    held = {*pins.values_list("node", flat=True), *parts.values_list("part", flat=True)}
    if held != set(update.nodes):
        raise NothingToBreak("it names nodes that none of these zones holds")
    return tuple(Zone.objects.filter(pk__in=named).order_by("pk"))


def _locked(actor: Actor, glass_id: UUID, power: ZonePower) -> BreakGlass:
    """Return the break-glass, held until the transaction ends, for who holds the power over it."""
    _require_in_person(actor)
    visible_glass(actor, glass_id)
    glass = BreakGlass.objects.select_for_update().get(pk=glass_id)
    for zone in glass.zones.order_by("pk"):
        require_over(actor, power, zone.customer, scope_of(zone))
    return glass


def _require_state(glass: BreakGlass, state: GlassState, now: AwareDatetime) -> None:
    found = state_of(glass, now)
    if found is not state:
        raise GlassNotNow(f"it is {found.value}")
    if glass.starts_at < now:
        raise GlassNotNow("its update was to begin before")


def _claims(glass: BreakGlass, now: AwareDatetime) -> dict[str, object]:
    return {
        "iss": f"scuderia:{registry.home_id}",
        "jti": str(glass.pk),
        "iat": int(now.timestamp()),
        "nbf": int(now.timestamp()),
        "exp": int(glass.expires_at.timestamp()),
        "update": glass.digest,
        "zones": _zones_of(glass),
        "asked_by": glass.requested_by,
        "approved_by": glass.approved_by,
        "ticket": glass.ticket,
    }


def _zones_of(glass: BreakGlass) -> list[str]:
    return [str(pk) for pk in glass.zones.order_by("pk").values_list("pk", flat=True)]


def _told(glass: BreakGlass) -> JsonObject:
    return {
        "break_glass": str(glass.pk),
        "ticket": glass.ticket,
        "update_class": glass.update["update_class"],
        "nodes": len(glass.update["nodes"]),
        "until": glass.expires_at.isoformat(),
        "asked_by": glass.requested_by,
        "approved_by": glass.approved_by,
    }


def _record(glass: BreakGlass, step: str, *, actor: Actor, reason: str, now: AwareDatetime) -> None:
    audit.record(
        actor,
        f"freeze.break_glass.{step}",
        subject=f"break_glass:{glass.pk}",
        reason=reason,
        at=now,
        detail={**_told(glass), "zones": _zones_of(glass)},
        lineage=_lineage(glass.zones.all()),
    )


def _lineage(zones: Iterable[Zone]) -> Lineage:
    """Return who may read of it: the people of its zones' customers, and those of everything."""
    customers = {SubjectRef.parse(f"customer:{zone.customer}") for zone in zones}
    return frozenset(customers) | {EVERYTHING}


def _instant(at: int) -> AwareDatetime:
    return datetime.fromtimestamp(at, UTC)
