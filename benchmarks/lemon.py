"""Back-tests the lemon score on a fault trace and prints one JSON object.

python -m benchmarks.lemon [FILE] [--fleet-size 400]
"""

import argparse
import json
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

from scuderia.fleet.engine.lemon import NodeHistory
from scuderia.fleet.engine.lemon_backtest import time_split, walk_forward
from scuderia.fleet.engine.lemon_rules import naive_rule

DEFAULT_TRACE = (
    Path(__file__).parents[2] / "shared" / "data" / "stepfun-faults" / "fault_trace.json"
)


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
    return NodeHistory(node, np.array(starts), np.array(ends))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=DEFAULT_TRACE)
    parser.add_argument("--fleet-size", type=int, default=400)
    given = parser.parse_args()
    began = time.perf_counter()
    histories, until = read_histories(given.file)
    nodes = given.fleet_size
    result = {
        "outages": int(sum(len(history.starts) for history in histories)),
        "naive_whole_year": [
            naive_rule(histories, outages=2), naive_rule(histories, outages=3),
        ],
        "time_split": time_split(histories, nodes=nodes, split=until / 2, until=until),
        "walk_forward": walk_forward(histories, nodes=nodes, since=84.0, until=until),
    }  # fmt: skip
    result["seconds"] = round(time.perf_counter() - began, 2)
    print(json.dumps(result, default=_plain, indent=2))


def _plain(value: object) -> object:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


if __name__ == "__main__":
    main()
