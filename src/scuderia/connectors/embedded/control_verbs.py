"""What each control verb does to the embedded fleet, and when the cluster calls it nonsense."""

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from scuderia.basics.errors import Refused
from scuderia.connectors.embedded import faults
from scuderia.connectors.embedded.layout import Layout, layout_of
from scuderia.connectors.embedded.nodes import BROKEN, Node
from scuderia.connectors.embedded.storage import (
    load_node,
    load_nodes,
    read_meta,
    save_node,
    write_meta,
)
from scuderia.fleet.nouns import ControlCommand, ControlVerb, NodeState

HASTENED_S_MAX = 2 * faults.DAY_S
"""An escalated repair ends within two days of the escalation, whatever it still lacked."""


class NonsenseCommand(Refused):
    """The command makes no sense in the fleet's present state, so nothing was done."""

    code = "WORLD-002"
    remedy = "Look at the node as it stands now, then ask for something else."


@dataclass(frozen=True, slots=True)
class _Bench:
    """What an effect works with: the open transaction, the world's facts, the node, the second."""

    connection: sqlite3.Connection
    command: ControlCommand
    node: Node
    seed: int
    spare_pool: int
    layout: Layout
    at: int

    def demand(self, holds: object, objection: str) -> None:
        if not holds:
            raise NonsenseCommand(
                f"{self.node.name}: {objection}.",
                node=self.node.name,
                verb=self.command.verb.value,
            )


_Effect: TypeAlias = Callable[[_Bench], str]


def carry_out(connection: sqlite3.Connection, command: ControlCommand, *, at: int) -> str:
    """Do the command inside the caller's transaction and return what the cluster says of it.

    raises   NonsenseCommand: nothing was changed
    """
    meta = read_meta(connection)
    if command.verb is ControlVerb.SET_SPARE_POOL:
        return _set_spare_pool(connection, command, meta, at=at)
    node = load_node(connection, command.subject.name)
    if command.subject.kind != "node" or node is None:
        raise NonsenseCommand(f"There is no node {command.subject}.", subject=command.subject)
    bench = _Bench(
        connection, command, node, int(meta["seed"]), int(meta["spare_pool"]), layout_of(meta), at
    )
    said = _EFFECTS[command.verb](bench)
    save_node(connection, node, at=at, healthy=meta["healthy"] == "1", observed=True)
    return said


def _drain(bench: _Bench) -> str:
    bench.demand(not bench.node.drained, "it is drained already")
    bench.node.drain(bench.at)
    return f"{bench.node.name} is drained"


def _undrain(bench: _Bench) -> str:
    if not bench.node.drained:
        return f"{bench.node.name} was not drained"
    called_off = ", its overhaul called off" if bench.node.overhauling else ""
    bench.node.undrain(bench.at)
    return f"{bench.node.name} may serve again{called_off}"


def _assign(bench: _Bench) -> str:
    node, customer = bench.node, str(bench.command.arguments.get("customer", ""))
    as_it_is = bool(bench.command.arguments.get("as_it_is"))
    bench.demand(customer in {sla.customer for sla in bench.layout.slas}, "no such customer")
    if as_it_is and node.customer == customer:
        return f"{node.name} belongs to {customer} already"
    bench.demand(node.customer is None, f"it is held by {node.customer}")
    bench.demand(as_it_is or node.state is NodeState.UP, f"it is {node.state.value}")
    node.customer, node.member = customer, False
    return f"{node.name} now belongs to {customer}"


def _release(bench: _Bench) -> str:
    node = bench.node
    holder, named = node.customer, bench.command.arguments.get("customer")
    bench.demand(holder is not None, "nobody holds it")
    bench.demand(named is None or named == holder, f"it is held by {holder}, not {named}")
    members = sum(other.member for other in load_nodes(bench.connection).values())
    node.customer, node.member = None, members < bench.spare_pool
    place = "joins the spare pool when it is up" if node.member else "is unsold"
    return f"{node.name} is free of {holder} and {place}"


def _overhaul(bench: _Bench) -> str:
    node = bench.node
    bench.demand(node.drained, "drain it before its overhaul")
    bench.demand(node.customer is None, f"release it from {node.customer} first")
    bench.demand(not node.overhauling, "its overhaul is under way")
    length_s = faults.overhaul_s(bench.seed, node.name, node.failure)
    node.overhaul(bench.at, length_s=length_s)
    return f"{node.name} is overhauled within {length_s / faults.DAY_S:.1f} days of work"


def _escalate(bench: _Bench) -> str:
    node = bench.node
    bench.demand(node.state in BROKEN, f"it is {node.state.value}, not under repair")
    bench.demand(node.escalated == 0, "this repair was escalated once already")
    node.hasten(bench.at, remaining_s_max=HASTENED_S_MAX)
    remaining_h = (node.schedule[-1][0] - bench.at) / faults.HOUR_S
    return f"{node.name} is due back within {remaining_h:.0f} h"


def _deescalate(bench: _Bench) -> str:
    node = bench.node
    bench.demand(node.state in BROKEN, f"it is {node.state.value}, not under repair")
    bench.demand(node.escalated == 1, "this repair is not escalated")
    node.unhasten(bench.at)
    return f"{node.name} is back at ordinary priority"


def _set_spare_pool(
    connection: sqlite3.Connection, command: ControlCommand, meta: Mapping[str, str], *, at: int
) -> str:
    nodes, cluster, healthy = (
        load_nodes(connection),
        layout_of(meta).cluster,
        meta["healthy"] == "1",
    )
    free = [node for node in nodes.values() if node.customer is None]
    size = int(command.arguments.get("size", -1))
    if command.subject.kind != "cluster" or command.subject.name != cluster:
        raise NonsenseCommand(f"There is no cluster {command.subject}.", subject=command.subject)
    if not 0 <= size <= len(free):
        raise NonsenseCommand(
            f"A pool of {size} cannot be kept: {len(free)} nodes are unsold or spare.", size=size
        )
    ranked = sorted(free, key=_rank)
    for place, node in enumerate(ranked):
        node.member = place < size
        save_node(connection, node, at=at, healthy=healthy, observed=True)
    write_meta(connection, {"spare_pool": size})
    return f"the spare pool of {cluster} is set to {size}"


def _rank(node: Node) -> tuple[bool, bool, str]:
    """Order free nodes for the pool: whole ones first, then those already in it, then by name."""
    whole = node.state is NodeState.UP and not node.drained
    return (not whole, not node.member, node.name)


_EFFECTS: dict[ControlVerb, _Effect] = {
    ControlVerb.DRAIN: _drain,
    ControlVerb.UNDRAIN: _undrain,
    ControlVerb.ASSIGN: _assign,
    ControlVerb.RELEASE: _release,
    ControlVerb.OVERHAUL: _overhaul,
    ControlVerb.ESCALATE_REPAIR: _escalate,
    ControlVerb.DEESCALATE_REPAIR: _deescalate,
}
