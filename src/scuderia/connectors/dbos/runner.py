"""Durable runs on DBOS Transact: begin, each step, finish, over any number of crashes.

One process holds one DbosRunner. The engine keeps how far a run has come; what was done, and
whether it may be done at all, stays in the loop's tables.
"""

import logging
import uuid
from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from dbos import DBOS, DBOSPortableJSONSerializer, SetWorkflowID

from scuderia.basics.errors import Refused
from scuderia.connectors.dbos.steps import Patience, RunSteps
from scuderia.connectors.dbos.store import RUN_PREFIX
from scuderia.loop.nouns import ActionId, StepWord

RUN_SHAPE = "1"
"""Pinned as the engine's application version: waiting runs survive an upgrade of our code.
Raise it only together with a change of `_run` that old runs cannot finish under."""

QUEUE = "actions"
_WORDS = {
    "ENQUEUED": "pending",
    "DELAYED": "pending",
    "PENDING": "pending",
    "SUCCESS": "success",
    "ERROR": "error",
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": "error",
    "CANCELLED": "cancelled",
}
_log = logging.getLogger(__name__)
Returned = TypeVar("Returned")


class DbosRunner:
    """Fills loop.ports.Runner.

    url           where the runs are kept, from store.store_url
    executor_id   new for every process: two with one name would run each other's work
    at_once       runs this process carries at the same time
    """

    def __init__(
        self,
        url: str,
        steps: RunSteps,
        *,
        executor_id: str | None = None,
        patience: Patience | None = None,
        at_once: int = 8,
        poll_s: float = 0.5,
    ) -> None:
        self.executor_id = executor_id or f"worker-{uuid.uuid4()}"
        self._steps = steps
        self._patience = patience or Patience()
        DBOS(
            config={
                "name": "scuderia",
                "system_database_url": url,
                "application_version": RUN_SHAPE,
                "executor_id": self.executor_id,
                "serializer": DBOSPortableJSONSerializer(),
                "log_level": "ERROR",
                "notification_listener_polling_interval_sec": poll_s,
            }
        )

        def run_action(action: str) -> str:
            return self._run(action)

        self._workflow = DBOS.workflow(name="scuderia.run_action")(run_action)
        DBOS.launch()
        DBOS.register_queue(QUEUE, worker_concurrency=at_once, polling_interval_sec=poll_s)

    # --- the port -------------------------------------------------------------------------

    def start(self, action_id: ActionId) -> None:
        """Begin the durable run; a second start of the same action does nothing."""
        if self.status(action_id) == "absent":
            self._enqueue(action_id)

    def cancel(self, action_id: ActionId) -> None:
        """Stop before the next step; what is done stays done."""
        if self.status(action_id) == "pending":
            DBOS.cancel_workflow(_run_id(action_id))

    def resume(self, action_id: ActionId) -> None:
        """Take over a run whose executor died, or run an ended one again from its first step.

        Running again is safe: every call of a run bears being made more than once.
        """
        match self.status(action_id):
            case "absent":
                self._enqueue(action_id)
            case "pending":
                DBOS.resume_workflow(_run_id(action_id), queue_name=QUEUE)
            case _:
                DBOS.delete_workflow(_run_id(action_id))
                self._enqueue(action_id)

    def status(self, action_id: ActionId) -> str:
        """Return "absent", "pending", "success", "error" or "cancelled"."""
        found = DBOS.get_workflow_status(_run_id(action_id))
        return "absent" if found is None else _WORDS.get(found.status, "pending")

    # --- beyond the port ------------------------------------------------------------------

    def held_by_others(self) -> dict[ActionId, str]:
        """Return the runs in the hands of other executors, alive or dead, with their names."""
        running = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
        return {
            ActionId(UUID(run.workflow_id.removeprefix(RUN_PREFIX))): run.executor_id or ""
            for run in running
            if run.workflow_id.startswith(RUN_PREFIX) and run.executor_id != self.executor_id
        }

    def close(self, *, grace_s: int = 5) -> None:
        """Stop taking runs, let those under way come to a step's end, and let go of the engine."""
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=grace_s)

    def _enqueue(self, action_id: ActionId) -> None:
        with SetWorkflowID(_run_id(action_id)):
            DBOS.enqueue_workflow(QUEUE, self._workflow, str(action_id))

    # --- the run itself: recorded call by call, so it reads no clock and draws no chance ---

    def _run(self, action: str) -> str:
        action_id = ActionId(UUID(action))
        count = self._patiently("begin", lambda: self._begin(action_id), is_answer=_is_count)
        if count < 0:
            raise RuntimeError(f"run {action} could not begin; a worker will take it up again")
        for index in range(count):
            word = self._patiently(
                f"step {index}",
                lambda index=index: self._perform(action_id, index),  # type: ignore[misc]
                is_answer=_is_settled,
            )
            if word != StepWord.DONE:
                break
        finished = self._patiently("finish", lambda: self._finish(action_id), is_answer=bool)
        if not finished:
            raise RuntimeError(f"run {action} could not be closed; a worker will take it up again")
        return finished

    def _patiently(
        self, name: str, call: Callable[[], Returned], *, is_answer: Callable[[Returned], bool]
    ) -> Returned:
        """Make one recorded call until it answers or patience ends; return its last word."""
        for tries in range(1, self._patience.tries_max):
            word: Returned = DBOS.run_step({"name": name}, call)
            if is_answer(word):
                return word
            DBOS.sleep(self._patience.wait_s(tries))
        last: Returned = DBOS.run_step({"name": name}, call)
        return last

    def _begin(self, action_id: ActionId) -> int:
        """Return the number of steps; 0 on a refusal, -1 when nobody answered."""
        try:
            return self._steps.begin(action_id)
        except Refused as refusal:
            _log.info("run %s refused at its beginning: %s", action_id, refusal)
            return 0
        except Exception:  # noqa: BLE001 - the run outlives it
            _log.exception("run %s: begin failed and is tried again", action_id)
            return -1

    def _perform(self, action_id: ActionId, index: int) -> str:
        """Return the step's word; an error says nothing of the world, so it is UNKNOWN."""
        try:
            return self._steps.perform(action_id, index).value
        except Refused as refusal:
            _log.info("run %s stopped before step %d: %s", action_id, index, refusal)
            return StepWord.STOP.value
        except Exception:  # noqa: BLE001 - the run outlives it
            _log.exception("run %s: step %d failed and is tried again", action_id, index)
            return StepWord.UNKNOWN.value

    def _finish(self, action_id: ActionId) -> str:
        """Return the books' word, or "" when they could not be closed."""
        try:
            return self._steps.finish(action_id) or "closed"
        except Exception:  # noqa: BLE001 - the run outlives it
            _log.exception("run %s: finish failed and is tried again", action_id)
            return ""


def _run_id(action_id: ActionId) -> str:
    return f"{RUN_PREFIX}{action_id}"


def _is_count(count: int) -> bool:
    return count >= 0


def _is_settled(word: str) -> bool:
    return word != StepWord.UNKNOWN
