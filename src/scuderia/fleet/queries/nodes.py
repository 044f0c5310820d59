"""The nodes as they stand at one instant, in a constant number of queries; and one's history."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from django.db.models import QuerySet

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import SubjectRef
from scuderia.fleet.engine.facts import is_unknown, seconds_of
from scuderia.fleet.engine.gpu_shares import gpus_taken_at_once
from scuderia.fleet.engine.outage_statistics import seconds_lost
from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.models.columns import lasting, still_at, touching
from scuderia.fleet.models.inventory import Node
from scuderia.fleet.models.observations import LatestObservation
from scuderia.fleet.models.outages import Outage
from scuderia.fleet.models.repairs import Repair
from scuderia.fleet.nouns import (
    AllocationRecord,
    CustomerName,
    GpuShare,
    NodeName,
    NodePlace,
    NodeState,
    OutageRecord,
    PlannedWork,
    RepairPhase,
    Severity,
)
from scuderia.fleet.queries.access import (
    readable_scopes,
    require_reach,
    scopes_above,
    within_reach,
)
from scuderia.fleet.queries.allocations import as_allocations
from scuderia.fleet.queries.inventory import PLACE_COLUMNS, UnknownSubject
from scuderia.fleet.queries.labels import labels_of
from scuderia.fleet.queries.outages import SHARE_COLUMNS, outages_between, share_in
from scuderia.fleet.queries.planned_work import work_at
from scuderia.fleet.queries.shared_parts import parts_by_node
from scuderia.fleet.queries.silence import silent_sources
from scuderia.loop.queries.questions import Question


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """One node at one instant, as the books tell it.

    state         UNKNOWN where the source is silent or its records have ended
    spare         it stands ready in the spare pool
    since         start of the outage it is in; None while it is up
    cause         "" is unknown
    observed_at   when the source last spoke of the node; None if it never did
    silent        its source does not answer, so nothing is known of it
    silent_since  since when; None while it answers
    gpus_lost     how many of its GPUs are out of service
    work          the planned work that goes on there, told to whoever asks for the node
    labels        that it bears, told to whoever asks for this node alone; None: not told
    hangs_on      the switches, feeds and storage that others hang on too; told as the labels are
    """

    place: NodePlace
    gpus: int
    state: NodeState
    customer: CustomerName | None
    spare: bool
    since: AwareDatetime | None
    cause: str
    planned: bool
    observed_at: AwareDatetime | None
    silent: bool = False
    silent_since: AwareDatetime | None = None
    gpus_lost: int = 0
    work: PlannedWork | None = None
    labels: Mapping[str, str] | None = None
    hangs_on: tuple[str, ...] | None = None

    @property
    def is_of_work(self) -> bool:
        """Say whether it went out in the planned work that goes on there: no fault as yet."""
        return self.work is not None and self.since is not None and self.work.holds(self.since)


@dataclass(frozen=True, slots=True)
class FleetBoard:
    """Every node, ordered by site, cluster, rack and name."""

    at: AwareDatetime
    nodes: tuple[NodeStatus, ...]

    def count_by_state(self) -> dict[NodeState, int]:
        """Return how many nodes are in each state; states nobody is in are 0."""
        counted = Counter(node.state for node in self.nodes)
        return {state: counted.get(state, 0) for state in NodeState}


def fleet_board(
    at: AwareDatetime, *, site: str | None = None, customer: str | None = None
) -> FleetBoard:
    """Return every node as it stood at `at`, in five queries whatever the fleet's size.

    site, customer   only the nodes there, or held by that customer at `at`
    """
    nodes = Node.objects.filter(active_from__lte=at)
    if site is not None:
        nodes = nodes.filter(rack__cluster__site__name=site)
    if customer is not None:
        held = _at(Allocation.objects.filter(customer__name=customer), at)
        nodes = nodes.filter(pk__in=held.values("node_id"))
    return FleetBoard(at=at, nodes=_statuses(_placed(nodes), at))


def list_nodes(actor: Actor, at: AwareDatetime, *, site: str | None = None) -> FleetBoard:
    """Return the nodes within the actor's reach as they stood at `at`."""
    scopes = readable_scopes(actor)
    board = fleet_board(at, site=site)
    mine = (n for n in board.nodes if within_reach(n.place, n.customer, scopes))
    return replace(board, nodes=with_work(mine, at))


def get_node(actor: Actor, node: str, at: AwareDatetime) -> NodeStatus:
    """Return one node as it stood at `at`.

    raises   NotFound: none within the actor's reach; UnknownSubject
    """
    require_reach(actor, SubjectRef.parse(f"node:{node}"))
    status = with_work([node_status(node, at)], at)[0]
    labels, parts = labels_of([node]), parts_by_node([node])
    return replace(status, labels=labels.get(node, {}), hangs_on=parts.get(node, ()))


def with_work(nodes: Iterable[NodeStatus], at: AwareDatetime) -> tuple[NodeStatus, ...]:
    """Return the nodes with the planned work that goes on at each."""
    found = tuple(nodes)
    work = work_at((one.place.node for one in found), at)
    return tuple(replace(one, work=work.get(one.place.node)) for one in found) if work else found


def node_status(node: str, at: AwareDatetime) -> NodeStatus:
    """Return one node as it stood at `at`.

    raises   UnknownSubject: no such node, or not yet at `at`
    """
    found = node_statuses([node], at)
    if not found:
        raise UnknownSubject(f"no node is named {node!r}")
    return found[node]


def node_statuses(names: Iterable[str], at: AwareDatetime) -> dict[str, NodeStatus]:
    """Return those of these nodes that were on the books at `at`: name -> how it stood.

    Costs six questions, whatever the fleet and its history.
    """
    rows = _NAMED.read(list(names), seconds_of(at))
    return {str(one.place.node): one for one in _statuses(rows, at, narrow=True)}


def gpus_held(names: Iterable[str], at: AwareDatetime) -> dict[str, int]:
    """Return the GPUs of those of these nodes that were on the books; 0 where nobody held one."""
    second = seconds_of(at)
    nodes = {node: (name, gpus) for node, name, gpus in _GPUS.rows(names, second)}
    held = {node for node, _ in _HOLDERS.rows(nodes, second)}
    return {name: gpus if node in held else 0 for node, (name, gpus) in nodes.items()}


def _at(rows: QuerySet[Any], at: AwareDatetime | int) -> QuerySet[Any]:
    """Keep the rows whose [start, end) holds `at`."""
    return rows.filter(still_at(at), start__lte=at)


class _Stay(NamedTuple):
    start: AwareDatetime
    cause: str
    planned: bool
    share: GpuShare
    severity: str


def _placed(nodes: QuerySet[Node]) -> QuerySet[Node, Any]:
    ordered = nodes.order_by(
        "rack__cluster__site__name", "rack__cluster__name", "rack__name", "name"
    )
    return ordered.values_list(
        "id",
        "active_to",
        "sku__gpus_per_node",
        "name",
        "rack__cluster__site__name",
        "rack__cluster__name",
        "rack__name",
        "sku__name",
    )


def _stays(rows: QuerySet[Outage], at: AwareDatetime | int) -> QuerySet[Outage, Any]:
    found = lasting(rows, at).order_by("start", "id")
    return found.values_list("id", "node_id", "start", "cause", "planned", *SHARE_COLUMNS)


def _phases(rows: QuerySet[Repair], at: AwareDatetime | int) -> QuerySet[Repair, Any]:
    return _at(rows, at).order_by("start", "id").values_list("outage__node_id", "state")


def _holders(rows: QuerySet[Allocation], at: AwareDatetime | int) -> QuerySet[Allocation, Any]:
    return _at(rows, at).values_list("node_id", "customer__name")


def _latest(rows: QuerySet[LatestObservation]) -> QuerySet[LatestObservation, Any]:
    return rows.values_list("node_id", "at", "state", "spare", "source")


_NAMED = Question(
    lambda names, at: _placed(Node.objects.filter(name__among=names, active_from__lte=at))
)
_GPUS = Question(
    lambda names, at: Node.objects.filter(name__among=names, active_from__lte=at).values_list(
        "id", "name", "sku__gpus_per_node"
    )
)
_STAYS = Question(lambda nodes, at: _stays(Outage.objects.filter(node__among=nodes), at))
_PHASES = Question(lambda stays, at: _phases(Repair.objects.filter(outage__among=stays), at))
_HOLDERS = Question(lambda nodes, at: _holders(Allocation.objects.filter(node__among=nodes), at))
_LATEST = Question(lambda nodes: _latest(LatestObservation.objects.filter(node__among=nodes)))


def _statuses(
    rows: Collection[tuple[Any, ...]], at: AwareDatetime, *, narrow: bool = False
) -> tuple[NodeStatus, ...]:
    """Return how the nodes of these rows stood.

    narrow   ask of these nodes alone; not worth it where they are most of the fleet
    """
    second, mine = seconds_of(at), [row[0] for row in rows]
    stays: dict[int, list[_Stay]] = {}
    out: list[int] = []
    found = _STAYS.read(mine, second) if narrow else _stays(Outage.objects.all(), at)
    for row_id, node_id, start, cause, planned, count, indices, severity in found:
        share = share_in(count, indices)
        stays.setdefault(node_id, []).append(_Stay(start, cause, planned, share, severity))
        out.append(row_id)
    phases = dict(_PHASES.read(out, second) if narrow else _phases(Repair.objects.all(), at))
    held = _HOLDERS.read(mine, second) if narrow else _holders(Allocation.objects.all(), at)
    holders = dict(held)
    words = _LATEST.read(mine) if narrow else _latest(LatestObservation.objects.all())
    latest = {row[0]: row[1:] for row in words}
    unheard = any(state == NodeState.UNKNOWN for _, state, _, _ in latest.values())
    silences = silent_sources() if unheard else {}
    return tuple(
        _status(
            row,
            at,
            stays.get(row[0], []),
            phases.get(row[0]),
            holders,
            latest.get(row[0]),
            silences,
        )
        for row in rows
    )


def _status(
    row: tuple[Any, ...],
    at: AwareDatetime,
    stays: list[_Stay],
    phase: str | None,
    holders: Mapping[int, str],
    latest: tuple[AwareDatetime, str, bool, str] | None,
    silences: Mapping[str, AwareDatetime],
) -> NodeStatus:
    node_id, active_to, gpus, name, *where = row
    customer = holders.get(node_id)
    silent = latest is not None and latest[0] <= at and latest[1] == NodeState.UNKNOWN
    lost = gpus_taken_at_once((stay.share for stay in stays), gpus)
    if (active_to is not None and active_to <= at) or silent:
        state = NodeState.UNKNOWN
    elif not stays:
        state = NodeState.UP
    elif lost < gpus or all(stay.severity == Severity.DEGRADED for stay in stays):
        state = NodeState.DEGRADED
    elif all(stay.planned for stay in stays):
        state = NodeState.DRAINED
    else:
        state = NodeState(phase) if phase is not None else NodeState.DOWN
    idle = customer is None and state is NodeState.UP
    return NodeStatus(
        place=NodePlace(NodeName(name), *where),
        gpus=gpus,
        state=state,
        customer=None if customer is None else CustomerName(customer),
        spare=idle and (latest is None or latest[0] > at or latest[2]),
        since=stays[0].start if stays else None,
        cause=next((stay.cause for stay in stays if not is_unknown(stay.cause)), ""),
        planned=bool(stays) and all(stay.planned for stay in stays),
        observed_at=None if latest is None else latest[0],
        silent=silent,
        silent_since=silences.get(latest[3]) if silent and latest is not None else None,
        gpus_lost=lost,
    )


@dataclass(frozen=True, slots=True)
class NodeTimeline:
    """What happened to one node over [start, end), newest first in each list.

    known_from, known_until   the part of the period in which the node was on the books: of the rest
                  nothing is known. They are equal where it never was
    gpus          of the node
    out_s         node-seconds of it in unplanned outages, by the share of the node's GPUs, and once
                  where reports overlap
    outages       one for each report, with their own full ends; None as an end: it lasts
    allocations   who held it; for somebody who reads it as a customer, their own alone
    """

    place: NodePlace
    start: AwareDatetime
    end: AwareDatetime
    known_from: AwareDatetime
    known_until: AwareDatetime
    gpus: int
    out_s: int
    outages: tuple[OutageRecord, ...]
    phases: tuple[RepairPhase, ...]
    allocations: tuple[AllocationRecord, ...]


def get_timeline(actor: Actor, node: str, start: AwareDatetime, end: AwareDatetime) -> NodeTimeline:
    """Return what happened to the node in [start, end); holders are told to themselves alone.

    Who may read the node's rack, cluster or site, or the node itself, is told every holder.
    raises   NotFound: no such node within the actor's reach
    """
    require_reach(actor, SubjectRef.parse(f"node:{node}"))
    told, scopes = node_timeline(node, start, end), readable_scopes(actor)
    place = told.place
    above = scopes_above(place.site, place.cluster, place.rack) | {f"node:{node}"}
    if not scopes.isdisjoint(above):
        return told
    own = tuple(hold for hold in told.allocations if f"customer:{hold.customer}" in scopes)
    return replace(told, allocations=own)


def node_timeline(node: str, start: AwareDatetime, end: AwareDatetime) -> NodeTimeline:
    """Return the node's outages (as reported), repair phases and holders in [start, end).

    raises   UnknownSubject: no such node
    """
    columns = ("name", *PLACE_COLUMNS, "sku__gpus_per_node", "active_from", "active_to")
    found = Node.objects.filter(name=node).values_list(*columns).first()
    if found is None:
        raise UnknownSubject(f"no node is named {node!r}")
    phases = Repair.objects.filter(touching(start, end), outage__node__name=node)
    holds = Allocation.objects.filter(touching(start, end), node__name=node)
    name, *place, gpus, since, until = found
    known_from = min(max(start, since), end)
    known_until = max(min(end, until or end), known_from)
    reports = outages_between(start, end, node=node, merged=False)
    return NodeTimeline(
        place=NodePlace(NodeName(name), *place),
        start=start,
        end=end,
        known_from=known_from,
        known_until=known_until,
        gpus=gpus,
        out_s=seconds_lost(
            (one for one in reports if not one.planned),
            gpus=gpus,
            start=seconds_of(known_from),
            end=seconds_of(known_until),
        ),
        outages=reports[::-1],
        phases=tuple(
            RepairPhase(NodeName(node), NodeState(state), begun, ended)
            for state, begun, ended in phases.order_by("-start", "-id").values_list(
                "state", "start", "end"
            )
        ),
        allocations=as_allocations(holds)[::-1],
    )
