"""What the fleet needs a cluster to fill: a reader and a control; the same for demo and real."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import Unable
from scuderia.fleet.nouns import (
    CapacityHold,
    ControlCommand,
    Inventory,
    NodeObservation,
    ObservationPage,
    PlannedWork,
    Receipt,
    VersionsPage,
)


class FleetReader(Protocol):
    """Reads a cluster; never changes it."""

    @property
    def source(self) -> str:
        """The cluster's name in signals and cursors."""
        ...

    def inventory(self) -> Inventory:
        """Return what stands where.

        raises   Unable: the source is silent
        """
        ...

    def observe(self, *, cursor: str, limit: int) -> ObservationPage:
        """Return at most `limit` state changes after `cursor` ("" is the beginning).

        raises   Unable: the source is silent
        """
        ...

    def current(self) -> Mapping[str, NodeObservation]:
        """Return the latest observation of every node, by node name."""
        ...


@runtime_checkable
class VersionReader(Protocol):
    """A FleetReader that also sees what its nodes run; a reader may leave it out."""

    def versions(self) -> VersionsPage:
        """Return with what boot, firmware, driver, kernel and image each node is seen now.

        raises   Unable: the source is silent
        """
        ...


class ClusterControl(Protocol):
    """Changes a cluster, one keyed command at a time."""

    def apply(self, command: ControlCommand, *, key: str) -> Receipt:
        """Carry out the command once under `key`; a repeat returns the first receipt.

        raises   Refused: the cluster says the command makes no sense in its present state
                 Unable: no answer; whether it happened is unknown until `receipt` says
        """
        ...

    def receipt(self, key: str) -> Receipt | None:
        """Return the receipt under `key`, or None if the command never happened.

        raises   Unable: the source is silent
        """
        ...


class WorkCalendar(Protocol):
    """Knows the work that is planned on nodes and may be done. Filled by a room with a calendar."""

    def work_on(
        self, nodes: Collection[str], *, since: AwareDatetime, until: AwareDatetime
    ) -> Mapping[str, Sequence[PlannedWork]]:
        """Return, of these nodes, the work on each that touches [since, until]."""
        ...


class CapacityBook(Protocol):
    """Knows which free nodes are kept for runs to come. Filled by a room that keeps such."""

    def holds_at(self, at: AwareDatetime) -> Mapping[str, CapacityHold]:
        """Return the nodes that are kept at an instant, by name."""
        ...


class NoCluster(Unable):
    """No cluster of that name is registered, so nothing can be seen or done there."""

    code = "FLEET-040"
    remedy = "Start the demo with `scuderia demo`, or register a cluster's connector."


@dataclass
class Registry:
    """Where others are registered: readers by their source, controls by their cluster, calendars.

    calendars, capacity   by the name of the room that fills it
    """

    readers: dict[str, FleetReader] = field(default_factory=dict)
    controls: dict[str, ClusterControl] = field(default_factory=dict)
    calendars: dict[str, WorkCalendar] = field(default_factory=dict)
    capacity: dict[str, CapacityBook] = field(default_factory=dict)

    def register_reader(self, reader: FleetReader) -> None:
        """Register who reads; a later one of the same source takes its place."""
        self.readers[reader.source] = reader

    def register_control(self, cluster: str, control: ClusterControl) -> None:
        """Register who changes this cluster; a later one takes its place."""
        self.controls[cluster] = control

    def control_of(self, cluster: str) -> ClusterControl:
        """Return who changes this cluster.

        raises   NoCluster: nobody does
        """
        if cluster not in self.controls:
            raise NoCluster(f"No control of the cluster {cluster[:80]!r} is registered.")
        return self.controls[cluster]


registry = Registry()
