"""What a reader's words do to one node's outage, phase and holder; pure, in whole Unix seconds."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias, TypeVar

from scuderia.fleet.engine.facts import instant_of, seconds_of
from scuderia.fleet.nouns import PHASES, GpuShare, NodeObservation, NodeState, Severity


class Stay(NamedTuple):
    """A stay out of service; `id` is its row's, None while it has none.

    share      the GPUs that it takes
    severity   DEGRADED: its source said that the node serves with the others
    """

    key: str
    start: int
    end: int | None
    cause: str
    planned: bool
    id: int | None = None
    share: GpuShare = GpuShare()
    severity: Severity = Severity.UNKNOWN


class Phase(NamedTuple):
    """A phase of the stay of that key."""

    stay: str
    state: NodeState
    start: int
    end: int | None
    id: int | None = None


class Hold(NamedTuple):
    """A customer holds the node."""

    customer: str
    start: int
    end: int | None
    id: int | None = None


class WentOut(NamedTuple):
    """The node broke, in part or as a whole, or more of it did.

    returned_at   when it last came back from a fault; None if it never did, or had not come back
    """

    returned_at: int | None


class CameBack(NamedTuple):
    """The node is up again."""

    out_since: int


Happened: TypeAlias = WentOut | CameBack
RowT = TypeVar("RowT", Stay, Phase, Hold)


class Contradiction(Exception):  # noqa: N818 - told as a dispute, never raised to a person
    """The word contradicts the books; the node stands as it stood before it."""


@dataclass(slots=True)
class ObservedNode:
    """One node while a page of words is heard: what is open, and every row that changed.

    held_until   the last second of its ended holds, as far as the page can tell
    returns      the ends of its faults that the page's words can ask for
    """

    name: str
    stay: Stay | None = None
    phase: Phase | None = None
    hold: Hold | None = None
    held_until: int = 0
    returns: list[int] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)

    def hear(
        self, seen: NodeObservation, *, key: str, cause: str, taken: set[str]
    ) -> list[Happened]:
        """Change the node as one word says, and return what happened.

        key     under which an outage that begins here is kept
        taken   keys that are on the books, or were taken off them for good; grows
        raises  Contradiction: and nothing changed
        """
        opened = (self.stay, self.phase, self.hold, self.held_until)
        lists: tuple[list[Any], ...] = (self.returns, self.stays, self.phases, self.holds)
        lengths = [len(rows) for rows in lists]
        try:
            return list(self._heard(seen, key, cause, taken))
        except Contradiction:
            self.stay, self.phase, self.hold, self.held_until = opened
            for rows, length in zip(lists, lengths, strict=True):
                del rows[length:]
            raise

    def changed(self) -> tuple[list[Stay], list[Phase], list[Hold]]:
        """Return the rows to write: those that ended, and what the page opened."""
        return (
            [*self.stays, *_new(self.stay)],
            [*self.phases, *_new(self.phase)],
            [*self._kept_holds(), *_new(self.hold)],
        )

    def _heard(
        self, seen: NodeObservation, key: str, cause: str, taken: set[str]
    ) -> Iterator[Happened]:
        at = seconds_of(seen.at)
        self._heard_holder(seen.customer, at)
        if seen.state is NodeState.UP:
            if self.stay is not None:
                began = self.stay.start
                self._end_stay(at)
                yield CameBack(began)
            return
        planned = seen.state is NodeState.DRAINED
        if self.stay is not None and self.stay.planned is not planned:
            self._end_stay(at)
        severity = Severity.DEGRADED if seen.state is NodeState.DEGRADED else Severity.UNKNOWN
        if self.stay is not None and self._takes_otherwise(seen.share, severity):
            if _takes_more(seen.share, self.stay.share):
                yield WentOut(None)
            self._end_stay(at)
            self._open(Stay(key, at, None, cause, planned, None, seen.share, severity), taken)
        elif self.stay is None:
            returned_at = max((end for end in self.returns if end <= at), default=None)
            self._open(Stay(key, at, None, cause, planned, None, seen.share, severity), taken)
            if not planned:
                yield WentOut(returned_at)
        if seen.state in PHASES:
            self._begin_phase(seen.state, at)
        else:
            self._end_phase(at)

    def _heard_holder(self, customer: str | None, at: int) -> None:
        if self.hold is not None and self.hold.customer != customer:
            self._require_order(self.hold.start, at)
            self.holds.append(self.hold._replace(end=at))
            self.held_until, self.hold = max(self.held_until, at), None
        if customer is not None and self.hold is None:
            if self.held_until > at:
                raise Contradiction(f"{self.name} is held by another customer at {_told(at)}")
            self.hold = Hold(customer, at, None)

    def _open(self, stay: Stay, taken: set[str]) -> None:
        if stay.key not in taken:
            taken.add(stay.key)
            self.stay = stay

    def _takes_otherwise(self, share: GpuShare, severity: Severity) -> bool:
        """Say whether the node was degraded, or is, and not just as much."""
        if self.stay is None:
            return False
        was = self.stay.severity is Severity.DEGRADED
        now = severity is Severity.DEGRADED
        return was is not now or (now and self.stay.share != share)

    def _end_stay(self, at: int) -> None:
        if self.stay is None:
            return
        self._require_order(self.stay.start, at)
        self._end_phase(at)
        self.stays.append(self.stay._replace(end=at))
        if not self.stay.planned:
            self.returns.append(at)
        self.stay = None

    def _begin_phase(self, state: NodeState, at: int) -> None:
        if self.stay is None:
            raise Contradiction(f"{self.name} is not out of service")
        self._require_order(self.stay.start, at)
        if self.phase is not None and self.phase.state is state:
            return
        self._end_phase(at)
        self.phase = Phase(self.stay.key, state, at, None)

    def _end_phase(self, at: int) -> None:
        if self.phase is not None:
            self._require_order(self.phase.start, at)
            self.phases.append(self.phase._replace(end=at))
            self.phase = None

    def _require_order(self, start: int, end: int) -> None:
        if end < start:
            raise Contradiction(f"{self.name}: {_told(end)} lies before the start {_told(start)}")

    def _kept_holds(self) -> Iterator[Hold]:
        """Leave out holds of the page that lasted no second where the next began in the same."""
        begun = {hold.start for hold in self.holds if hold.end != hold.start}
        begun |= {self.hold.start} if self.hold is not None else set()
        empty: dict[int, Hold] = {}
        for hold in self.holds:
            if hold.end == hold.start and hold.id is None:
                empty[hold.start] = hold
            else:
                yield hold
        yield from (hold for start, hold in empty.items() if start not in begun)


def _new(row: RowT | None) -> list[RowT]:
    return [row] if row is not None and row.id is None else []


def _takes_more(share: GpuShare, than: GpuShare) -> bool:
    if than.gpus is None:
        return False
    return share.gpus is None or share.gpus > than.gpus


def _told(second: int) -> str:
    return instant_of(second).isoformat()
