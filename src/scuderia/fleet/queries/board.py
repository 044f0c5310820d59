"""The fleet as it stands at one instant: one line per node, a constant number of queries."""

from collections import Counter
from dataclasses import dataclass

from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.nouns import CustomerName, NodePlace, NodeState


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """One node at one instant, as the books tell it.

    since      start of the outage it is in; None while it is up
    phase      the repair phase inside the outage, None if nobody said
    observed   the source's last word and when; None if it never spoke of the node
    """

    place: NodePlace
    gpus: int
    state: NodeState
    customer: CustomerName | None
    spare: bool
    since: AwareDatetime | None
    cause: str
    planned: bool
    observed_at: AwareDatetime | None


@dataclass(frozen=True, slots=True)
class FleetBoard:
    """Every node, ordered by site, cluster, rack and name."""

    at: AwareDatetime
    nodes: tuple[NodeStatus, ...]

    def count_by_state(self) -> dict[NodeState, int]:
        """Return how many nodes are in each state; states nobody is in are 0."""
        counted = Counter(node.state for node in self.nodes)
        return {state: counted.get(state, 0) for state in NodeState}


def fleet_board(
    at: AwareDatetime, *, site: str | None = None, customer: str | None = None
) -> FleetBoard:
    """Return every node as it stood at `at`, in five queries whatever the fleet's size.

    site, customer   only the nodes there, or held by that customer at `at`
    """
    raise NotImplementedError


def node_status(node: str, at: AwareDatetime) -> NodeStatus:
    """Return one node as it stood at `at`.

    raises   UnknownSubject: no such node
    """
    raise NotImplementedError
