"""With which versions nodes were seen, and what changed when."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.db.models import Max, Min

from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.models.node_versions import NodeVersion
from scuderia.fleet.nouns import VersionKind


@dataclass(frozen=True, slots=True)
class VersionChange:
    """A node was seen with another version than before.

    last_seen   when it was last seen with the old one: it changed between then and `seen`
    seen        when it was first seen with the new one
    """

    node: str
    kind: VersionKind
    was: str
    value: str
    last_seen: AwareDatetime
    seen: AwareDatetime


def version_changes(
    nodes: Collection[str], *, since: AwareDatetime, before: AwareDatetime
) -> Iterator[VersionChange]:
    """Tell what was first seen in [since, before) of these nodes, after something else was."""
    rows = NodeVersion.objects.filter(node__among=set(nodes)).order_by("node", "kind", "since")
    held: NodeVersion | None = None
    for row in rows.iterator(chunk_size=2_000):
        same = held is not None and (held.node, held.kind) == (row.node, row.kind)
        if held is not None and same and since <= row.since < before:
            yield VersionChange(
                node=row.node,
                kind=VersionKind(row.kind),
                was=held.value,
                value=row.value,
                last_seen=held.seen_at,
                seen=row.since,
            )
        held = row


@dataclass(frozen=True, slots=True)
class VersionSpan:
    """From when to when something of a node was seen, whatever its version was meanwhile."""

    node: str
    kind: VersionKind
    first: AwareDatetime
    last: AwareDatetime


def version_spans(
    nodes: Collection[str], *, since: AwareDatetime, before: AwareDatetime
) -> Iterator[VersionSpan]:
    """Tell how far back and how late these nodes were seen, of what touches [since, before).

    `first` and `last` may lie outside it: a version that was seen before, and seen again, stood.
    """
    rows = NodeVersion.objects.filter(node__among=set(nodes), since__lt=before, seen_at__gte=since)
    told = rows.values_list("node", "kind").annotate(Min("since"), Max("seen_at")).order_by()
    for node, kind, first, last in told.iterator(chunk_size=2_000):
        yield VersionSpan(node, VersionKind(kind), first, last)


def last_seen_versions(nodes: Collection[str]) -> dict[str, AwareDatetime]:
    """Return when anything of each node was last seen; those never seen are not told."""
    found: dict[str, AwareDatetime] = {}
    rows = NodeVersion.objects.filter(node__among=set(nodes)).values_list("node", "seen_at")
    for node, at in rows.iterator(chunk_size=2_000):
        found[node] = max(at, found.get(node, at))
    return found
