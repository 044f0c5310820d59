"""The twin's one entry: outages and a policy in, what would have happened and how sure it is out.

log = live_log([("a", 0, 7_200)], nodes=["a", "b"], horizon_s=DAY_S)
compare(log, HISTORY, Policy(spares=12, swap_delay_s=3 * DAY_S)).change["availability"]
"""

import sys
from collections.abc import Sequence
from types import ModuleType

import numpy as np

from scuderia.twin.engine import reference
from scuderia.twin.engine.caveats import limits_of
from scuderia.twin.engine.figures import lemon_backtest, log_figures
from scuderia.twin.engine.outage_logs import live_log
from scuderia.twin.engine.random_draws import redraw_nodes, shares_of, still_draw, throw
from scuderia.twin.engine.spares import spares_needed
from scuderia.twin.nouns import (
    DAY_S,
    HISTORY,
    BadPolicy,
    Band,
    Comparison,
    Draw,
    DrawNeeded,
    OutageLog,
    Policy,
    ReplayResult,
)

__all__ = [
    "DAY_S", "HISTORY", "compare", "lemon_backtest", "limits_of", "live_log",
    "log_figures", "replay", "spares_needed", "sweep",
]  # fmt: skip

_FAST = "scuderia.twin.engine.fast"
_METRICS = ("availability", "days_below_target", "outages", "downtime_s")
_REFERENCE_OUTAGES_MAX = 4_000  # below it, pure Python is done before the compiler is loaded
_SEEDS_MAX = 100_000


def replay(
    log: OutageLog,
    policy: Policy,
    *,
    target: float = 0.95,
    rng: np.random.Generator | None = None,
) -> ReplayResult:
    """Replay one policy over one log, once.

    rng      needed where the policy holds an uncertain share: one throw of the dice
    raises   DrawNeeded without it; BadPolicy where the policy does not fit the fleet
    """
    _check(log, policy)
    if not policy.is_random:
        return reference.replay(log, policy, still_draw(log, policy), target=target)
    if rng is None:
        raise DrawNeeded(
            "This policy holds an uncertain share: one replay is one throw of the dice.",
            remedy="Hand in a seeded numpy Generator, or call compare for the whole band.",
        )
    luck, catch, again = throw(len(log), rng)
    draw = Draw(*shares_of(policy, luck), catch, again)
    return reference.replay(log, policy, draw, target=target)


def sweep(
    log: OutageLog, policies: Sequence[Policy], *, target: float = 0.95, seed: int = 0
) -> list[ReplayResult]:
    """Replay many policies over one log, fast, on one throw of the dice; digests are left out."""
    for policy in policies:
        _check(log, policy)
    from scuderia.twin.engine import fast

    luck, catch, again = throw(len(log), np.random.default_rng(seed))
    draw = Draw(1.0, 0.0, catch, again)
    shares = np.array([shares_of(policy, luck) for policy in policies]).reshape(-1, 2)
    return fast.results(fast.Faults.of(log, draw), policies, shares, target=target)


def compare(
    log: OutageLog,
    base: Policy,
    candidate: Policy,
    *,
    target: float = 0.95,
    seeds: int = 200,
    seed: int = 0,
) -> Comparison:
    """Replay base and candidate on the same history and on `seeds` redrawn fleets.

    returns   points from the history itself (an uncertain policy shows its draw of median
              availability); 80% intervals from the redrawn fleets, both policies on the same
              fleet and dice each time, so that the change is paired
    """
    _check(log, base)
    _check(log, candidate)
    if not 1 <= seeds <= _SEEDS_MAX:
        raise BadPolicy(
            f"{seeds} seeds give no interval.", remedy=f"Give 1 to {_SEEDS_MAX} seeds, say 200."
        )
    points = [_typical(log, policy, target, seeds, seed) for policy in (base, candidate)]
    pairs = [
        _redrawn(log, (base, candidate), target, np.random.default_rng([seed, number]))
        for number in range(seeds)
    ]
    before, after = (_metrics([pair[side] for pair in pairs]) for side in (0, 1))
    at = [_metrics([point]) for point in points]
    return Comparison(
        base=points[0],
        candidate=points[1],
        base_bands={name: _band(at[0][name], before[name]) for name in _METRICS},
        candidate_bands={name: _band(at[1][name], after[name]) for name in _METRICS},
        change={
            name: _band(at[1][name] - at[0][name], after[name] - before[name]) for name in _METRICS
        },
        seeds=seeds,
        seed=seed,
        method=_method(seeds, seed, is_random=base.is_random or candidate.is_random),
        limits=limits_of(log, base, candidate),
        log_digest=log.digest,
    )


def _check(log: OutageLog, policy: Policy) -> None:
    if policy.spares > log.n_nodes:
        raise BadPolicy(
            f"{policy.spares} spares for a fleet of {log.n_nodes} nodes.",
            remedy="Give at most one spare per node of the fleet.",
        )


def _method(seeds: int, seed: int, *, is_random: bool) -> str:
    dice = (
        " Uncertain shares are drawn anew, evenly over their range, in each." if is_random else ""
    )
    return (
        f"Event replay in whole seconds; 80% interval over {seeds} fleets redrawn node by node "
        f"with replacement (seed {seed}), both policies on the same fleets.{dice} The interval "
        "tells how much hangs on which nodes broke, not what another year would bring."
    )


def _redrawn(
    log: OutageLog, policies: Sequence[Policy], target: float, rng: np.random.Generator
) -> list[ReplayResult]:
    node, take = redraw_nodes(log, rng)
    fleet = OutageLog(node, log.start_s[take], log.end_s[take], log.n_nodes, log.horizon_s)
    luck, catch, again = throw(len(fleet), rng)
    engine = _engine(len(log))
    return [
        engine.replay(fleet, policy, Draw(*shares_of(policy, luck), catch, again), target=target)
        for policy in policies
    ]


def _engine(n_outages: int) -> ModuleType:
    """Return the engine that answers soonest; both give the same events."""
    if _FAST in sys.modules or n_outages > _REFERENCE_OUTAGES_MAX:
        from scuderia.twin.engine import fast

        return fast
    return reference


def _typical(log: OutageLog, policy: Policy, target: float, seeds: int, seed: int) -> ReplayResult:
    if not policy.is_random:
        return replay(log, policy, target=target)
    draws = [
        replay(log, policy, target=target, rng=np.random.default_rng([seed, number]))
        for number in range(min(seeds, 51))
    ]
    ranked = sorted(draws, key=lambda draw: (draw.availability, draw.outages))
    return ranked[len(ranked) // 2]


def _metrics(results: Sequence[ReplayResult]) -> dict[str, np.ndarray]:
    return {name: np.array([getattr(each, name) for each in results]) for name in _METRICS}


def _band(point: np.ndarray, draws: np.ndarray) -> Band:
    low, high = np.percentile(draws, [10, 90]).tolist()
    return Band(float(point[0]), low, high)
