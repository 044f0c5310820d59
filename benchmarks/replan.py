"""Replans three calendars of 10,000 updates around a zone, and prints one JSON object.

    python -m benchmarks.replan [DIR] [--seed 1] [--steps N] [--windows N]

DIR holds easy, typical and hard.json.gz. `bill_s`, `replan_s` and `violations` are the worst of the
three, `objective` is by instance; a replan starts from the facts and includes reading its calendar.
`reference` is what was measured with the same instances before this planner. Each is planned twice:
`same_twice` says whether one seed gave one plan. CPU seconds stand beside those of the wall.
"""

import argparse
import gzip
import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.machine import told_of_here
from scuderia.freeze.engine.impact_bill import impact_bill
from scuderia.freeze.engine.infeasible import Certainty
from scuderia.freeze.engine.plan_check import check_plan
from scuderia.freeze.engine.planned_updates import ReplanCase, read_case
from scuderia.freeze.engine.replan import STEPS, WINDOWS, replan

INSTANCES = Path(__file__).parents[2] / "shared" / "data" / "replan"
REFERENCE = {
    "easy": {"objective": 232_174, "displaced": 625, "unplaced": 2},
    "typical": {"objective": 5_480_107, "displaced": 2_028, "unplaced": 125},
    "hard": {"objective": 26_428_864, "displaced": 3_981, "unplaced": 1_136},
}
Result = TypeVar("Result")


def read_instance(path: Path) -> ReplanCase:
    """Read one calendar."""
    with gzip.open(path, "rt", encoding="utf-8") as text:
        return read_case(json.load(text))


def timed(call: Callable[[], Result]) -> tuple[Result, float, float]:
    """Return what a call gives, and its seconds by the wall and of CPU."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = call()
    return result, time.perf_counter() - wall, time.process_time() - cpu


def measured(case: ReplanCase, *, seed: int, steps: int, windows: int) -> dict[str, Any]:
    """Bill, replan twice and check one calendar."""
    bill, bill_s, bill_cpu_s = timed(lambda: impact_bill(case))
    runs = [timed(lambda: replan(case, seed=seed, steps=steps, windows=windows)) for _ in range(2)]
    plan = runs[0][0]
    out = Counter((one.certainty, one.waits_for is not None) for one in plan.unplaced)
    return {
        "objective": plan.objective,
        "greedy_objective": plan.greedy,
        "violations": len(check_plan(case, plan.starts, objective=plan.objective)),
        "updates": len(case.updates),
        "displaced": len(bill.moved),
        "placed": sum(start is not None for start in plan.starts),
        "unplaced": len(plan.unplaced),
        "unplaced_proven": out[Certainty.PROVEN, False] + out[Certainty.PROVEN, True],
        "unplaced_waiting": out[Certainty.PROVEN, True] + out[Certainty.HERE, True],
        "moved": len(plan.moved),
        "bill_s": round(bill_s, 3),
        "bill_cpu_s": round(bill_cpu_s, 3),
        "replan_s": round(max(wall for _, wall, _ in runs), 2),
        "replan_cpu_s": round(max(cpu for _, _, cpu in runs), 2),
        "same_twice": runs[0][0] == runs[1][0],
        "plan_sha256": hashlib.sha256(repr(plan.starts).encode()).hexdigest()[:16],
    }


def main() -> None:
    """Measure every instance and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dir", nargs="?", type=Path, default=INSTANCES)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--windows", type=int, default=WINDOWS)
    given = parser.parse_args()
    paths = {name: given.dir / f"{name}.json.gz" for name in REFERENCE}
    absent = [str(path) for path in paths.values() if not path.exists()]
    if absent:
        print(json.dumps({"skipped": f"no instances: {', '.join(absent)}"}))
        return
    told = {
        name: measured(
            read_instance(path), seed=given.seed, steps=given.steps, windows=given.windows
        )
        for name, path in paths.items()
    }
    worst = {
        key: max(one[key] for one in told.values())
        for key in ("bill_s", "bill_cpu_s", "replan_s", "replan_cpu_s", "violations")
    }
    figures = {
        **worst,
        "same_twice": all(one["same_twice"] for one in told.values()),
        "objective": {name: one["objective"] for name, one in told.items()},
        "no_worse_than_reference": all(
            one["objective"] <= REFERENCE[name]["objective"] for name, one in told.items()
        ),
        "reference": REFERENCE,
        "instances": told,
        "seed": given.seed,
        "steps": given.steps,
        "windows": given.windows,
        **told_of_here("numpy", "ortools"),
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
