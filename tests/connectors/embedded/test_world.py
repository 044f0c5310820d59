"""The embedded fleet's course of events: lazy, monotone, and the same however it is cut."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from scuderia.basics.errors import BadInput, Unable
from scuderia.connectors.embedded import faults, layout
from scuderia.connectors.embedded.clock import anchor_clock, load_clock, tick
from scuderia.connectors.embedded.reader import EmbeddedReader
from scuderia.connectors.embedded.seeding import DEMO_SEED, create_world
from scuderia.connectors.embedded.world import advance
from scuderia.fleet.nouns import NodeObservation, NodeState
from tests.connectors.embedded.conftest import NOW, Bench, make_bench

BROKEN = {NodeState.DOWN, NodeState.IN_REPAIR, NodeState.WAITING_PARTS, NodeState.VALIDATING}


def history(bench: Bench, *, limit: int = 5000) -> list[NodeObservation]:
    seen, cursor = [], ""
    while True:
        page = bench.reader.observe(cursor=cursor, limit=limit)
        seen += page.observations
        cursor = page.cursor
        assert len(page.observations) <= limit
        if not page.more:
            return seen


def test_the_fleet_stands_as_the_demo_says(bench: Bench) -> None:
    stock = bench.reader.inventory()
    current = bench.reader.current()
    assert len(stock.places) == len(current) == 128
    assert sum(8 for _ in stock.places) == 1024
    assert {place.rack for place in stock.places} == {f"r{rack:02d}" for rack in range(1, 17)}
    held = [seen.customer for seen in current.values()]
    assert held.count(layout.AURORA) == 72
    assert held.count(layout.BOREALIS) == 40
    assert stock.spare_pool == {"paddock": 2}
    assert all(sku.cents_per_gpu_hour > 0 for sku in stock.skus)


def test_sixty_days_of_history_hold_work_for_every_agent(bench: Bench) -> None:
    seen, current = history(bench), bench.reader.current()
    downs: dict[str, list[NodeObservation]] = {}
    for one in seen:
        if one.state is NodeState.DOWN:
            downs.setdefault(one.node, []).append(one)
    recent = NOW - timedelta(days=28)
    lemons = [
        name
        for name, found in downs.items()
        if sum(one.at > recent for one in found) >= 3
        and current[name].state is NodeState.UP
        and current[name].customer
    ]
    out_since = {name: found[-1].at for name, found in downs.items()}
    ageing = [
        name
        for name, one in current.items()
        if one.state in BROKEN
        and one.customer
        and NOW - out_since.get(name, NOW - timedelta(days=60)) > timedelta(days=7)
    ]
    out = sum(one.state in BROKEN for one in current.values() if one.customer == layout.AURORA)
    spares = sum(one.spare for one in current.values())
    assert lemons
    assert len(ageing) >= 2
    broken = sum(one.state in BROKEN and one.customer is not None for one in current.values())
    assert spares < broken, "the pool is too small"
    assert 1 - out / 72 < layout.SLAS[0].target, "the month is being missed as it stands"


def test_a_healthy_fleet_has_no_history_but_being_up(healthy: Bench) -> None:
    healthy.days(400)
    seen = history(healthy)
    assert len(seen) == 128
    assert {one.state for one in seen} == {NodeState.UP}


def test_one_stride_and_many_give_the_same_history(tmp_path: Path) -> None:
    one, many = make_bench(tmp_path / "one.db", seed=5), make_bench(tmp_path / "many.db", seed=5)
    one.days(45)
    strides = random.Random(3)  # noqa: S311
    while many.clock.now() < one.clock.now():
        many.clock.advance(timedelta(seconds=strides.randrange(1, 200_000)))
        many.clock.at = min(many.clock.at, one.clock.at)
        many.reader.current()
    assert history(one) == history(many, limit=7)
    assert len(history(one)) > 300


def test_a_clock_that_jumps_back_changes_nothing(bench: Bench) -> None:
    bench.days(3)
    before = history(bench)
    bench.days(-2)
    assert history(bench) == before
    assert advance(bench.path, to=bench.clock.now()) == NOW + timedelta(days=3)


def test_observations_come_in_time_order_and_end_at_the_present_state(bench: Bench) -> None:
    bench.days(30)
    seen = history(bench, limit=11)
    assert [one.at for one in seen] == sorted(one.at for one in seen)
    assert {one.node: one for one in seen} == bench.reader.current()


def test_every_repair_goes_through_its_phases_in_order(bench: Bench) -> None:
    bench.days(200)
    legal = {
        NodeState.UP: {NodeState.DOWN},
        NodeState.DOWN: {NodeState.IN_REPAIR},
        NodeState.IN_REPAIR: {NodeState.WAITING_PARTS, NodeState.VALIDATING},
        NodeState.WAITING_PARTS: {NodeState.IN_REPAIR},
        NodeState.VALIDATING: {NodeState.UP},
    }
    state: dict[str, NodeState] = {}
    for one in history(bench):
        if one.node in state and one.state is not state[one.node]:
            assert one.state in legal[state[one.node]], one
        state[one.node] = one.state


def test_the_file_tells_the_same_outages_as_the_draws_alone(bench: Bench) -> None:
    """The oracle walks the draws by itself, without the file, its schedule or its transitions."""
    bench.days(40)
    begin, until = int((NOW - timedelta(days=60)).timestamp()), int(bench.clock.now().timestamp())
    told: dict[str, list[tuple[int, str]]] = {}
    for one in history(bench):
        if int(one.at.timestamp()) > begin and one.state in (NodeState.DOWN, NodeState.UP):
            told.setdefault(one.node, []).append((int(one.at.timestamp()), one.state.value))
    for place in layout.places():
        expected, at, k = [], begin - 200 * faults.DAY_S, 1
        while at <= until:
            failure = faults.failure_of(DEMO_SEED, place.node, k)
            frailty = faults.frailty_of(DEMO_SEED, place.node)
            start = at + faults.uptime_s(failure.exposure, failure.relapse_s, frailty=frailty)
            at, k = start + failure.repair_s, k + 1
            expected += [
                (when, word)
                for when, word in ((start, "down"), (at, "up"))
                if begin < when <= until
            ]
        assert told.get(place.node, []) == expected, place.node


def test_a_cursor_the_reader_never_gave_is_refused(bench: Bench) -> None:
    for cursor in ("x", "-1", "1; DROP TABLE node", "9" * 40, "²"):
        with pytest.raises(BadInput):
            bench.reader.observe(cursor=cursor, limit=10)
    with pytest.raises(BadInput):
        bench.reader.observe(cursor="", limit=0)


def test_a_missing_or_broken_file_is_a_silent_source(bench: Bench, tmp_path: Path) -> None:
    missing = EmbeddedReader(tmp_path / "nothing.sqlite3", bench.clock)
    for ask in (missing.inventory, missing.current):
        with pytest.raises(Unable, match="does not answer"):
            ask()
    broken = tmp_path / "broken.sqlite3"
    broken.write_bytes(b"this is no database" * 100)
    with pytest.raises(Unable, match="does not answer"):
        EmbeddedReader(broken, bench.clock).observe(cursor="", limit=10)
    assert not (tmp_path / "nothing.sqlite3").exists()


def test_a_second_creation_leaves_the_first_as_it_is(bench: Bench) -> None:
    before = bench.path.read_bytes()
    with pytest.raises(FileExistsError):
        create_world(bench.path, now=NOW, seed=1)
    assert bench.path.read_bytes() == before


def test_an_unfinished_creation_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "world.sqlite3"
    path.with_name("world.sqlite3.unfinished").write_bytes(b"killed half-way")
    make_bench(path)
    assert [found.name for found in tmp_path.iterdir()] == ["world.sqlite3"]


def test_all_processes_share_one_clock_and_stopping_stops_it(bench: Bench) -> None:
    clock = load_clock(bench.path)
    assert clock == load_clock(bench.path)
    assert clock.fleet_anchor == NOW
    came_to = tick(bench.path, now=NOW + timedelta(hours=5))
    a_week_later = NOW + timedelta(days=7)
    again = anchor_clock(bench.path, wall_now=a_week_later, speed=60)
    assert again.fleet_anchor == came_to == NOW + timedelta(hours=5)
    assert again == load_clock(bench.path)
    assert again.wall_anchor_s == a_week_later.timestamp()


def test_reading_moves_the_mark_that_a_restart_takes_up(bench: Bench) -> None:
    bench.clock.advance(timedelta(minutes=2))
    bench.reader.observe(cursor="", limit=1)
    assert anchor_clock(bench.path, wall_now=NOW, speed=60).fleet_anchor == bench.clock.now()


@pytest.mark.slow
def test_a_kill_in_mid_advance_leaves_the_same_history(tmp_path: Path) -> None:
    whole, killed = make_bench(tmp_path / "a.db"), make_bench(tmp_path / "b.db")
    script = (
        "import sys\n"
        "from datetime import datetime, timedelta\n"
        "from pathlib import Path\n"
        "from scuderia.connectors.embedded.world import advance\n"
        "at = datetime.fromisoformat(sys.argv[2])\n"
        "while True:\n"
        "    at += timedelta(hours=6)\n"
        "    print(advance(Path(sys.argv[1]), to=at).isoformat(), flush=True)\n"
    )
    waits, last = random.Random(11), NOW  # noqa: S311
    for _ in range(6):
        argv = [sys.executable, "-c", script, str(killed.path), last.isoformat()]
        child = subprocess.Popen(argv, stdout=subprocess.PIPE, env={**os.environ})
        assert child.stdout is not None
        first = child.stdout.readline()  # it is at work, however slow the machine
        time.sleep(waits.random() * 0.2)
        os.kill(child.pid, signal.SIGKILL)
        said = (first + child.communicate()[0]).decode().split("\n")[:-1]
        last = type(NOW).fromisoformat(said[-1]) if said else last
    with sqlite3.connect(killed.path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    end = last + timedelta(days=1)
    whole.clock.at = killed.clock.at = end
    assert end > NOW + timedelta(days=2)
    assert history(whole) == history(killed)
