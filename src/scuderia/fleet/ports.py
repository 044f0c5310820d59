"""What the fleet needs a cluster to fill: a reader and a control; the same for demo and real."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from scuderia.fleet.nouns import (
    ControlCommand,
    Inventory,
    NodeObservation,
    ObservationPage,
    Receipt,
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


@dataclass
class Registry:
    """Where config/wiring.py registers the cluster."""

    reader: FleetReader | None = None
    control: ClusterControl | None = None


registry = Registry()
