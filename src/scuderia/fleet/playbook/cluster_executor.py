"""How the fleet's executors see and change the cluster: live, never from our own tables."""

from collections.abc import Mapping
from dataclasses import dataclass

from scuderia.basics.canonical import JsonObject, JsonValue
from scuderia.basics.errors import Refused, Unable
from scuderia.basics.subjects import SubjectRef
from scuderia.fleet import ports
from scuderia.fleet.nouns import (
    ControlCommand,
    ControlVerb,
    NodeObservation,
    NodePlace,
    NodeState,
    Receipt,
)
from scuderia.loop.nouns import ActionKind, BlastRadius, EffectReport, EffectState, Plan, Step

OUT = frozenset(
    {NodeState.DOWN, NodeState.IN_REPAIR, NodeState.WAITING_PARTS, NodeState.VALIDATING}
)


class NoCluster(Unable):
    """No cluster is registered, so nothing can be seen or done."""

    code = "FLEET-040"
    remedy = "Start the demo with `scuderia demo`, or register a cluster's connector."


class NotInCluster(Refused):
    """The plan names a node or a cluster that the registered cluster does not know."""

    code = "FLEET-041"
    remedy = "List the nodes with `scuderia fleet nodes` and name one of them."


@dataclass(frozen=True, slots=True)
class ClusterState:
    """What the cluster says of itself at one instant."""

    nodes: Mapping[str, NodeObservation]
    places: Mapping[str, NodePlace]
    gpus_per_node: Mapping[str, int]
    pool_sizes: Mapping[str, int]

    def node(self, name: str) -> NodeObservation:
        """Return the latest word on one node.

        raises   NotInCluster: no such node
        """
        if name not in self.nodes or name not in self.places:
            raise NotInCluster(f"The cluster knows no node {name!r}.", node=name)
        return self.nodes[name]

    def held_by(self, customer: str) -> int:
        """Return how many nodes the customer holds."""
        return sum(seen.customer == customer for seen in self.nodes.values())

    def cluster_nodes(self, cluster: str) -> list[str]:
        """Return the cluster's nodes.

        raises   NotInCluster: no such cluster
        """
        names = [name for name, place in self.places.items() if place.cluster == cluster]
        if not names:
            raise NotInCluster(f"No cluster is named {cluster!r}.", cluster=cluster)
        return names

    def gpus(self, node: str) -> int:
        """Return how many GPUs the node holds."""
        return self.gpus_per_node[self.places[node].sku]


def read_cluster() -> ClusterState:
    """Return the cluster as it stands now.

    raises   NoCluster: none is registered
             Unable: it does not answer
    """
    reader = ports.registry.reader
    if reader is None:
        raise NoCluster("No cluster is registered.")
    stock = reader.inventory()
    return ClusterState(
        nodes=reader.current(),
        places={place.node: place for place in stock.places},
        gpus_per_node={sku.name: sku.gpus_per_node for sku in stock.skus},
        pool_sizes=stock.spare_pool,
    )


def step_of(index: int, verb: ControlVerb, subject: SubjectRef, **arguments: str | int) -> Step:
    """Return one command to the cluster as a step of a plan."""
    return Step(
        index=index,
        name=f"{verb.value} {subject.name}",
        arguments={"verb": verb.value, "subject": str(subject), "arguments": arguments},
    )


def named(plan: Plan, param: str) -> SubjectRef:
    """Return the subject that a parameter names."""
    return SubjectRef.parse(str(plan.params[param]))


def target(plan: Plan) -> SubjectRef:
    """Return the plan's one target."""
    return plan.targets[0]


@dataclass(slots=True)
class ClusterExecutor:
    """What every executor of the fleet shares: its kind, and one keyed command per step."""

    kind: ActionKind

    def perform(self, step: Step, *, key: str) -> EffectReport:
        """Send one command under its key; a second call with the key does nothing.

        raises   Refused: the cluster says it makes no sense
                 Unable: no answer; `observe` then tells
        """
        control = ports.registry.control
        if control is None:
            raise NoCluster("No cluster is registered.")
        return _report(control.apply(_command(step.arguments), key=key))

    def observe(self, step: Step, *, key: str) -> EffectReport:
        """Ask the cluster for the receipt under the key.

        No answer is UNKNOWN; a receipt is DONE; an answer without a receipt is NOT_DONE.
        """
        control = ports.registry.control
        if control is None:
            return EffectReport(EffectState.UNKNOWN, {"error": "no cluster is registered"})
        try:
            receipt = control.receipt(key)
        except Unable as error:
            return EffectReport(EffectState.UNKNOWN, {"step": step.name, "error": error.message})
        return _report(receipt) if receipt else EffectReport(EffectState.NOT_DONE)


def one_node(state: ClusterState, node: str, *, out_of: int) -> BlastRadius:
    """Return the blast radius of touching one node, out of so many."""
    holder = state.node(node).customer
    return BlastRadius(
        count=1,
        denominator_count=out_of,
        unit="node",
        details=(gpus_in_words(state.gpus(node)),),
        affected=(str(holder),) if holder else (),
    )


def _report(receipt: Receipt) -> EffectReport:
    return EffectReport(
        EffectState.DONE, {"said": receipt.said, "at": receipt.at.isoformat(), "key": receipt.key}
    )


def _command(arguments: JsonObject) -> ControlCommand:
    extra = arguments["arguments"]
    return ControlCommand(
        verb=ControlVerb(str(arguments["verb"])),
        subject=SubjectRef.parse(str(arguments["subject"])),
        arguments={name: _scalar(value) for name, value in extra.items()}
        if isinstance(extra, Mapping)
        else {},
    )


def _scalar(value: JsonValue) -> str | int:
    return value if isinstance(value, int) else str(value)


def gpus_in_words(count: int) -> str:
    """Return how many GPUs a plan touches, for people."""
    return f"{count:,} GPU{'' if count == 1 else 's'}"
