"""How the fleet's executors see and change the cluster: live, never from our own tables."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from scuderia.basics.canonical import JsonObject, JsonValue
from scuderia.basics.clock import AwareDatetime
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
from scuderia.fleet.playbook.outcomes import measure_lost
from scuderia.fleet.ports import NoCluster
from scuderia.loop.nouns import (
    ActionKind,
    BlastRadius,
    EffectReport,
    EffectState,
    Measurement,
    Plan,
    Rehearsal,
    Step,
)

OUT = frozenset(
    {NodeState.DOWN, NodeState.IN_REPAIR, NodeState.WAITING_PARTS, NodeState.VALIDATING}
)


class SourceSilent(Unable):
    """What is named may be with a source that does not answer, so nothing is known of it."""

    code = "FLEET-042"
    remedy = "Wait until the source speaks again; `scuderia fleet sources` tells since when."


class NotInCluster(Refused):
    """The plan names a node or a cluster that the registered cluster does not know."""

    code = "FLEET-041"
    remedy = "List the nodes with `scuderia fleet nodes` and name one of them."


@dataclass(frozen=True, slots=True)
class ClusterState:
    """What the clusters say of themselves at one instant.

    silent   sources that did not answer; what they would tell of is not here
    """

    nodes: Mapping[str, NodeObservation]
    places: Mapping[str, NodePlace]
    gpus_per_node: Mapping[str, int]
    pool_sizes: Mapping[str, int]
    silent: tuple[str, ...] = ()

    def node(self, name: str) -> NodeObservation:
        """Return the latest word on one node.

        raises   NotInCluster: no such node
                 SourceSilent: it may be one of a source that does not answer
        """
        if name not in self.nodes or name not in self.places:
            self._refuse_silence(f"node {name!r}")
            raise NotInCluster(f"The cluster knows no node {name!r}.", node=name)
        return self.nodes[name]

    def held_by(self, customer: str) -> int:
        """Return how many nodes the customer holds."""
        return sum(seen.customer == customer for seen in self.nodes.values())

    def cluster_nodes(self, cluster: str) -> list[str]:
        """Return the cluster's nodes.

        raises   NotInCluster: no such cluster
                 SourceSilent: it may be one of a source that does not answer
        """
        names = [name for name, place in self.places.items() if place.cluster == cluster]
        if not names:
            self._refuse_silence(f"cluster {cluster!r}")
            raise NotInCluster(f"No cluster is named {cluster!r}.", cluster=cluster)
        return names

    def cluster_of(self, subject: SubjectRef) -> str:
        """Return the cluster that a command about the subject goes to.

        raises   NotInCluster, SourceSilent
        """
        if subject.kind == "cluster":
            return subject.name
        self.node(subject.name)
        return self.places[subject.name].cluster

    def _refuse_silence(self, what: str) -> None:
        if self.silent:
            raise SourceSilent(f"{what} may be with {', '.join(self.silent)}, which is silent")

    def gpus(self, node: str) -> int:
        """Return how many GPUs the node holds."""
        return self.gpus_per_node[self.places[node].sku]


def read_cluster() -> ClusterState:
    """Return the clusters as they stand now; a silent source hides its own nodes alone.

    raises   NoCluster: none is registered
             Unable: not one of them answers
    """
    readers = ports.registry.readers
    if not readers:
        raise NoCluster("No cluster is registered.")
    heard, silent = [], {}
    for source, reader in readers.items():
        try:
            heard.append((reader.inventory(), reader.current()))
        except Unable as error:
            silent[source] = error
    if not heard:
        raise next(iter(silent.values()))
    return ClusterState(
        nodes={name: seen for _, current in heard for name, seen in current.items()},
        places={place.node: place for stock, _ in heard for place in stock.places},
        gpus_per_node={sku.name: sku.gpus_per_node for stock, _ in heard for sku in stock.skus},
        pool_sizes={name: size for stock, _ in heard for name, size in stock.spare_pool.items()},
        silent=tuple(sorted(silent)),
    )


def step_of(
    index: int,
    verb: ControlVerb,
    subject: SubjectRef,
    *,
    leaves: JsonObject | None = None,
    **arguments: str | int,
) -> Step:
    """Return one command to the cluster as a step of a plan, and what it leaves of the snapshot."""
    return Step(
        index=index,
        name=f"{verb.value} {subject.name}",
        arguments={"verb": verb.value, "subject": str(subject), "arguments": arguments},
        leaves=leaves or {},
    )


def named(plan: Plan, param: str) -> SubjectRef:
    """Return the subject that a parameter names."""
    return SubjectRef.parse(str(plan.params[param]))


def target(plan: Plan) -> SubjectRef:
    """Return the plan's one target."""
    return plan.targets[0]


@dataclass(slots=True)
class ClusterExecutor(ABC):
    """What every executor of the fleet shares: its kind, its keyed commands, its measurement."""

    kind: ActionKind

    @abstractmethod
    def hours_lost(self, plan: Plan, start: AwareDatetime, end: AwareDatetime) -> float:
        """Return the hours lost in [start, end) of what the plan is about."""

    def measure(
        self, plan: Plan, rehearsal: Rehearsal, *, acted_at: AwareDatetime, now: AwareDatetime
    ) -> Measurement | None:
        """Measure the hours lost since the action."""
        return measure_lost(
            partial(self.hours_lost, plan),
            horizon_days=rehearsal.horizon_days,
            acted_at=acted_at,
            now=now,
        )

    def perform(self, step: Step, *, key: str) -> EffectReport:
        """Send one command under its key; a second call with the key does nothing.

        raises   Refused: the cluster says it makes no sense
                 Unable: no answer; `observe` then tells
        """
        command = _command(step.arguments)
        return _report(_control_for(command.subject).apply(command, key=key))

    def observe(self, step: Step, *, key: str) -> EffectReport:
        """Ask the cluster for the receipt under the key.

        No answer is UNKNOWN; a receipt is DONE; an answer without a receipt is NOT_DONE.
        """
        try:
            receipt = _control_for(_command(step.arguments).subject).receipt(key)
        except Unable as error:
            return EffectReport(EffectState.UNKNOWN, {"step": step.name, "error": error.message})
        return _report(receipt) if receipt else EffectReport(EffectState.NOT_DONE)


def _control_for(subject: SubjectRef) -> ports.ClusterControl:
    """Return who changes the subject's cluster; where there is one cluster it need not be asked.

    raises   NoCluster, NotInCluster; Unable: the subject's source is silent
    """
    controls = ports.registry.controls
    if len(controls) == 1:
        return next(iter(controls.values()))
    if not controls:
        raise NoCluster("No cluster is registered.")
    return ports.registry.control_of(read_cluster().cluster_of(subject))


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
