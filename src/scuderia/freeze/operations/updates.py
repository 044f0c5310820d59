"""Keeps the update calendar: what is planned, moved, cancelled; windows and caps beside it."""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction

from scuderia.basics.actors import Actor
from scuderia.basics.canonical import JsonObject, JsonValue
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput, NotFound, Refused
from scuderia.basics.ids import new_id
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.fleet.operations.descriptions import Compared, SaidBy, may_describe
from scuderia.fleet.queries.shared_parts import is_shared_part, nodes_by_part
from scuderia.freeze.engine.update_rows import Cve, UpdateRow
from scuderia.freeze.engine.wall_times import read_clock
from scuderia.freeze.engine.zone_scope import ScopeNode
from scuderia.freeze.models.updates import (
    MaintenanceWindow,
    Update,
    UpdateCap,
    UpdateNode,
    UpdateStep,
)
from scuderia.freeze.nouns import UpdateClass, UpdateSeverity, UpdateState
from scuderia.freeze.queries.zone_scope import scope_nodes
from scuderia.intake.hostlists import expand
from scuderia.intake.instants import zone_of
from scuderia.intake.records import Flaw
from scuderia.loop.operations import audit

BATCH = 1_000
TARGETS_MAX = 10_000
_PLACES = ("site", "cluster", "rack")


class NoSuchUpdate(NotFound):
    """The calendar holds no update of that key."""

    code = "FREEZE-041"
    remedy = "See what is planned: `scuderia freeze updates list`."


class UpdateIsOver(Refused):
    """The update has begun, is done, or was cancelled."""

    code = "FREEZE-042"
    remedy = "Tell the calendar it comes from; nothing here takes an update back."


class BadWindow(BadInput):
    """A maintenance window, or a cap, that means nothing."""

    code = "FREEZE-043"
    remedy = 'E.g. --opens 22:00 --closes 04:00 --tz Europe/Rome --days "MO,TU,WE,TH".'


@dataclass(slots=True)
class Targets:
    """Which nodes stand where and hang on what, asked once for a file."""

    nodes: Sequence[ScopeNode]
    by_name: dict[str, ScopeNode] = field(default_factory=dict)
    under: dict[str, list[str]] = field(default_factory=dict)
    hanging: Mapping[str, Sequence[str]] | None = None

    @classmethod
    def at(cls, now: AwareDatetime) -> "Targets":
        """Return the fleet as it stands."""
        found = cls(scope_nodes(now))
        for one in found.nodes:
            found.by_name[one.node] = one
            for place in _PLACES:
                found.under.setdefault(f"{place}:{getattr(one, place)}", []).append(one.node)
        return found

    def named(self, text: str) -> tuple[str, ...]:
        """Return the nodes that hostlists, places and shared parts name, in order, each once.

        raises   Flaw: unknown, too many, or of more than one site
        """
        names: dict[str, None] = {}
        for part in text.split():
            names.update(dict.fromkeys(self._part(part)))
        strange = next((name for name in names if name not in self.by_name), None)
        if strange is not None:
            remedy = "Correct the name, or describe the node first: scuderia fleet node add."
            raise Flaw("nodes", f"no node is named {strange[:80]!r}", remedy)
        if not 1 <= len(names) <= TARGETS_MAX:
            said = f"{len(names):,} nodes are named"
            raise Flaw("nodes", said, f"Name 1 to {TARGETS_MAX:,} nodes in one update.")
        sites = sorted({self.by_name[name].site for name in names})
        if len(sites) > 1:
            said = f"nodes of {len(sites)} sites: {', '.join(sites[:3])}"
            raise Flaw("nodes", said, "Plan one update for each site.")
        return tuple(names)

    def _part(self, part: str) -> Iterable[str]:
        if is_shared_part(part):
            return self._hanging_on(part)
        if part.partition(":")[0] in _PLACES:
            if part not in self.under:
                remedy = "Correct it: `scuderia fleet nodes` lists what stands where."
                raise Flaw("nodes", f"nothing stands under {part[:80]!r}", remedy)
            return self.under[part]
        try:
            return expand(part, limit=TARGETS_MAX)
        except Flaw as flaw:
            raise Flaw("nodes", flaw.reason, flaw.remedy) from None

    def _hanging_on(self, part: str) -> Sequence[str]:
        """Return the nodes that a change of the part touches: all that hang on it."""
        if self.hanging is None:
            self.hanging = nodes_by_part(None)
        found = [node for node in self.hanging.get(part, ()) if node in self.by_name]
        if not found:
            remedy = "Correct it, or say what hangs on it: scuderia fleet node hang NODE PART."
            raise Flaw("nodes", f"no node hangs on {part[:80]!r}", remedy)
        return found


def compare_updates(rows: Sequence[UpdateRow], now: AwareDatetime) -> Compared[UpdateRow]:
    """Say what of the rows is new, known or otherwise, and what cannot stand; writes nothing."""
    targets, known = Targets.at(now), known_updates({row.name for row in rows})
    over = set(
        Update.objects.filter(key__among={row.name for row in rows})
        .exclude(state__in=(UpdateState.PLANNED, UpdateState.OUT))
        .values_list("key", flat=True)
    )
    against: dict[Hashable, Flaw] = {}
    for row in rows:
        held = known.get(row.key)
        if held == row:
            continue
        flaw = _flaw_beside(row, held, is_over=row.name in over, now=int(now.timestamp()))
        if flaw is None:
            try:
                targets.named(row.targets)
            except Flaw as found:
                flaw = found
        if flaw is not None:
            against[row.key] = flaw
    return Compared.of(rows, known, against)


def _flaw_beside(row: UpdateRow, held: UpdateRow | None, *, is_over: bool, now: int) -> Flaw | None:
    if is_over:
        remedy = "Give what is planned again another key."
        return Flaw("key", "that update is done, or was cancelled", remedy)
    if (held is None or held.start != row.start) and row.start < now:
        remedy = "A calendar says what is to come: leave out what has begun."
        return Flaw("start", "it has passed", remedy)
    return None


def known_updates(keys: Collection[str]) -> Mapping[Hashable, UpdateRow]:
    """Return the updates of these keys as a file would tell them."""
    return {one.key: row_of_update(one) for one in Update.objects.filter(key__among=keys)}


def row_of_update(one: Update) -> UpdateRow:
    """Return an update as a file would tell it."""
    return UpdateRow(
        name=one.key,
        title=one.title,
        update_class=UpdateClass(one.update_class),
        targets=one.targets,
        start=int(one.start_at.timestamp()),
        p50_s=one.p50_s,
        p95_s=one.p95_s,
        bake_s=one.bake_s,
        rollback_s=one.rollback_s,
        earliest=_seconds(one.earliest_at),
        due=_seconds(one.due_at),
        deadline=_seconds(one.deadline_at),
        campaign=one.campaign,
        ring=one.ring,
        at_once=one.at_once,
        at_once_per_rack=one.at_once_per_rack,
        severity=UpdateSeverity(one.severity),
        cves=tuple(
            Cve(said["id"], UpdateSeverity(said["severity"]), said["published"])
            for said in one.cves
        ),
        owner=one.owner,
        deployer=one.deployer,
    )


def keep_updates(compared: Compared[UpdateRow], said: SaidBy) -> None:
    """Write what is new and what is amended, in the caller's transaction."""
    targets = Targets.at(said.now)
    new = [_update(row, new_id()) for row in compared.added]
    Update.objects.bulk_create(new, batch_size=BATCH)
    held = dict(
        Update.objects.filter(key__among={row.name for row, _ in compared.amended}).values_list(
            "key", "pk"
        )
    )
    changed = [_update(row, held[row.name]) for row, _ in compared.amended]
    Update.objects.bulk_update(changed, _COLUMNS, batch_size=BATCH // 10)
    moved = {row.name for row, was in compared.amended if row.targets != was.targets}
    UpdateNode.objects.filter(update__key__among=moved).delete()
    UpdateNode.objects.bulk_create(
        (
            UpdateNode(update=one, node=node)
            for one in (*new, *(one for one in changed if one.key in moved))
            for node in targets.named(one.targets)
        ),
        batch_size=BATCH,
    )
    steps: list[tuple[str, Update, JsonObject]] = [("planned", one, {}) for one in new]
    steps += [
        ("amended", one, {"before": was.told(), "after": row.told()})
        for one, (row, was) in zip(changed, compared.amended, strict=True)
    ]
    record_steps(steps, actor=said.actor, reason=said.reason, now=said.now)


def record_steps(
    steps: Iterable[tuple[str, Update, JsonObject]],
    *,
    actor: Actor,
    reason: str,
    now: AwareDatetime,
) -> None:
    """Write what became of updates, a step each, in the caller's transaction."""
    UpdateStep.objects.bulk_create(
        (
            UpdateStep(
                update=one, step=step, by=str(actor), at=now, reason=audit.bounded(reason),
                detail=detail,
            )
            for step, one, detail in steps
        ),
        batch_size=BATCH,
    )  # fmt: skip


def lock_updates(keys: Collection[str]) -> None:
    """Hold the updates of these keys until the transaction ends."""
    list(Update.objects.select_for_update().filter(key__among=keys).order_by("pk").values("pk"))


@transaction.atomic
def cancel_update(*, actor: Actor, key: str, reason: str, now: AwareDatetime) -> None:
    """Take an update off the calendar; it will not be made.

    raises   NotAuthorised, NotFound, NoSuchUpdate, UpdateIsOver, BadInput: no reason
    """
    may_describe(actor)
    if not reason.strip():
        raise BadInput("a cancelled update needs a reason", remedy="Say why with --reason.")
    found = Update.objects.select_for_update().filter(key=key).first()
    if found is None:
        raise NoSuchUpdate(f"no update is named {key[:80]!r}")
    if found.state not in (UpdateState.PLANNED, UpdateState.OUT):
        raise UpdateIsOver(f"update {key} is {found.state}")
    Update.objects.filter(pk=found.pk).update(state=UpdateState.CANCELLED)
    record_steps([("cancelled", found, {})], actor=actor, reason=reason, now=now)
    _audit("update.cancelled", {"key": key}, actor=actor, reason=reason, now=now)


@transaction.atomic
def set_window(
    *,
    actor: Actor,
    site: str,
    time_zone: str,
    opens: str,
    closes: str,
    weekdays: Collection[int],
    now: AwareDatetime,
) -> None:
    """Have a site worked on from one time of day to another, on some nights alone.

    raises   NotAuthorised, NotFound, UnknownTimeZone, BadWindow
    """
    may_describe(actor)
    zone_of(time_zone)
    if site not in {one.site for one in scope_nodes(now)}:
        raise BadWindow(f"no site is named {site[:80]!r}", field="site")
    if not weekdays or not set(weekdays) <= set(range(7)):
        raise BadWindow("on which days it opens is not said", field="days")
    columns: dict[str, JsonValue] = {
        "time_zone": time_zone,
        "opens": read_clock(opens),
        "closes": read_clock(closes),
        "weekdays": sorted(set(weekdays)),
    }
    MaintenanceWindow.objects.update_or_create(site=site, defaults=columns)
    _audit("window.set", {"site": site, **columns}, actor=actor, reason="", now=now)


@transaction.atomic
def set_cap(*, actor: Actor, subject: SubjectRef, nodes: int, now: AwareDatetime) -> None:
    """Let updates have no more nodes of a rack, cluster or customer down together than this.

    raises   NotAuthorised, NotFound, BadWindow
    """
    may_describe(actor)
    if subject.kind not in ("rack", "cluster", "customer"):
        raise BadWindow(f"a cap is of a rack, a cluster or a customer, not of {subject}")
    if not 0 <= nodes <= TARGETS_MAX:
        raise BadWindow(f"{nodes:,} is no number of nodes to have down", field="nodes")
    UpdateCap.objects.update_or_create(subject=str(subject), defaults={"nodes": nodes})
    _audit("cap.set", {"subject": str(subject), "nodes": nodes}, actor=actor, reason="", now=now)


def _audit(what: str, detail: JsonObject, *, actor: Actor, reason: str, now: AwareDatetime) -> None:
    audit.record(actor, f"freeze.{what}", subject=EVERYTHING, reason=reason, at=now, detail=detail)


_COLUMNS = (
    "title", "update_class", "targets", "start_at", "p50_s", "p95_s", "bake_s", "rollback_s",
    "earliest_at", "due_at", "deadline_at", "campaign", "ring", "at_once", "at_once_per_rack",
    "severity", "cves", "owner", "deployer", "state", "binding",
)  # fmt: skip


def _update(row: UpdateRow, pk: UUID) -> Update:
    plain = ("title", "p50_s", "p95_s", "bake_s", "rollback_s", "campaign", "ring", "at_once")
    return Update(
        pk=pk,
        key=row.name,
        update_class=row.update_class.value,
        targets=row.targets,
        start_at=datetime.fromtimestamp(row.start, UTC),
        earliest_at=_instant(row.earliest),
        due_at=_instant(row.due),
        deadline_at=_instant(row.deadline),
        at_once_per_rack=row.at_once_per_rack,
        severity=row.severity.value,
        cves=[one._asdict() for one in row.cves],
        owner=row.owner,
        deployer=row.deployer,
        **{name: getattr(row, name) for name in plain},
    )


def _instant(at: int | None) -> AwareDatetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)


def _seconds(at: AwareDatetime | None) -> int | None:
    return None if at is None else int(at.timestamp())
