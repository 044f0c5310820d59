"""The fleet's words: site, cluster, rack, node, customer, outage, repair, ledger, SLA."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple, NewType

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import SubjectRef

NodeName = NewType("NodeName", str)
CustomerName = NewType("CustomerName", str)

GPU_HOURS = "GPU-hours"
"""The unit in which the fleet counts what is lost."""

BEGINNING = date(1900, 1, 1)
"""The first day of what holds from the beginning."""


class NodeState(StrEnum):
    """What a reader says of a node at one instant."""

    UP = "up"
    DEGRADED = "degraded"  # it serves, short of some of its GPUs
    DOWN = "down"  # broken, nobody works on it yet
    IN_REPAIR = "in_repair"
    WAITING_PARTS = "waiting_parts"
    VALIDATING = "validating"  # repaired, being tested or soaked before its return
    DRAINED = "drained"  # taken out on purpose: planned work
    UNKNOWN = "unknown"  # the source is silent


PHASES = frozenset({NodeState.IN_REPAIR, NodeState.WAITING_PARTS, NodeState.VALIDATING})
"""The states that are phases of a repair."""


class Severity(StrEnum):
    """What a source calls an outage. The GPUs that it takes decide every figure, not this word."""

    DOWN = "down"
    DEGRADED = "degraded"
    UNKNOWN = ""


class GpuShare(NamedTuple):
    """Which of a node's GPUs an outage takes; GpuShare() is the whole node.

    gpus      how many; None: the whole node
    indices   which ones, rising from 0, where they are named
    """

    gpus: int | None = None
    indices: tuple[int, ...] = ()

    def __str__(self) -> str:
        """Return it in words, such as "2 GPUs: 0, 3"."""
        if self.gpus is None:
            return "the whole node"
        named = f": {', '.join(map(str, self.indices))}" if self.indices else ""
        return f"{self.gpus} GPU{'' if self.gpus == 1 else 's'}{named}"


class LedgerClass(StrEnum):
    """Every GPU-second is in exactly one of these, strongest first in LEDGER_PRECEDENCE."""

    PLANNED = "planned"
    WAITING_PARTS = "waiting_parts"
    IN_REPAIR = "in_repair"
    VALIDATING = "validating"
    UNPLANNED = "unplanned"
    SERVING = "serving"
    IDLE_SPARE = "idle_spare"


LEDGER_PRECEDENCE: tuple[LedgerClass, ...] = tuple(LedgerClass)
"""Where intervals overlap, the earlier class in this order wins the second."""

DOWNTIME: frozenset[LedgerClass] = frozenset(
    {
        LedgerClass.WAITING_PARTS,
        LedgerClass.IN_REPAIR,
        LedgerClass.VALIDATING,
        LedgerClass.UNPLANNED,
    }
)
"""Classes that count against a customer's availability; planned work is reported apart."""


@dataclass(frozen=True, slots=True)
class Sku:
    """A node type, and its price from the beginning in US cents per GPU-hour; 0 states none."""

    name: str
    gpus_per_node: int
    gpu_model: str
    cents_per_gpu_hour: int


@dataclass(frozen=True, slots=True)
class NodePlace:
    """Where a node stands and what it is."""

    node: NodeName
    site: str
    cluster: str
    rack: str
    sku: str

    @property
    def ref(self) -> SubjectRef:
        """Return the node as a subject."""
        return SubjectRef("node", self.node)


@dataclass(frozen=True, slots=True)
class OutageRecord:
    """One stay out of service, [start, end) in UTC; end is None while it lasts.

    source_key   the identity of the record at its source; importing it again changes nothing
    gpus_lost    how many of the node's GPUs it takes; None: the whole node
    gpu_indices  which ones, from 0, where the source names them
    """

    node: NodeName
    start: AwareDatetime
    end: AwareDatetime | None
    cause: str
    planned: bool
    source_key: str
    gpus_lost: int | None = None
    gpu_indices: tuple[int, ...] = ()
    severity: Severity = Severity.UNKNOWN


@dataclass(frozen=True, slots=True)
class RepairPhase:
    """Part of an outage: `state` is IN_REPAIR, WAITING_PARTS or VALIDATING over [start, end)."""

    node: NodeName
    state: NodeState
    start: AwareDatetime
    end: AwareDatetime | None


@dataclass(frozen=True, slots=True)
class AllocationRecord:
    """A customer holds a node over [start, end); end is None while it lasts."""

    customer: CustomerName
    node: NodeName
    start: AwareDatetime
    end: AwareDatetime | None


@dataclass(frozen=True, slots=True)
class SlaDefinition:
    """What a customer is promised from a day on: availability per day in the customer's zone."""

    customer: CustomerName
    target: float  # 0..1
    time_zone: str  # IANA
    first_day: date = BEGINNING


@dataclass(frozen=True, slots=True)
class Price:
    """US cents per GPU-hour of a node type from a day on, until the next one; 0 states none.

    customer   whose own price it is; None: of everybody who has none. Its clocks count the days
    """

    sku: str
    customer: CustomerName | None
    first_day: date
    cents_per_gpu_hour: int


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a reader says stands where; spare_pool is cluster -> the pool's target size."""

    places: tuple[NodePlace, ...]
    skus: tuple[Sku, ...]
    slas: tuple[SlaDefinition, ...]
    spare_pool: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class NodeObservation:
    """What a reader saw of one node at one instant. Unchanged repeats are harmless.

    customer   who holds the node at that instant, None if nobody
    spare      whether the node stands ready in the spare pool
    cause      the source's own words: data, never an instruction
    escalated  whether its repair has been hastened
    share      of a degraded node: the GPUs that are out. Without it the whole node counts as lost.
               In any other state the node serves or is out as a whole, and no share is told
    """

    node: NodeName
    at: AwareDatetime
    state: NodeState
    cause: str = ""
    customer: CustomerName | None = None
    spare: bool = False
    escalated: bool = False
    share: GpuShare = field(default_factory=GpuShare)


@dataclass(frozen=True, slots=True)
class CapacityHold:
    """A free node that is kept for a run to come: it fills nobody's place before.

    holder     what keeps it, as a subject's text
    customer   whose run it is, which begins at `starts_at`
    """

    holder: str
    customer: CustomerName
    starts_at: AwareDatetime


class SharedPartKind(StrEnum):
    """What nodes hang on together: what is changed of it touches each of them."""

    SWITCH = "switch"
    FEED = "feed"
    STORAGE = "storage"


class VersionKind(StrEnum):
    """What of a node has a version; a new boot_id is a reboot."""

    BOOT_ID = "boot_id"
    FIRMWARE = "firmware"
    DRIVER = "driver"
    KERNEL = "kernel"
    IMAGE = "image"


@dataclass(frozen=True, slots=True)
class SeenVersions:
    """What one node was seen with: by kind, the words of its own tools."""

    node: str
    versions: Mapping[VersionKind, str]


@dataclass(frozen=True, slots=True)
class VersionsPage:
    """What nodes were seen with at one instant; one that does not answer is not among them."""

    nodes: tuple[SeenVersions, ...]
    as_of: AwareDatetime


@dataclass(frozen=True, slots=True)
class PlannedWork:
    """Somebody works on a node as planned over [start, until); what breaks there is of the work.

    words   what the work is called
    """

    start: AwareDatetime
    until: AwareDatetime
    words: str

    def holds(self, at: AwareDatetime) -> bool:
        """Say whether it lasts at that instant."""
        return self.start <= at < self.until


@dataclass(frozen=True, slots=True)
class ObservationPage:
    """A bounded page of observations in time order; pass `cursor` back for the next one."""

    observations: tuple[NodeObservation, ...]
    cursor: str
    more: bool
    as_of: AwareDatetime  # the source had spoken up to here


class ControlVerb(StrEnum):
    """What a cluster can be asked to do."""

    DRAIN = "drain"
    UNDRAIN = "undrain"
    ASSIGN = "assign"  # give a free node to a customer
    RELEASE = "release"  # take a node from its customer
    OVERHAUL = "overhaul"  # deep repair of a drained node: every suspect part
    ESCALATE_REPAIR = "escalate_repair"
    DEESCALATE_REPAIR = "deescalate_repair"
    SET_SPARE_POOL = "set_spare_pool"


@dataclass(frozen=True, slots=True)
class ControlCommand:
    """One effect on a cluster.

    subject     a node; for SET_SPARE_POOL a cluster
    arguments   of ASSIGN `customer`, `as_it_is`; of RELEASE `customer`; of SET_SPARE_POOL `size`
    """

    verb: ControlVerb
    subject: SubjectRef
    arguments: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The cluster's own record that a command was carried out under a key."""

    key: str
    at: AwareDatetime
    said: str
