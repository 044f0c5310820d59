"""The zones, compiled: which node is closed to which class of update, and when.

Nodes that lie in the same zones share a group, so that a zone of 100,000 nodes is one row. For each
(group, class) the intervals are merged, disjoint and in order, all of them in one sorted array:
a question is one binary search. Recompile when a zone or its nodes change; never expand here.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from scuderia.freeze.nouns import UpdateClass, ZoneCover

Ints: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]
CLASS_NUMBER: Mapping[UpdateClass, int] = {one: at for at, one in enumerate(UpdateClass)}
_CLASSES = len(CLASS_NUMBER)
_SPAN = 2**40
"""Seconds set aside for each key in the sorted array: 34,000 years, more than any instant needs."""
_FREE = -1


@dataclass(frozen=True, slots=True)
class ZoneIndex:
    """Compiled zones over a known inventory. Arrays are read only.

    zones         in the order in which they were given
    node_number   of each known node
    group         shape (nodes,): which group a node is in; 0 lies in no zone
    lists         (group, class) as one key: starts and ends, disjoint, in order
    owners        every zone's own intervals by that key, ascending
    keyed_starts, keyed_ends   shape (intervals,): key * _SPAN + instant, ascending
    live          per class: the intervals of the zones that stop it
    bits          which groups each zone holds, packed; shape (zones, groups / 8)
    """

    zones: tuple["IndexedZone", ...]
    node_number: Mapping[str, int]
    group: Ints
    lists: Mapping[int, tuple[tuple[int, ...], tuple[int, ...]]]
    owners: "_Owners"
    keyed_starts: Ints
    keyed_ends: Ints
    live: Mapping[UpdateClass, "_Live"]
    bits: npt.NDArray[np.uint8]

    def is_closed(self, node: int, update_class: UpdateClass, start: int, end: int) -> bool:
        """Say whether some zone closes the node to the class at some instant of [start, end).

        node   its number
        cost   one dictionary and one binary search
        """
        key = int(self.group[node]) * _CLASSES + CLASS_NUMBER[update_class]
        found = self.lists.get(key)
        if found is None:
            return False
        starts, ends = found
        at = bisect_right(ends, start)
        return at < len(starts) and starts[at] < end

    def zones_at(self, nodes: Ints, classes: Ints, starts: Ints, ends: Ints) -> list[list[int]]:
        """Return, beside each question, the numbers of the zones that close it, ascending."""
        keys = self.group[nodes] * _CLASSES + classes
        owners = self.owners
        low = np.searchsorted(owners.keys, keys, side="left")
        count = np.searchsorted(owners.keys, keys, side="right") - low
        question = np.repeat(np.arange(keys.size), count)
        row = np.arange(question.size) - np.repeat(np.cumsum(count) - count - low, count)
        hit = (owners.starts[row] < ends[question]) & (owners.ends[row] > starts[question])
        zones = max(1, len(self.zones))
        pairs = np.unique(question[hit] * zones + owners.zones[row[hit]])
        bounds = np.searchsorted(pairs, np.arange(keys.size + 1) * zones).tolist()
        found = (pairs % zones).tolist()
        return [found[start:end] for start, end in pairwise(bounds)]

    def clear_from(self, nodes: Ints, classes: Ints, starts: Ints, lengths: Ints) -> Ints:
        """Return, for each, the first instant from its start at which its length is open."""
        keys = (self.group[nodes] * _CLASSES + classes) * _SPAN
        found = starts.copy()
        waiting = np.arange(found.size)
        while waiting.size:
            key, start = keys[waiting], found[waiting]
            at = np.searchsorted(self.keyed_ends, key + start, side="right")
            at[at == self.keyed_ends.size] = 0  # past the last one: nothing there is in the way
            in_the_way = (self.keyed_ends[at] > key + start) & (
                self.keyed_starts[at] < key + start + lengths[waiting]
            )
            waiting = waiting[in_the_way]
            found[waiting] = self.keyed_ends[at[in_the_way]] - keys[waiting]
        return found

    def closed(self, nodes: Ints, classes: Ints, starts: Ints, ends: Ints) -> Bools:
        """Answer many questions at once; each array has shape (questions,).

        nodes     numbers of known nodes
        classes   by CLASS_NUMBER
        """
        keys = self.group[nodes] * _CLASSES + classes
        at = np.searchsorted(self.keyed_ends, keys * _SPAN + starts, side="right")
        inside = at < self.keyed_ends.size
        at[~inside] = 0
        if not self.keyed_ends.size:
            return inside
        # The first interval that ends later, if it is of this key, is the only one to ask.
        answer: Bools = inside & (self.keyed_starts[at] < keys * _SPAN + ends)
        return answer

    def closed_nodes(self, update_class: UpdateClass, start: int, end: int) -> Bools:
        """Say of every node, shape (nodes,), whether one roll-out over [start, end) is stopped."""
        live = self.live[update_class]
        rows = np.unique(live.row[(live.starts < end) & (live.ends > start)])
        if not rows.size:
            return np.zeros(self.group.size, dtype=np.bool_)
        groups = np.unpackbits(np.bitwise_or.reduce(self.bits[rows], axis=0))
        return groups.view(np.bool_)[self.group]

    def intervals_of(
        self, nodes: Iterable[int], update_class: UpdateClass
    ) -> list[tuple[int, int]]:
        """Return when at least one of the nodes is closed to the class: disjoint, in order."""
        number = CLASS_NUMBER[update_class]
        keys = {int(self.group[node]) * _CLASSES + number for node in nodes}
        found = [pair for key in keys for pair in zip(*self.lists.get(key, ((), ())), strict=True)]
        return merged(found)

    def held_by(self, zone: int, nodes: Ints) -> int:
        """Return how many of the nodes a zone holds, whenever it does."""
        groups = self.group[nodes]
        return int((self.bits[zone, groups >> 3] >> (7 - (groups & 7)) & 1).sum())

    def objecting(
        self, nodes: Ints, update_class: UpdateClass | None, start: int, end: int
    ) -> list[int]:
        """Return the zones that close one of the nodes; for a class of None, to any class."""
        return [
            number
            for number in self.in_force(update_class, start, end)
            if self.held_by(number, nodes)
        ]

    def in_force(self, update_class: UpdateClass | None, start: int, end: int) -> list[int]:
        """Return the zones that close anything at all at some instant of [start, end)."""
        return [
            number
            for number, zone in enumerate(self.zones)
            if (update_class is None or update_class in zone.classes)
            and zone.first_overlap(start, end)
        ]


@dataclass(frozen=True, slots=True)
class IndexedZone:
    """A zone in an index, which keeps its nodes as bits; `intervals` disjoint, in order."""

    zone: str
    classes: frozenset[UpdateClass]
    intervals: tuple[tuple[int, int], ...]

    def first_overlap(self, start: int, end: int) -> tuple[int, int] | None:
        """Return the first interval that shares an instant with [start, end)."""
        at = bisect_right(self.intervals, start, key=lambda interval: interval[1])
        if at < len(self.intervals) and self.intervals[at][0] < end:
            return self.intervals[at]
        return None


@dataclass(frozen=True, slots=True)
class _Owners:
    """Whose intervals they are; each column of shape (rows,), in order of key and start."""

    keys: Ints
    starts: Ints
    ends: Ints
    zones: Ints


@dataclass(frozen=True, slots=True)
class _Live:
    """The intervals of the zones that stop one class; `row` says whose each is."""

    starts: Ints
    ends: Ints
    row: Ints


def compile_zones(zones: Sequence[ZoneCover], inventory: Sequence[str]) -> ZoneIndex:
    """Compile the zones over the known nodes; a zone's unknown nodes are simply not there.

    cost   the zones' nodes, plus their intervals by group and class
    """
    numbers = {name: at for at, name in enumerate(inventory)}
    members = [
        np.sort(np.array([numbers[name] for name in zone.nodes & numbers.keys()], dtype=np.int64))
        for zone in zones
    ]
    group = _groups(members, len(inventory))
    groups = [np.unique(group[nodes]) for nodes in members]
    indexed = tuple(
        IndexedZone(zone.zone, zone.classes, tuple(merged(zone.intervals))) for zone in zones
    )
    rows = _rows(indexed, groups)
    keys, starts, ends = _merged_rows(*rows[:3])
    return ZoneIndex(
        zones=indexed,
        node_number=numbers,
        group=group,
        lists=_lists(keys, starts, ends),
        owners=_Owners(*rows),
        keyed_starts=keys * _SPAN + starts,
        keyed_ends=keys * _SPAN + ends,
        live=_live(indexed),
        bits=_bits(groups, int(group.max(initial=0)) + 1),
    )


def merged(intervals: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the same instants as disjoint intervals in order; empty ones are dropped."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(intervals):
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _groups(members: Sequence[Ints], size: int) -> Ints:
    """Return the group of each node: those that lie in the same zones, and in no other.

    Each zone splits the groups it meets: its members move to a new group of their own.
    """
    group = np.zeros(size, dtype=np.int64)
    count = 1
    for nodes in members:
        if not nodes.size:
            continue
        met, place = np.unique(group[nodes], return_inverse=True)
        group[nodes] = count + place
        count += met.size
    _, dense = np.unique(np.append(group, 0), return_inverse=True)
    return dense[:-1].astype(np.int64)


def _rows(zones: Sequence[IndexedZone], groups: Sequence[Ints]) -> tuple[Ints, Ints, Ints, Ints]:
    """Return one row for each zone, group, class and interval, by key: key, start, end, zone."""
    keys, starts, ends, owners = [], [], [], []
    for number, (zone, held) in enumerate(zip(zones, groups, strict=True)):
        spans = np.array(zone.intervals, dtype=np.int64)
        classes = np.array(sorted(CLASS_NUMBER[one] for one in zone.classes), dtype=np.int64)
        if not spans.size or not classes.size or not held.size:
            continue
        key = (held[:, None] * _CLASSES + classes[None, :]).ravel()
        keys.append(np.repeat(key, len(spans)))
        starts.append(np.tile(spans[:, 0], key.size))
        ends.append(np.tile(spans[:, 1], key.size))
        owners.append(np.full(key.size * len(spans), number, dtype=np.int64))
    if not keys:
        return (np.empty(0, dtype=np.int64),) * 4
    columns = [np.concatenate(column) for column in (keys, starts, ends, owners)]
    order = np.lexsort((columns[1], columns[0]))
    return columns[0][order], columns[1][order], columns[2][order], columns[3][order]


def _merged_rows(keys: Ints, starts: Ints, ends: Ints) -> tuple[Ints, Ints, Ints]:
    """Merge what overlaps or touches within a key; the rows are in order of key and start."""
    if not keys.size:
        return keys, starts, ends
    # A running maximum of keyed ends never crosses into the next key: its values are larger.
    reach = np.maximum.accumulate(keys * _SPAN + ends)
    opens = np.append(True, keys[1:] * _SPAN + starts[1:] > reach[:-1])
    last = np.append(np.flatnonzero(opens)[1:], keys.size) - 1
    return keys[opens], starts[opens], reach[last] - keys[opens] * _SPAN


def _lists(
    keys: Ints, starts: Ints, ends: Ints
) -> dict[int, tuple[tuple[int, ...], tuple[int, ...]]]:
    if not keys.size:
        return {}
    bounds = [*np.flatnonzero(np.append(True, keys[1:] != keys[:-1])).tolist(), keys.size]
    all_starts, all_ends = starts.tolist(), ends.tolist()
    return {
        int(keys[low]): (tuple(all_starts[low:high]), tuple(all_ends[low:high]))
        for low, high in pairwise(bounds)
    }


def _live(zones: Sequence[IndexedZone]) -> dict[UpdateClass, _Live]:
    found = {}
    for update_class in UpdateClass:
        rows = [
            (*interval, row)
            for row, zone in enumerate(zones)
            if update_class in zone.classes
            for interval in zone.intervals
        ]
        table = np.array(rows, dtype=np.int64).reshape(-1, 3)
        found[update_class] = _Live(table[:, 0], table[:, 1], table[:, 2])
    return found


def _bits(groups: Sequence[Ints], size: int) -> npt.NDArray[np.uint8]:
    bits = np.zeros((len(groups), size), dtype=np.bool_)
    for row, held in enumerate(groups):
        bits[row, held] = True
    return np.packbits(bits, axis=1)
