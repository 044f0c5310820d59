"""Sizes a spare pool: Palm's theorem for the need, the past replayed, the days to come drawn."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from scuderia.crew.engine.approvals import SwapHabits, draw_habits
from scuderia.crew.engine.effects import Forecast
from scuderia.crew.engine.forecasts import HOUR_S, SlotOutlook, draw_outages
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

    record   in each future a share of the swaps is approved, each after hours of its own, all
             drawn from it; without a swap the slot stays empty until the repair ends
    """
    nothing, acting = [], []
    for number in range(POOL_FUTURES):
        random = np.random.default_rng([seed, number])
        future = _draw_future(view, outlook, record, int(horizon_days * DAY_S), random)
        nothing.append(future.hours_lost(view.size))
        acting.append(future.hours_lost(size))
    return Forecast(np.array(nothing), np.array(acting))


@dataclass(frozen=True, slots=True)
class _PoolFuture:
    """One draw: when spares are asked for, and the hours before or without.

    asked        a line for each approved swap, from the yes to the end of that repair: an outage
                 of the spare in the same slot asks for another one
    unfilled_h   slot-hours lost in any pool: until the yes, or to the repair's end without one
    """

    asked: OutageLog
    unfilled_h: float

    def hours_lost(self, spares: int) -> float:
        told = replay(self.asked, Policy(spares=min(spares, self.asked.n_nodes)))
        return self.unfilled_h + told.downtime_s / HOUR_S


def _draw_future(
    view: PoolView,
    outlook: FleetOutlook,
    record: SwapRecord,
    horizon_s: int,
    random: np.random.Generator,
) -> _PoolFuture:
    habits = draw_habits(record, random)
    pace = random.gamma(OUTAGES_MIN + len(view.log)) / (OUTAGES_MIN + len(view.log))
    serving = outlook.fresh(pace)
    slots = [replace(serving, out_h=age_h) for age_h in view.open_h]
    slots += [serving] * (view.slots - len(slots))
    asked: list[list[tuple[int, int]]] = []
    unfilled_s = 0
    for slot in slots:
        for start, yes, end in _draw_asked(slot, habits, horizon_s, random):
            unfilled_s += yes - start
            if yes < end:
                asked.append([(yes, end)])
    log = log_of_spans(asked or [[]], horizon_s=horizon_s)
    return _PoolFuture(log, unfilled_s / HOUR_S)


def _draw_asked(
    slot: SlotOutlook, habits: SwapHabits, horizon_s: int, random: np.random.Generator
) -> Iterator[tuple[int, int, int]]:
    """Yield (start, yes, end) of each outage within the horizon; yes is its end without a swap."""
    outages, age_h = draw_outages(slot, random), slot.out_h or 0.0
    span = next(outages, None)
    while span is not None and span[0] < horizon_s:
        start, end = span[0], min(span[1], horizon_s)
        wait_h = habits.draw_wait_h(random, age_h=age_h)
        yes = end if wait_h is None else min(start + int(wait_h * HOUR_S), end)
        yield start, yes, end
        span, age_h = outages.send(yes if yes < end else None), 0.0
