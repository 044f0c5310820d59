"""How long a pull of the brake takes while others write without pause: prints one JSON object.

    python -m benchmarks.brake [--rows 600000] [--storm-s 30] [--writers 12] [--postgres]

A home of its own is served by real processes on loopback. While a file of so many outages is
imported, and then while a storm of observations is booked, one person pulls the brake over HTTP
again and again, others file what needs the database, and others read. `p99_s_import` and
`p99_s_storm` are of the pulls; `lost` counts pulls that were answered with success and that no
list of brakes tells of at the end. `reads_p99_s` is of the queue read meanwhile,
`heartbeat_gap_s` the longest silence of the worker.
"""

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path

from benchmarks.homes import Home, throw_away_tables
from benchmarks.machine import told_of_here

PULL_EVERY_S = 0.1
UP_WITHIN_S = 90.0


@dataclass
class Told:
    """Seconds of every answer, by whether it was a success."""

    done: list[float] = field(default_factory=list)
    refused: int = 0

    def take(self, seconds: float, status: int) -> None:
        """Count one answer."""
        if 200 <= status < 300:  # noqa: PLR2004 - HTTP's successes
            self.done.append(seconds)
        else:
            self.refused += 1

    @property
    def p99_s(self) -> float | None:
        """Return the 99th percentile of the successes, by nearest rank; None of none."""
        ranked = sorted(self.done)
        return round(ranked[-(-99 * len(ranked) // 100) - 1], 3) if ranked else None


def under_load(home: Home, writers: int, goes_on: Callable[[], bool]) -> dict[str, object]:
    """Pull the brake again and again while it goes on, others writing and reading."""
    pulls, reads, writes, stop = Told(), Told(), Told(), threading.Event()

    def again(told: Told, send: Callable[[], tuple[int, bytes]], wait_s: float) -> None:
        while not stop.is_set():
            begun = time.perf_counter()
            status, _ = send()
            told.take(time.perf_counter() - begun, status)
            stop.wait(wait_s)

    rule = {"scope": "*", "kind": "", "reason": "a writer of the benchmark"}
    threads = [
        *(threading.Thread(target=again, args=(writes, lambda: home.ask(
            "POST", "/approval-rules", rule), 0.05)) for _ in range(writers)),
        threading.Thread(target=again, args=(reads, lambda: home.ask("GET", "/queue"), 0.05)),
    ]  # fmt: skip
    for thread in threads:
        thread.start()
    acknowledged, gap = set(), 0.0
    for number in count():
        if not goes_on():
            break
        agent, begun = f"bench-{os.getpid()}-{id(pulls)}-{number}", time.perf_counter()
        wish = {"stops": "agent", "value": agent, "reason": "a drill"}
        status, _ = home.ask("POST", "/brakes", wish)
        pulls.take(time.perf_counter() - begun, status)
        if 200 <= status < 300:  # noqa: PLR2004 - HTTP's successes
            acknowledged.add(agent)
        gap = max(gap, heartbeat_age_s(home))
        time.sleep(PULL_EVERY_S)
    stop.set()
    for thread in threads:
        thread.join()
    return {
        "p99_s": pulls.p99_s, "worst_s": round(max(pulls.done, default=0.0), 3),
        "pulls": len(pulls.done), "pulls_refused": pulls.refused,
        "lost": len(acknowledged - stopped(home)),
        "reads_p99_s": reads.p99_s, "reads": len(reads.done), "reads_refused": reads.refused,
        "writes": len(writes.done), "writes_refused": writes.refused,
        "heartbeat_gap_s": round(gap, 1),
    }  # fmt: skip


def heartbeat_age_s(home: Home) -> float:
    """Return how long the worker has been silent, read past the product; 0 before its first."""
    found: list[datetime] = [
        datetime.fromisoformat(json.loads(path.read_text())["at"])
        for path in (home.path / "heartbeats").glob("*.json")
    ]
    if home.database_url:
        found = [at for (at,) in home.books("SELECT beat_at FROM loop_heartbeat")]
    return (datetime.now(UTC) - max(found)).total_seconds() if found else 0.0


def stopped(home: Home) -> set[str]:
    """Return every agent that a list of brakes tells of."""
    found: set[str] = set()
    for offset in count(step=100):
        _, body = home.ask("GET", f"/brakes?limit=100&offset={offset}")
        rows = json.loads(body)["items"]
        found |= {row["value"] for row in rows}
        if len(rows) < 100:  # noqa: PLR2004 - a page
            return found
    return found


def storm_forever(folder: str) -> None:
    """Book words of failing and mended nodes until killed, in this process."""
    os.environ |= {"SCUDERIA_HOME": folder, "DJANGO_SETTINGS_MODULE": "scuderia.config.settings"}
    import django

    django.setup()
    from benchmarks.storm import StormReader, storm
    from scuderia.fleet.models.inventory import Node
    from scuderia.fleet.nouns import Inventory
    from scuderia.fleet.operations import sources

    nodes = sorted(Node.objects.values_list("name", flat=True)[:1024])
    words = storm(nodes, None, datetime.now(UTC))
    for number in count():
        page = list(islice(words, 20_000))
        reader = StormReader(f"storm-{number}", Inventory((), (), (), {}), page)
        sources.poll(reader, now=page[-1].at, pages_max=100_000)


def main() -> None:
    """Serve, load, pull, print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=600_000)
    options.add_argument("--storm-s", type=float, default=30.0)
    options.add_argument("--writers", type=int, default=12)
    options.add_argument("--postgres", action="store_true")
    options.add_argument("--storm-in", help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.storm_in:
        storm_forever(asked.storm_in)
        return
    with (
        tempfile.TemporaryDirectory(prefix="scuderia-brake-") as folder,
        throw_away_tables(postgres=asked.postgres) as database_url,
    ):
        figures = measure(Home(Path(folder) / "home", database_url=database_url), asked)
    sys.stdout.write(json.dumps(figures | told_of_here(), indent=2) + "\n")


def measure(home: Home, asked: argparse.Namespace) -> dict[str, object]:
    """Set a home up, serve it, and measure under both loads."""
    from benchmarks.intake import NODES, START, write_files

    home.run("setup")
    home.run("people", "create", "omar", "--role", "lead")
    token = ["people", "token", "omar", "--label", "bench", "--json"]
    powers = [word for power in ("read", "brake", "grant") for word in ("--power", power)]
    home.token = json.loads(home.run(*token, *powers))["secret"]
    home.take_port()
    write_files(home.path, asked.rows)
    serve = ("-m", "scuderia.config", "serve")
    web = (*serve, "web", "--port", str(home.port))
    with home.started(*web), home.started(*serve, "worker", "--crew-every", "3600"):
        deadline = time.monotonic() + UP_WITHIN_S
        while home.ask("GET", "/health")[0] != 200 and time.monotonic() < deadline:  # noqa: PLR2004
            time.sleep(0.2)
        load = ("-m", "scuderia.config", "import", "outages", str(home.path / "clean.csv"))
        fleet = ("--fleet-size", str(NODES), "--starts-at", START.isoformat(), "--source", "clean")
        with home.started(*load, *fleet) as loading:
            during = under_load(home, asked.writers, lambda: loading.poll() is None)
            during["import_ended_with"] = loading.returncode
        until = time.monotonic() + asked.storm_s
        with home.started("-m", "benchmarks.brake", "--storm-in", str(home.path)) as loading:
            stormy = under_load(home, asked.writers, lambda: time.monotonic() < until)
            stormy["storm_still_ran"] = loading.poll() is None
    return {
        "on": "postgres" if home.database_url else "sqlite",
        "p99_s_import": during["p99_s"], "p99_s_storm": stormy["p99_s"],
        "import": {"rows": asked.rows} | during, "storm": {"seconds": asked.storm_s} | stormy,
    }  # fmt: skip


if __name__ == "__main__":
    main()
