"""Draws the days to come of one slot and replays them in the twin: acting beside doing nothing.

A future is the list of times the slot's node is out within the horizon. Both arms share every
draw of the node itself, so their difference is paired.
"""

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from itertools import takewhile
from typing import TypeAlias

import numpy as np

from scuderia.crew.engine.effects import SURE_H, Forecast
from scuderia.crew.engine.repairs import RepairOutlook
from scuderia.twin.engine.outage_logs import log_of_spans
from scuderia.twin.nouns import DAY_S, HISTORY, Policy
from scuderia.twin.replay import replay

HOUR_S = 3_600
FUTURES = 150
RATE_MIN = 1e-6
HANDOVER_H_MAX = SURE_H
"""A spare is at work within this time of the action: taken evenly from zero."""

RETURN_GAPS: tuple[tuple[float, float], ...] = (
    (0.0, 0.01),
    (0.18, 0.25),
    (0.223, 1.0),
    (0.31, 7.0),
    (0.42, 28.0),
)
"""Share of returns that broke again within so many days (StepFun year); later ones are rarer."""

Spans: TypeAlias = list[tuple[int, int]]
"""Times out of service, whole seconds from now, [start, end)."""


@dataclass(frozen=True, slots=True)
class SlotOutlook:
    """What is believed of one node's days to come.

    out_h              hours it has been out so far; None while it is in service
    failures_per_day   while it serves, until its first outage; after a return RETURN_GAPS holds
    """

    out_h: float | None
    failures_per_day: float
    repairs: RepairOutlook


def draw_spans(slot: SlotOutlook, *, horizon_s: int, random: np.random.Generator) -> Spans:
    """Draw one future of the node: the outage that lasts, then new ones."""
    return _begun_before(horizon_s, draw_outages(slot, random))


def draw_outages(
    slot: SlotOutlook, random: np.random.Generator
) -> Generator[tuple[int, int], int | None]:
    """Draw the outages of a slot without end, each [start, end) in seconds from now.

    Send the second at which a spare took the slot, if one did: the next outage is then the
    spare's, at the rate of a node in service; else it follows on the node's return.
    """
    if slot.out_h is not None:
        at, left = 0, slot.repairs.draw_remaining(random, age_h=slot.out_h, count=1)[0]
    elif slot.failures_per_day:
        at = _days_s(random.exponential(1 / slot.failures_per_day))
        left = slot.repairs.draw(random, count=1)[0]
    else:
        return
    while True:
        end = at + max(1, int(left * HOUR_S))
        swapped_at = yield at, end
        if swapped_at is None:
            at = end + _days_s(draw_gap_days(random, slot.failures_per_day))
        else:
            rate = max(slot.failures_per_day, RATE_MIN)
            at = swapped_at + _days_s(random.exponential(1 / rate))
        left = slot.repairs.draw(random, count=1)[0]


def _begun_before(end_s: int, outages: Iterable[tuple[int, int]]) -> Spans:
    return list(takewhile(lambda span: span[0] < end_s, outages))


def draw_gap_days(random: np.random.Generator, failures_per_day: float) -> float:
    """Draw the days from a return to the next outage."""
    share = random.random()
    shares, days = np.array(RETURN_GAPS).T
    if share < shares[-1]:
        return float(np.exp(np.interp(share, shares, np.log(days))))
    return float(days[-1] + random.exponential(1 / max(failures_per_day, RATE_MIN)))


def _days_s(days: float) -> int:
    return max(1, int(min(days, 1e6) * DAY_S))


def forecast_swap(
    slot: SlotOutlook, spare: SlotOutlook, *, horizon_days: float, seed: int
) -> Forecast:
    """Give the slot to a spare: the node's own outages end for the customer, the spare's begin.

    slot    the node as it stands, broken or serving       spare   in service
    """
    horizon_s = int(horizon_days * DAY_S)
    nothing, acting = [], []
    for number in range(FUTURES):
        random = np.random.default_rng([seed, number])
        spans = draw_spans(slot, horizon_s=horizon_s, random=random)
        delay_s = int(random.random() * HANDOVER_H_MAX * HOUR_S)
        now_out = spans[:1] if slot.out_h is not None else []
        nothing.append(hours_out(spans, HISTORY, horizon_s))
        swapped = hours_out(now_out, Policy(spares=1, swap_delay_s=delay_s), horizon_s)
        after = draw_spans(spare, horizon_s=horizon_s, random=random)
        acting.append(swapped + hours_out(after, HISTORY, horizon_s))
    return Forecast(np.array(nothing), np.array(acting))


def forecast_escalation(
    slot: SlotOutlook, *, cap_h: float, horizon_days: float, seed: int
) -> Forecast:
    """End the repair within `cap_h` from now; what the node does afterwards moves forward too."""
    horizon_s, cap_s = int(horizon_days * DAY_S), int(cap_h * HOUR_S)
    nothing, acting = [], []
    for number in range(FUTURES):
        random = np.random.default_rng([seed, number])
        outages = draw_outages(slot, random)
        first = next(outages)
        gained = max(0, first[1] - cap_s)
        later = _begun_before(horizon_s + gained, outages)
        nothing.append(hours_out([first, *later], HISTORY, horizon_s))
        capped = hours_out([first], Policy(repair_cap_s=cap_s), horizon_s)
        later = [(start - gained, end - gained) for start, end in later]
        acting.append(capped + hours_out(later, HISTORY, horizon_s))
    return Forecast(np.array(nothing), np.array(acting))


def hours_out(spans: Spans, policy: Policy, horizon_s: int) -> float:
    """Replay one future of one slot in the twin; return the hours the slot was not filled."""
    seen = [(start, min(end, horizon_s)) for start, end in spans if start < horizon_s]
    if not seen:
        return 0.0
    log = log_of_spans([seen], horizon_s=horizon_s)
    return replay(log, policy).downtime_s / HOUR_S
