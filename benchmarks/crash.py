"""Kill -9 at random instants, and account for every act at the end: prints one JSON object.

    python -m benchmarks.crash [--kills 100] [--seed 1]

A demo home of its own is served by real processes on loopback while people act on it over HTTP:
approve, reject, undo, halt, resume, cancel, pull and lift brakes, give and revoke grants; and while
files of outages are imported. At random instants one process is killed: the web process, one of its
workers, the worker, the worker inside a command to the fleet, the supervisor, or an import. What
must be is started again. 1,000 kills are ten seeds of a hundred, each a home of its own.

`lost`     acts that were answered with success and are not in the audit, or whose run is not there;
           effects and imports that are booked and did not happen, or are booked in part
`doubled`  acts that stand in the audit more than once, whatever was answered; actions that ended
           twice; receipts of the fleet that no effect asked for
`open_runs` runs that have neither ended nor visibly halted; `orphans` what outlived its supervisor

Not tried: a kill in the midst of a backup, as there is none yet.
"""

import argparse
import http.client
import itertools
import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from benchmarks.brake import Home, told_of_here
from scuderia.config.home import Home as Folder
from scuderia.config.processes.parts_down import read_down
from scuderia.connectors.embedded.fault_injection import InjectedFault, inject_fault
from scuderia.connectors.embedded.layout import places
from scuderia.connectors.embedded.storage import open_world, write_world

PEOPLE = 3
IMPORT_ROWS = 4_000
SETTLES_WITHIN_S = 240.0
GONE_WITHIN_S = 45.0
UP_WITHIN_S = 120.0
POWERS = ("read", "decide", "undo", "brake", "release_brake", "grant")
CLI = (sys.executable, "-m", "scuderia.config")
Told = dict[str, Any]


@dataclass
class Act:
    """One act as its doer knows it; its reason is found in the audit. `status` 0: no answer."""

    reason: str
    path: str
    status: int = 0
    action_id: str = ""
    code: str = ""

    @property
    def is_acknowledged(self) -> bool:
        """Say whether it was answered with success."""
        return 200 <= self.status < 300  # noqa: PLR2004 - HTTP's successes


@dataclass
class Stage:
    """The home, its supervisor, every act, every import by its source, and the kills by kind."""

    home: Home
    seed: int
    acts: list[Act] = field(default_factory=list)
    imports: dict[str, bool] = field(default_factory=dict)  # source -> answered with success
    kills: Counter[str] = field(default_factory=Counter)
    orphans: int = 0
    numbers: Iterator[int] = field(default_factory=itertools.count)
    process: subprocess.Popen[bytes] | None = None

    @property
    def supervisor(self) -> subprocess.Popen[bytes]:
        """Return the supervisor that serves now, or served last."""
        if self.process is None:
            raise SystemExit("nothing serves")
        return self.process

    @property
    def world(self) -> Path:
        """Return the fleet's own file."""
        return self.home.path / "embedded-fleet.sqlite3"

    def started(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a process on the home, in a session of its own."""
        with (self.home.path / "logs" / "bench.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - ours
                [*CLI, *words], env=self.home.environment, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def serve(self) -> None:
        """Start the supervisor, again where the port is not free yet."""
        while self.process is None or self.process.poll() is not None:
            self.process = self.started(
                "serve", "--port", str(self.home.port), "--crew-every", "15"
            )
            time.sleep(1.0)

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Send one request; status 0 where no whole answer came."""
        try:
            status, said = self.home.ask(method, path, body)
            told = json.loads(said) if said else {}
            return status, told.get("error", told)
        except (http.client.HTTPException, ValueError):
            return 0, {}

    def items(self, path: str) -> list[Told]:
        """Return the items of a list; none where nobody answered."""
        status, said = self.ask("GET", path)
        return list(said["items"]) if status == 200 else []  # noqa: PLR2004 - HTTP's OK

    def act(self, path: str, body: Mapping[str, object] | None = None) -> None:
        """Do something as a person, once, with a reason that no other act has."""
        act = Act(f"crash {self.seed} act {next(self.numbers)}", path)
        self.acts.append(act)
        status, said = self.ask("POST", path, {**(body or {}), "reason": act.reason})
        act.action_id, act.code = said.get("action_id", ""), said.get("code", "")
        act.status = status

    def books(self, query: str, *given: object) -> list[tuple[Any, ...]]:
        """Ask the tables, past the product."""
        with closing(sqlite3.connect(self.home.path / "scuderia.sqlite3", timeout=60)) as books:
            return books.execute(query, given).fetchall()


# --- what people do -----------------------------------------------------------------------


def live(stage: Stage, chance: random.Random, stop: threading.Event) -> None:
    """Act as people do until told to stop; nobody repeats what was not answered."""
    acts = (approve, approve, approve, undo, change, change, brake, grant)
    while not stop.wait(chance.uniform(0.05, 0.6)):
        chance.choice(acts)(stage, chance)


def approve(stage: Stage, chance: random.Random) -> None:
    """Approve something that waits, or now and then reject it."""
    if not (waiting := stage.items("/queue?limit=50")):
        return
    one = f"/proposals/{chance.choice(waiting)['id']}"
    if chance.random() < 0.1:  # noqa: PLR2004 - one in ten
        stage.act(f"{one}/reject")
        return
    status, said = stage.ask("GET", one)
    if status == 200:  # noqa: PLR2004 - HTTP's OK
        stage.act(f"{one}/approve", {"digest": said["row"]["digest"]})


def undo(stage: Stage, chance: random.Random) -> None:
    """Undo something that was done."""
    if done := stage.items("/actions?state=done&limit=50"):
        stage.act(f"/actions/{chance.choice(done)['id']}/undo")


def change(stage: Stage, chance: random.Random) -> None:
    """Halt what is under way, resume or end what was halted."""
    state, verbs = chance.choice(
        (("running", ("halt",)), ("queued", ("halt",)), ("halted", ("resume", "resume", "cancel")))
    )
    if found := stage.items(f"/actions?state={state}&limit=20"):
        stage.act(f"/actions/{chance.choice(found)['id']}/{chance.choice(verbs)}")


def brake(stage: Stage, chance: random.Random) -> None:
    """Pull a brake and mostly let go of all that are on soon after, so that the work goes on."""
    stops, value = chance.choice(
        (("all", ""), ("kind", "fleet.drain_node"), ("agent", f"nobody-{chance.random():.6f}"))
    )
    stage.act("/brakes", {"stops": stops, "value": value})
    time.sleep(chance.uniform(0.0, 0.5))
    for one in stage.items("/brakes"):
        stage.act("/brakes/lift", {"stops": one["stops"], "value": one["value"]})


def grant(stage: Stage, chance: random.Random) -> None:
    """Give an agent a level, or take one back."""
    given = [one for one in stage.items("/grants") if one["state"] == "active"]
    if given and chance.random() < 0.5:  # noqa: PLR2004 - one in two
        stage.act(f"/grants/{chance.choice(given)['id']}/revoke")
        return
    until = datetime.now(UTC) + timedelta(days=30)
    stage.act("/grants", {
        "agent": "lemon-scout", "kind": "*", "scope": "*", "level": 2,
        "expires_at": until.isoformat(),
    })  # fmt: skip


# --- what is killed -----------------------------------------------------------------------


def children(pid: int) -> list[int]:
    """Return the processes that this one started and that run."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += map(int, task.read_text().split())
    return found


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


def kill_web(stage: Stage, chance: random.Random) -> bool:
    """Kill the process that holds the port."""
    return shot(parts(stage, "web"), chance)


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
    """Kill the supervisor, count what outlives it, and start another."""
    started = children(stage.supervisor.pid)
    started += [pid for child in started for pid in children(child)]
    stage.supervisor.kill()
    stage.supervisor.wait()
    deadline = time.monotonic() + GONE_WITHIN_S
    while (left := [pid for pid in started if is_alive(pid)]) and time.monotonic() < deadline:
        time.sleep(0.1)
    stage.orphans += len(left)
    for pid in left:
        shot([pid], _chance)
    stage.serve()
    return True


def is_alive(pid: int) -> bool:
    """Say whether it runs; one that only waits to be buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


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
}


def kill_one(stage: Stage, chance: random.Random) -> None:
    """Kill something that is there; a supervisor that left a part down is what people restart."""
    while True:
        down = read_down(Folder(stage.home.path))
        kind = "supervisor" if down else chance.choice(list(KILLERS))
        if KILLERS[kind](stage, chance):
            stage.kills[kind] += 1
            return


# --- the end ------------------------------------------------------------------------------


def settle(stage: Stage) -> int:
    """Let every run come to its end; return how many have not, within a bound."""
    if read_down(Folder(stage.home.path)):
        kill_supervisor(stage, random.Random(0))  # noqa: S311 - no secret
    await_open(stage)
    query = (
        "SELECT (SELECT count(*) FROM loop_action WHERE state IN ('queued', 'running'))"
        " + (SELECT count(*) FROM loop_effect WHERE state = 'unknown')"
    )
    deadline = time.monotonic() + SETTLES_WITHIN_S
    while time.monotonic() < deadline:
        pulls = list((stage.home.path / "pulls").glob("*.json"))
        if stage.books(query) == [(0,)] and not pulls:
            break
        time.sleep(1.0)
    return int(stage.books(query)[0][0])


def await_open(stage: Stage) -> None:
    """Wait until the control room answers."""
    deadline = time.monotonic() + UP_WITHIN_S
    while stage.ask("GET", "/health")[0] != 200:  # noqa: PLR2004 - HTTP's OK
        if time.monotonic() > deadline:
            raise SystemExit(f"no answer within {UP_WITHIN_S:.0f} s")
        time.sleep(0.3)


def account(stage: Stage) -> dict[str, object]:
    """Hold the acts against the books, and the books against the world."""
    said = Counter(reason for (reason,) in stage.books("SELECT reason FROM loop_auditentry"))
    runs = {UUID(text) for (text,) in stage.books("SELECT id FROM loop_action")}
    yes = [act for act in stage.acts if act.is_acknowledged]
    lost = [act for act in yes if not said[act.reason]]
    lost += [act for act in yes if act.action_id and UUID(act.action_id) not in runs]
    effects = dict(stage.books("SELECT key, state FROM loop_effect"))
    with open_world(stage.world) as world:
        receipts = {key for (key,) in world.execute("SELECT key FROM receipt")}
    undone = {key for key, state in effects.items() if state == "done"} - receipts
    ended_twice = stage.books(
        "SELECT subject FROM loop_auditentry WHERE verb IN ('action.done', 'action.undone')"
        " GROUP BY subject, verb HAVING count(*) > 1"
    )
    in_part, missing = imports_in_part(stage)
    doubled = [act for act in stage.acts if said[act.reason] > 1]
    strangers = {key for key in receipts if effects.get(key) != "done"}
    refused = [act for act in stage.acts if act.status and not act.is_acknowledged]
    return {
        "acknowledged": len(yes) + sum(stage.imports.values()),
        "lost": len(lost) + len(undone) + len(in_part) + len(missing),
        "doubled": len(doubled) + len(ended_twice) + len(strangers),
        "details": {
            "acts": len(stage.acts), "unanswered": sum(not act.status for act in stage.acts),
            "refused": len(refused), "refused_yet_booked": sum(said[a.reason] > 0 for a in refused),
            "answers": dict(Counter(
                f"{act.path.rpartition('/')[2]} {act.status} {act.code}".strip()
                for act in stage.acts
            )),
            "acts_lost": [act.path for act in lost], "acts_doubled": [a.path for a in doubled],
            "effects": len(effects), "receipts": len(receipts),
            "effects_without_receipt": sorted(undone),
            "receipts_without_effect": sorted(strangers), "ended_twice": ended_twice,
            "imports": len(stage.imports), "imports_in_part": in_part, "imports_lost": missing,
        },
    }  # fmt: skip


def imports_in_part(stage: Stage) -> tuple[list[str], list[str]]:
    """Return the files of which a part is booked, and those that were booked and are not there."""
    booked = dict(stage.books(
        "SELECT source, count(*) FROM fleet_outage JOIN fleet_importbatch"
        " ON batch_id = fleet_importbatch.id WHERE source LIKE 'crash-%' GROUP BY source"
    ))  # fmt: skip
    in_part = [source for source, rows in booked.items() if rows != IMPORT_ROWS]
    return in_part, [
        source for source, was in stage.imports.items() if was and source not in booked
    ]


def verified(home: Home) -> bool:
    """Say whether the audit's chain holds."""
    try:
        return bool(json.loads(home.run("audit", "verify", "--json"))["holds"])
    except subprocess.CalledProcessError:
        return False


# --- the whole ----------------------------------------------------------------------------


def file_drains(folder: str) -> None:
    """File a plan to drain every node, as a person, in this process: something to decide about."""
    os.environ |= {"SCUDERIA_HOME": folder, "DJANGO_SETTINGS_MODULE": "scuderia.config.settings"}
    import django

    django.setup()
    from scuderia.basics.actors import Actor, ActorKind
    from scuderia.basics.errors import ScuderiaError
    from scuderia.basics.subjects import SubjectRef
    from scuderia.basics.units import Quantity
    from scuderia.fleet.nouns import GPU_HOURS
    from scuderia.loop.nouns import ProposalDraft, Rehearsal
    from scuderia.loop.operations.proposal_filing import file_proposal
    from scuderia.loop.ports import registry

    guess = Rehearsal(
        metric="node_hours_lost", unit="node-hours", horizon_days=7, do_nothing=10, expected=5,
        low=4, high=6, better="lower", method="made up for a benchmark of crashes",
        limits="says nothing of any fleet",
    )  # fmt: skip
    for place in places():
        draft = ProposalDraft(
            kind="fleet.drain_node", targets=(SubjectRef("node", place.node),), params={},
            title=f"Drain {place.node}", findings=(), rehearsal=guess,
            cost_of_delay=Quantity(1, GPU_HOURS), dedup_key=f"crash:{place.node}",
        )  # fmt: skip
        with suppress(ScuderiaError):  # a node that is down already
            lena = Actor(ActorKind.PERSON, "lena")
            file_proposal(draft, agent="", actor=lena, now=registry.clock.now())


def opened(folder: Path, seed: int) -> Stage:
    """Make the demo home, file plans on it, and serve it."""
    home = Home(folder / "home")
    home.run("demo", "--no-serve", "--json")
    powers = [word for power in POWERS for word in ("--power", power)]
    token = ["people", "token", "ada", "--label", "bench", "--json", *powers]
    home.token = json.loads(home.run(*token))["secret"]
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        home.port = trial.getsockname()[1]
    filing = (sys.executable, "-m", "benchmarks.crash", "--file-in", str(home.path))
    subprocess.run(filing, check=True)  # noqa: S603 - ours
    stage = Stage(home, seed)
    stage.serve()
    await_open(stage)
    return stage


def measure(folder: Path, kills: int, seed: int) -> dict[str, object]:
    """Serve, act, kill, settle, account."""
    stage = opened(folder, seed)
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
        "kills": stage.kills.total(), **figures, "open_runs": open_runs,
        "verified": verified(stage.home), "orphans": stage.orphans, "seed": seed,
        "kills_by_kind": dict(stage.kills), "stopped_with": ended_with,
    }  # fmt: skip


def main() -> None:
    """Measure in a throw-away home; keep it where something does not hold, and say where."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=100)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--file-in", help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.file_in:
        file_drains(asked.file_in)
        return
    folder = Path(tempfile.mkdtemp(prefix="scuderia-crash-"))
    figures = measure(folder, asked.kills, asked.seed)
    holds = figures["verified"] and not any(
        figures[name] for name in ("lost", "doubled", "open_runs", "orphans")
    )
    if holds:
        shutil.rmtree(folder)
    else:
        figures["kept_in"] = str(folder)
    sys.stdout.write(json.dumps(figures | told_of_here(), indent=2) + "\n")
    raise SystemExit(0 if holds else 1)


if __name__ == "__main__":
    main()
