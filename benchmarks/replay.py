"""Policies replayed per second on a year of faults, on one core, against two slower ways."""

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.machine import told_of_here
from scuderia.twin.engine import reference
from scuderia.twin.engine.outage_logs import log_of_spans
from scuderia.twin.engine.random_draws import still_draw
from scuderia.twin.nouns import DAY_S, LemonRule, OutageLog, Policy
from scuderia.twin.outage_files import read_outages
from scuderia.twin.replay import sweep

TRACE = Path(__file__).resolve().parents[2] / "shared/data/stepfun-faults/fault_trace.json"
NODES, DAYS, OUTAGES, SEED = 400, 348, 582, 20240330
TARGET = 0.95
HOUR_S = 3_600


def stepfun_or_synthetic() -> tuple[str, OutageLog]:
    if TRACE.exists():
        return "stepfun", read_outages(TRACE, n_nodes=NODES)
    rng = np.random.default_rng(SEED)
    spans: list[list[tuple[int, int]]] = [[] for _ in range(NODES)]
    rows = zip(
        (NODES * rng.beta(0.6, 1.6, OUTAGES)).astype(int).tolist(),
        rng.integers(0, DAYS * DAY_S, OUTAGES).tolist(),
        (HOUR_S * np.exp(rng.normal(2.54, 2.2, OUTAGES))).astype(int).tolist(),
        strict=True,
    )
    for node, start, length in rows:
        spans[node].append((start, start + length))
    return "synthetic", log_of_spans(spans, horizon_s=DAYS * DAY_S)


def distinct_policies() -> list[Policy]:
    """4,000 policies, no two alike: pool x delay x cap x soak x lemon rule."""
    lemons = (None, LemonRule(2, 28 * DAY_S), LemonRule(3, 28 * DAY_S))
    grid = [
        Policy(spares, delay * 6 * HOUR_S, cap, soak * HOUR_S, lemon=lemon)
        for spares in range(1, 21)
        for delay in range(14)
        for cap in (None, 14 * DAY_S, 7 * DAY_S)
        for soak in (0, 24)
        for lemon in lemons
    ]
    return grid[:4_000]


def by_the_hour(log: OutageLog, policy: Policy) -> float:
    """Availability under spares alone, hour by hour: what one writes first."""
    rows = list(zip(log.node.tolist(), log.start_s.tolist(), log.end_s.tolist(), strict=True))
    swapped: set[int] = set()
    served = 0
    for now in range(0, log.horizon_s, HOUR_S):
        out = {number for number, (_, start, end) in enumerate(rows) if start <= now < end}
        swapped &= out
        for number in sorted(out - swapped):
            if len(swapped) < policy.spares and now - rows[number][1] >= policy.swap_delay_s:
                swapped.add(number)
        served += log.n_nodes - len(out) + len(swapped)
    return served / (log.n_nodes * (log.horizon_s // HOUR_S))


def per_cpu_second(work: Callable[[], object], count: int) -> float:
    begun = time.process_time()
    work()
    return count / (time.process_time() - begun)


def assert_equal_digests(log: OutageLog, policies: Sequence[Policy]) -> int:
    from scuderia.twin.engine import fast

    for policy in policies:
        draw = still_draw(log, policy)
        slow = reference.replay(log, policy, draw, target=TARGET)
        quick = fast.replay(log, policy, draw, target=TARGET)
        assert slow == quick, policy  # noqa: S101 - the benchmark stands on it
    return len(policies)


def main() -> None:
    trace, log = stepfun_or_synthetic()
    policies = distinct_policies()
    begun = time.perf_counter()
    sweep(log, policies[:2], target=TARGET)
    warm_up_s = time.perf_counter() - begun
    fast_rates = sorted(
        per_cpu_second(lambda: sweep(log, policies, target=TARGET), len(policies)) for _ in range(5)
    )
    few = policies[:: len(policies) // 100]
    slow = per_cpu_second(
        lambda: [reference.replay(log, each, still_draw(log, each), target=TARGET) for each in few],
        len(few),
    )
    peer = per_cpu_second(lambda: by_the_hour(log, Policy(spares=12, swap_delay_s=3 * DAY_S)), 1)
    print(
        json.dumps(
            {
                "policies_per_second": round(fast_rates[2]),
                "policies_per_second_runs": [round(rate) for rate in fast_rates],
                "distinct_policies": len(set(policies)),
                "trace": trace,
                "outages": len(log),
                "nodes": log.n_nodes,
                "days": log.days,
                "log_digest": log.digest,
                "warm_up_s": round(warm_up_s, 2),
                "reference_policies_per_second": round(slow, 1),
                "hourly_loop_policies_per_second": round(peer, 2),
                "equal_digests": assert_equal_digests(log, few),
                "clock": "CPU seconds of one process, one thread; median of 5; warm-up apart",
                **told_of_here("numpy", "numba"),
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
