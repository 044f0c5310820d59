"""Reads the books into the one snapshot that every agent thinks on."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.engine.lemon import history_of
from scuderia.fleet.engine.snapshot import CustomerMonth, FleetSnapshot, NodeView, SwapRecord
from scuderia.fleet.nouns import DOWNTIME, LedgerClass, SlaDefinition
from scuderia.fleet.queries import reports, slas, spare_pools
from scuderia.fleet.queries.capacity_holds import capacity_holds
from scuderia.fleet.queries.lemons import HISTORY_DAYS, histories_known_at
from scuderia.fleet.queries.nodes import fleet_board, with_work
from scuderia.loop.queries.decisions import answers_to
from scuderia.loop.queries.naming import promised_subjects

SWAP_NODE = "fleet.swap_node"


def fleet_snapshot(now: AwareDatetime) -> FleetSnapshot | None:
    """Return the fleet as the books tell it at `now`; None where no node is on the books.

    Of what happened, nothing later than `now` is told: an outage that ended later lasts. What is
    set and kept without a history is today's: pools' sizes, node types, planned work. Promises are
    those that hold at `now`.
    """
    board = fleet_board(now)
    if not board.nodes:
        return None
    begins = reports.whole_period(now=now).start
    epoch = max(begins, now - timedelta(days=HISTORY_DAYS))
    told = histories_known_at(epoch, now)
    promised, holds = promised_subjects(now), capacity_holds(now)
    nodes = tuple(
        NodeView(
            place=node.place,
            gpus=node.gpus,
            state=node.state,
            customer=node.customer,
            spare=node.spare
            and str(node.place.ref) not in promised
            and str(node.place.node) not in holds,
            out_since=node.since,
            planned=node.planned or node.is_of_work,
            cause=node.cause,
            silent=node.silent,
            gpus_lost=node.gpus_lost,
            hold=holds.get(str(node.place.node)),
            history=told.get(node.place.node) or history_of(node.place.node, ()),
        )
        for node in with_work(board.nodes, now)
    )
    return FleetSnapshot(
        now=now,
        epoch=epoch,
        nodes=nodes,
        pools=tuple((pool.cluster, pool.target_size) for pool in spare_pools.list_spare_pools()),
        months=tuple(_month(sla, nodes, now, begins) for sla in slas.list_slas(now)),
        swaps=_swaps(now),
    )


def told_span(now: AwareDatetime) -> tuple[AwareDatetime, AwareDatetime] | None:
    """Return from and until when the books tell, at most until `now`; None where of no node."""
    try:
        told = reports.whole_period(now=now)
    except reports.NothingOnTheBooks:
        return None
    return told.start, told.end


def _swaps(now: AwareDatetime) -> SwapRecord:
    told = answers_to(SWAP_NODE, until=now)
    return SwapRecord(told.refused, told.approved_hours)


def _month(
    sla: SlaDefinition, nodes: tuple[NodeView, ...], now: AwareDatetime, begins: AwareDatetime
) -> CustomerMonth:
    starts_at, ends_at = month_bounds(now, sla.time_zone)
    served = lost = 0
    since = max(starts_at, begins)
    if since < now:
        booked = reports.ledger_for(sla.customer, since, now).seconds
        served = booked.get(LedgerClass.SERVING, 0)
        lost = sum(booked.get(part, 0) for part in DOWNTIME)
    return CustomerMonth(
        customer=sla.customer,
        target=sla.target,
        time_zone=sla.time_zone,
        starts_at=starts_at,
        ends_at=ends_at,
        nodes=sum(node.customer == sla.customer for node in nodes),
        served_s=served,
        downtime_s=lost,
    )


def month_bounds(now: AwareDatetime, time_zone: str) -> tuple[datetime, datetime]:
    """Return the calendar month of `now` in that zone, half-open."""
    local = now.astimezone(ZoneInfo(time_zone))
    first = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    following = (first + timedelta(days=32)).replace(day=1)
    return first, following
