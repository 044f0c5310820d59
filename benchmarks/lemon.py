"""Back-tests the lemon score on two public logs, or on one given, and prints one JSON object.

    python -m benchmarks.lemon [FILE] [--fleet-size 400] [--since 84]

Without FILE: the StepFun year (400 nodes, from day 84) and LANL's system 20 (512 nodes, 3.7 years,
from day 180). `stepfun_brier` and `lanl20_brier` are walk-forward; beside them stand the naive
rule, the fleet's own rate, and the window's base rate, which is hindsight. Lower is better.
"""

import argparse
import csv
import importlib.metadata
import json
import os
import platform
import time
from collections import defaultdict
from datetime import datetime
from pathlib import Path

from scuderia.fleet.engine.lemon import NodeHistory, history_of
from scuderia.fleet.engine.lemon_backtest import BackTest, walk_forward

SHARED = Path(__file__).parents[2] / "shared"
STEPFUN = SHARED / "data" / "stepfun-faults" / "fault_trace.json"
LANL_20 = SHARED / "cases" / "data" / "20-lanl-system20.csv"
DAY_S = 86_400


def read_histories(path: Path) -> tuple[list[NodeHistory], float]:
    """Read a StepFun trace: each node's faults, overlapping ones merged into one outage."""
    events: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for event in json.loads(path.read_text(encoding="utf-8")):
        began = event["event_type"] == "fault_start"
        events[event["node_id"]].append((float(event["event_time"]), 1 if began else -1))
    until = max(at for moments in events.values() for at, _ in moments)
    return [_merged(node, moments) for node, moments in sorted(events.items())], until


def _merged(node: str, moments: list[tuple[float, int]]) -> NodeHistory:
    starts, ends, depth = [], [], 0
    for at, change in sorted(moments, key=lambda moment: (moment[0], -moment[1])):
        if depth == 0:
            starts.append(at)
        depth += change
        if depth == 0:
            ends.append(at)
    ends += [float("inf")] * (len(starts) - len(ends))
    return history_of(node, zip(starts, ends, strict=True))


def read_table(path: Path) -> tuple[list[NodeHistory], float]:
    """Read a CSV of outages (node, start, end) as days since its first start."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    first = min(datetime.fromisoformat(row["start"]) for row in rows)

    def day(text: str) -> float:
        gone = datetime.fromisoformat(text) - first
        return gone.total_seconds() / DAY_S if text else float("inf")

    spans: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for row in rows:
        end = day(row["end"]) if row["end"] else float("inf")
        spans[row["node"]].append((day(row["start"]), end))
    histories = [history_of(node, found) for node, found in sorted(spans.items())]
    return histories, max(float(history.starts[-1]) for history in histories)


def measured(path: Path, *, nodes: int, since: float) -> BackTest:
    """Walk forward through one log."""
    histories, until = (read_table if path.suffix == ".csv" else read_histories)(path)
    return walk_forward(histories, nodes=nodes, since=since, until=until)


def main() -> None:
    """Measure the log that was given, or both public ones, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--fleet-size", type=int, default=400)
    parser.add_argument("--since", type=float, default=84.0)
    given = parser.parse_args()
    begun = time.process_time()
    logs = {"stepfun": (STEPFUN, 400, 84.0), "lanl20": (LANL_20, 512, 180.0)}
    if given.file:
        logs = {"log": (given.file, given.fleet_size, given.since)}
    told = {
        name: measured(path, nodes=nodes, since=since)
        for name, (path, nodes, since) in logs.items()
    }
    figures: dict[str, object] = {}
    for name, one in told.items():
        figures |= {
            f"{name}_brier": round(one.brier, 4),
            f"{name}_brier_of_naive": round(one.brier_of_naive, 4),
            f"{name}_brier_of_fleet": round(one.brier_of_fleet, 4),
            f"{name}_brier_of_base_rate": round(one.brier_of_base_rate, 4),
        }
    figures |= {
        "back_tests": {name: one.as_json() for name, one in told.items()},
        "cpu_s": round(time.process_time() - begun, 2),
        "machine": f"{platform.machine()}, {os.cpu_count()} CPUs",
        "versions": {
            "python": platform.python_version(),
            "numpy": importlib.metadata.version("numpy"),
        },
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
