"""Which rows of a file restate facts that are held, and what stands there afterwards; pure.

A row restates the fact of its own key; else the one of its node that began in the same second with
its cause (of several, one of its GPUs), or in that second alone; else the one that began close by
and overlaps it. What could be any of several is refused: nothing is guessed.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from scuderia.fleet.engine.gpu_words import WHOLE_NODE
from scuderia.fleet.engine.outage_rows import OutageRow, has_own_key, key_of
from scuderia.fleet.nouns import GpuShare, Severity
from scuderia.intake.fields import Numbered
from scuderia.intake.records import Flaw

TOLERANCE_S = 60
_BATCH = 500
_WINDOW_MAX = 20_000
_BY_HAND = "Amend the one that is meant with `scuderia fleet amend`, or write its exact start."


class Held(NamedTuple):
    """A fact of one source on the books, in whole Unix seconds.

    starts, causes   all that it ever had, what was amended since among them
    by_hand          the fields that a person amended
    is_retracted     a person took it off the books for good
    """

    key: str
    node: str
    start: int
    end: int | None
    cause: str
    planned: bool
    detected: int | None
    starts: frozenset[int] = frozenset()
    causes: frozenset[str] = frozenset()
    by_hand: frozenset[str] = frozenset()
    is_retracted: bool = False
    gpus_lost: GpuShare = WHOLE_NODE
    severity: Severity = Severity.UNKNOWN


Match: TypeAlias = Held | Flaw | None
"""What a row restates; None: a new fact; a Flaw: it could be several."""

Load: TypeAlias = Callable[[Sequence[OutageRow], int], Iterable[Held]]
"""Of (rows, tolerance): the held facts of their nodes around their starts, and of their keys."""


@dataclass(frozen=True, slots=True)
class Restatements:
    """Matches rows that come in the order of their start, a window at a time."""

    source: str
    tolerance_s: int
    load: Load

    def matched(
        self, rows: Iterable[Numbered[OutageRow]]
    ) -> Iterator[tuple[Numbered[OutageRow], Match]]:
        """Yield each row with what it restates, in their order.

        A row waits until all that could claim the same fact are seen; those told already stay
        as witnesses for as long. More than 20,000 within two tolerances are told at once.
        """
        window: list[Numbered[OutageRow]] = []
        told, reach = 0, 2 * self.tolerance_s
        for entry in rows:
            window.append(entry)
            waiting, at = len(window) - told, entry.row.start
            if waiting < _BATCH or (at - window[told].row.start <= reach and waiting < _WINDOW_MAX):
                continue
            until = at if waiting >= _WINDOW_MAX else at - reach
            ready = bisect_right(window, until, key=_start)
            yield from list(zip(window, self._match(window), strict=True))[told:ready]
            kept = bisect_left(window, until - reach, key=_start)
            window, told = window[kept:], ready - kept
        yield from list(zip(window, self._match(window), strict=True))[told:]

    def _match(self, window: Sequence[Numbered[OutageRow]]) -> list[Match]:
        rows = [entry.row for entry in window]
        held: dict[str, list[Held]] = {}
        for fact in self.load(rows, self.tolerance_s) if rows else ():
            held.setdefault(fact.node, []).append(fact)
        places: dict[str, list[int]] = {}
        for place, row in enumerate(rows):
            places.setdefault(row.node, []).append(place)
        found: list[Match] = [None] * len(rows)
        for node, mine in places.items():
            if node in held:
                matches = restated(
                    [rows[p] for p in mine], held[node], self.source, self.tolerance_s
                )
                for place, match in zip(mine, matches, strict=True):
                    found[place] = match
        return found


def _start(entry: Numbered[OutageRow]) -> int:
    return entry.row.start


def restated(
    rows: Sequence[OutageRow], held: Iterable[Held], source: str, tolerance_s: int
) -> list[Match]:
    """Return for each row of one node the fact that it restates; each fact is given once."""
    pairing = _Pairing(rows, {fact.key: fact for fact in held})
    for place, row in enumerate(rows):
        if row.key:
            pairing.give(place, key_of(source, row))
    for place, row in enumerate(rows):
        pairing.give(place, pairing.same_second(place, cause=row.cause, gpus=row.gpus_lost))
    for place, row in enumerate(rows):
        pairing.give(place, pairing.same_second(place, cause=row.cause))
    for start in {row.start for row in rows}:
        pairing.settle_second(start)
    pairing.settle_close(tolerance_s)
    return [pairing.found.get(place) for place in range(len(rows))]


@dataclass(slots=True)
class _Pairing:
    rows: Sequence[OutageRow]
    free: dict[str, Held]
    found: dict[int, Match] = field(default_factory=dict)

    def give(self, place: int, key: str) -> None:
        if place not in self.found and key in self.free:
            self.found[place] = self.free.pop(key)

    def _may_be(self, place: int, fact: Held) -> bool:
        return not (self.rows[place].key and has_own_key(fact.key))

    def same_second(self, place: int, *, cause: str, gpus: GpuShare | None = None) -> str:
        row = self.rows[place]
        alike = (
            fact.key
            for fact in self.free.values()
            if row.start in fact.starts
            and cause in fact.causes
            and gpus in (None, fact.gpus_lost)
            and self._may_be(place, fact)
        )
        return next(alike, "")

    def settle_second(self, start: int) -> None:
        """Pair the one row left of a second with the one fact left of it, or refuse."""
        places = [
            p for p, row in enumerate(self.rows) if row.start == start and p not in self.found
        ]
        facts = [
            fact
            for fact in self.free.values()
            if start in fact.starts and any(self._may_be(p, fact) for p in places)
        ]
        if len(places) == len(facts) == 1:
            self.give(places[0], facts[0].key)
        elif facts:
            for place in places:
                self.found[place] = _could_be(len(facts), "begin in that second with other causes")

    def settle_close(self, tolerance_s: int) -> None:
        """Pair what began within the tolerance and overlaps, where each is the other's only one."""
        near = {
            place: [f for f in self.free.values() if self._is_close(place, f, tolerance_s)]
            for place in range(len(self.rows))
            if place not in self.found
        }
        for place, facts in near.items():
            rivals = [p for p, those in near.items() if facts and facts[0] in those]
            if len(facts) == 1 and len(rivals) == 1:
                self.give(place, facts[0].key)
            elif facts:
                said = f"begin within {tolerance_s} s of it"
                self.found[place] = _could_be(len(facts), said)

    def _is_close(self, place: int, fact: Held, tolerance_s: int) -> bool:
        row = self.rows[place]
        if not self._may_be(place, fact):
            return False
        is_near = any(abs(row.start - start) <= tolerance_s for start in fact.starts)
        begins_within = fact.end is None or row.start < fact.end
        return is_near and begins_within and (row.end is None or fact.start < row.end)


def _could_be(facts: int, said: str) -> Flaw:
    known = "a known one" if facts == 1 else f"{facts} known ones"
    return Flaw("start", f"it could restate {known}, which {said}", _BY_HAND)


class Restated(NamedTuple):
    """What stands on the books after a row: `kept` are fields that stay as a person put them."""

    start: int
    end: int | None
    cause: str
    planned: bool
    detected: int | None
    gpus_lost: GpuShare = WHOLE_NODE
    severity: Severity = Severity.UNKNOWN
    kept: tuple[str, ...] = ()


def merged(held: Held, row: OutageRow) -> Restated:
    """Return the fact as the row leaves it: what the file does not say stays as it is.

    raises   Flaw: with what a person amended, it would end before it began
    """
    said = {
        "start": row.start,
        "end": row.end,
        "cause": row.cause or held.cause,
        "planned": held.planned if row.planned is None else row.planned,
        "detected": held.detected if row.detected is None else row.detected,
        "gpus_lost": held.gpus_lost if row.gpus_lost is None else row.gpus_lost,
        "severity": row.severity or held.severity,
    }
    kept = tuple(name for name in held.by_hand if said[name] != getattr(held, name))
    for name in kept:
        said[name] = getattr(held, name)
    after = Restated(**said, kept=tuple(sorted(kept)))  # type: ignore[arg-type]  # by its fields
    if after.end is not None and after.end < after.start:
        reason = "it contradicts the start or the end that a person amended"
        raise Flaw("end", reason, "Amend the outage again, or mend the file.")
    if after.detected is not None:
        after = after._replace(detected=max(after.detected, after.start))
    return after


def changed_fields(held: Held, after: Restated) -> tuple[str, ...]:
    """Return the names of the fields that come to say something else."""
    names = ("start", "end", "cause", "planned", "detected", "gpus_lost", "severity")
    return tuple(name for name in names if getattr(held, name) != getattr(after, name))
