"""What an agent reads of the fleet, all of one instant: its nodes, pools, months and answers."""

from dataclasses import dataclass, field
from datetime import datetime

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import SubjectRef
from scuderia.fleet.engine.lemon import NodeHistory
from scuderia.fleet.nouns import CapacityHold, CustomerName, NodeName, NodePlace, NodeState


@dataclass(frozen=True, slots=True)
class NodeView:
    """One node as it stands: who holds it, and since when it has been out (None: in service).

    history   its unplanned outages in days since the snapshot's `epoch`, open ones endless
    silent    its source does not answer: whether it is in service is not known
    gpus_lost   how many of its GPUs are out; one that is short of some still serves
    hold      for which run to come it is kept free: then it is no spare
    """

    place: NodePlace
    gpus: int
    state: NodeState
    customer: CustomerName | None
    spare: bool
    out_since: AwareDatetime | None
    planned: bool
    cause: str
    history: NodeHistory
    silent: bool = False
    gpus_lost: int = 0
    hold: CapacityHold | None = None

    @property
    def name(self) -> NodeName:
        """Return the node's name."""
        return self.place.node

    @property
    def is_broken(self) -> bool:
        """Say whether all of it is out of service, and not on purpose."""
        whole = self.state not in (NodeState.UNKNOWN, NodeState.DEGRADED)
        return whole and self.out_since is not None and not self.planned

    @property
    def is_degraded(self) -> bool:
        """Say whether it serves short of some of its GPUs: no spare is to take its place."""
        return self.state is NodeState.DEGRADED and not self.planned

    @property
    def is_ready_spare(self) -> bool:
        """Say whether it could take a broken node's place now."""
        return self.spare and self.state is NodeState.UP and self.customer is None

    def age_h(self, now: AwareDatetime) -> float:
        """Return the hours it has been out; 0 while it is in service."""
        return (now - self.out_since).total_seconds() / 3600 if self.out_since else 0.0


@dataclass(frozen=True, slots=True)
class CustomerMonth:
    """A customer's calendar month in its own zone, as far as it has gone.

    starts_at, ends_at      of the month, in the customer's zone
    served_s, downtime_s    node-seconds so far; planned work is in neither
    """

    customer: CustomerName
    target: float
    time_zone: str
    starts_at: datetime
    ends_at: datetime
    nodes: int
    served_s: int
    downtime_s: int


@dataclass(frozen=True, slots=True)
class SwapRecord:
    """How people have answered proposed swaps so far.

    refused          rejected, or expired without an answer
    approved_hours   from filing to the yes, one per approved swap
    """

    refused: int = 0
    approved_hours: tuple[float, ...] = ()

    @property
    def approved(self) -> int:
        """Return how many were approved."""
        return len(self.approved_hours)


@dataclass(frozen=True, slots=True)
class FleetSnapshot:
    """Everything an agent looks at, read once; the same snapshot gives the same Round.

    epoch   day 0 of the histories: the first instant on the books
    pools   cluster -> the size its spare pool is meant to have
    swaps   how people have answered proposed swaps
    """

    now: AwareDatetime
    epoch: AwareDatetime
    nodes: tuple[NodeView, ...]
    pools: tuple[tuple[str, int], ...]
    months: tuple[CustomerMonth, ...]
    swaps: SwapRecord = field(default_factory=SwapRecord)

    @property
    def today(self) -> float:
        """Return `now` in days since the epoch."""
        return self.day_of(self.now)

    def day_of(self, at: AwareDatetime) -> float:
        """Return an instant in days since the epoch."""
        return (at - self.epoch).total_seconds() / 86_400

    @property
    def unseen(self) -> frozenset[SubjectRef]:
        """Return the silent nodes, and the clusters and customers of which they hide a part."""
        silent = [node for node in self.nodes if node.silent]
        clusters = {SubjectRef("cluster", node.place.cluster) for node in silent}
        customers = {SubjectRef("customer", node.customer) for node in silent if node.customer}
        return frozenset({node.place.ref for node in silent} | clusters | customers)

    @property
    def failing_histories(self) -> tuple[NodeHistory, ...]:
        """Return the histories of the nodes that ever failed."""
        return tuple(node.history for node in self.nodes if len(node.history.starts))

    def ready_spares(self, cluster: str) -> tuple[NodeView, ...]:
        """Return the spares of a cluster that could step in now, by name."""
        return tuple(n for n in self.nodes if n.is_ready_spare and n.place.cluster == cluster)
