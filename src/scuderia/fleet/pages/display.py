"""How the fleet's nouns look: a node's state as colour, shape and word."""

from scuderia.fleet.nouns import LedgerClass, NodeState
from scuderia.fleet.queries.nodes import NodeStatus

SPARE = "spare"
READY = "ready"  # the look of a spare
STATE_LOOKS = {
    NodeState.UP: ("ok", "Healthy"),
    NodeState.DOWN: ("bad", "Down"),
    NodeState.IN_REPAIR: ("warn", "In repair"),
    NodeState.WAITING_PARTS: ("warn", "Waiting for parts"),
    NodeState.VALIDATING: ("warn", "Validating"),
    NodeState.DRAINED: ("hold", "Drained: planned"),
    NodeState.UNKNOWN: ("unknown", "No data"),
}
CLASS_WORDS = {
    LedgerClass.SERVING: "Serving",
    LedgerClass.IDLE_SPARE: "Idle spare",
    LedgerClass.PLANNED: "Planned",
    LedgerClass.UNPLANNED: "Down, nobody on it yet",
    LedgerClass.IN_REPAIR: "In repair",
    LedgerClass.WAITING_PARTS: "Waiting for parts",
    LedgerClass.VALIDATING: "Validating",
}


def look_of(node: NodeStatus) -> tuple[str, str]:
    """Return the look and the word of one node; a healthy spare stands apart."""
    if node.spare and node.state is NodeState.UP:
        return READY, "Spare, ready"
    return STATE_LOOKS[node.state]


def state_key(node: NodeStatus) -> str:
    """Return what the page's state filter calls this node's state."""
    if node.spare and node.state is NodeState.UP:
        return SPARE
    return node.state.value
