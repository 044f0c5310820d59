"""Commands change the embedded fleet once per key, causally, or are called nonsense."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from scuderia.basics.errors import Refused, Unable
from scuderia.basics.subjects import SubjectRef
from scuderia.connectors.embedded import fault_injection, faults, layout
from scuderia.connectors.embedded.executor import EmbeddedControl
from scuderia.connectors.embedded.fault_injection import InjectedFault, inject_fault
from scuderia.connectors.embedded.seeding import DEMO_SEED
from scuderia.fleet.nouns import ControlCommand, ControlVerb, NodeState
from tests.connectors.embedded.conftest import NOW, Bench, make_bench

UP, DOWN = NodeState.UP, NodeState.DOWN
V = ControlVerb


def outages_of(bench: Bench, node: str) -> list[str]:
    page = bench.reader.observe(cursor="", limit=5000)
    assert not page.more
    return [
        one.at.isoformat() for one in page.observations if one.node == node and one.state is DOWN
    ]


def test_a_key_is_carried_out_once_and_keeps_its_receipt(bench: Bench) -> None:
    spare = bench.one(UP, held=False, spare=True)
    command = ControlCommand(V.ASSIGN, SubjectRef("node", spare), {"customer": layout.AURORA})
    assert bench.control.receipt("k1") is None
    first = bench.control.apply(command, key="k1")
    bench.days(1)
    assert bench.control.apply(command, key="k1") == first == bench.control.receipt("k1")
    with pytest.raises(Refused, match="is held"):
        bench.control.apply(command, key="k2")
    assert bench.control.receipt("k2") is None


def test_a_key_cannot_name_two_commands(bench: Bench) -> None:
    node = bench.one(UP)
    bench.do(V.DRAIN, node, key="k")
    with pytest.raises(Refused, match="another command"):
        bench.do(V.UNDRAIN, node, key="k")
    assert bench.node(node).state is NodeState.DRAINED


@pytest.mark.parametrize(
    ("verb", "which", "arguments"),
    [
        (V.ASSIGN, "serving", {"customer": "demo-aurora"}),
        (V.ASSIGN, "spare", {"customer": "nobody-known"}),
        (V.ASSIGN, "spare", {}),
        (V.RELEASE, "spare", {}),
        (V.RELEASE, "serving", {"customer": "someone-else"}),
        (V.OVERHAUL, "serving", {}),
        (V.ESCALATE_REPAIR, "serving", {}),
        (V.DEESCALATE_REPAIR, "broken", {}),
        (V.SET_SPARE_POOL, "paddock", {"size": 17}),
        (V.SET_SPARE_POOL, "paddock", {"size": -1}),
        (V.SET_SPARE_POOL, "elsewhere", {"size": 3}),
        (V.DRAIN, "r99-n99", {}),
    ],
)
def test_nonsense_is_refused_and_changes_nothing(
    bench: Bench, verb: ControlVerb, which: str, arguments: dict[str, str | int]
) -> None:
    names = {
        "serving": bench.one(UP),
        "spare": bench.one(UP, held=False, spare=True),
        "broken": bench.one(NodeState.WAITING_PARTS),
    }
    before = bench.reader.current(), bench.reader.inventory()
    with pytest.raises(Refused):
        bench.do(verb, names.get(which, which), key="k", **arguments)
    assert (bench.reader.current(), bench.reader.inventory()) == before
    assert bench.control.receipt("k") is None


def test_a_swap_moves_the_place_and_the_broken_node_joins_the_pool_when_mended(
    bench: Bench,
) -> None:
    broken, spare = bench.one(NodeState.WAITING_PARTS), bench.one(UP, held=False, spare=True)
    bench.do(V.ASSIGN, spare, customer=layout.AURORA)
    bench.do(V.RELEASE, broken, customer=layout.AURORA)
    assert bench.node(spare).customer == layout.AURORA
    assert not bench.node(spare).spare
    assert bench.node(broken).customer is None
    assert not bench.node(broken).spare, "a broken node does not stand ready"
    bench.do(V.ESCALATE_REPAIR, broken)
    bench.days(2.01)
    assert bench.node(broken).spare


def test_a_broken_node_is_assigned_only_as_it_is(bench: Bench) -> None:
    broken = bench.one(NodeState.WAITING_PARTS)
    bench.do(V.RELEASE, broken)
    with pytest.raises(Refused, match="waiting_parts"):
        bench.do(V.ASSIGN, broken, customer=layout.AURORA)
    bench.do(V.ASSIGN, broken, customer=layout.AURORA, as_it_is=1)
    assert bench.node(broken).customer == layout.AURORA


def test_an_escalated_repair_ends_within_two_days_and_only_once(bench: Bench) -> None:
    broken = bench.one(NodeState.WAITING_PARTS)
    bench.do(V.ESCALATE_REPAIR, broken)
    assert bench.node(broken).escalated
    with pytest.raises(Refused, match="escalated once"):
        bench.do(V.ESCALATE_REPAIR, broken, key="again")
    bench.days(2.01)
    assert bench.node(broken).state is UP
    assert not bench.node(broken).escalated


def test_deescalating_at_once_puts_the_repair_back_to_its_time(tmp_path: Path) -> None:
    left, touched = make_bench(tmp_path / "a.db"), make_bench(tmp_path / "b.db")
    broken = left.one(NodeState.WAITING_PARTS)
    touched.do(V.ESCALATE_REPAIR, broken)
    touched.do(V.DEESCALATE_REPAIR, broken)
    assert not touched.node(broken).escalated
    for bench in (left, touched):
        bench.days(150)
    assert outages_of(left, broken) == outages_of(touched, broken)
    with pytest.raises(Refused):
        touched.do(V.DEESCALATE_REPAIR, broken, key="again")


def test_an_action_on_one_node_leaves_every_other_node_its_fate(tmp_path: Path) -> None:
    """Common random numbers: what differs between the two worlds differs because of the action."""
    left, touched = make_bench(tmp_path / "a.db"), make_bench(tmp_path / "b.db")
    lemon = "r03-n02"
    touched.do(V.DRAIN, lemon)
    touched.do(V.RELEASE, lemon)
    touched.do(V.OVERHAUL, lemon)
    for bench in (left, touched):
        bench.days(120)
    for place in layout.places():
        if place.node != lemon:
            assert outages_of(left, place.node) == outages_of(touched, place.node)
    assert len(outages_of(touched, lemon)) <= len(outages_of(left, lemon))


def test_an_overhaul_takes_two_to_three_days_and_ends_the_lemon(tmp_path: Path) -> None:
    """Summed over the twenty most failure-prone nodes, the overhauled fleet fails less."""
    left, touched = make_bench(tmp_path / "a.db"), make_bench(tmp_path / "b.db")
    up = [n for n, seen in left.reader.current().items() if seen.state is UP]
    worst = sorted(up, key=lambda name: -faults.frailty_of(DEMO_SEED, name))[:20]
    for name in worst:
        touched.do(V.DRAIN, name)
        if touched.node(name).customer:
            touched.do(V.RELEASE, name)
        touched.do(V.OVERHAUL, name)
    touched.days(1.99)
    left.days(1.99)
    assert all(touched.node(name).state is NodeState.DRAINED for name in worst)
    for bench in (left, touched):
        bench.days(1.02)
    assert all(touched.node(name).state is not NodeState.DRAINED for name in worst)
    for bench in (left, touched):
        bench.days(400)
    before, after = (sum(len(outages_of(b, n)) for n in worst) for b in (left, touched))
    assert after < before


def test_undraining_calls_an_overhaul_off(bench: Bench) -> None:
    node = bench.one(UP, held=False, spare=True)
    bench.do(V.DRAIN, node)
    bench.do(V.OVERHAUL, node)
    assert "called off" in bench.do(V.UNDRAIN, node)
    assert bench.node(node).state is UP


def test_an_overhaul_of_a_broken_node_follows_its_repair(bench: Bench) -> None:
    broken = bench.one(NodeState.WAITING_PARTS)
    bench.do(V.DRAIN, broken)
    bench.do(V.RELEASE, broken)
    bench.do(V.ESCALATE_REPAIR, broken)
    bench.do(V.OVERHAUL, broken)
    assert bench.node(broken).state is NodeState.WAITING_PARTS
    bench.days(2.01)
    assert bench.node(broken).state is NodeState.DRAINED
    bench.days(3.01)
    assert bench.node(broken).state is UP


def test_an_undrain_in_mid_repair_lets_the_node_return_when_mended(bench: Bench) -> None:
    broken = bench.one(NodeState.WAITING_PARTS)
    for verb in (V.DRAIN, V.RELEASE, V.ESCALATE_REPAIR, V.OVERHAUL, V.UNDRAIN):
        bench.do(verb, broken)
    bench.days(2.01)
    assert bench.node(broken).state is UP


def test_a_drain_pauses_wear_to_the_second(tmp_path: Path) -> None:
    left, touched = make_bench(tmp_path / "a.db"), make_bench(tmp_path / "b.db")
    up = [name for name, seen in left.reader.current().items() if seen.state is UP]
    nodes = sorted(up, key=lambda name: -faults.frailty_of(DEMO_SEED, name))[:12]
    for node in nodes:
        touched.do(V.DRAIN, node)
    touched.days(10)
    for node in nodes:
        touched.do(V.UNDRAIN, node)
    left.days(400)
    touched.days(400)
    compared = 0
    for node in nodes:
        future = [
            [at for at in outages_of(bench, node) if at > NOW.isoformat()]
            for bench in (left, touched)
        ]
        if all(future):
            first, shifted = (NOW.fromisoformat(found[0]) for found in future)
            assert abs((shifted - first).total_seconds() - 10 * faults.DAY_S) <= 1, node
            compared += 1
    assert compared >= 3


def test_the_pool_takes_whole_nodes_and_gives_them_back(bench: Bench) -> None:
    bench.do(V.SET_SPARE_POOL, "paddock", size=9)
    assert bench.reader.inventory().spare_pool == {"paddock": 9}
    assert sum(seen.spare for seen in bench.reader.current().values()) == 9
    bench.do(V.SET_SPARE_POOL, "paddock", key="smaller", size=1)
    assert sum(seen.spare for seen in bench.reader.current().values()) == 1


@pytest.mark.parametrize(
    ("fault", "happened"),
    [
        (InjectedFault.UNABLE_BEFORE, False),
        (InjectedFault.UNABLE_AFTER, True),
        (InjectedFault.HANG, True),
    ],
)
def test_no_answer_leaves_the_receipt_to_tell(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, fault: InjectedFault, happened: bool
) -> None:
    monkeypatch.setattr(fault_injection, "_HANG_S", 0.01)
    node = bench.one(UP)
    inject_fault(bench.path, fault, verb=V.DRAIN)
    with pytest.raises(Unable):
        bench.do(V.DRAIN, node, key="k")
    assert (bench.control.receipt("k") is not None) is happened
    assert (bench.node(node).state is NodeState.DRAINED) is happened
    bench.do(V.DRAIN, node, key="k")
    assert bench.node(node).state is NodeState.DRAINED


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "happened"), [(InjectedFault.CRASH_BEFORE, False), (InjectedFault.CRASH_AFTER, True)]
)
def test_a_crash_on_either_side_of_the_commit_is_told_by_the_receipt(
    bench: Bench, fault: InjectedFault, happened: bool
) -> None:
    node = bench.one(UP)
    inject_fault(bench.path, fault)
    script = (
        "import sys\n"
        "from datetime import datetime\n"
        "from pathlib import Path\n"
        "from scuderia.basics.clock import FixedClock\n"
        "from scuderia.basics.subjects import SubjectRef\n"
        "from scuderia.connectors.embedded.executor import EmbeddedControl\n"
        "from scuderia.fleet.nouns import ControlCommand, ControlVerb\n"
        "clock = FixedClock(datetime.fromisoformat(sys.argv[2]))\n"
        "command = ControlCommand(ControlVerb.DRAIN, SubjectRef('node', sys.argv[3]))\n"
        "EmbeddedControl(Path(sys.argv[1]), clock).apply(command, key='k')\n"
    )
    argv = [sys.executable, "-c", script, str(bench.path), NOW.isoformat(), node]
    first = subprocess.run(argv, env={**os.environ}, check=False)
    assert first.returncode == -signal.SIGKILL
    assert (bench.control.receipt("k") is not None) is happened
    assert subprocess.run(argv, env={**os.environ}, check=False).returncode == 0
    assert bench.node(node).state is NodeState.DRAINED


def test_two_hands_on_one_spare_and_only_one_gets_it(bench: Bench) -> None:
    spare = bench.one(UP, held=False, spare=True)
    won: list[str] = []

    def grab(key: str) -> None:
        control = EmbeddedControl(bench.path, bench.clock)
        command = ControlCommand(V.ASSIGN, SubjectRef("node", spare), {"customer": layout.AURORA})
        with contextlib.suppress(Refused):
            won.append(control.apply(command, key=key).key)

    hands = [threading.Thread(target=grab, args=(f"k{n}",)) for n in range(6)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert len(won) == 1
    assert [key for n in range(6) if bench.control.receipt(key := f"k{n}")] == won
