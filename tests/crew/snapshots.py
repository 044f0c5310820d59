"""Hand-made snapshots of a fleet, for agents that think on nothing else."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from scuderia.fleet.engine.lemon import NodeHistory
from scuderia.fleet.engine.snapshot import CustomerMonth, FleetSnapshot, NodeView
from scuderia.fleet.nouns import CustomerName, NodeName, NodePlace, NodeState
from scuderia.fleet.queries.snapshot import month_bounds

NOW = datetime(2026, 7, 20, 9, 0, tzinfo=UTC)
AURORA = CustomerName("aurora")


def node(
    number: int,
    *outages: tuple[float, float | None],
    customer: CustomerName | None = AURORA,
    planned: bool = False,
    days: float = 60.0,
) -> NodeView:
    """Make node n<number>; each outage is (days ago it began, days ago it ended or None)."""
    lasting = [ago for ago, ended in outages if ended is None]
    ordered = sorted(outages, key=lambda outage: -outage[0])
    starts = np.array([days - ago for ago, _ in ordered])
    ends = np.array([np.inf if ended is None else days - ended for _, ended in ordered])
    broken = NodeState.DRAINED if planned else NodeState.DOWN
    return NodeView(
        place=NodePlace(NodeName(f"n{number:03d}"), "north", "paddock", "r01", "h100"),
        gpus=8,
        state=broken if lasting else NodeState.UP,
        customer=customer,
        spare=customer is None and not lasting,
        out_since=NOW - timedelta(days=max(lasting)) if lasting else None,
        planned=planned,
        cause="",
        history=NodeHistory(f"n{number:03d}", starts, ends),
    )


def month(
    *, nodes: int, lost_h: float = 0.0, target: float = 0.975, zone: str = "Europe/Berlin"
) -> CustomerMonth:
    """Make Aurora's July so far, with this many node-hours of downtime."""
    starts_at, ends_at = month_bounds(NOW, zone)
    booked_s = int((NOW - starts_at).total_seconds()) * nodes
    lost_s = int(lost_h * 3600)
    return CustomerMonth(AURORA, target, zone, starts_at, ends_at, nodes, booked_s - lost_s, lost_s)


def snapshot(
    nodes: Sequence[NodeView],
    *,
    pool: int | None = 2,
    months: Sequence[CustomerMonth] = (),
    days: float = 60.0,
    fill: int = 60,
) -> FleetSnapshot:
    """Make a fleet of these nodes and healthy ones of Aurora up to `fill`."""
    healthy = [node(number) for number in range(900, 900 + max(fill - len(nodes), 0))]
    return FleetSnapshot(
        now=NOW,
        epoch=NOW - timedelta(days=days),
        nodes=(*nodes, *healthy),
        pools=() if pool is None else (("paddock", pool),),
        months=tuple(months),
    )
