"""Moving a customer's place from one node to another: swap, pull a lemon, swap back."""

from dataclasses import dataclass, replace

from scuderia.basics.canonical import JsonObject
from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.nouns import ControlVerb, NodeState
from scuderia.fleet.playbook import outcomes
from scuderia.fleet.playbook.cluster_executor import (
    OUT,
    ClusterExecutor,
    ClusterState,
    named,
    one_node,
    read_cluster,
    step_of,
    target,
)
from scuderia.fleet.queries.capacity_holds import capacity_holds
from scuderia.loop.nouns import BlastRadius, Examination, Plan, ProbeReport

_TAKEN: JsonObject = {"spare_ready": False}
_FREED: JsonObject = {"node_held": False}


@dataclass(frozen=True, slots=True)
class _Place:
    """The node, the spare and the customer that a plan names, as they stand."""

    state: ClusterState
    node: str
    spare: str
    customer: str

    @property
    def blast(self) -> BlastRadius:
        """Return one node out of those that the customer holds."""
        radius = one_node(self.state, self.node, out_of=self.state.held_by(self.customer))
        return replace(radius, affected=(self.customer,))

    @property
    def holder(self) -> str | None:
        return self.state.node(self.node).customer

    @property
    def node_held(self) -> bool:
        return self.holder == self.customer

    @property
    def spare_held(self) -> bool:
        return self.state.node(self.spare).customer == self.customer

    @property
    def node_out(self) -> bool:
        return self.state.node(self.node).state in OUT

    @property
    def node_drained(self) -> bool:
        return self.state.node(self.node).state is NodeState.DRAINED

    @property
    def spare_ready(self) -> bool:
        same = self.state.places[self.spare].cluster == self.state.places[self.node].cluster
        return self.state.node(self.spare).spare and self.node != self.spare and same

    def told(self, *names: str) -> JsonObject:
        """Return what stands of these, by their names."""
        return {name: getattr(self, name) for name in names}


def _kept_for(spare: str, now: AwareDatetime) -> str:
    """Return for which run the spare is kept, in words that name nobody; "" for none."""
    hold = capacity_holds(now).get(spare)
    return f"{spare} is kept for a run from {hold.starts_at:%Y-%m-%d %H:%M} UTC" if hold else ""


def _place(plan: Plan) -> _Place:
    state = read_cluster()
    place = _Place(
        state, target(plan).name, named(plan, "spare").name, named(plan, "customer").name
    )
    state.node(place.node), state.node(place.spare)
    return place


class _Slot(ClusterExecutor):
    """What the three moves share: one place of one customer."""

    def hours_lost(self, plan: Plan, start: AwareDatetime, end: AwareDatetime) -> float:
        """Return the node-hours that the customer's place lost."""
        return outcomes.hours_lost_while_held(
            start,
            end,
            customer=named(plan, "customer").name,
            nodes={target(plan).name, named(plan, "spare").name},
        )

    def undo_plan(self, plan: Plan, snapshot: JsonObject) -> Plan | None:  # noqa: ARG002
        """Return the declared inverse of the same place; it objects by itself where it must."""
        return Plan(self.kind.undo_kind, plan.targets, plan.params)


class SwapNode(_Slot):
    """fleet.swap_node: the spare first, so that a refusal leaves the customer as it was."""

    def examine(self, plan: Plan, *, now: AwareDatetime, done: int = 0) -> Examination:
        """Look at who holds the node, whether it is out, and whether the spare is ready.

        The spare is given to the customer first, then the broken node taken.
        """
        place = _place(plan)
        customer, spare, kept = place.customer, named(plan, "spare"), _kept_for(place.spare, now)
        return Examination(
            steps=(
                step_of(0, ControlVerb.ASSIGN, spare, leaves=_TAKEN, customer=customer),
                step_of(1, ControlVerb.RELEASE, target(plan), leaves=_FREED, customer=customer),
            ),
            snapshot=place.told("node_held", "node_out", "spare_ready"),
            blast=place.blast,
            objections=_failing(
                done,
                (range(2), place.node_out, f"{place.node} is not out of service"),
                (range(2), place.node_held, f"{place.customer} no longer holds {place.node}"),
                (range(1), place.spare_ready, f"{place.spare} does not stand ready as a spare"),
                (range(1), not kept, kept),
                (range(1, 2), place.spare_held, f"{place.customer} does not hold {place.spare}"),
            ),
        )

    def probe(self, plan: Plan) -> ProbeReport:
        """Say whether the customer holds the spare and not the node."""
        place = _place(plan)
        return _moved(place, passed=place.spare_held and not place.node_held)


class PullLemon(_Slot):
    """fleet.pull_lemon: swap the node out while it may still run, then overhaul it."""

    def examine(self, plan: Plan, *, now: AwareDatetime, done: int = 0) -> Examination:
        """Look at who holds the node, whether it is drained, and whether the spare is ready.

        Whether the node happens to be broken does not matter: a lemon is pulled either way. The
        spare is given to the customer first, then the lemon drained, taken and overhauled.
        """
        place = _place(plan)
        customer, spare, kept = place.customer, named(plan, "spare"), _kept_for(place.spare, now)
        return Examination(
            steps=(
                step_of(0, ControlVerb.ASSIGN, spare, leaves=_TAKEN, customer=customer),
                step_of(1, ControlVerb.DRAIN, target(plan), leaves={"node_drained": True}),
                step_of(2, ControlVerb.RELEASE, target(plan), leaves=_FREED, customer=customer),
                step_of(3, ControlVerb.OVERHAUL, target(plan)),
            ),
            snapshot=place.told("node_held", "node_drained", "spare_ready"),
            blast=place.blast,
            objections=_failing(
                done,
                (range(2), not place.node_drained, f"{place.node} is drained already"),
                (range(3), place.node_held, f"{place.customer} no longer holds {place.node}"),
                (range(1), place.spare_ready, f"{place.spare} does not stand ready as a spare"),
                (range(1), not kept, kept),
                (range(1, 4), place.spare_held, f"{place.customer} does not hold {place.spare}"),
            ),
        )

    def probe(self, plan: Plan) -> ProbeReport:
        """Say whether the customer holds the spare and the lemon is out of everyone's way."""
        place = _place(plan)
        lemon = place.state.node(place.node)
        away = lemon.customer is None and lemon.state is not NodeState.UP
        return _moved(place, passed=place.spare_held and away)


class SwapBack(_Slot):
    """fleet.swap_back: the node returns as it is, broken or not; the spare returns to the pool."""

    def examine(self, plan: Plan, *, now: AwareDatetime, done: int = 0) -> Examination:  # noqa: ARG002
        """Look at who holds the node and whether the customer holds the spare.

        The node is let serve, given to the customer as it is, then the spare is freed. A swap
        that stopped half-way is put back too: what already holds is left as it is.
        """
        place = _place(plan)
        holder, customer, node = place.holder, place.customer, target(plan)
        return Examination(
            steps=(
                step_of(0, ControlVerb.UNDRAIN, node),
                step_of(
                    1,
                    ControlVerb.ASSIGN,
                    node,
                    leaves={"holder": customer},
                    customer=customer,
                    as_it_is=1,
                ),
                step_of(
                    2,
                    ControlVerb.RELEASE,
                    named(plan, "spare"),
                    leaves={"spare_held": False},
                    customer=customer,
                ),
            ),
            snapshot={"holder": holder, "spare_held": place.spare_held},
            blast=place.blast,
            objections=_failing(
                done,
                (range(3), holder in (None, customer), f"{place.node} is held by {holder}"),
                (range(3), place.spare_held, f"{customer} does not hold {place.spare}"),
            ),
        )

    def probe(self, plan: Plan) -> ProbeReport:
        """Say whether the customer holds the node and not the spare."""
        place = _place(plan)
        return _moved(place, passed=place.node_held and not place.spare_held)


def _failing(done: int, *conditions: tuple[range, bool, str]) -> tuple[str, ...]:
    """Return the objections; each condition is asked before the steps of its range alone."""
    return tuple(objection for steps, holds, objection in conditions if done in steps and not holds)


def _moved(place: _Place, *, passed: bool) -> ProbeReport:
    node, spare = place.state.node(place.node), place.state.node(place.spare)
    seen = (
        f"{place.node} is {node.state.value}, held by {node.customer or 'nobody'}; "
        f"{place.spare} is {spare.state.value}, held by {spare.customer or 'nobody'}"
    )
    return ProbeReport(passed=passed, seen=seen)
