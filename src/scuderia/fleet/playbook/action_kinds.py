"""The fleet's action kinds as declared to the loop: parameters, undo, blast bound, probe."""

from scuderia.loop.nouns import ActionKind, BlastBound, ParamSpec, Reversibility

POOL_MAX = 10_000
_SPARE = ParamSpec("spare", "subject", "the spare that takes the place, e.g. node:r15-n01")
_CUSTOMER = ParamSpec("customer", "subject", "who holds the place, e.g. customer:demo-aurora")
_ONE_SLOT = BlastBound(1, 0.10, "nodes that the customer holds")
_ONE_NODE = BlastBound(1, 0.05, "nodes of the cluster")
_SPARE_READY = (
    "The spare is up, held by nobody, kept for no run to come, and ready in the spare pool of the "
    "same cluster."
)

SWAP_NODE = ActionKind(
    name="fleet.swap_node",
    title="Swap a broken node for a spare",
    params=(_SPARE, _CUSTOMER),
    reversibility=Reversibility.COMPENSABLE,
    undo="Swap back: the node, as it then is, returns to the customer and the spare to the pool.",
    undo_kind="fleet.swap_back",
    blast=_ONE_SLOT,
    preconditions=(
        "The node is out of service.",
        "The customer named still holds the node.",
        _SPARE_READY,
    ),
    probe="The cluster says that the customer holds the spare and no longer holds the node.",
)

PULL_LEMON = ActionKind(
    name="fleet.pull_lemon",
    title="Pull a node that keeps failing and overhaul it",
    params=(_SPARE, _CUSTOMER),
    reversibility=Reversibility.COMPENSABLE,
    undo="Swap back: the overhaul is called off and the node returns to the customer as it is.",
    undo_kind="fleet.swap_back",
    blast=_ONE_SLOT,
    preconditions=(
        "The node is not drained already.",
        "The customer named still holds the node.",
        _SPARE_READY,
    ),
    probe="The customer holds the spare; the node is held by nobody and out of service.",
)

SWAP_BACK = ActionKind(
    name="fleet.swap_back",
    title="Give a node back to its customer and the spare back to the pool",
    params=(_SPARE, _CUSTOMER),
    reversibility=Reversibility.COMPENSABLE,
    undo="Swap the node for a spare again, if it is out of service.",
    undo_kind="fleet.swap_node",
    blast=_ONE_SLOT,
    preconditions=("Nobody else holds the node.", "The customer named holds the spare."),
    probe="The cluster says that the customer holds the node and no longer holds the spare.",
    safe_direction=True,
)

DRAIN_NODE = ActionKind(
    name="fleet.drain_node",
    title="Take a node out on purpose",
    params=(),
    reversibility=Reversibility.COMPENSABLE,
    undo="Return the node to service; work that ran on it is not brought back.",
    undo_kind="fleet.return_node",
    blast=_ONE_NODE,
    preconditions=("The node is up.",),
    probe="The cluster says that the node is drained.",
)

RETURN_NODE = ActionKind(
    name="fleet.return_node",
    title="Let a drained node serve again",
    params=(),
    reversibility=Reversibility.REVERSIBLE,
    undo="Drain it again.",
    undo_kind="fleet.drain_node",
    blast=_ONE_NODE,
    preconditions=("The node is drained.",),
    probe="The cluster no longer says that the node is drained.",
    safe_direction=True,
)

ESCALATE_REPAIR = ActionKind(
    name="fleet.escalate_repair",
    title="Escalate an ageing repair",
    params=(),
    reversibility=Reversibility.COMPENSABLE,
    undo="Return the repair to ordinary priority; the time already gained stays gained.",
    undo_kind="fleet.deescalate_repair",
    blast=_ONE_NODE,
    preconditions=("The node is out of service.", "Its repair is not escalated yet."),
    probe="The cluster says that the repair is escalated, or that it has ended.",
)

DEESCALATE_REPAIR = ActionKind(
    name="fleet.deescalate_repair",
    title="Return a repair to ordinary priority",
    params=(),
    reversibility=Reversibility.COMPENSABLE,
    undo="Chase the repair by hand: a repair is escalated once per outage.",
    undo_kind="",
    blast=_ONE_NODE,
    preconditions=("The node's repair is escalated.",),
    probe="The cluster no longer says that the repair is escalated.",
    safe_direction=True,
)

RESIZE_SPARE_POOL = ActionKind(
    name="fleet.resize_spare_pool",
    title="Set the size of the spare pool",
    params=(ParamSpec("size", "int", "nodes the pool is to keep", minimum=0, maximum=POOL_MAX),),
    reversibility=Reversibility.REVERSIBLE,
    undo="Set the pool back to its former size.",
    undo_kind="fleet.resize_spare_pool",
    blast=BlastBound(32, 0.15, "nodes of the cluster"),
    preconditions=(
        "The size differs from the present one.",
        "As many nodes of the cluster are held by nobody.",
    ),
    probe="The cluster says that the pool's target is the new size.",
)
