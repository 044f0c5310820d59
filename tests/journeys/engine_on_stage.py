"""The real durable engine for a test that holds its tables in one open transaction."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from scuderia.connectors.dbos.runner import DbosRunner
from scuderia.connectors.dbos.steps import Patience, RunSteps
from scuderia.connectors.dbos.store import prepare_store, store_url
from scuderia.loop.nouns import ActionId

IMPATIENT = Patience(tries_max=3, first_wait_s=0.01, wait_max_s=0.02)
POLL_S = 0.05
END_S = 60  # a bound for a run that hangs, nothing that is measured


class EngineOnStage:
    """DBOS on a file of its own: it decides what is called and when, and records each answer.

    Its threads cannot see the test's transaction, so every call is handed to the thread that
    drains. Fills loop.ports.Runner.
    """

    def __init__(self, folder: Path, steps: RunSteps) -> None:
        self._calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()
        self._asked: set[ActionId] = set()
        url = store_url(folder / "runs.sqlite3")
        prepare_store(url)
        handed = RunSteps(*map(self._handed, (steps.begin, steps.perform, steps.finish)))
        self._engine = DbosRunner(url, handed, patience=IMPATIENT, poll_s=POLL_S)
        self.cancel, self.status = self._engine.cancel, self._engine.status
        self.held_by_others, self.close = self._engine.held_by_others, self._engine.close

    def start(self, action_id: ActionId) -> None:
        self._asked.add(action_id)
        self._engine.start(action_id)

    def resume(self, action_id: ActionId) -> None:
        self._asked.add(action_id)
        self._engine.resume(action_id)

    def drain(self) -> None:
        """Answer the engine's calls on this thread until every run that was asked for ended."""
        deadline = time.monotonic() + END_S
        while any(self.status(one) == "pending" for one in self._asked):
            assert time.monotonic() < deadline, "a run did not end"
            try:
                answer, call = self._calls.get(timeout=POLL_S)
            except Empty:
                continue
            try:
                answer.set_result(call())
            except Exception as error:  # noqa: BLE001 - it is the engine's to judge
                answer.set_exception(error)

    def _handed(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def hand(*words: Any) -> Any:
            answer: Future[Any] = Future()
            self._calls.put((answer, lambda: call(*words)))
            return answer.result(timeout=END_S)

        return hand
