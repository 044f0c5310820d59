"""The fleet's evidence: named queries that anyone can run again, with the same parameters."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from scuderia.basics.canonical import JsonObject
from scuderia.basics.clock import AwareDatetime, parse_instant
from scuderia.basics.errors import BadInput
from scuderia.basics.units import HOUR_S
from scuderia.fleet.engine.facts import OutageFact, instant_of
from scuderia.fleet.queries import lemons, outages, reports, slas, spare_pools
from scuderia.fleet.queries.nodes import fleet_board
from scuderia.loop.ports import registry as loop

_LOOK_BACK_DAYS = 28
_LOOK_BACK_DAYS_MAX = 400
_LISTED_MAX = 50
_SECOND = 1_000_000
"""In microseconds, as instants are compared exactly."""


@dataclass(slots=True)
class FleetQuery:
    """Fills loop.ports.EvidenceQuery.

    Every query takes `at` (an ISO 8601 instant with its offset): the same `at` gives the same
    answer as long as the books say the same of the past. Without it, the present is meant.
    """

    name: str
    answer: Callable[[JsonObject, AwareDatetime], JsonObject]

    def run(self, params: JsonObject) -> JsonObject:
        """Return the value for these parameters."""
        at = params.get("at")
        now = loop.clock.now() if at is None else parse_instant(str(at), field="at")
        return self.answer(params, now)


def _node_outages(params: JsonObject, at: AwareDatetime) -> JsonObject:
    """Return the node's outages in the `days` (28) before `at`, newest first."""
    node = _name(params, "node")
    start = at - timedelta(days=_days(params))
    return _as_outages(node, outages.facts_by_node([node], start, at)[node], start, at)


def recent_outages(nodes: Collection[str], at: AwareDatetime) -> dict[str, JsonObject]:
    """Return what `node_outages` answers of each node, asked for many together."""
    start = at - timedelta(days=_LOOK_BACK_DAYS)
    found = outages.facts_by_node(nodes, start, at)
    return {node: _as_outages(node, mine, start, at) for node, mine in found.items()}


def _as_outages(
    node: str, found: Sequence[OutageFact], start: AwareDatetime, at: AwareDatetime
) -> JsonObject:
    first, last = _microseconds(start), _microseconds(at)
    return {
        "node": node,
        "outages": len(found),
        "hours_out": round(sum(_hours(outage, first, last) for outage in found), 2),
        "list": [_as_json(outage, last) for outage in found[: -_LISTED_MAX - 1 : -1]],
    }


def _repair_age(params: JsonObject, at: AwareDatetime) -> JsonObject:
    """Return how long the node has been out at `at`, and the phase of its repair."""
    node = _name(params, "node")
    return repair_ages([node], at)[node]


def repair_ages(nodes: Collection[str], at: AwareDatetime) -> dict[str, JsonObject]:
    """Return what `repair_age` answers of each node, in as many questions as for one."""
    found = outages.open_outages(at, nodes=nodes, counted=False)
    stays = {str(stay.place.node): stay for stay in reversed(found)}
    return {node: _as_age(node, stays.get(node)) for node in nodes}


def _as_age(node: str, stay: outages.OpenOutage | None) -> JsonObject:
    if stay is None:
        return {"node": node, "out": False}
    return {
        "node": node,
        "out": True,
        "since": stay.start.isoformat(),
        "age_hours": round(stay.age.total_seconds() / HOUR_S, 2),
        "phase": stay.phase.value if stay.phase else None,
        "cause": stay.cause,
        "customer": stay.customer,
        **({} if stay.gpus_lost >= stay.gpus else
           {"gpus_lost": stay.gpus_lost, "gpus": stay.gpus}),
    }  # fmt: skip


def _spare_pool_state(params: JsonObject, at: AwareDatetime) -> JsonObject:
    """Return the pool's target, the spares that stand ready, and the nodes nobody holds."""
    cluster = _name(params, "cluster")
    nodes = [node for node in fleet_board(at).nodes if node.place.cluster == cluster]
    targets = {pool.cluster: pool.target_size for pool in spare_pools.list_spare_pools()}
    return {
        "cluster": cluster,
        "target": targets.get(cluster, 0),
        "ready": sum(node.spare for node in nodes),
        "held_by_nobody": sum(node.customer is None for node in nodes),
        "out_while_held": sum(
            node.since is not None and node.customer is not None for node in nodes
        ),
        "nodes": len(nodes),
    }


def _customer_month(params: JsonObject, at: AwareDatetime) -> JsonObject:
    """Return the customer's month up to `at`, in its own time zone, beside its target."""
    customer = _name(params, "customer")
    promised = {str(sla.customer): sla for sla in slas.list_slas(at)}.get(customer)
    zone = promised.time_zone if promised else "UTC"
    month = month_start(at, zone)
    if month >= at:
        return {"customer": customer, "month": f"{month:%Y-%m}", "availability": None}
    told = reports.sla_report(month, at, customer=customer)
    return {
        "customer": customer,
        "month": f"{at.astimezone(month.tzinfo):%Y-%m}",
        "target": promised.target if promised else None,
        "availability": told.availability,
        "days_below_target": told.days_below_target,
    }


def month_start(at: AwareDatetime, time_zone: str) -> datetime:
    """Return the instant at which the month of `at` began in that zone."""
    local = at.astimezone(ZoneInfo(time_zone))
    return local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _lemon_backtest(_params: JsonObject, at: AwareDatetime) -> JsonObject:
    """Return what the lemon score was worth on the fleet's own past, beside the naive rule."""
    worth = lemons.lemon_worth(at)
    rules = (("naive", worth.naive), ("matched", worth.score_matched))
    pull = worth.pull
    return {
        "own": worth.own,
        "said": worth.said,
        "from_day": round(worth.from_day, 2),
        "looks": worth.looks,
        "brier": round(worth.brier, 4),
        "brier_of_naive": round(worth.brier_of_naive, 4),
        "brier_of_fleet": round(worth.brier_of_fleet, 4),
        "brier_of_base_rate": round(worth.brier_of_base_rate, 4),
        "pull_level": pull.level if pull else None,
        "pulled": pull.pulled if pull else None,
        "saved_h_a_pull": round(pull.saved_h, 1) if pull else None,
        "saved_h_low": round(pull.low, 1) if pull else None,
        "saved_h_high": round(pull.high, 1) if pull else None,
        **{
            name: {
                "rule": rule.rule,
                "pulled": rule.pulled,
                "failed_again": rule.failed_again,
                "avoided": rule.avoided,
                "outages": rule.outages,
            }
            for name, rule in rules
        },
    }


QUERIES: tuple[FleetQuery, ...] = (
    FleetQuery("node_outages", _node_outages),
    FleetQuery("repair_age", _repair_age),
    FleetQuery("spare_pool_state", _spare_pool_state),
    FleetQuery("customer_month", _customer_month),
    FleetQuery("lemon_backtest", _lemon_backtest),
)


def _name(params: JsonObject, field: str) -> str:
    """Return the name that a parameter gives, written bare or as kind:name."""
    value = params.get(field)
    if not isinstance(value, str) or not value:
        raise BadInput(f"The evidence needs {field!r}.", remedy=f"Give {field} as a name.")
    return value.removeprefix(f"{field}:")


def _days(params: JsonObject) -> float:
    days = params.get("days", _LOOK_BACK_DAYS)
    if not isinstance(days, (int, float)) or not 0 < days <= _LOOK_BACK_DAYS_MAX:
        raise BadInput("days is not a number of days.", remedy=f"1 to {_LOOK_BACK_DAYS_MAX}.")
    return days


def _as_json(outage: OutageFact, at: int) -> JsonObject:
    end = outage.end
    return {
        "start": _spelled(outage.start),
        "end": _spelled(end) if end is not None and end * _SECOND <= at else None,
        "hours": round(_hours(outage, outage.start * _SECOND, at), 2),
        "cause": outage.cause,
        "planned": outage.planned,
        **({} if outage.gpus_lost is None else {"gpus_lost": outage.gpus_lost}),
    }


def _hours(outage: OutageFact, first: int, last: int) -> float:
    """Return the hours of the outage between two instants, given in microseconds."""
    begins = max(outage.start * _SECOND, first)
    ends = last if outage.end is None else min(outage.end * _SECOND, last)
    return max(0.0, (ends - begins) / _SECOND / HOUR_S)


@lru_cache(maxsize=65_536)
def _spelled(second: int) -> str:
    """Return a Unix second in ISO 8601: a node that relapses has its past spelled again."""
    return instant_of(second).isoformat()


def _microseconds(at: AwareDatetime) -> int:
    return (at - instant_of(0)) // timedelta(microseconds=1)
