"""kill -9 of a worker in mid-action, on real processes and real files: none lost or doubled."""

import signal
from collections import Counter

import pytest

from scuderia.connectors.embedded.fault_injection import InjectedFault, inject_fault
from scuderia.fleet.nouns import ControlVerb
from tests.processes.living import LiveHome, eventually

pytestmark = [pytest.mark.slow, pytest.mark.long]

AURORA = "customer:demo-aurora"


def pull(node: str, spare: str) -> tuple[str, str, dict[str, str]]:
    return ("fleet.pull_lemon", f"node:{node}", {"spare": f"node:{spare}", "customer": AURORA})


def drain(node: str) -> tuple[str, str, dict[str, str]]:
    return ("fleet.drain_node", f"node:{node}", {})


def all_done(home: LiveHome) -> bool:
    return home.unfinished() == 0


def assert_each_effect_happened_once(home: LiveHome, actions: list[str]) -> None:
    rows = home.actions()
    assert {rows[one]["state"] for one in actions} == {"done"}, home.log()[-4000:]
    expected = Counter(
        f"{one}:{index}" for one in actions for index in range(rows[one]["steps_total"])
    )
    assert Counter(home.receipts()) == expected
    for one in actions:
        effects = home.ask("loop", "action", one)["effects"]
        assert [effect["state"] for effect in effects] == ["done"] * rows[one]["steps_total"]
    said = Counter(
        (row["verb"], row["subject"]) for row in home.ask("audit", "list", "--limit", "1000")
    )
    assert all(said["action.done", f"action:{one}"] == 1 for one in actions), said
    assert home.ask("audit", "verify")["holds"] is True


@pytest.mark.parametrize("fault", [InjectedFault.CRASH_BEFORE, InjectedFault.CRASH_AFTER])
def test_a_worker_killed_in_mid_action_loses_nothing_and_repeats_nothing(
    home: LiveHome, fault: InjectedFault
):
    inject_fault(home.world, fault, verb=ControlVerb.ASSIGN)
    actions = home.approve(pull("r01-n01", "r15-n01"))
    first = home.worker()
    assert first.wait(timeout=60) == -signal.SIGKILL  # it died inside the fleet's own commit
    before = home.receipts()
    assert before == [f"{actions[0]}:{index}" for index in range(len(before))]
    assert home.actions()[actions[0]]["state"] == "running"

    home.worker()
    assert eventually(lambda: all_done(home)), home.log()[-4000:]
    assert_each_effect_happened_once(home, actions)
    assert home.state_of("r01-n01") != "up"


def test_two_workers_share_the_work_and_the_survivor_takes_over(home: LiveHome):
    inject_fault(home.world, InjectedFault.UNABLE_AFTER, verb=ControlVerb.DRAIN)
    inject_fault(home.world, InjectedFault.CRASH_AFTER, verb=ControlVerb.DRAIN)
    nodes = [f"r{rack:02d}-n05" for rack in range(1, 7)]
    actions = home.approve(*(drain(node) for node in nodes))
    workers = [home.worker(), home.worker()]
    assert eventually(lambda: any(one.poll() is not None for one in workers))
    assert eventually(lambda: all_done(home)), home.log()[-4000:]
    assert Counter(one.poll() for one in workers) == {None: 1, -signal.SIGKILL: 1}
    assert_each_effect_happened_once(home, actions)
    assert {home.state_of(node) for node in nodes} == {"drained"}


def test_a_worker_told_to_stop_stops_cleanly_and_another_goes_on(home: LiveHome):
    actions = home.approve(*(drain(f"r0{rack}-n03") for rack in range(1, 4)))
    first = home.worker()
    assert eventually(lambda: bool(home.receipts()))
    first.send_signal(signal.SIGTERM)
    assert first.wait(timeout=30) == 0
    home.worker()
    assert eventually(lambda: all_done(home)), home.log()[-4000:]
    assert_each_effect_happened_once(home, actions)
