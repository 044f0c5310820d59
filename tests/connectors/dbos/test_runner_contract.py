"""The runner's contract, held by the real engine on a real file and by the fake alike."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from scuderia.basics.errors import Refused
from scuderia.basics.ids import new_id
from scuderia.connectors.dbos.fake import InlineRunner
from scuderia.connectors.dbos.runner import DbosRunner
from scuderia.connectors.dbos.steps import Patience, RunSteps
from scuderia.connectors.dbos.store import prepare_store, store_url
from scuderia.loop.nouns import ActionId, StepWord
from scuderia.loop.ports import Runner

IMPATIENT = Patience(tries_max=3, first_wait_s=0.01, wait_max_s=0.02)


@dataclass
class Script:
    """A loop that answers as told and remembers what it was asked."""

    steps: int = 2
    calls: list[str] = field(default_factory=list)
    on_begin: Callable[[], None] = lambda: None
    on_step: Callable[[int, int], StepWord] = lambda index, tries: StepWord.DONE

    def begin(self, action_id: ActionId) -> int:
        self.calls.append("begin")
        self.on_begin()
        return self.steps

    def perform(self, action_id: ActionId, index: int) -> StepWord:
        self.calls.append(f"step {index}")
        return self.on_step(index, Counter(self.calls)[f"step {index}"])

    def finish(self, action_id: ActionId) -> str:
        self.calls.append("finish")
        return "closed"

    def as_steps(self) -> RunSteps:
        return RunSteps(self.begin, self.perform, self.finish)


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture(params=["inline", pytest.param("dbos", marks=pytest.mark.slow)])
def runner(request: pytest.FixtureRequest, script: Script, tmp_path: Path) -> Iterator[Any]:
    if request.param == "inline":
        yield InlineRunner(script.as_steps(), patience=IMPATIENT)
        return
    url = store_url(tmp_path / "runs.sqlite3")
    prepare_store(url)
    real = DbosRunner(url, script.as_steps(), patience=IMPATIENT, poll_s=0.05)
    yield real
    real.close(grace_s=0)


@pytest.fixture
def action() -> ActionId:
    return ActionId(new_id())


def settle(runner: Any, action: ActionId) -> str:
    """Let the run come to its end, within a generous bound, and return its status."""
    if isinstance(runner, InlineRunner):
        runner.drain()
        return runner.status(action)
    deadline = time.monotonic() + 60
    while runner.status(action) == "pending" and time.monotonic() < deadline:
        time.sleep(0.02)
    return runner.status(action)


def test_a_run_begins_takes_each_step_in_order_and_finishes(runner: Runner, script, action):
    assert runner.status(action) == "absent"
    runner.start(action)
    assert settle(runner, action) == "success"
    assert script.calls == ["begin", "step 0", "step 1", "finish"]


def test_a_second_start_of_the_same_action_does_nothing(runner: Runner, script, action):
    runner.start(action)
    runner.start(action)
    settle(runner, action)
    runner.start(action)
    assert settle(runner, action) == "success"
    assert script.calls == ["begin", "step 0", "step 1", "finish"]


def test_an_unknown_step_is_asked_again_until_the_world_answers(runner: Runner, script, action):
    script.on_step = lambda index, tries: StepWord.DONE if tries > 2 else StepWord.UNKNOWN
    script.steps = 1
    runner.start(action)
    assert settle(runner, action) == "success"
    assert script.calls == ["begin", "step 0", "step 0", "step 0", "finish"]


def test_patience_ends_and_the_books_are_closed_with_what_is_known(runner, script, action):
    script.on_step = lambda index, tries: StepWord.UNKNOWN
    runner.start(action)
    assert settle(runner, action) == "success"
    assert script.calls == ["begin", *["step 0"] * IMPATIENT.tries_max, "finish"]


def test_an_error_in_a_step_says_nothing_of_the_world_so_it_is_asked_again(runner, script, action):
    def fail_once(index: int, tries: int) -> StepWord:
        if tries == 1:
            raise ConnectionError("the line went dead")
        return StepWord.DONE

    script.on_step = fail_once
    script.steps = 1
    runner.start(action)
    assert settle(runner, action) == "success"
    assert script.calls == ["begin", "step 0", "step 0", "finish"]


def test_no_step_follows_one_that_says_stop(runner: Runner, script, action):
    script.on_step = lambda index, tries: StepWord.STOP
    runner.start(action)
    assert settle(runner, action) == "success"
    assert script.calls == ["begin", "step 0", "finish"]


def test_a_refusal_at_the_beginning_runs_no_step_and_is_not_tried_again(runner, script, action):
    def refuse() -> None:
        raise Refused("the brake is on")

    script.on_begin = refuse
    runner.start(action)
    assert settle(runner, action) == "success"
    assert script.calls == ["begin", "finish"]


def test_a_cancelled_run_takes_no_further_step(runner: Runner, script, action):
    def cancel_in_the_first(index: int, tries: int) -> StepWord:
        runner.cancel(action)
        return StepWord.DONE

    script.on_step = cancel_in_the_first
    runner.start(action)
    assert settle(runner, action) == "cancelled"
    assert script.calls == ["begin", "step 0"]


def test_an_ended_run_can_be_run_again_from_its_first_step(runner: Runner, script, action):
    runner.start(action)
    settle(runner, action)
    runner.resume(action)
    assert settle(runner, action) == "success"
    assert script.calls == ["begin", "step 0", "step 1", "finish"] * 2


def test_every_runner_has_a_name_of_its_own(runner: Runner):
    assert runner.executor_id


def test_waits_double_and_are_bounded():
    patience = Patience(first_wait_s=1, factor=2, wait_max_s=60)
    assert [patience.wait_s(tries) for tries in (1, 2, 3, 7, 50)] == [1, 2, 4, 60, 60]


def test_the_runs_file_is_in_wal_mode_and_its_owners_alone(tmp_path: Path):
    path = tmp_path / "home" / "runs.sqlite3"
    prepare_store(store_url(path))
    prepare_store(store_url(path))
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes()[18:20] == b"\x02\x02"  # the file format's own mark of WAL


def test_postgres_is_taken_by_its_address(tmp_path: Path):
    assert store_url(tmp_path / "x", postgres_url="postgresql://h/db") == "postgresql://h/db"
    assert not (tmp_path / "x").exists()
