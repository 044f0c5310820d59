"""Kill -9 at random instants, and account for every act at the end: prints one JSON object.

    python -m benchmarks.crash [--kills 100] [--seed 1] [--postgres] [--slices FILE]

A demo home of its own is served by real processes on loopback while people act on it over HTTP:
approve, reject, undo, halt, resume, cancel, pull and lift brakes, give and revoke grants; and while
files of outages are imported. At random instants one process is killed: the web process, one of its
workers, the worker, the worker inside a command to the fleet, the supervisor, an import, or a
backup. What must be is started again.

The kills are made in slices of `--slice-kills`, each in a home of its own and with the next seed.
`--slices` names a file that keeps the figures of every slice, so that a run that was stopped goes
on where it was; what is printed are the sums over the file.

`lost`     acts that were answered with success and are not in the audit, or whose run is not there;
           effects and imports that are booked and did not happen, or are booked in part; backups
           that were made, or look so, and are not whole; a last one that does not restore
`doubled`  acts that stand in the audit more than once, whatever was answered; actions that ended
           twice; receipts of the fleet that no effect asked for
`open_runs` runs that have neither ended nor visibly halted
`orphans`  children and grandchildren that outlived the process that they hung on
`verified` whether the audit's chain holds, in every slice
"""

import argparse
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import FrameType

from benchmarks.crash.accounts import account, settle, verified
from benchmarks.crash.kills import kill_one
from benchmarks.crash.people import live
from benchmarks.crash.slices import Slice, read_slices, sums, write_slices
from benchmarks.crash.stage import Stage
from benchmarks.homes import Home, throw_away_tables
from benchmarks.machine import told_of_here

PEOPLE = 3
POWERS = ("read", "decide", "undo", "brake", "release_brake", "grant")


def opened(folder: Path, seed: int, database_url: str) -> Stage:
    """Make the demo home, file plans on it, and serve it."""
    home = Home(folder / "home", database_url=database_url)
    home.run("demo", "--no-serve", "--json")
    powers = [word for power in POWERS for word in ("--power", power)]
    token = ["people", "token", "ada", "--label", "bench", "--json", *powers]
    home.token = json.loads(home.run(*token))["secret"]
    home.take_port()
    filing = (sys.executable, "-m", "benchmarks.crash.filing", str(home.path))
    subprocess.run(filing, check=True, env=home.environment)  # noqa: S603 - ours
    stage = Stage(home, seed)
    stage.serve()
    stage.await_open()
    return stage


def measure(folder: Path, kills: int, seed: int, database_url: str) -> Slice:
    """Serve, act, kill, settle, account."""
    stage = opened(folder, seed, database_url)
    chance, stop = random.Random(seed), threading.Event()  # noqa: S311 - no secret
    people = [
        threading.Thread(target=live, args=(stage, random.Random(f"{seed} {one}"), stop))  # noqa: S311
        for one in range(PEOPLE)
    ]
    for person in people:
        person.start()
    try:
        for _ in range(kills):
            time.sleep(chance.uniform(0.2, 4.0))
            kill_one(stage, chance)
    finally:
        stop.set()
        for person in people:
            person.join()
        open_runs = settle(stage)
        stage.supervisor.send_signal(signal.SIGTERM)
        ended_with = stage.supervisor.wait(timeout=60)
    figures = account(stage)
    return {
        "seed": seed, "on": "postgres" if database_url else "sqlite",
        "kills": stage.kills.total(), **figures, "open_runs": open_runs,
        "verified": verified(stage.home), "orphans": stage.orphans,
        "kills_by_kind": dict(stage.kills), "stopped_with": ended_with,
    }  # fmt: skip


def make_slice(kills: int, seed: int, *, postgres: bool) -> Slice:
    """Measure in a throw-away home; keep it where something does not hold, and say where."""
    folder = Path(tempfile.mkdtemp(prefix="scuderia-crash-"))
    with throw_away_tables(postgres=postgres) as database_url:
        found = measure(folder, kills, seed, database_url)
    holds = found["verified"] and not any(
        found[name] for name in ("lost", "doubled", "open_runs", "orphans")
    )
    if holds:
        shutil.rmtree(folder)
    else:
        found["kept_in"] = str(folder)
    return found


def stop_as_asked(_sign: int, _frame: FrameType | None) -> None:
    """End the slice under way in order: what was started is stopped."""
    raise SystemExit("stopped; the slice under way does not count")


def main() -> None:
    """Make slices until there are enough kills, and print their sums."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=100)
    options.add_argument("--slice-kills", type=int, default=50)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--slices", type=Path)
    options.add_argument("--postgres", action="store_true")
    asked = options.parse_args()
    signal.signal(signal.SIGTERM, stop_as_asked)
    found = read_slices(asked.slices)
    while (left := asked.kills - sum(one["kills"] for one in found)) > 0:
        seed, kills = asked.seed + len(found), min(left, asked.slice_kills)
        found.append(make_slice(kills, seed, postgres=asked.postgres))
        write_slices(asked.slices, found)
    told = sums(found)
    sys.stdout.write(json.dumps(told | told_of_here(), indent=2) + "\n")
    raise SystemExit(0 if told["holds"] else 1)


if __name__ == "__main__":
    main()
