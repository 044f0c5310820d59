"""What became of a zone, for its customer: what was frozen, asked, let through, seen and not seen.

Of what another customer held nothing is told, neither name nor number. What is out of the reach
of whoever has the report made is counted and not named, so that it never passes for the whole.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from uuid import UUID

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.queries.access import readable_scopes
from scuderia.fleet.queries.allocations import allocations_between
from scuderia.fleet.queries.node_versions import version_spans
from scuderia.freeze.engine.zone_report import (
    APART,
    Finding,
    SeenSpan,
    classes_unseen,
    find,
    is_of_others,
    kinds_watched,
    not_known,
)
from scuderia.freeze.models.break_glass import BreakGlass
from scuderia.freeze.models.gate_decisions import GateDecision
from scuderia.freeze.models.zones import Zone, ZoneNode
from scuderia.freeze.nouns import Interval, UpdateClass, ZoneState
from scuderia.freeze.queries.zone_decisions import ZoneDecisionRow, decisions_on
from scuderia.freeze.queries.zone_nodes import nodes_within_reach
from scuderia.freeze.queries.zones import (
    BreachRow,
    LetThroughRow,
    breach_row,
    let_through_row,
    parts_held,
    scope_of,
    scope_words,
    state_at,
    stretches_of,
    visible_zone,
)
from scuderia.loop.engine.json_codec import plain
from scuderia.loop.queries.audit import get_head
from scuderia.loop.queries.gate_refusals import GateRefusal, refusals_naming

MACHINES_MAX = 20_000
ROWS_MAX = 2_000
APPROVED = (ZoneState.SCHEDULED, ZoneState.ACTIVE, ZoneState.ENDED)
STEPS_TOLD = ("breach found", "let through")
"""Steps of a zone's life that the report tells elsewhere, by the machines that it may name."""


@dataclass(frozen=True, slots=True)
class ReportedMachine:
    """One machine of the zone over [since, until), and from when to when it was seen.

    in_place_of  the machine whose place it took by a swap; "" where it was pinned, or is not told
    left         it left the zone by a swap before the zone's end
    seen         by what was seen of it: the first and the last time, cut at neither end
    not_known    of what it is not known whether it changed, for it was not seen all of the time
    """

    node: str
    gpus: int
    since: AwareDatetime
    until: AwareDatetime
    in_place_of: str
    left: bool
    seen: Mapping[str, tuple[AwareDatetime, AwareDatetime]]
    not_known: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReportedGlass:
    """A break-glass by which the gate let an update through the zone, or could have."""

    id: str
    asked_by: str
    approved_by: str
    reason: str
    approval_reason: str
    ticket: str
    used_at: AwareDatetime | None
    expires_at: AwareDatetime


@dataclass(frozen=True, slots=True)
class ReportedStep:
    """One step of the zone's life."""

    at: AwareDatetime
    step: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class ZoneReport:
    """A zone's report, over [starts_at, until).

    finding            what it comes to
    so_far             the zone has not ended: more may come
    until              the end, or the moment at which the report was made
    machines           those told by name; `untold`: how many more that its maker may not read
    gpus               of the machines that the zone held last, told by name
    kinds              what of a machine is watched for these classes
    only_by_restart    classes whose updates show only where a machine starts again
    not_known          machines of which it is not known all the time whether something changed
    decisions, refused_actions, breaches, let_through   the first ROWS_MAX; `more` where cut
    batches            signed batches of decisions in that time: kept by their root, not by machine
    head_seq, head_hash   the audit's last entry when the report was made
    """

    zone: str
    title: str
    customer: str
    reason: str
    ticket: str
    scope: str
    classes: tuple[str, ...]
    time_zone: str
    state: ZoneState
    finding: Finding
    so_far: bool
    starts_at: AwareDatetime
    ends_at: AwareDatetime | None
    until: AwareDatetime
    made_at: AwareDatetime
    made_for: str
    machines: tuple[ReportedMachine, ...]
    untold: int
    gpus: int
    kinds: tuple[str, ...]
    only_by_restart: tuple[str, ...]
    not_known: tuple[str, ...]
    steps: tuple[ReportedStep, ...]
    decisions: tuple[ZoneDecisionRow, ...]
    break_glass: tuple[ReportedGlass, ...]
    refused_actions: tuple[GateRefusal, ...]
    breaches: tuple[BreachRow, ...]
    let_through: tuple[LetThroughRow, ...]
    batches: int
    more: tuple[str, ...]
    head_seq: int
    head_hash: str

    def told(self) -> dict[str, object]:
        """Return it as JSON knows it: objects, lists, texts, numbers, instants."""
        found: dict[str, object] = plain(asdict(self, dict_factory=with_ids_as_text))
        return found


def with_ids_as_text(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    """Return a record's fields with ids as JSON writes them."""
    return {name: str(value) if isinstance(value, UUID) else value for name, value in pairs}


@dataclass(frozen=True, slots=True)
class _Held:
    """A pin that the report tells of, over its time in the zone, and what others held of it."""

    pin: ZoneNode
    span: Interval
    others: tuple[Interval, ...]


def zone_report(actor: Actor, zone_id: UUID, now: AwareDatetime) -> ZoneReport:
    """Return the report of one zone, as this actor may have it.

    raises   NotFound: none of that id within the actor's reach
    """
    head = get_head()  # first: whatever the audit tells up to here stands in the report
    zone = visible_zone(actor, zone_id)
    state = state_at(zone, now)
    until = max(zone.starts_at, min(now, zone.ends_at or now))
    span = Interval(zone.starts_at, until)
    held, untold = _held(actor, zone, span, now)
    in_force = state in (ZoneState.ACTIVE, ZoneState.ENDED) and zone.starts_at < until
    machines = _machines(zone, held, in_force=in_force)
    stretches = stretches_of(zone, now) if state in APPROVED else ()
    breaches, let_through = _changes(zone, held)
    parts = nodes_within_reach(actor, parts_held(zone), now)
    decisions = _decisions(held, parts, stretches)
    refused = _refused_actions(zone, held, until)
    unknown = tuple(one.node for one in machines if one.not_known)
    classes = tuple(map(UpdateClass, zone.classes))
    cut = {"decisions": decisions, "refused_actions": refused, "breaches": breaches,
           "let_through": let_through, "machines": machines}  # fmt: skip
    return ZoneReport(
        zone=str(zone.pk),
        title=zone.title,
        customer=zone.customer,
        reason=zone.reason,
        ticket=zone.ticket,
        scope=scope_words(scope_of(zone)),
        classes=tuple(classes),
        time_zone=zone.time_zone,
        state=state,
        finding=find(
            has_begun=in_force, changes=len(breaches), machines=len(machines),
            unknown=len(unknown), untold=untold,
        ),
        so_far=state is not ZoneState.ENDED,
        starts_at=zone.starts_at,
        ends_at=zone.ends_at,
        until=until,
        made_at=now,
        made_for=str(actor),
        machines=machines[:MACHINES_MAX],
        untold=untold,
        gpus=sum(one.gpus for one in machines if not one.left),
        kinds=kinds_watched(classes),
        only_by_restart=classes_unseen(classes),
        not_known=unknown[:MACHINES_MAX],
        steps=tuple(
            ReportedStep(one.at, one.step, one.by, one.reason)
            for one in zone.steps.exclude(step__in=STEPS_TOLD).order_by("pk")
        ),
        decisions=decisions[:ROWS_MAX],
        break_glass=_glasses(zone, decisions, let_through, held),
        refused_actions=refused[:ROWS_MAX],
        breaches=breaches[:ROWS_MAX],
        let_through=let_through[:ROWS_MAX],
        batches=_batches(stretches, until),
        more=tuple(name for name, rows in cut.items() if len(rows) > _most(name)),
        head_seq=head.seq,
        head_hash=head.hash,
    )  # fmt: skip


def _most(name: str) -> int:
    return MACHINES_MAX if name == "machines" else ROWS_MAX


def _held(actor: Actor, zone: Zone, span: Interval, now: AwareDatetime) -> tuple[list[_Held], int]:
    """Return the zone's pins that concern its customer and may be named, and how many may not."""
    pins = [pin for pin in zone.pins.order_by("node", "since") if _touches(pin, span)]
    names = {pin.node for pin in pins}
    others: dict[str, list[Interval]] = {name: [] for name in names}
    own: set[str] = set()
    for hold in allocations_between(span.start, max(span.end, span.start + APART), nodes=names):
        if hold.customer == zone.customer:
            own.add(hold.node)
        else:
            others[hold.node].append(Interval(hold.start, hold.end or max(now, span.end) + APART))
    theirs = f"customer:{zone.customer}" in readable_scopes(actor)
    known = nodes_within_reach(actor, names, now) | (own if theirs else set())
    found, untold = [], set()
    for pin in pins:
        cut = Interval(max(pin.since, span.start), min(pin.until or span.end, span.end))
        if is_of_others(cut, others[pin.node]):
            continue
        if pin.node in known:
            found.append(_Held(pin, cut, tuple(others[pin.node])))
        else:
            untold.add(pin.node)
    return found, len(untold)


def _touches(pin: ZoneNode, span: Interval) -> bool:
    """Say whether the zone held it while it was in force, or holds it for when it will be."""
    return pin.until is None or pin.until > span.start


def _machines(zone: Zone, held: Sequence[_Held], *, in_force: bool) -> tuple[ReportedMachine, ...]:
    kinds = kinds_watched(map(UpdateClass, zone.classes))
    seen = _seen(held)
    told = {one.pin.node for one in held}
    return tuple(
        ReportedMachine(
            node=pin.node,
            gpus=pin.gpus,
            since=one.span.start,
            until=one.span.end,
            in_place_of=pin.in_place_of if pin.in_place_of in told else "",
            left=pin.until is not None and pin.until <= one.span.end,
            seen={span.kind: (span.first, span.last) for span in seen[pin.node, one.span]},
            not_known=not_known(one.span, seen[pin.node, one.span], kinds) if in_force else (),
        )
        for one in held
        for pin in (one.pin,)
    )


def _seen(held: Iterable[_Held]) -> dict[tuple[str, Interval], list[SeenSpan]]:
    """Return what was seen of each machine that touches its time in the zone."""
    by_span: dict[Interval, list[str]] = {}
    for one in held:
        by_span.setdefault(one.span, []).append(one.pin.node)
    found: dict[tuple[str, Interval], list[SeenSpan]] = {
        (one.pin.node, one.span): [] for one in held
    }
    for span, nodes in by_span.items():
        for told in version_spans(nodes, since=span.start, before=span.end):
            seen = SeenSpan(told.kind.value, told.first, told.last)
            found[told.node, span].append(seen)
    return found


def _was_theirs(held: Sequence[_Held], node: str, at: AwareDatetime) -> bool:
    """Say whether the report tells of the node, and no other customer held it at that instant."""
    return any(
        one.pin.node == node and not any(held.start <= at < held.end for held in one.others)
        for one in held
    )


def _changes(
    zone: Zone, held: Sequence[_Held]
) -> tuple[tuple[BreachRow, ...], tuple[LetThroughRow, ...]]:
    names = {one.pin.node for one in held}
    rows = zone.breaches.filter(node__among=names).order_by("seen", "node")
    told = [
        one
        for one in rows.select_related("glass")[: 2 * ROWS_MAX]
        if _was_theirs(held, one.node, one.seen) and _was_theirs(held, one.node, one.last_seen)
    ]
    broken = tuple(breach_row(one, names) for one in told if one.glass is None)
    let = tuple(let_through_row(one, one.glass, names) for one in told if one.glass is not None)
    return broken, let


def _decisions(
    held: Sequence[_Held], parts: frozenset[str], stretches: Sequence[Interval]
) -> tuple[ZoneDecisionRow, ...]:
    """Return the answers about the customer's machines, and what they hang on, oldest first."""
    names = {one.pin.node for one in held} | parts
    found = []
    for row in reversed(decisions_on(names, stretches, limit=ROWS_MAX + 1)):
        begins = max(row.starts_at, stretches[0].start)
        nodes = tuple(
            node for node in row.nodes if node in parts or _was_theirs(held, node, begins)
        )
        if nodes:
            found.append(replace(row, nodes=nodes))
    return tuple(found)


def _refused_actions(
    zone: Zone, held: Sequence[_Held], until: AwareDatetime
) -> tuple[GateRefusal, ...]:
    words = f"no-fly zone {zone.pk}"
    found = refusals_naming(words, since=zone.requested_at, before=until, limit=ROWS_MAX + 1)
    told = []
    for one in found:
        nodes = tuple(
            target
            for target in one.targets
            if target.startswith("node:") and _was_theirs(held, target[5:], one.at)
        )
        if nodes:
            told.append(replace(one, targets=nodes))
    return tuple(told)


def _glasses(
    zone: Zone,
    decisions: Iterable[ZoneDecisionRow],
    let_through: Iterable[LetThroughRow],
    held: Sequence[_Held],
) -> tuple[ReportedGlass, ...]:
    """Return every break-glass by which something was, or could be, let through on a machine."""
    named = {one.break_glass for one in decisions} | {str(one.break_glass) for one in let_through}
    names = {one.pin.node for one in held}
    return tuple(
        _glass(one)
        for one in zone.glasses.filter(used_at__isnull=False).order_by("used_at", "pk")
        if str(one.pk) in named or not names.isdisjoint(one.update["nodes"])
    )


def _glass(one: BreakGlass) -> ReportedGlass:
    return ReportedGlass(
        id=str(one.pk),
        asked_by=one.requested_by,
        approved_by=one.approved_by,
        reason=one.reason,
        approval_reason=one.approval_reason,
        ticket=one.ticket,
        used_at=one.used_at,
        expires_at=one.expires_at,
    )


def _batches(stretches: Sequence[Interval], until: AwareDatetime) -> int:
    if not stretches:
        return 0
    made = GateDecision.objects.filter(at__gte=stretches[0].start, at__lt=until)
    return made.exclude(root="").count()
