"""The two compiled passes of the fast replay: settle the outages, then assign the spares.

Pass one walks the faults in order (cap, soak, lemon rule); pass two knows every outage's end.
Nothing in pass one depends on a spare, so no heap of events is needed.
"""

import numpy as np
import numpy.typing as npt

from scuderia.twin.engine.event_order import NEVER
from scuderia.twin.engine.jit import compiled
from scuderia.twin.nouns import DAY_S, OUTAGES_IN_RULE, PPM, Float1D, Int1D

Int2D = npt.NDArray[np.int64]
"""Rows of whole numbers; the row's meaning is named below."""
Float2D = npt.NDArray[np.float64]
"""Rows of real numbers."""

# Columns of one policy's row of numbers.
_SPARES, _DELAY, _CAP, _SOAK, _LEMON, _WITHIN, _REPLACES, _POLICY_COLUMNS = range(8)
# Rows of the scratch with one column a node; outage starts of the lemon rule follow them.
_START, _REPAIRED, _BACK, _PULLED, _FIRST_PULL, _OUTAGE, _SEEN, _HISTORY = range(8)
_NODE_ROWS = _HISTORY + OUTAGES_IN_RULE[1]
# Rows of the scratch with one column an outage.
OUT_START, OUT_END, OUT_NODE, OUT_SWAP, _QUEUE, CAUGHT_AT, CAUGHT, PULL_AT, PULL = range(9)
OUTAGE_ROWS = 9
# Entries of the counts.
N_OUT, N_CAUGHT, N_PULL, _N_SWAP, _N_MISSED, _WAIT, _DOWN, _BELOW, COUNTS = range(9)
# Columns of the two real figures.
WORST, MEDIAN, REALS = range(3)


@compiled
def _go_out(
    at: int, repaired: int, node: int, rule: Int1D, nodes: Int2D, outs: Int2D, counts: Int1D
) -> None:
    number = counts[N_OUT]
    counts[N_OUT] += 1
    outs[OUT_START, number] = at
    outs[OUT_NODE, number] = node
    nodes[_START, node] = at
    nodes[_OUTAGE, node] = number
    nodes[_PULLED, node] = 0
    wanted = rule[_LEMON]
    if wanted > 0:
        seen = nodes[_SEEN, node]
        nodes[_HISTORY + seen % wanted, node] = at
        nodes[_SEEN, node] = seen + 1
        first = nodes[_HISTORY + (seen + 1) % wanted, node]
        if seen + 1 >= wanted and at - first <= rule[_WITHIN]:
            nodes[_PULLED, node] = 1
            nodes[_SEEN, node] = 0
            nodes[_FIRST_PULL, node] = min(nodes[_FIRST_PULL, node], at)
            outs[PULL_AT, counts[N_PULL]] = at
            outs[PULL, counts[N_PULL]] = node
            counts[N_PULL] += 1
    _set_repair(repaired, node, rule, nodes, outs)


@compiled
def _set_repair(repaired: int, node: int, rule: Int1D, nodes: Int2D, outs: Int2D) -> None:
    back = repaired + rule[_SOAK]
    if nodes[_PULLED, node] == 1 and rule[_REPLACES] == 0:
        back = NEVER
    nodes[_REPAIRED, node] = repaired
    nodes[_BACK, node] = back
    outs[OUT_END, nodes[_OUTAGE, node]] = back


@compiled
def _settle_fault(
    at: int, length: int, node: int, is_caught: bool,  # noqa: FBT001 - compiled code takes places
    rule: Int1D, nodes: Int2D, outs: Int2D, counts: Int1D,
) -> bool:  # fmt: skip
    """Settle one fault that is not thinned away; say whether it strikes later than logged."""
    if at >= nodes[_BACK, node]:
        _go_out(at, at + length, node, rule, nodes, outs, counts)
    elif at < nodes[_START, node]:
        # A missed fault waits to strike: this one joins it.
        _set_repair(max(nodes[_REPAIRED, node], at + length), node, rule, nodes, outs)
    elif nodes[_PULLED, node] == 1:
        return False
    elif at < nodes[_REPAIRED, node]:
        _set_repair(max(nodes[_REPAIRED, node], at + length), node, rule, nodes, outs)
    elif is_caught:
        outs[CAUGHT_AT, counts[N_CAUGHT]] = at
        outs[CAUGHT, counts[N_CAUGHT]] = node
        counts[N_CAUGHT] += 1
        _set_repair(at + length, node, rule, nodes, outs)
    else:
        back = nodes[_BACK, node]
        _go_out(back, back + length, node, rule, nodes, outs, counts)
        return True
    return False


@compiled
def _sort_outages(outs: Int2D, count: int) -> None:
    """Sort by (start, node) by insertion: only missed faults stand a soak out of place.

    Written out, as numpy's sort alone would double the time to compile this module.
    """
    for at in range(1, count):
        start, end, node = outs[OUT_START, at], outs[OUT_END, at], outs[OUT_NODE, at]
        place = at
        while place > 0 and (
            outs[OUT_START, place - 1] > start
            or (outs[OUT_START, place - 1] == start and outs[OUT_NODE, place - 1] > node)
        ):
            outs[OUT_START, place] = outs[OUT_START, place - 1]
            outs[OUT_END, place] = outs[OUT_END, place - 1]
            outs[OUT_NODE, place] = outs[OUT_NODE, place - 1]
            place -= 1
        outs[OUT_START, place] = start
        outs[OUT_END, place] = end
        outs[OUT_NODE, place] = node


@compiled
def _settle_outages(
    log: Int2D, dice: Float2D, shares: Float1D, rule: Int1D, nodes: Int2D, outs: Int2D,
    counts: Int1D,
) -> None:  # fmt: skip
    """Pass one: from logged faults to the outages this policy leaves, in order."""
    for node in range(nodes.shape[1]):
        for row in range(_HISTORY):
            nodes[row, node] = 0
        nodes[_FIRST_PULL, node] = NEVER
    is_shifted = False
    for fault in range(log.shape[1]):
        node, at = log[0, fault], log[1, fault]
        if at >= nodes[_FIRST_PULL, node] and not dice[1, fault] < shares[1]:
            continue
        length = min(log[2, fault] - at, rule[_CAP])
        is_caught = dice[0, fault] < shares[0]
        is_shifted |= _settle_fault(at, length, node, is_caught, rule, nodes, outs, counts)
    if is_shifted:
        _sort_outages(outs, counts[N_OUT])


@compiled
def _release_until(
    now: int, busy: Int1D, in_use: int, outs: Int2D, waiting: Int1D, counts: Int1D
) -> int:
    """Free every spare whose outage ends by `now`, earliest first; return the spares in use.

    busy      ends of the outages that hold a spare, latest first
    waiting   [head, tail] of the queue of outage numbers in outs[_QUEUE]
    """
    while in_use > 0 and busy[in_use - 1] <= now and busy[in_use - 1] < NEVER:
        freed_at = busy[in_use - 1]
        in_use -= 1
        while waiting[0] < waiting[1]:
            outage = outs[_QUEUE, waiting[0]]
            waiting[0] += 1
            if outs[OUT_END, outage] > freed_at:
                in_use = _take_spare(outage, freed_at, busy, in_use, outs, counts)
                break
    return in_use


@compiled
def _take_spare(outage: int, now: int, busy: Int1D, in_use: int, outs: Int2D, counts: Int1D) -> int:
    outs[OUT_SWAP, outage] = now
    counts[_N_SWAP] += 1
    end = outs[OUT_END, outage]
    place = in_use
    while place > 0 and busy[place - 1] < end:
        busy[place] = busy[place - 1]
        place -= 1
    busy[place] = end
    return in_use + 1


@compiled
def _assign_spares(rule: Int1D, outs: Int2D, busy: Int1D, counts: Int1D) -> None:
    """Pass two: who is swapped, and when; outages are in order, so their requests are too."""
    waiting = np.zeros(2, np.int64)
    in_use = 0
    for outage in range(counts[N_OUT]):
        asks_at = outs[OUT_START, outage] + rule[_DELAY]
        outs[OUT_SWAP, outage] = NEVER
        if rule[_SPARES] == 0 or outs[OUT_END, outage] <= asks_at:
            continue
        in_use = _release_until(asks_at, busy, in_use, outs, waiting, counts)
        if in_use < rule[_SPARES]:
            in_use = _take_spare(outage, asks_at, busy, in_use, outs, counts)
        else:
            outs[_QUEUE, waiting[1]] = outage
            waiting[1] += 1
    _release_until(NEVER, busy, in_use, outs, waiting, counts)


@compiled
def _count_seconds(rule: Int1D, horizon: int, outs: Int2D, days: Int2D, counts: Int1D) -> None:
    """Add every unserved second to its day: part-days in row 0, runs of whole days in row 1."""
    for day in range(days.shape[1]):
        days[0, day] = days[1, day] = 0
    for outage in range(counts[N_OUT]):
        start, end = outs[OUT_START, outage], outs[OUT_END, outage]
        served_from = min(end, outs[OUT_SWAP, outage])
        asks_at = start + rule[_DELAY]
        if rule[_SPARES] > 0 and end > asks_at:
            counts[_N_MISSED] += outs[OUT_SWAP, outage] == NEVER
            counts[_WAIT] += min(served_from, horizon) - min(asks_at, horizon)
        stop = min(served_from, horizon)
        if start >= stop:
            continue
        counts[_DOWN] += stop - start
        first, last = start // DAY_S, stop // DAY_S
        if first == last:
            days[0, first] += stop - start
        else:
            days[0, first] += (first + 1) * DAY_S - start
            days[0, last] += stop - last * DAY_S
            days[1, first + 1] += DAY_S
            days[1, last] -= DAY_S


@compiled
def _sort_shares(shares: Float1D) -> None:
    """Sort in place by Shell's method, lowest first."""
    gap = 1
    while gap < shares.size // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for at in range(gap, shares.size):
            value, place = shares[at], at
            while place >= gap and shares[place - gap] > value:
                shares[place] = shares[place - gap]
                place -= gap
            shares[place] = value
        gap //= 3


@compiled
def _judge_days(
    n_nodes: int, horizon: int, slack: int, days: Int2D, counts: Int1D, reals: Float1D
) -> None:
    n_days = days.shape[1] - 1
    shares = np.empty(n_days)
    running = 0
    for day in range(n_days):
        running += days[1, day]
        gone = running + days[0, day]
        room = min(DAY_S, horizon - day * DAY_S) * n_nodes
        counts[_BELOW] += gone * PPM > room * slack
        shares[day] = 1 - gone / room
    _sort_shares(shares)
    middle = n_days // 2
    reals[WORST] = shares[0]
    reals[MEDIAN] = shares[middle]
    if n_days % 2 == 0:
        reals[MEDIAN] = (shares[middle - 1] + shares[middle]) / 2


@compiled
def replay_policies(
    log: Int2D, dice: Float2D, shares: Float2D, rules: Int2D, size: Int1D, outs: Int2D,
    counts: Int2D, reals: Float2D,
) -> None:  # fmt: skip
    """Replay every row of `rules`; `outs` keeps the last one's outages.

    size    [n_nodes, horizon_s, slack in millionths]
    """
    n_nodes, horizon, slack = size
    nodes = np.empty((_NODE_ROWS, n_nodes), np.int64)
    days = np.empty((2, -(-horizon // DAY_S) + 1), np.int64)
    busy = np.empty(max(rules[:, _SPARES].max(), 1), np.int64)
    for row in range(rules.shape[0]):
        _settle_outages(log, dice, shares[row], rules[row], nodes, outs, counts[row])
        _assign_spares(rules[row], outs, busy, counts[row])
        _count_seconds(rules[row], horizon, outs, days, counts[row])
        _judge_days(n_nodes, horizon, slack, days, counts[row], reals[row])
