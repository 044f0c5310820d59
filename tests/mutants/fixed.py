"""Single-line changes that once went unseen: each must make one of its tests fail, for good."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of the source.

    name    what the change would do to the product
    old     the exact text, found once in the source wherever its module may have moved
    new     what it becomes
    tests   the fewest tests that must fail
    """

    name: str
    old: str
    new: str
    tests: tuple[str, ...]


FIXED = (
    Mutant(
        "validating counts as up",
        "_UP = np.array([CODE[LedgerClass.SERVING], CODE[LedgerClass.IDLE_SPARE]], dtype=np.int64)",
        "_UP = np.array([CODE[LedgerClass.SERVING], CODE[LedgerClass.IDLE_SPARE],"
        " CODE[LedgerClass.VALIDATING]], dtype=np.int64)",
        ("tests/fleet/test_figures_that_count.py",),
    ),
    Mutant(
        "the lines ignore the customer's own target",
        "    return np.nan if held is None else held.target\n",
        "    return np.nan if held is None else 0.95\n",
        ("tests/fleet/test_figures_that_count.py",),
    ),
    Mutant(
        "a line's days are UTC's, not the customer's",
        "    calendar = calendar_of(holder.slas, request.time_zone)\n    days = complete_days(",
        "    calendar = calendar_of((), request.time_zone)\n    days = complete_days(",
        ("tests/fleet/test_figures_that_count.py",),
    ),
    Mutant(
        "the money takes every node for one of 8 GPUs",
        "weights=down.length * down.gpus,",
        "weights=down.length * 8,",
        ("tests/fleet/test_figures_that_count.py",),
    ),
    Mutant(
        "the brake is not asked in the transaction of the claim",
        "            refuse_stopped(action, now=now)\n            if _still_runs(action):\n",
        "            if _still_runs(action):\n",
        ("tests/loop/test_promises.py",),
    ),
    Mutant(
        "an undo is let through over an effect that nobody knows",
        "    if EffectState.UNKNOWN in effects:\n        raise CannotUndo(\n",
        "    if False:\n        raise CannotUndo(\n",
        ("tests/loop/test_promises.py",),
    ),
    Mutant(
        "the 80% interval of a replay is made one of 90%",
        "    low, high = np.percentile(draws, [10, 90]).tolist()\n",
        "    low, high = np.percentile(draws, [5, 95]).tolist()\n",
        ("tests/twin/test_bands.py",),
    ),
    Mutant(
        "time to repair counts from the last phase",
        "hours += [(fact.end - min(begun)) / HOUR_S] if begun else []",
        "hours += [(fact.end - max(begun)) / HOUR_S] if begun else []",
        ("tests/fleet/test_figures_that_count.py",),
    ),
    Mutant(
        "a relapse at the very end of its window does not count",
        "sum(gap is not None and gap <= window_s for gap in gaps)",
        "sum(gap is not None and gap < window_s for gap in gaps)",
        ("tests/fleet/test_figures_that_count.py",),
    ),
    Mutant(
        "the worst tenth is rounded down",
        "        worst = -(-self.nodes // WORST_TENTH)\n",
        "        worst = self.nodes // WORST_TENTH\n",
        ("tests/fleet/test_figures_that_count.py",),
    ),
    Mutant(
        "a relapse within 7 days is one within 14",
        "RELAPSE_WINDOWS_S = (DAY_S, 7 * DAY_S, 28 * DAY_S)",
        "RELAPSE_WINDOWS_S = (DAY_S, 14 * DAY_S, 28 * DAY_S)",
        ("tests/fleet/test_figures_that_count.py",),
    ),
    Mutant(
        "SLA Watch stays silent until a miss is nearly sure",
        "CHANCE_TOLD = 0.5\n",
        "CHANCE_TOLD = 0.95\n",
        ("tests/crew/test_sla_watch.py",),
    ),
    Mutant(
        "an effect is settled over another worker's claim",
        '        only_if={"claimed_by": effect.claimed_by, "tries": effect.tries},\n',
        "",
        ("tests/loop/test_promises.py",),
    ),
    Mutant(
        "a decision may be used by a second action",
        "    if DecisionUse.objects.filter(decision=decision).exclude(action=action).exists():\n",
        "    if False:\n",
        ("tests/loop/test_promises.py",),
    ),
)
