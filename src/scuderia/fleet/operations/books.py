"""The primitive writes of the books; the operation that calls them records the audit row."""

from dataclasses import dataclass

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.nouns import Inventory, NodeObservation, NodeState


@dataclass(frozen=True, slots=True)
class InventoryChange:
    """What a registration changed; all zero when the inventory was already on the books."""

    nodes_added: int
    nodes_moved: int
    skus_changed: int
    slas_changed: int
    pools_changed: int

    @property
    def is_nothing(self) -> bool:
        """Say whether the books already said all this."""
        return not any(
            (
                self.nodes_added,
                self.nodes_moved,
                self.skus_changed,
                self.slas_changed,
                self.pools_changed,
            )
        )


def register_inventory(
    inventory: Inventory, *, actor: Actor, now: AwareDatetime, active_from: AwareDatetime
) -> InventoryChange:
    """Bring places, SKUs, customers with their SLAs and spare pools onto the books; idempotent.

    active_from   from when new nodes are on the books (the beginning of the source's history)
    """
    raise NotImplementedError


def open_outage(
    *,
    node: str,
    start: AwareDatetime,
    cause: str,
    source_key: str,
    planned: bool = False,
    detected_at: AwareDatetime | None = None,
) -> bool:
    """Open an outage; False if this source_key is already on the books.

    raises   UnknownSubject, OutageAlreadyOpen
    """
    raise NotImplementedError


def close_outage(*, node: str, end: AwareDatetime) -> bool:
    """End the node's open outage and its open phase; False if none is open.

    raises   EndsBeforeStart
    """
    raise NotImplementedError


def start_phase(*, node: str, state: NodeState, start: AwareDatetime) -> bool:
    """Begin a repair phase of the node's open outage, ending the one before.

    returns  False if the node is already in that phase
    raises   NoOpenOutage, EndsBeforeStart, BadInput: state is no phase
    """
    raise NotImplementedError


def end_phase(*, node: str, end: AwareDatetime) -> bool:
    """End the open phase of the node's open outage; False if none is open."""
    raise NotImplementedError


def open_allocation(*, node: str, customer: str, start: AwareDatetime) -> bool:
    """Let `customer` hold the node from `start`; False if it already does.

    raises   UnknownSubject, NodeIsHeld: by another customer, or then already held
    """
    raise NotImplementedError


def close_allocation(*, node: str, end: AwareDatetime) -> bool:
    """End the node's open allocation; False if nobody holds it."""
    raise NotImplementedError


def record_latest(observations: tuple[NodeObservation, ...]) -> int:
    """Keep the source's newest word on each node; older words change nothing; returns changes."""
    raise NotImplementedError


def read_cursor(source: str) -> str:
    """Return how far `source` has been read; "" is the beginning."""
    raise NotImplementedError


def advance_cursor(*, source: str, cursor: str, as_of: AwareDatetime) -> None:
    """Remember how far `source` has been read and until when it has spoken."""
    raise NotImplementedError


def set_spare_pool(*, cluster: str, target_size: int) -> bool:
    """Set the size a cluster's spare pool is meant to have; False if it already has."""
    raise NotImplementedError
