"""Notes with which firmware, driver, kernel, image and boot each node was seen."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput
from scuderia.basics.safe_text import plain_words
from scuderia.fleet.models.node_versions import VALUE_MAX, NodeVersion
from scuderia.fleet.nouns import SeenVersions
from scuderia.fleet.operations.descriptions import may_describe
from scuderia.fleet.ports import VersionReader
from scuderia.fleet.queries.inventory import gpus_of

SEEN_MAX = 10_000
_BATCH = 500


class BadVersions(BadInput):
    """What was seen of nodes cannot be noted: unknown nodes, no version, or too much at once."""

    code = "FLEET-058"
    remedy = "Send known nodes, each with boot_id, firmware, driver, kernel or image, as text."


@dataclass(frozen=True, slots=True)
class VersionsNoted:
    """How much was seen, and how much of it was otherwise than before."""

    seen: int
    changed: int


def note_versions(
    *, actor: Actor, source: str, seen: Sequence[SeenVersions], at: AwareDatetime
) -> VersionsNoted:
    """Note what nodes were seen with at an instant; one that is older than the last is passed over.

    raises   NotAuthorised, NotFound: who may not describe the fleet; BadVersions
    """
    may_describe(actor)
    _refuse_bad(seen)
    return _note(source, seen, at)


def read_versions(reader: VersionReader, *, source: str) -> VersionsNoted:
    """Note what a cluster's own reader sees now, batch by batch; nodes unknown here are left out.

    raises   Unable: the source is silent
    """
    page = reader.versions()
    known = gpus_of([one.node for one in page.nodes]).keys()
    seen = [one for one in page.nodes if one.node in known]
    noted = [
        _note(source, seen[begin : begin + _BATCH], page.as_of)
        for begin in range(0, len(seen), _BATCH)
    ]
    return VersionsNoted(sum(one.seen for one in noted), sum(one.changed for one in noted))


@transaction.atomic
def _note(source: str, seen: Sequence[SeenVersions], at: AwareDatetime) -> VersionsNoted:
    names = {one.node for one in seen}
    latest: dict[tuple[str, str], NodeVersion] = {}
    rows = NodeVersion.objects.select_for_update().filter(node__among=names)
    for row in rows.order_by("since"):
        latest[row.node, row.kind] = row
    again: list[int] = []
    new, changed = [], 0
    for one in seen:
        for kind, said in one.versions.items():
            value = plain_words(said)[:VALUE_MAX]
            held = latest.get((one.node, kind.value))
            if held is not None and held.seen_at >= at:
                continue
            if held is not None and held.value == value:
                again.append(held.pk)
                continue
            changed += held is not None
            new.append(
                NodeVersion(
                    node=one.node, kind=kind.value, value=value, since=at, seen_at=at,
                    source=source,
                )
            )  # fmt: skip
    for begin in range(0, len(again), _BATCH):
        same = NodeVersion.objects.filter(pk__in=again[begin : begin + _BATCH])
        same.update(seen_at=at, source=source)
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
