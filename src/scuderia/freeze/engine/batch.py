"""Many updates decided in one call: one search for all, words only for what is refused."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from scuderia.basics.merkle import LEAF, root_of
from scuderia.freeze.engine.gate import (
    INSTANT_MAX,
    BadUpdate,
    Circumstances,
    check_update,
    class_of,
    decide,
)
from scuderia.freeze.engine.zone_index import CLASS_NUMBER, Bools, Ints, ZoneIndex
from scuderia.freeze.nouns import AskedUpdate

TARGETS_MAX = 200_000
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Targets:
    """Updates of one node each, column by column, all of one length.

    starts, ends   Unix seconds: [start, end) from its start to the end of a rollback
    """

    nodes: Sequence[str]
    classes: Sequence[str]
    starts: Sequence[int]
    ends: Sequence[int]

    def update(self, place: int) -> AskedUpdate:
        """Return one of them as the gate is asked it alone."""
        start, end = self.starts[place], self.ends[place]
        return AskedUpdate((self.nodes[place],), self.classes[place], start, end - start)


@dataclass(frozen=True, slots=True)
class Batch:
    """What the gate answers to many.

    allowed      in the order asked
    refused      the places of those that are not, ascending
    objections   beside `refused`: the zones, by their numbers in the index
    not_before   beside `refused`: the first clear start from its own on; None where it is no
                 zone's interval that refuses
    leaves       the hash of each decision, in order; `root` is the head of their Merkle tree
    """

    allowed: Sequence[bool]
    refused: Sequence[int]
    objections: Sequence[Sequence[int]]
    not_before: Sequence[int | None]
    leaves: Sequence[bytes]
    root: bytes


def decide_batch(index: ZoneIndex, targets: Targets, at: Circumstances) -> Batch:
    """Judge every target as `decide` would.

    raises   BadUpdate: names the place of the target
    """
    nodes, classes, starts, ends = _columns(index, targets)
    if not bool(np.all((starts >= 0) & (starts < ends) & (ends <= INSTANT_MAX))):
        _name_the_bad(targets)
    strange = _strange(nodes, classes, ends, at)
    closed, plain = np.zeros(nodes.size, dtype=np.bool_), np.flatnonzero(~strange)
    closed[plain] = index.closed(nodes[plain], classes[plain], starts[plain], ends[plain])
    places = np.flatnonzero(closed)
    asked = (nodes[places], classes[places], starts[places], ends[places])
    earliest = np.maximum(asked[2], at.now)
    clear = index.clear_from(asked[0], asked[1], earliest, asked[3] - asked[2])
    refused, objections = places.tolist(), index.zones_at(*asked)
    not_before: list[int | None] = clear.tolist()
    if strange.any():
        alone = _decided_alone(index, targets, np.flatnonzero(strange), at)
        rows = sorted([*zip(refused, objections, not_before, strict=True), *alone])
        refused = [place for place, _, _ in rows]
        objections = [zones for _, zones, _ in rows]
        not_before = [instant for _, _, instant in rows]
    allowed = np.ones(len(targets.nodes), dtype=np.bool_)
    allowed[refused] = False
    leaves = _leaves(targets, allowed.tolist())
    return Batch(allowed.tolist(), refused, objections, not_before, leaves, root_of(leaves))


def leaf_of(node: str, update_class: str, start: int, end: int, *, allowed: bool) -> bytes:
    """Return the hash that is signed of one decision; a reader of a proof computes it again."""
    return _leaves(Targets([node], [update_class], [start], [end]), [allowed])[0]


def _leaves(targets: Targets, allowed: Sequence[bool]) -> list[bytes]:
    rows = zip(targets.nodes, targets.classes, targets.starts, targets.ends, allowed, strict=True)
    said = LEAF + b"%b\t%b\t%d\t%d\t%d"
    return [
        sha256(said % (node.encode(), kind.encode(), start, end, yes)).digest()
        for node, kind, start, end, yes in rows
    ]


def _columns(index: ZoneIndex, targets: Targets) -> tuple[Ints, Ints, Ints, Ints]:
    """Return node numbers, class numbers (-1: unknown), starts and ends.

    raises   BadUpdate: too many, or a name that could be taken for two
    """
    size = len(targets.nodes)
    if size > TARGETS_MAX:
        raise BadUpdate(f"{size:,} targets, more than {TARGETS_MAX:,} in one call")
    kinds = {name: class_of(name) for name in set(targets.classes)}
    numbers = {name: -1 if kind is None else CLASS_NUMBER[kind] for name, kind in kinds.items()}
    if _CONTROL.search("".join(targets.nodes)) or _CONTROL.search("".join(numbers)):
        raise BadUpdate("a node's or a class's name holds a control character")
    known = index.node_number
    try:
        return (
            np.array([known.get(name, -1) for name in targets.nodes], dtype=np.int64),
            np.array([numbers[name] for name in targets.classes], dtype=np.int64),
            np.array(targets.starts, dtype=np.int64),
            np.array(targets.ends, dtype=np.int64),
        )
    except OverflowError:
        raise BadUpdate("a target starts or ends out of reach") from None


def _strange(nodes: Ints, classes: Ints, ends: Ints, at: Circumstances) -> Bools:
    """Say which are to be decided one by one: what is unknown, stale or opened."""
    if at.opened_by or not at.clock_is_good:
        return np.ones(nodes.size, dtype=np.bool_)
    found: Bools = (nodes < 0) | (classes < 0)
    if at.zones_until is not None:
        found |= np.maximum(ends, at.now) > at.zones_until
    return found


def _decided_alone(
    index: ZoneIndex, targets: Targets, places: Ints, at: Circumstances
) -> list[tuple[int, list[int], int | None]]:
    number = {zone.zone: at for at, zone in enumerate(index.zones)}
    found: list[tuple[int, list[int], int | None]] = []
    for place in places.tolist():
        verdict = decide(index, targets.update(place), at)
        if not verdict.allowed:
            zones = sorted({number[one.zone] for one in verdict.objections})
            found.append((place, zones, verdict.not_before))
    return found


def _name_the_bad(targets: Targets) -> None:
    for place in range(len(targets.nodes)):
        try:
            check_update(targets.update(place))
        except BadUpdate as error:
            said = f"target {place} ({targets.nodes[place][:80]}): {error.message}"
            raise BadUpdate(said) from None
