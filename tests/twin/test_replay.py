"""The twin's entry: paired comparisons, sweeps, live logs, and what it refuses."""

import math
import subprocess
import sys

import numpy as np
import pytest

from scuderia.twin.engine.outage_logs import log_of_spans
from scuderia.twin.nouns import (
    DAY_S,
    HISTORY,
    BadLog,
    BadPolicy,
    DrawNeeded,
    LemonRule,
    OutageLog,
    Policy,
    Share,
)
from scuderia.twin.replay import compare, live_log, replay, sweep


def fleet(nodes: int = 40, days: int = 60, seed: int = 7) -> OutageLog:
    rng = np.random.default_rng(seed)
    spans = [
        [
            (start, start + int(length))
            for start, length in zip(
                rng.integers(0, days * DAY_S, count).tolist(),
                rng.lognormal(10.5, 1.5, count),
                strict=True,
            )
        ]
        for count in rng.poisson(1.5, nodes)
    ]
    return log_of_spans(spans, horizon_s=days * DAY_S)


UNSURE = Policy(return_soak_s=7 * DAY_S, relapse_catch_share=Share(0.3, 0.9))


def test_the_same_seed_gives_the_same_comparison_and_another_does_not():
    log = fleet()
    first = compare(log, HISTORY, UNSURE, seeds=20, seed=3)
    assert compare(log, HISTORY, UNSURE, seeds=20, seed=3) == first
    assert compare(log, HISTORY, UNSURE, seeds=20, seed=4).change != first.change


def test_a_policy_against_itself_changes_nothing_in_any_redrawn_fleet():
    for policy in (HISTORY, UNSURE):
        change = compare(fleet(), policy, policy, seeds=30).change
        assert {(band.point, band.low80, band.high80) for band in change.values()} == {(0, 0, 0)}


def test_a_comparison_carries_its_method_seeds_and_limits():
    said = compare(fleet(), HISTORY, Policy(spares=2), seeds=10, seed=5)
    assert "seed 5" in said.method
    assert "10 fleets" in said.method
    words = " ".join(said.limits)
    assert all(word in words for word in ("operator's word", "spares never fail", "upper bound"))
    assert said.log_digest == fleet().digest


def test_quarantine_says_that_it_loses_capacity():
    rule = LemonRule(2, 28 * DAY_S, replaces=False)
    assert "loses capacity" in " ".join(compare(fleet(), HISTORY, Policy(lemon=rule)).limits)


def test_a_sweep_gives_what_single_replays_give():
    log = fleet()
    pools = [Policy(spares=spares, swap_delay_s=DAY_S) for spares in range(4)]
    for swept, pool in zip(sweep(log, pools), pools, strict=True):
        alone = replay(log, pool)
        assert (swept.availability, swept.days_below_target, swept.spare_wait_s) == (
            alone.availability, alone.days_below_target, alone.spare_wait_s)  # fmt: skip
        assert swept.digest is None


def test_an_empty_sweep_and_an_empty_log_are_answered():
    healthy = log_of_spans([[], []], horizon_s=DAY_S)
    assert sweep(healthy, []) == []
    assert sweep(healthy, [HISTORY])[0].availability == 1.0
    assert compare(healthy, HISTORY, Policy(spares=1), seeds=3).candidate.outages == 0


def test_an_uncertain_policy_needs_a_generator():
    with pytest.raises(DrawNeeded) as refused:
        replay(fleet(), UNSURE)
    assert refused.value.code == "TWIN-003"
    rng = np.random.default_rng(1)
    assert replay(fleet(), UNSURE, rng=rng).relapses_caught > 0


def test_a_live_log_clips_open_and_old_outages_and_merges_the_rest():
    log = live_log(
        [("b", 50, None), ("a", -5, 10), ("a", 8, 20), ("a", 20, 21), ("b", 500, 600)],
        nodes=["a", "b", "c"],
        horizon_s=100,
    )
    rows = zip(log.node.tolist(), log.start_s.tolist(), log.end_s.tolist(), strict=True)
    assert list(rows) == [(0, 0, 21), (1, 50, 100)]
    assert (log.n_nodes, log.names) == (3, ("a", "b", "c"))


@pytest.mark.parametrize(
    "bad", [[("stranger", 0, 1)], [("a", 5, 4)], [("b", 5, 4)]], ids=["unknown", "early", "again"]
)
def test_a_live_log_refuses_what_it_cannot_place(bad):
    with pytest.raises(BadLog):
        live_log(bad, nodes=["a", "b"], horizon_s=100)


@pytest.mark.parametrize(
    ("node", "start", "end"),
    [([0, 0], [1, 5], [5, 9]), ([0, 0], [5, 1], [6, 2]), ([2], [0], [1]), ([0], [-1], [1]),
     ([0], [2], [1])],
    ids=["touching", "unsorted", "unknown", "before", "negative"],
)  # fmt: skip
def test_a_log_that_contradicts_itself_is_refused(node, start, end):
    rows = [np.array(row, dtype=np.int64) for row in (node, start, end)]
    with pytest.raises(BadLog):
        OutageLog(*rows, n_nodes=2, horizon_s=100)


def test_the_log_is_sealed():
    with pytest.raises(ValueError, match="read-only"):
        fleet().start_s[0] = 0


@pytest.mark.parametrize(
    "build",
    [
        lambda: Policy(spares=-1),
        lambda: Policy(swap_delay_s=-1),
        lambda: Policy(repair_cap_s=0),
        lambda: Policy(return_soak_s=2**60),
        lambda: Share(0.5, 0.4),
        lambda: Share(math.nan, 1.0),
        lambda: LemonRule(1, DAY_S),
        lambda: LemonRule(2, 0),
        lambda: replay(fleet(), Policy(spares=41)),
        lambda: replay(fleet(), HISTORY, target=math.nan),
        lambda: replay(fleet(), HISTORY, target=0.0),
        lambda: compare(fleet(), HISTORY, HISTORY, seeds=0),
    ],
)
def test_no_fleet_is_run_by_an_impossible_policy(build):
    with pytest.raises(BadPolicy) as refused:
        build()
    assert refused.value.remedy


def test_the_library_loads_no_room_no_framework_and_no_compiler():
    script = (
        "import sys, scuderia.twin.replay\n"
        "bad = ('django', 'numba', 'typer', 'scuderia.basics', 'scuderia.loop', 'scuderia.fleet')\n"
        "print([name for name in bad if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
