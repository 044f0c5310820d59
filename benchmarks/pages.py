"""Server time per page at 2,000 nodes and a year of events: prints one JSON object.

Run `python -m benchmarks.pages [--nodes 2000] [--repeat 40]`. It builds a throw-away home with made
outages (seeded), signs in a lead, and measures each page in this process, without the network.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

LIMIT_MS = 100
SEED = 20_261_124
LEMON_SHARE = 0.3  # of outages fall on a twentieth of the nodes


def main() -> None:
    """Build the fleet, measure, print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--nodes", type=int, default=2000)
    options.add_argument("--outages", type=int, default=3000)
    options.add_argument("--repeat", type=int, default=40)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="scuderia-bench-") as folder:
        os.environ["SCUDERIA_HOME"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "scuderia.config.settings"
        sys.stdout.write(json.dumps(_measure(Path(folder), asked), indent=2) + "\n")


def _measure(folder: Path, asked: argparse.Namespace) -> dict[str, object]:
    import django
    from django.core.management import call_command

    from scuderia.config.processes.gc_tuning import tune_gc

    django.setup()
    call_command("migrate", verbosity=0)
    node, booked = _build(folder, asked.nodes, asked.outages)
    pages = {
        "now": "/",
        "loop": "/loop",
        "crew": "/crew",
        "brake": "/brake",
        "audit": "/audit",
        "fleet": "/fleet",
        "fleet, filtered": "/fleet?state=down",
        "node": f"/fleet/nodes/{node}",
        "customer, 30 days": "/fleet/customers/aurora?days=30",
        "customer, a year": "/fleet/customers/aurora?days=365",
        "report, a year": "/fleet/report?days=365",
        "gallery": "/_gallery",
    }
    tune_gc()  # as the web process does when it opens
    measured = {name: _time(path, asked.repeat) for name, path in pages.items()}
    return {
        "nodes": asked.nodes,
        "outages": booked,
        "repeat": asked.repeat,
        "limit_ms": LIMIT_MS,
        "pages": measured,
        "over_limit": sorted(name for name, one in measured.items() if one["p95_ms"] > LIMIT_MS),
    }


def _time(path: str, repeat: int) -> dict[str, float]:
    from django.contrib.auth import get_user_model
    from django.test import Client

    client = Client(SERVER_NAME="localhost")
    client.force_login(get_user_model().objects.get(username="lena"))
    spent, cpu = [], []
    for _ in range(repeat + 3):
        started, started_cpu = time.perf_counter(), time.process_time()
        answer = client.get(path)
        spent.append(1000 * (time.perf_counter() - started))
        cpu.append(1000 * (time.process_time() - started_cpu))
        if answer.status_code != 200:  # noqa: PLR2004 - a page that fails is not measured
            raise SystemExit(f"{path}: {answer.status_code}")
    return {
        "p50_ms": round(statistics.median(spent[3:]), 1),
        "p95_ms": round(statistics.quantiles(spent[3:], n=20)[-1], 1),
        "cpu_p50_ms": round(statistics.median(cpu[3:]), 1),
        "kilobytes": round(len(answer.content) / 1000, 1),
    }


def _build(folder: Path, nodes: int, outages: int) -> tuple[str, int]:
    """Import a made year of outages as any user would, and have the crew look once."""
    import csv
    import random
    from datetime import UTC, datetime, timedelta

    from scuderia.basics.actors import WORKER, Actor, ActorKind
    from scuderia.basics.clock import FixedClock
    from scuderia.basics.subjects import EVERYTHING
    from scuderia.fleet.operations.import_outages import ImportRequest, import_outages
    from scuderia.loop.nouns import Role
    from scuderia.loop.operations import agents, people
    from scuderia.loop.ports import registry

    start = datetime(2025, 11, 1, tzinfo=UTC)
    now = start + timedelta(days=365)
    registry.clock = FixedClock(now)
    setup = Actor(ActorKind.SERVICE, "setup")
    people.create_person(actor=setup, name="lena", now=now)
    people.give_role(actor=setup, person="lena", role=Role.ADMIN, scope=EVERYTHING, now=now)
    chance = random.Random(SEED)  # noqa: S311 - a made fleet
    path = folder / "year.csv"
    free = dict.fromkeys((f"n{i:04}" for i in range(nodes)), start)
    rows = []
    for _ in range(outages):
        lemon = chance.random() < LEMON_SHARE
        name = f"n{chance.randrange(nodes // 20 if lemon else nodes):04}"
        begin = free[name] + timedelta(hours=chance.uniform(1, 4000))
        end = begin + timedelta(hours=chance.lognormvariate(3, 1.5))
        if end < now:
            cause = chance.choice(("hbm ecc", "nic down", "psu", "", "nvlink"))
            rows.append((begin.isoformat(), name, end.isoformat(), cause))
            free[name] = end
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(("node", "start", "end", "cause", "planned"))
        lines.writerows((n, begin, end, cause, "false") for begin, n, end, cause in sorted(rows))
    request = ImportRequest(
        path, nodes, site="bench", customer="aurora", starts_at=start, ends_at=now
    )
    import_outages(request, actor=WORKER, now=now)
    agents.make_rounds(actor=WORKER, now=now)
    return rows[0][1], len(rows)


if __name__ == "__main__":
    main()
