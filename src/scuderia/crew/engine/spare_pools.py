"""Sizes a spare pool: Palm's theorem for the need, the past replayed, the days to come drawn."""

from dataclasses import dataclass

import numpy as np

from scuderia.crew.engine.approvals import draw_delay_h, draw_share
from scuderia.crew.engine.effects import Forecast
from scuderia.crew.engine.forecasts import HOUR_S, draw_spans
from scuderia.crew.engine.outlook import FleetOutlook
from scuderia.fleet.engine.snapshot import FleetSnapshot, SwapRecord
from scuderia.twin.engine.outage_logs import live_log, log_of_spans
from scuderia.twin.nouns import DAY_S, Comparison, OutageLog, Policy, SpareNeed
from scuderia.twin.replay import compare, replay, spares_needed

WINDOW_DAYS = 90
CONFIDENCE = 0.95
SWAP_DELAY_S = 6 * 3_600
SEEDS = 60
POOL_FUTURES = 80
OUTAGES_MIN = 5


@dataclass(frozen=True, slots=True)
class PoolView:
    """One cluster as the pool sees it.

    log          the outages of the window on the cluster's nodes, at most `slots` of them held
    free         nodes that nobody holds, spares included: the pool cannot be larger
    open_h       hours so far of each outage that keeps a customer's slot empty
    """

    cluster: str
    size: int
    free: int
    slots: int
    gpus: int
    days: float
    log: OutageLog
    open_h: tuple[float, ...]


def pool_view(snapshot: FleetSnapshot, cluster: str, size: int) -> PoolView:
    """Cut the last WINDOW_DAYS of the cluster's customer nodes out of the snapshot."""
    here = [node for node in snapshot.nodes if node.place.cluster == cluster]
    held = [node for node in here if node.customer is not None]
    opens = max(0.0, snapshot.today - WINDOW_DAYS)
    horizon_s = max(1, int((snapshot.today - opens) * DAY_S))
    spans = [
        (
            str(node.name),
            max(0, int((start - opens) * DAY_S)),
            None if end >= snapshot.today else int((end - opens) * DAY_S),
        )
        for node in held
        for start, end in zip(node.history.starts, node.history.ends, strict=True)
        if end > opens
    ]
    return PoolView(
        cluster=cluster,
        size=size,
        free=len(here) - len(held),
        slots=len(held),
        gpus=max((node.gpus for node in held), default=0),
        days=horizon_s / DAY_S,
        open_h=tuple(node.age_h(snapshot.now) for node in held if node.is_broken),
        log=live_log(spans, nodes=[str(n.name) for n in held] or ["none"], horizon_s=horizon_s),
    )


def spare_need(view: PoolView) -> SpareNeed:
    """Return the spares that keep every slot full at 95% of instants, by the window's downtime."""
    out_s = int((view.log.end_s - view.log.start_s).sum())
    share = min(out_s / (max(view.slots, 1) * view.log.horizon_s), 1.0)
    return spares_needed(max(view.slots, 1), down_share=share, confidence=CONFIDENCE)


def replay_past(view: PoolView, size: int, *, seed: int) -> Comparison:
    """Replay the window with the pool as it is and with `size` spares, both swapping in 6 h."""
    base = Policy(spares=min(view.size, view.slots), swap_delay_s=SWAP_DELAY_S)
    return compare(view.log, base, base.but(spares=min(size, view.slots)), seeds=SEEDS, seed=seed)


def forecast_pool(
    view: PoolView,
    size: int,
    outlook: FleetOutlook,
    record: SwapRecord,
    *,
    horizon_days: float,
    seed: int,
) -> Forecast:
    """Draw the days to come of every slot, and replay each draw with both sizes.

    record   in each future a share of the swaps is approved, after a delay, both drawn from it;
             an outage whose swap is not approved keeps its slot empty until the repair ends
    """
    nothing, acting = [], []
    for number in range(POOL_FUTURES):
        random = np.random.default_rng([seed, number])
        future = _draw_future(view, outlook, record, int(horizon_days * DAY_S), random)
        nothing.append(future.hours_lost(min(view.size, view.slots)))
        acting.append(future.hours_lost(min(size, view.slots)))
    return Forecast(np.array(nothing), np.array(acting))


@dataclass(frozen=True, slots=True)
class _PoolFuture:
    """One draw: the outages whose swap is approved, and the hours of the others.

    delay_s      from the start of an outage to the swap that is approved
    unfilled_h   slot-hours lost where none is: the slot stays empty until the repair ends
    """

    approved: OutageLog
    delay_s: int
    unfilled_h: float

    def hours_lost(self, spares: int) -> float:
        told = replay(self.approved, Policy(spares=spares, swap_delay_s=self.delay_s))
        return self.unfilled_h + told.downtime_s / HOUR_S


def _draw_future(
    view: PoolView,
    outlook: FleetOutlook,
    record: SwapRecord,
    horizon_s: int,
    random: np.random.Generator,
) -> _PoolFuture:
    share, delay_h = draw_share(record, random), draw_delay_h(record, random)
    pace = random.gamma(OUTAGES_MIN + len(view.log)) / (OUTAGES_MIN + len(view.log))
    serving = outlook.fresh(pace)
    slots = [outlook.broken(age_h) for age_h in view.open_h]
    slots += [serving] * (view.slots - len(slots))
    approved: list[list[tuple[int, int]]] = []
    unfilled_s = 0
    for slot in slots:
        filled = []
        for start, end in draw_spans(slot, horizon_s=horizon_s, random=random):
            seen = (start, min(end, horizon_s))
            if random.random() < share:
                filled.append(seen)
            else:
                unfilled_s += seen[1] - seen[0]
        approved.append(filled)
    log = log_of_spans(approved, horizon_s=horizon_s)
    return _PoolFuture(log, int(delay_h * HOUR_S), unfilled_s / HOUR_S)
