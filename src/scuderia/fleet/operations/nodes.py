"""Describes nodes: where each stands, of which SKU, and from when to when it is in service."""

from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Max, Min

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput, Refused
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.fleet.engine.facts import instant_of, seconds_of
from scuderia.fleet.engine.labels import labels_in, labels_text
from scuderia.fleet.engine.node_rows import NodeRow
from scuderia.fleet.engine.shared_parts import parts_in, parts_text
from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.models.inventory import Cluster, Gpu, Node, Rack, Sku
from scuderia.fleet.nouns import NodeName, NodePlace
from scuderia.fleet.operations.descriptions import (
    NAMES_AUDITED,
    Compared,
    DescribedAlready,
    may_describe,
    require_reason,
)
from scuderia.fleet.operations.inventory import fill_slots, keep_racks
from scuderia.fleet.operations.labels import keep_labels
from scuderia.fleet.operations.shared_parts import keep_parts
from scuderia.fleet.queries.inventory import PLACE_COLUMNS, UnknownSubject
from scuderia.fleet.queries.labels import labels_of
from scuderia.fleet.queries.shared_parts import parts_by_node
from scuderia.intake.records import Flaw
from scuderia.loop.operations import audit
from scuderia.loop.operations.bulk_writes import update_rows


@dataclass(frozen=True, slots=True)
class NodesDescribed:
    """What describing nodes came to."""

    added: int
    amended: int
    unchanged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFacts:
    """What is to be said of each of the nodes; None keeps what stands."""

    site: str | None = None
    cluster: str | None = None
    rack: str | None = None
    sku: str | None = None
    in_service_from: AwareDatetime | None = None
    in_service_to: AwareDatetime | None = None

    def onto(self, row: NodeRow) -> NodeRow:
        """Return the row with these facts."""
        begins, ends = self.in_service_from, self.in_service_to
        return NodeRow(
            row.node,
            self.site or row.site,
            self.cluster or row.cluster,
            self.rack or row.rack,
            self.sku or row.sku,
            row.in_service_from if begins is None else seconds_of(begins),
            row.in_service_to if ends is None else seconds_of(ends),
            row.labels,
            row.hangs_on,
        )


class _Places:
    """Which cluster stands at which site, and which rack in which cluster; the first word holds."""

    def __init__(self) -> None:
        self._sites = dict(Cluster.objects.values_list("name", "site__name"))
        self._clusters = dict(Rack.objects.values_list("name", "cluster__name"))

    def flaw(self, row: NodeRow) -> Flaw | None:
        """Return what is against the row's place, or take it."""
        for kind in ("node", "site", "cluster", "rack"):
            try:
                SubjectRef.parse(f"{kind}:{getattr(row, kind)}")
            except BadInput:
                said = f"{getattr(row, kind)[:40]!r} is no name"
                remedy = "Use letters, digits and . _ @ -, a letter or digit first, at most 128."
                return Flaw(kind, said, remedy)
        remedy = "Give each cluster and rack a name of its own, e.g. with its site in front."
        site = self._sites.get(row.cluster, row.site)
        if site != row.site:
            return Flaw("cluster", f"the cluster {row.cluster} stands at the site {site}", remedy)
        cluster = self._clusters.get(row.rack, row.cluster)
        if cluster != row.cluster:
            return Flaw("rack", f"the rack {row.rack} stands in the cluster {cluster}", remedy)
        self._sites[row.cluster], self._clusters[row.rack] = row.site, row.cluster
        return None


def compare_nodes(rows: Sequence[NodeRow], *, now: AwareDatetime) -> Compared[NodeRow]:
    """Say what of the rows is new, known or otherwise, and what cannot stand; writes nothing."""
    names = {row.node for row in rows}
    known = _rows_of(names)
    rows = [_whole(row, known.get(row.node)) for row in rows]
    unseen = set(Node.every.filter(name__among=names).values_list("name", flat=True)) - set(known)
    skus = set(Sku.objects.values_list("name", flat=True))
    places, holds = _Places(), _spans_held(names)
    against: dict[Hashable, Flaw] = {}
    for row in rows:
        flaw = row.flaw(seconds_of(now))
        if flaw is None and row.sku not in skus:
            remedy = "Check the name, or describe it: scuderia fleet sku add."
            flaw = Flaw("sku", f"no SKU {row.sku!r} is on the books", remedy)
        if flaw is None and row.node in unseen:
            flaw = Flaw("node", "it stands in a file that is being imported", "Try again then.")
        flaw = flaw or _still_held(row, known.get(row.node), holds.get(row.node))
        flaw = flaw or places.flaw(row)  # last, so that a bad row takes no place
        if flaw is not None:
            against[row.key] = flaw
    return Compared.of(rows, known, against)


def keep_nodes(compared: Compared[NodeRow]) -> None:
    """Write what is new and what is amended, in the caller's transaction."""
    rows = [*compared.added, *(row for row, _ in compared.amended)]
    racks = keep_racks(
        NodePlace(NodeName(row.node), row.site, row.cluster, row.rack, row.sku) for row in rows
    )
    skus = {sku.name: sku for sku in Sku.objects.all()}
    new = [Node(name=row.node) for row in compared.added]
    said = {row.node: row for row in rows}
    stood = list(Node.objects.filter(name__among=[row.node for row, _ in compared.amended]))
    gpus = Gpu.objects.filter(node__among=[node.pk for node in stood])
    slots = dict(gpus.values_list("node").annotate(count=Count("pk")))
    for node in (*new, *stood):
        row = said[node.name]
        node.rack, node.sku = racks[row.rack], skus[row.sku]
    for node in new:
        row = said[node.name]
        node.active_from = instant_of(row.in_service_from)
        node.active_to = None if row.in_service_to is None else instant_of(row.in_service_to)
    Node.objects.bulk_create(new)
    update_rows(Node, "rack", ((node.rack_id, node.pk) for node in stood))
    update_rows(Node, "sku", ((node.sku_id, node.pk) for node in stood))
    update_rows(Node, "active_from", ((said[n.name].in_service_from, n.pk) for n in stood))
    update_rows(Node, "active_to", ((said[n.name].in_service_to, n.pk) for n in stood))
    refilled = [node for node in stood if slots.get(node.pk, 0) != node.sku.gpus_per_node]
    Gpu.objects.filter(node__among=[node.pk for node in refilled]).delete()
    fill_slots([*new, *refilled])
    bare = {row.node: row._replace(labels="", hangs_on="") for row in compared.added}
    before = bare | {row.node: was for row, was in compared.amended}
    _keep_marks([(node.pk, said[node.name], before[node.name]) for node in (*new, *stood)])


def _keep_marks(nodes: Iterable[tuple[int, NodeRow, NodeRow]]) -> None:
    """Write the labels and shared parts of those whose row, by its id, is not as it was."""
    told = list(nodes)
    labels = {pk: row.labels or "" for pk, row, was in told if row.labels != was.labels}
    parts = {pk: row.hangs_on or "" for pk, row, was in told if row.hangs_on != was.hangs_on}
    keep_labels({pk: labels_in(text) for pk, text in labels.items()})
    keep_parts({pk: parts_in(text) for pk, text in parts.items()})


@transaction.atomic
def add_nodes(
    *,
    actor: Actor,
    nodes: Sequence[str],
    facts: NodeFacts,
    now: AwareDatetime,
    dry_run: bool = False,
) -> NodesDescribed:
    """Bring nodes onto the books, in service from an instant on; all of them or none.

    Sites, clusters and racks that are named for the first time are made.
    raises   NotAuthorised, NotFound, BadInput, DescribedAlready: one of them stands otherwise
    """
    may_describe(actor)
    begins = facts.in_service_from
    if begins is None or not (facts.site and facts.cluster and facts.rack and facts.sku):
        raise BadInput(
            "a node without its place or its first instant",
            remedy="Give --site, --cluster, --rack, --sku and --from.",
        )
    nowhere = NodeRow("", "", "", "", "", 0, None)
    rows = [facts.onto(nowhere._replace(node=node)) for node in nodes]
    found = _compared(rows, now)
    for row, was in found.amended:
        raise DescribedAlready(
            f"{row.node} is on the books, and otherwise: {_difference(row, was)}",
            remedy=f"Correct it: scuderia fleet node edit {row.node} --reason WHY.",
        )
    return _kept(found, "added", actor=actor, now=now, dry_run=dry_run)


@transaction.atomic
def edit_nodes(
    *,
    actor: Actor,
    nodes: Sequence[str],
    facts: NodeFacts,
    reason: str,
    now: AwareDatetime,
    dry_run: bool = False,
) -> NodesDescribed:
    """Correct where nodes stand, what they are or when they were in service; all or none.

    What is corrected holds for all of the past too.
    raises   NotAuthorised, NotFound, UnknownSubject, ReasonMissing, BadInput
    """
    may_describe(actor)
    found = _compared([facts.onto(row) for row in _known_rows(nodes)], now)
    if found.amended:
        require_reason(reason, f"{found.amended[0][0].node}")
    return _kept(found, "edited", actor=actor, now=now, reason=reason, dry_run=dry_run)


@transaction.atomic
def retire_nodes(
    *,
    actor: Actor,
    nodes: Sequence[str],
    end: AwareDatetime,
    reason: str = "",
    now: AwareDatetime,
    dry_run: bool = False,
) -> NodesDescribed:
    """Take nodes out of service at an instant; another end that stood is a correction.

    raises   NotAuthorised, NotFound, UnknownSubject, ReasonMissing
             BadInput: has not come yet, lies before the first, or somebody holds one of them
    """
    may_describe(actor)
    facts = NodeFacts(in_service_to=end)
    found = _compared([facts.onto(row) for row in _known_rows(nodes)], now)
    for row, was in found.amended:
        if was.in_service_to is not None:
            require_reason(reason, f"{row.node}, in service to {instant_of(was.in_service_to)},")
    return _kept(found, "retired", actor=actor, now=now, reason=reason, dry_run=dry_run)


def _compared(rows: Sequence[NodeRow], now: AwareDatetime) -> Compared[NodeRow]:
    found = compare_nodes(rows, now=now)
    for key, flaw in found.against.items():
        raise _refusal(str(key), flaw)
    return found


def _whole(row: NodeRow, was: NodeRow | None) -> NodeRow:
    """Return the row with the labels and shared parts that stand, where it says nothing of them."""
    labels, parts = ("", "") if was is None else (was.labels, was.hangs_on)
    return row._replace(
        labels=labels if row.labels is None else row.labels,
        hangs_on=parts if row.hangs_on is None else row.hangs_on,
    )


def _refusal(node: str, flaw: Flaw) -> Refused:
    return BadInput(f"{node}: {flaw.field}: {flaw.reason}", remedy=flaw.remedy, field=flaw.field)


def _kept(
    found: Compared[NodeRow],
    verb: str,
    *,
    actor: Actor,
    now: AwareDatetime,
    reason: str = "",
    dry_run: bool,
) -> NodesDescribed:
    changed = [*found.added, *(row for row, _ in found.amended)]
    if changed and not dry_run:
        keep_nodes(found)
        audit.record(
            actor,
            f"fleet.nodes.{verb}",
            subject=EVERYTHING,
            reason=reason,
            at=now,
            detail={
                "count": len(changed),
                "nodes": [row.node for row in changed[:NAMES_AUDITED]],
                "after": changed[0].told(),
                "before": [was.told() for _, was in found.amended[:NAMES_AUDITED]],
            },
        )
    return NodesDescribed(len(found.added), len(found.amended), found.unchanged)


def _known_rows(nodes: Sequence[str]) -> Iterable[NodeRow]:
    known = _rows_of(nodes)
    for node in nodes:
        if node not in known:
            raise UnknownSubject(f"no node is named {node!r}")
    return [known[node] for node in nodes]


def _rows_of(names: Collection[str]) -> dict[Hashable, NodeRow]:
    rows = Node.objects.filter(name__among=names)
    labels, parts = labels_of(names), parts_by_node(names)
    return {
        name: NodeRow(
            name,
            site,
            cluster,
            rack,
            sku,
            seconds_of(begins),
            None if ends is None else seconds_of(ends),
            labels_text(labels.get(name, {})),
            parts_text(parts.get(name, ())),
        )
        for name, begins, ends, site, cluster, rack, sku in rows.values_list(
            "name", "active_from", "active_to", *PLACE_COLUMNS
        )
    }


def _spans_held(names: Collection[str]) -> dict[str, tuple[int, int | None, int]]:
    """Return when each was first held, last to an end (None: never), and how many holds last."""
    rows = Allocation.objects.filter(node__name__among=names).values("node__name")
    spans = rows.annotate(
        first=Min("start"), last=Max("end"), ended=Count("end"), holds=Count("pk")
    )
    return {
        row["node__name"]: (
            seconds_of(row["first"]),
            None if row["last"] is None else seconds_of(row["last"]),
            row["holds"] - row["ended"],
        )
        for row in spans
    }


def _still_held(
    row: NodeRow, was: NodeRow | None, held: tuple[int, int | None, int] | None
) -> Flaw | None:
    """Object to dates that leave out what somebody held; what stands unchanged is let be."""
    if was is None or held is None:
        return None
    first, last, lasting = held
    if row.in_service_from != was.in_service_from and first < row.in_service_from:
        said = f"it was held from {instant_of(first).isoformat()}"
        return Flaw("in_service_from", said, "Correct that allocation first.")
    ends = row.in_service_to
    if ends is not None and ends != was.in_service_to:
        if lasting:
            said, remedy = "somebody holds it", "End that first: scuderia fleet deallocate NODE."
            return Flaw("in_service_to", said, remedy)
        if last is not None and last > ends:
            said = f"it was held to {instant_of(last).isoformat()}"
            return Flaw("in_service_to", said, "Correct that allocation first.")
    return None


def _difference(row: NodeRow, was: NodeRow) -> str:
    before, after = was.told(), row.told()
    return ", ".join(
        f"{name} is {before[name] or 'open'}, not {after[name] or 'open'}"
        for name in after
        if before[name] != after[name]
    )
