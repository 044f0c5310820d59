"""What is killed, at random instants, with SIGKILL."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.crash.backups import kill_backup
from benchmarks.crash.stage import Stage
from scuderia.config.home import Home as Folder
from scuderia.config.processes.parts_down import read_down
from scuderia.connectors.embedded.fault_injection import InjectedFault, inject_fault
from scuderia.connectors.embedded.layout import places
from scuderia.connectors.embedded.storage import open_world, write_world

IMPORT_ROWS = 4_000
GONE_WITHIN_S = 45.0


def children(pid: int) -> list[int]:
    """Return the processes that this one started and that run."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += map(int, task.read_text().split())
    return found


def descendants(pid: int) -> list[int]:
    """Return the children, their children, and so on."""
    return [one for child in children(pid) for one in (child, *descendants(child))]


def began_at(pid: int) -> str:
    """Return when a process that runs began, in the kernel's ticks; "" of one that does not.

    One that only waits to be buried runs no longer; a number given to another began later.
    """
    try:
        told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if told[0] == "Z" else told[19]


def parts(stage: Stage, word: str) -> list[int]:
    """Return the supervisor's children whose command line has this word."""
    named = []
    for pid in children(stage.supervisor.pid):
        with suppress(OSError):
            if word.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                named.append(pid)
    return named


def shot(pids: list[int], chance: random.Random) -> bool:
    """Kill one of these; say whether there was one."""
    with suppress(ProcessLookupError):
        if pids:
            os.kill(chance.choice(pids), signal.SIGKILL)
            return True
    return False


def count_left(stage: Stage, below: dict[int, str]) -> None:
    """Wait for what was below a killed process to be gone, and count and end what is not."""
    deadline = time.monotonic() + GONE_WITHIN_S
    while left := [pid for pid, began in below.items() if began and began_at(pid) == began]:
        if time.monotonic() > deadline:
            break
        time.sleep(0.1)
    stage.orphans += len(left)
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def kill_web(stage: Stage, _chance: random.Random) -> bool:
    """Kill the process that holds the port, and count which of those that answer outlive it."""
    for pid in parts(stage, "web"):
        below = {one: began_at(one) for one in descendants(pid)}
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            count_left(stage, below)
            return True
    return False


def kill_web_worker(stage: Stage, chance: random.Random) -> bool:
    """Kill one of the processes that answer."""
    return shot([pid for web in parts(stage, "web") for pid in children(web)], chance)


def kill_worker(stage: Stage, chance: random.Random) -> bool:
    """Kill the process that carries runs out."""
    return shot(parts(stage, "worker"), chance)


def kill_in_step(stage: Stage, chance: random.Random) -> bool:
    """Have the worker killed inside its next command, on either side of the fleet's commit."""
    side = chance.choice((InjectedFault.CRASH_BEFORE, InjectedFault.CRASH_AFTER))
    inject_fault(stage.world, side)
    deadline = time.monotonic() + 12
    while time.monotonic() < deadline:
        with open_world(stage.world) as world:
            if not world.execute("SELECT 1 FROM mishap WHERE remaining > 0").fetchone():
                return True
        time.sleep(0.2)
    with write_world(stage.world) as world:  # nothing was carried out meanwhile
        return bool(world.execute("DELETE FROM mishap WHERE remaining > 0").rowcount == 0)


def kill_supervisor(stage: Stage, _chance: random.Random) -> bool:
    """Kill the supervisor, count what outlives it, grandchildren among them, and start another."""
    below = {one: began_at(one) for one in descendants(stage.supervisor.pid)}
    stage.supervisor.kill()
    stage.supervisor.wait()
    count_left(stage, below)
    stage.serve()
    return True


def kill_import(stage: Stage, chance: random.Random) -> bool:
    """Import a file and kill the import somewhere in it; say whether it still ran."""
    source = f"crash-{len(stage.imports)}"
    process = stage.started(*import_words(stage, source))
    try:
        process.wait(timeout=chance.uniform(1.0, 7.0))
    except subprocess.TimeoutExpired:
        process.kill()
    stage.imports[source] = process.wait() == 0
    return process.returncode == -signal.SIGKILL


def import_words(stage: Stage, source: str) -> tuple[str, ...]:
    """Return the command that imports this source's file, which is written here."""
    path = stage.home.path / f"{source}.csv"
    begin = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=len(source) + hash_of(source))
    nodes = [place.node for place in places()]
    with path.open("w", encoding="utf-8") as file:
        file.write("node,start,end,cause,planned\n")
        for number in range(IMPORT_ROWS):
            start = begin + timedelta(hours=2 * (number // len(nodes)))
            end = start + timedelta(minutes=30)
            node = nodes[number % len(nodes)]
            file.write(f"{node},{start.isoformat()},{end.isoformat()},fan,false\n")
    return ("import", "outages", str(path), "--source", source, "--json")


def hash_of(source: str) -> int:
    """Return how many minutes this source's outages lie off those of others."""
    return int(source.rpartition("-")[2]) % 60


KILLERS: dict[str, Callable[[Stage, random.Random], bool]] = {
    "web": kill_web,
    "web worker": kill_web_worker,
    "worker": kill_worker,
    "in mid-step": kill_in_step,
    "supervisor": kill_supervisor,
    "in mid-import": kill_import,
    "in mid-backup": kill_backup,
}


def kill_one(stage: Stage, chance: random.Random) -> None:
    """Kill something that is there; a supervisor that left a part down is what people restart."""
    while True:
        down = read_down(Folder(stage.home.path))
        kind = "supervisor" if down else chance.choice(list(KILLERS))
        if KILLERS[kind](stage, chance):
            stage.kills[kind] += 1
            return
