"""What a log says of itself: lengths, relapses, concentration, the lemon rule's back-test."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scuderia.twin.nouns import DAY_S, Int1D, LemonRule, OutageLog

HOUR_S = 3_600
WEEK_S = 7 * DAY_S


@dataclass(frozen=True, slots=True)
class LemonBacktest:
    """What pulling at the k-th outage would have done to the same log, later outages in hand.

    avoided_share   later outages of pulled nodes over all outages
    precision       pulled nodes that did fail again over pulled nodes
    """

    nodes_pulled: int
    outages_avoided: int
    avoided_share: float
    precision: float


@dataclass(frozen=True, slots=True)
class LogFigures:
    """What a log says of itself; lengths are clipped to the horizon.

    relapse_*   share of all outages that start within that time of the same node's return
    top_tenth_* share held by the tenth of the fleet's nodes with most of it
    """

    outages: int
    nodes_hit: int
    outage_hours_p50: float
    outage_days_mean: float
    outage_days_p90: float
    outage_days_p95: float
    outage_days_max: float
    outage_share_over_7_days: float
    downtime_share_over_7_days: float
    relapse_24h: float
    relapse_7d: float
    relapse_28d: float
    top_tenth_outages: float
    top_tenth_downtime: float
    starts_in_one_hour_max: int


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else 0.0


def relapse_share(log: OutageLog, within_s: int) -> float:
    """Return the share of all outages that start within `within_s` of the node's last return."""
    order = np.argsort(log.node, kind="stable")
    node, start, end = log.node[order], log.start_s[order], log.end_s[order]
    relapse = (node[1:] == node[:-1]) & (start[1:] - end[:-1] <= within_s)
    return _share(int(relapse.sum()), len(log))


def _top_tenth(per_node: Int1D) -> float:
    top = -(-per_node.size // 10)
    return _share(int(np.sort(per_node)[-top:].sum()), int(per_node.sum()))


def _starts_in_one_hour_max(start_s: Int1D) -> int:
    within = np.searchsorted(start_s, start_s + HOUR_S, side="right")
    return int((within - np.arange(start_s.size)).max(initial=0))


def log_figures(log: OutageLog) -> LogFigures:
    """Return the log's figures; pinned by test_the_stepfun_year_comes_out_as_published."""
    ends, starts = (np.minimum(row, log.horizon_s) for row in (log.end_s, log.start_s))
    length: Int1D = ends - starts
    days: npt.NDArray[np.float64] = length / DAY_S if len(log) else np.zeros(1)
    long = length > WEEK_S
    counts = np.bincount(log.node, minlength=log.n_nodes)
    down = np.zeros(log.n_nodes, dtype=np.int64)
    np.add.at(down, log.node, length)
    p50, p90, p95 = np.percentile(days, [50, 90, 95]).tolist()
    return LogFigures(
        outages=len(log),
        nodes_hit=int((counts > 0).sum()),
        outage_hours_p50=p50 * 24,
        outage_days_mean=float(days.mean()),
        outage_days_p90=p90,
        outage_days_p95=p95,
        outage_days_max=float(days.max()),
        outage_share_over_7_days=_share(int(long.sum()), len(log)),
        downtime_share_over_7_days=_share(int(length[long].sum()), int(length.sum())),
        relapse_24h=relapse_share(log, DAY_S),
        relapse_7d=relapse_share(log, WEEK_S),
        relapse_28d=relapse_share(log, 4 * WEEK_S),
        top_tenth_outages=_top_tenth(counts),
        top_tenth_downtime=_top_tenth(down),
        starts_in_one_hour_max=_starts_in_one_hour_max(log.start_s),
    )


def lemon_backtest(log: OutageLog, rule: LemonRule) -> LemonBacktest:
    """Return what pulling nodes by the rule would have avoided, were a new node never to fail."""
    pulled = avoided = again = 0
    for node in np.unique(log.node):
        starts = log.start_s[log.node == node]
        spread = starts[rule.outages - 1 :] - starts[: starts.size - rule.outages + 1]
        hits = np.flatnonzero(spread <= rule.within_s)
        if hits.size:
            later = starts.size - rule.outages - int(hits[0])
            pulled, avoided, again = pulled + 1, avoided + later, again + (later > 0)
    return LemonBacktest(pulled, avoided, _share(avoided, len(log)), _share(again, pulled))
