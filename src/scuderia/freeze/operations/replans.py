"""Drafts the update calendar around a zone, and adopts a draft as it was shown."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction

from scuderia.basics.actors import Actor
from scuderia.basics.canonical import JsonObject
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import Refused
from scuderia.basics.subjects import EVERYTHING
from scuderia.freeze.engine.infeasible import Unplaced
from scuderia.freeze.engine.landing import LandingRule
from scuderia.freeze.engine.plan_check import check_plan
from scuderia.freeze.engine.planned_updates import displaces
from scuderia.freeze.engine.replan import replan
from scuderia.freeze.models.replans import Replan
from scuderia.freeze.models.updates import Update
from scuderia.freeze.nouns import UpdateState, ZonePower, ZoneState
from scuderia.freeze.operations.updates import BATCH, record_steps
from scuderia.freeze.queries.replans import NoSuchReplan
from scuderia.freeze.queries.update_case import CalendarCase, calendar_case
from scuderia.freeze.queries.zones import visible_zone
from scuderia.loop.nouns import Power
from scuderia.loop.operations import access, audit

SEED = 1
UPDATES_MAX = 20_000


class CalendarChanged(Refused):
    """The calendar, the zones or the fleet are not what the draft was made from."""

    code = "FREEZE-045"
    remedy = "Draft it anew, see what it says now, and adopt that."


class BadPlan(Refused):
    """The independent check found a rule that the plan breaks; it is not kept."""

    code = "FREEZE-046"
    remedy = "Report it with the calendar: the planner has a fault, and nothing was moved."


class ZoneNotApproved(Refused):
    """The zone that a draft goes around is not approved, or is over."""

    code = "FREEZE-048"
    remedy = "Have the zone approved first: a calendar is not moved for what may never come."


class CalendarTooLarge(Refused):
    """More updates are planned than are moved in one step."""

    code = "FREEZE-047"
    remedy = f"Plan at most {UPDATES_MAX:,} updates ahead, or cancel what is not needed."


def draft_replan(
    *, actor: Actor, zone_id: UUID, now: AwareDatetime, landing: bool = False, seed: int = SEED
) -> UUID:
    """Draft the calendar around a zone and keep the draft; nothing is moved.

    It is planned before the writer's turn is taken, and checked by code that is not the planner's.

    landing   keep the landing rule: few starts in the first hours after the zone
    raises    NotFound, NotAuthorised, BadZone, BadCalendar, CalendarTooLarge, BadPlan
    """
    access.require(actor, Power.READ, EVERYTHING)
    zone = visible_zone(actor, zone_id)
    calendar = calendar_case(zone, now)
    if len(calendar.updates) > UPDATES_MAX:
        raise CalendarTooLarge(f"{len(calendar.updates):,} updates are planned")
    rule = LandingRule() if landing else None
    made = replan(calendar.case, seed=seed, landing=rule)
    found = check_plan(calendar.case, made.starts, objective=made.objective, landing=rule)
    if found:
        raise BadPlan(f"{len(found)} rules are broken; the first: {found[0].words}")
    facts: JsonObject = {
        "objective": made.objective,
        "greedy": made.greedy,
        "planned": len(calendar.updates),
        "displaced": sum(_is_displaced(calendar, one) for one in range(len(calendar.updates))),
        "moved": len(made.moved),
        "left_out": len(made.unplaced),
        "violations": 0,
        "seed": seed,
    }
    kept = Replan.objects.create(
        zone=zone,
        calendar=calendar.digest,
        is_landing=landing,
        moves=_moves(calendar, made.starts),
        unplaced=[_unplaced(calendar, one) for one in made.unplaced],
        facts=facts,
        made_by=str(actor),
        made_at=now,
    )
    return kept.pk


@transaction.atomic
def adopt_replan(*, actor: Actor, replan_id: UUID, reason: str, now: AwareDatetime) -> int:
    """Move the calendar as a draft says, if it is still of this calendar; return how many moved.

    raises   NotFound, NotAuthorised: no person who may approve zones everywhere
             ZoneNotApproved; CalendarChanged: what it was planned from is not what it was
    """
    access.require(actor, ZonePower.APPROVE, EVERYTHING)
    draft = Replan.objects.select_for_update().filter(pk=replan_id).first()
    if draft is None:
        raise NoSuchReplan(f"no draft has the id {replan_id}")
    if draft.adopted_at is not None:
        raise CalendarChanged(f"it was adopted by {draft.adopted_by}")
    if draft.zone.state not in (ZoneState.SCHEDULED, ZoneState.ACTIVE):
        raise ZoneNotApproved(f"the zone is {draft.zone.state}")
    calendar = calendar_case(draft.zone, now)
    late = [one for one in draft.moves if datetime.fromisoformat(one["to"]) < now]
    if calendar.digest != draft.calendar or late:
        raise CalendarChanged("the calendar has changed since the draft was made")
    by_key = {one.key: one for one in calendar.updates}
    moved = [_moved(by_key[one["key"]], one["to"]) for one in draft.moves]
    out = [_left_out(by_key[one["key"]], one) for one in draft.unplaced]
    columns = ("start_at", "state", "binding")
    Update.objects.bulk_update([*moved, *out], columns, batch_size=BATCH // 4)
    steps = [
        ("moved", one, {"from": said["from"], "to": said["to"], "replan": str(draft.pk)})
        for one, said in zip(moved, draft.moves, strict=True)
    ]
    steps += [("left out", one, {"binding": one.binding, "replan": str(draft.pk)}) for one in out]
    record_steps(steps, actor=actor, reason=reason, now=now)
    Replan.objects.filter(pk=draft.pk).update(adopted_by=str(actor), adopted_at=now)
    audit.record(
        actor,
        "freeze.replan.adopted",
        subject=EVERYTHING,
        reason=reason,
        at=now,
        detail={"replan": str(draft.pk), "zone": str(draft.zone_id), "moved": len(moved),
                "left_out": len(out), "calendar": draft.calendar},
    )  # fmt: skip
    return len(moved)


def _is_displaced(calendar: CalendarCase, place: int) -> bool:
    """Say whether any stretch of the zone stands in an update's way."""
    return any(
        displaces(replace(calendar.case.new, start=start, end=end), calendar.case.updates[place])
        for start, end in calendar.stretches
    )


def _moves(calendar: CalendarCase, starts: tuple[int | None, ...]) -> list[Mapping[str, str]]:
    """Return what starts at another time, and what was left out before and has a start now."""
    return [
        {"key": row.key, "from": row.start_at.isoformat(), "to": _text(start)}
        for row, start in zip(calendar.updates, starts, strict=True)
        if start is not None
        and (start != int(row.start_at.timestamp()) or row.state == UpdateState.OUT)
    ]


def _text(start: int) -> str:
    return datetime.fromtimestamp(start, UTC).isoformat()


def _unplaced(calendar: CalendarCase, one: Unplaced) -> JsonObject:
    waits = None if one.waits_for is None else calendar.updates[one.waits_for].key
    return {
        "key": calendar.updates[one.update].key,
        "certainty": one.certainty.value,
        "binding": [rule.value for rule in one.binding],
        "relax": [rule.value for rule in one.relax],
        "waits_for": waits,
    }


def _moved(one: Update, to: str) -> Update:
    one.start_at, one.state, one.binding = datetime.fromisoformat(to), UpdateState.PLANNED, ""
    return one


def _left_out(one: Update, said: JsonObject) -> Update:
    waits, binding = said["waits_for"], said["binding"]
    why = f"waits for {waits}" if waits else f"bound by {', '.join(map(str, _list(binding)))}"
    one.state, one.binding = UpdateState.OUT, why
    return one


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []
