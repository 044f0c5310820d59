"""The crew's own evidence: scores and forecasts that anyone can run again for the same instant."""

from collections.abc import Callable
from dataclasses import dataclass

from scuderia.basics.canonical import JsonObject
from scuderia.basics.clock import AwareDatetime, Clock, parse_instant
from scuderia.basics.errors import BadInput, NotFound
from scuderia.crew.agents import proposal_builders
from scuderia.crew.agents.proposal_builders import WEEK_H, AgentContext
from scuderia.crew.agents.sla_watch import month_case
from scuderia.crew.agents.spare_planner import RESIZE, node_hours_won
from scuderia.crew.engine.outlook import fleet_outlook
from scuderia.crew.engine.spare_pools import pool_view, replay_past, spare_need
from scuderia.fleet.engine.snapshot import FleetSnapshot, NodeView


class NotSeen(NotFound):
    """The evidence names something that was not on the books at that instant."""

    code = "CREW-001"
    remedy = "Name a node, cluster or customer that was on the books at `at`."


@dataclass(slots=True)
class CrewQuery:
    """Fills loop.ports.EvidenceQuery; `at` is an ISO 8601 instant, the present without it."""

    name: str
    answer: Callable[[JsonObject, FleetSnapshot], JsonObject]
    context: AgentContext
    now: Callable[[], AwareDatetime]

    def run(self, params: JsonObject) -> JsonObject:
        """Return the value for these parameters."""
        at = params.get("at")
        instant = self.now() if at is None else parse_instant(str(at), field="at")
        snapshot = self.context.snapshot(FleetSnapshot, now=instant)
        if snapshot is None:
            raise NotSeen("No node was on the books.")
        return self.answer(params, snapshot)


def crew_queries(context: AgentContext, clock: Callable[[], Clock]) -> tuple[CrewQuery, ...]:
    """Return every query of the crew, reading the present from the clock of that time."""

    def now() -> AwareDatetime:
        return clock().now()

    answers = {
        "lemon_score": _lemon_score,
        "repair_outlook": _repair_outlook,
        "spare_need": _spare_need,
        "spare_pool_replay": _spare_pool_replay,
        "month_outlook": _month_outlook,
    }
    return tuple(CrewQuery(name, answer, context, now) for name, answer in answers.items())


def _lemon_score(params: JsonObject, snapshot: FleetSnapshot) -> JsonObject:
    node = _node(params, snapshot)
    score = fleet_outlook(snapshot).score(node)
    return {
        "node": str(node.name),
        "probability": round(score.probability, 4),
        "outages_28d": score.outages_28d,
        "outages_90d": score.outages_90d,
        "relapses_90d": score.relapses_90d,
        "drivers": {name: round(part, 3) for name, _, part in score.drivers},
    }


def _repair_outlook(params: JsonObject, snapshot: FleetSnapshot) -> JsonObject:
    node = _node(params, snapshot)
    repairs, age_h = fleet_outlook(snapshot).repairs, node.age_h(snapshot.now)
    return {
        "node": str(node.name),
        "age_hours": round(age_h, 2),
        "chance_day": round(repairs.chance_longer(24.0, age_h=age_h), 4),
        "chance_week": round(repairs.chance_longer(WEEK_H, age_h=age_h), 4),
        "own_repairs": repairs.repairs,
    }


def _spare_need(params: JsonObject, snapshot: FleetSnapshot) -> JsonObject:
    cluster = _text(params, "cluster")
    need = spare_need(pool_view(snapshot, cluster, dict(snapshot.pools).get(cluster, 0)))
    return {
        "cluster": cluster,
        "spares": need.spares,
        "nodes_down_mean": round(need.nodes_down_mean, 3),
        "confidence": need.confidence,
    }


def _spare_pool_replay(params: JsonObject, snapshot: FleetSnapshot) -> JsonObject:
    cluster, size = _text(params, "cluster"), params.get("size")
    if not isinstance(size, int):
        raise BadInput("size is not a number of nodes.", remedy="Give size as a whole number.")
    view = pool_view(snapshot, cluster, dict(snapshot.pools).get(cluster, 0))
    seed = proposal_builders.seed_of(RESIZE, cluster, view.log.digest)
    told = replay_past(view, size, seed=seed)
    return {
        "cluster": cluster,
        "size": size,
        "days": round(view.days, 2),
        "node_hours_won": round(node_hours_won(told, view), 2),
        "availability_before": told.base.availability,
        "availability_after": told.candidate.availability,
    }


def _month_outlook(params: JsonObject, snapshot: FleetSnapshot) -> JsonObject:
    customer = _text(params, "customer")
    month = next((m for m in snapshot.months if m.customer == customer), None)
    if month is None:
        raise NotSeen(f"no promise to a customer named {customer!r}")
    told = month_case(snapshot, fleet_outlook(snapshot), month).outlook
    return {
        "customer": customer,
        "chance_missed": told.chance_missed,
        "low": told.low,
        "expected": told.expected,
        "high": told.high,
        "budget_node_hours": round(told.budget_h, 2),
    }


def _node(params: JsonObject, snapshot: FleetSnapshot) -> NodeView:
    name = _text(params, "node")
    for node in snapshot.nodes:
        if node.name == name:
            return node
    raise NotSeen(f"no node is named {name!r}")


def _text(params: JsonObject, field: str) -> str:
    value = params.get(field)
    if not isinstance(value, str) or not value:
        raise BadInput(f"The evidence needs {field!r}.", remedy=f"Give {field} as a name.")
    return value.removeprefix(f"{field}:")
