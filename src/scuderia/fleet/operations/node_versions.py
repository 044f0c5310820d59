"""Notes with which firmware, driver, kernel, image and boot each node was seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput
from scuderia.basics.safe_text import plain_words
from scuderia.fleet.models.node_versions import VALUE_MAX, NodeVersion
from scuderia.fleet.nouns import VersionKind
from scuderia.fleet.operations.descriptions import may_describe
from scuderia.fleet.queries.inventory import gpus_of

SEEN_MAX = 10_000
_BATCH = 500


class BadVersions(BadInput):
    """What was seen of nodes cannot be noted: unknown nodes, no version, or too much at once."""

    code = "FLEET-058"
    remedy = "Send known nodes, each with boot_id, firmware, driver, kernel or image, as text."


@dataclass(frozen=True, slots=True)
class SeenVersions:
    """What one node was seen with: by kind, the words of its own tools."""

    node: str
    versions: Mapping[VersionKind, str]


@dataclass(frozen=True, slots=True)
class VersionsNoted:
    """How much was seen, and how much of it was otherwise than before."""

    seen: int
    changed: int


@transaction.atomic
def note_versions(
    *, actor: Actor, source: str, seen: Sequence[SeenVersions], at: AwareDatetime
) -> VersionsNoted:
    """Note what nodes were seen with at an instant; one that is older than the last is passed over.

    raises   NotAuthorised, NotFound: who may not describe the fleet; BadVersions
    """
    may_describe(actor)
    _refuse_bad(seen)
    names = {one.node for one in seen}
    latest: dict[tuple[str, str], NodeVersion] = {}
    rows = NodeVersion.objects.select_for_update().filter(node__among=names)
    for row in rows.order_by("since"):
        latest[row.node, row.kind] = row
    again, new, changed = [], [], 0
    for one in seen:
        for kind, said in one.versions.items():
            value = plain_words(said)[:VALUE_MAX]
            held = latest.get((one.node, kind.value))
            if held is not None and held.seen_at >= at:
                continue
            if held is not None and held.value == value:
                held.seen_at, held.source = at, source
                again.append(held)
                continue
            changed += held is not None
            new.append(
                NodeVersion(
                    node=one.node, kind=kind.value, value=value, since=at, seen_at=at,
                    source=source,
                )
            )  # fmt: skip
    NodeVersion.objects.bulk_update(again, ("seen_at", "source"), batch_size=_BATCH)
    NodeVersion.objects.bulk_create(new, batch_size=_BATCH)
    return VersionsNoted(len(again) + len(new), changed)


def _refuse_bad(seen: Sequence[SeenVersions]) -> None:
    if not 1 <= sum(len(one.versions) for one in seen) <= SEEN_MAX:
        raise BadVersions(f"1 to {SEEN_MAX:,} versions are noted at once")
    names = [one.node for one in seen]
    if len(set(names)) < len(names):
        raise BadVersions("a node is told twice")
    unknown = sorted(set(names) - gpus_of(names).keys())
    if unknown:
        raise BadVersions(f"no node is named {unknown[0][:80]!r} ({len(unknown)} unknown)")
    if any(not said.strip() for one in seen for said in one.versions.values()):
        raise BadVersions("a version is empty")
