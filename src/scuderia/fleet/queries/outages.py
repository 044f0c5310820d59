"""What broke, when and why; who held what; how often it broke again."""

from dataclasses import dataclass
from datetime import timedelta

from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.nouns import (
    AllocationRecord,
    CustomerName,
    NodeName,
    NodePlace,
    NodeState,
    OutageRecord,
    RepairPhase,
)


@dataclass(frozen=True, slots=True)
class OpenOutage:
    """An outage that lasts, its age, and the repair phase it is in (None: nobody said)."""

    place: NodePlace
    gpus: int
    start: AwareDatetime
    age: timedelta
    cause: str
    planned: bool
    customer: CustomerName | None
    phase: NodeState | None
    phase_since: AwareDatetime | None
    outages_28d: int


@dataclass(frozen=True, slots=True)
class NodeTimeline:
    """What happened to one node over [start, end), newest first in each list."""

    place: NodePlace
    start: AwareDatetime
    end: AwareDatetime
    outages: tuple[OutageRecord, ...]
    phases: tuple[RepairPhase, ...]
    allocations: tuple[AllocationRecord, ...]


@dataclass(frozen=True, slots=True)
class RelapseStats:
    """How many outages began soon after the node's return to service.

    outages   outages that began in the period: the denominator
    """

    outages: int
    within_24h: int
    within_7d: int
    within_28d: int

    def share(self, count: int) -> float | None:
        """Return count / outages; None (unknown) when nothing broke."""
        return count / self.outages if self.outages else None


def open_outages(at: AwareDatetime) -> tuple[OpenOutage, ...]:
    """Return the outages that last at `at`, oldest first."""
    raise NotImplementedError


def outages_between(
    start: AwareDatetime,
    end: AwareDatetime,
    *,
    customer: str | None = None,
    site: str | None = None,
    node: str | None = None,
    merged: bool = True,
) -> tuple[OutageRecord, ...]:
    """Return the outages that touch [start, end), by start, with their own full ends.

    customer   only while that customer held the node
    merged     overlapping reports of one node become one outage; its cause is the first that
               any of them names, its source_key the earliest one's
    """
    raise NotImplementedError


def phases_between(start: AwareDatetime, end: AwareDatetime) -> tuple[RepairPhase, ...]:
    """Return the repair phases that touch [start, end), by start."""
    raise NotImplementedError


def allocations_between(
    start: AwareDatetime, end: AwareDatetime, *, customer: str | None = None
) -> tuple[AllocationRecord, ...]:
    """Return who held what in [start, end), by start."""
    raise NotImplementedError


def node_timeline(node: str, start: AwareDatetime, end: AwareDatetime) -> NodeTimeline:
    """Return the node's outages (as reported), repair phases and holders in [start, end).

    raises   UnknownSubject: no such node
    """
    raise NotImplementedError


def relapse_stats(
    start: AwareDatetime, end: AwareDatetime, *, site: str | None = None
) -> RelapseStats:
    """Return relapses after return among the outages that began in [start, end)."""
    raise NotImplementedError


def node_names() -> tuple[NodeName, ...]:
    """Return every node's name in order."""
    raise NotImplementedError
