"""Observations booked per second in a storm: on the demo's books, and on a million outages.

    python -m benchmarks.storm [--observations 10000] [--outages 1000000]

Prints one JSON object. A storm here is a mass failure: every observation is a node that just went
down (an outage, a signal and a finding each) until all nodes of the fleet are out; then the same
nodes go through the phases of a repair, a word for every node and phase, until they are up again.
`observations_per_s` counts all of them in one home made by the demo's seed, whose 128 nodes fail
again and again; `..._million` in a fleet of 4,096 nodes with a million outages booked.
`failures_per_s` counts the first words alone. `longest_write_s` is the longest write transaction.
Where others use the machine too, read `per_cpu_s` beside `load_average` (of the last minute).
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.machine import told_of_here
from benchmarks.write_locks import watched_writes

if TYPE_CHECKING:
    from scuderia.fleet.nouns import Inventory, NodeObservation, ObservationPage

NOW = datetime(2026, 11, 25, tzinfo=UTC)
NODES, RACK, YEARS = 4_096, 16, 3
MINUTE = timedelta(minutes=1)
_BATCH = 20_000


@dataclass
class StormReader:
    """A reader over made words: fills fleet.ports.FleetReader."""

    source: str
    places: "Inventory"
    words: "list[NodeObservation]"

    def inventory(self) -> "Inventory":
        """Return what stands where."""
        return self.places

    def observe(self, *, cursor: str, limit: int) -> "ObservationPage":
        """Return the next `limit` words."""
        from scuderia.fleet.nouns import ObservationPage

        begin = int(cursor.removeprefix("storm-") or 0) if cursor.startswith("storm-") else 0
        found = tuple(self.words[begin : begin + limit])
        end = begin + len(found)
        return ObservationPage(
            found, f"storm-{end}", more=end < len(self.words), as_of=found[-1].at
        )

    def current(self) -> "dict[str, NodeObservation]":
        """Return nothing: this source is never silent."""
        return {}


def storm(nodes: list[str], holder: str | None, begin: datetime) -> "Iterator[NodeObservation]":
    """Yield words: every node fails, is repaired, and fails again, for ever."""
    from scuderia.fleet.nouns import CustomerName, NodeName, NodeObservation, NodeState

    course: tuple[NodeState, ...] = (
        NodeState.DOWN,
        NodeState.IN_REPAIR,
        NodeState.WAITING_PARTS,
        NodeState.VALIDATING,
        NodeState.UP,
    )
    at = begin
    while True:
        for state in course:
            at += 5 * MINUTE
            cause = "" if state is NodeState.UP else "pdu tripped"
            for name in nodes:
                customer = CustomerName(holder) if holder else None
                yield NodeObservation(NodeName(name), at, state, cause, customer)


def measure(reader: StormReader) -> dict[str, Any]:
    """Poll until every word is booked."""
    from scuderia.fleet.operations import sources

    now = reader.words[-1].at
    with watched_writes() as held:
        begun, cpu = time.perf_counter(), time.process_time()
        told = sources.poll(reader, now=now, pages_max=100_000)
        wall, spent = time.perf_counter() - begun, time.process_time() - cpu
    if told.disputed or told.observations != len(reader.words):
        raise SystemExit(f"{told.observations} booked, disputed: {told.disputed[:3]}")
    return {
        "observations": told.observations,
        "signals": told.signals,
        "per_s": round(told.observations / wall),
        "per_cpu_s": round(told.observations / spent),
        "cpu_s_per_1000": round(1000 * spent / told.observations, 3),
        "longest_write_s": held.longest_s,
    }


def on_the_demo(folder: Path, count: int) -> dict[str, Any]:
    """Make the demo's books, sixty days of past among them, and measure a storm over them."""
    from scuderia.connectors.embedded.reader import EmbeddedReader
    from scuderia.connectors.embedded.seeding import create_world
    from scuderia.fleet.models.allocations import Allocation
    from scuderia.fleet.operations import sources

    clock = create_world(folder / "world.sqlite3", now=NOW)
    demo = EmbeddedReader(folder / "world.sqlite3", clock)
    while sources.poll(demo, now=clock.now()).more:
        pass
    held = Allocation.objects.filter(end=None, customer__name="demo-aurora")
    nodes = sorted(held.values_list("node__name", flat=True))
    words = islice(storm(nodes, "demo-aurora", clock.now()), count)
    return {"nodes": len(nodes)} | measure(StormReader("storm", demo.inventory(), list(words)))


def on_a_million(count: int, outages: int) -> dict[str, Any]:
    """Book that many outages of the past on 4,096 nodes, and measure a storm over them."""
    from scuderia.basics.actors import WORKER
    from scuderia.fleet.models.inventory import Node
    from scuderia.fleet.models.outages import Outage
    from scuderia.fleet.nouns import (
        CustomerName,
        Inventory,
        NodeName,
        NodePlace,
        Sku,
        SlaDefinition,
    )
    from scuderia.fleet.operations.inventory import register_inventory

    names = [f"big{n:04}" for n in range(NODES)]
    places = Inventory(
        tuple(NodePlace(NodeName(n), "big", "big", f"big-r{i // RACK}", "big-8")
              for i, n in enumerate(names)),
        (Sku("big-8", 8, "gpu", 200),),
        (SlaDefinition(CustomerName("big"), 0.95, "UTC"),),
        {},
    )  # fmt: skip
    past = timedelta(days=365 * YEARS)
    register_inventory(places, actor=WORKER, now=NOW, active_from=NOW - past)
    ids = list(Node.objects.filter(name__in=names).order_by("name").values_list("id", flat=True))
    step = past * NODES / outages
    for first in range(0, outages, _BATCH):
        Outage.objects.bulk_create(
            Outage(
                node_id=ids[n % NODES],
                start=(at := NOW - past + (n // NODES) * step),
                end=at + step / 3,
                cause="fan",
                source_key=f"trace:{n:032x}",
            )
            for n in range(first, min(first + _BATCH, outages))
        )
    words = list(islice(storm(names, "big", NOW), count))
    downs = measure(StormReader("fail", places, words[:NODES]))
    rest = measure(StormReader("mend", places, words[NODES:]))

    def both(rate: str) -> int:
        return round(count / sum(part["observations"] / part[rate] for part in (downs, rest)))

    return {
        "outages": outages,
        "nodes": NODES,
        "failures_per_s": downs["per_s"],
        "failures_per_cpu_s": downs["per_cpu_s"],
        "longest_write_s": max(downs["longest_write_s"], rest["longest_write_s"]),
        "per_s": both("per_s"),
        "per_cpu_s": both("per_cpu_s"),
        "cpu_s_per_1000": round(1000 / both("per_cpu_s"), 3),
    }


def main() -> None:
    """Make the two homes' books, measure, print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--observations", type=int, default=10_000)
    options.add_argument("--outages", type=int, default=1_000_000)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="scuderia-storm-") as folder:
        os.environ |= {
            "SCUDERIA_HOME": folder,
            "DJANGO_SETTINGS_MODULE": "scuderia.config.settings",
        }
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        demo = on_the_demo(Path(folder), asked.observations)
        million = on_a_million(asked.observations, asked.outages)
    figures = {
        "observations_per_s": demo["per_s"],
        "observations_per_s_million": million["per_s"],
        "demo": demo,
        "million": million,
        "load_average": round(os.getloadavg()[0], 2),
        **told_of_here("django"),
    }
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
