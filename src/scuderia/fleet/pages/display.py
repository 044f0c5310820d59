"""How the fleet's nouns look: a node's state as colour, shape and word."""

from collections.abc import Sequence

from scuderia.fleet.nouns import LedgerClass, NodeState
from scuderia.fleet.queries.nodes import NodeStatus

SPARE = "spare"
READY = "ready"  # the look of a spare
STATE_LOOKS = {
    NodeState.UP: ("ok", "Healthy"),
    NodeState.DEGRADED: ("warn", "Degraded"),
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


def share_words(gpus_lost: int | None, indices: Sequence[int], gpus: int) -> str:
    """Return how much of a node is out, such as "1 of 8 GPUs: 3"; "whole node" where all is."""
    if gpus_lost is None or gpus_lost >= gpus:
        return "whole node"
    named = f": {', '.join(map(str, indices))}" if indices else ""
    return f"{gpus_lost} of {gpus} GPUs{named}"


def look_of(node: NodeStatus) -> tuple[str, str]:
    """Return the look and the word of one node; a healthy spare stands apart."""
    if node.spare and node.state is NodeState.UP:
        return READY, "Spare, ready"
    look, word = STATE_LOOKS[node.state]
    if node.state is NodeState.DEGRADED and node.gpus_lost < node.gpus:
        return look, f"{word}: {share_words(node.gpus_lost, (), node.gpus)} out"
    return look, word


def state_key(node: NodeStatus) -> str:
    """Return what the page's state filter calls this node's state."""
    if node.spare and node.state is NodeState.UP:
        return SPARE
    return node.state.value
