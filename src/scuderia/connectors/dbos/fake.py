"""A runner without an engine, for tests and small scripts: runs wait until `drain` is called."""

from dataclasses import dataclass, field

from scuderia.basics.errors import Refused
from scuderia.connectors.dbos.steps import Patience, RunSteps
from scuderia.loop.nouns import ActionId, StepWord


@dataclass
class InlineRunner:
    """Fills loop.ports.Runner in one process and in memory; waits are counted, never slept."""

    steps: RunSteps
    executor_id: str = "inline"
    patience: Patience = field(default_factory=Patience)
    runs: dict[ActionId, str] = field(default_factory=dict)

    def start(self, action_id: ActionId) -> None:
        """Begin the run at the next drain; a second start of the same action does nothing."""
        self.runs.setdefault(action_id, "pending")

    def cancel(self, action_id: ActionId) -> None:
        """Stop before the next step; what is done stays done."""
        if self.status(action_id) == "pending":
            self.runs[action_id] = "cancelled"

    def resume(self, action_id: ActionId) -> None:
        """Run again from the first step at the next drain."""
        self.runs[action_id] = "pending"

    def held_by_others(self) -> dict[ActionId, str]:
        """Return nothing: there is one executor here."""
        return {}

    def status(self, action_id: ActionId) -> str:
        """Return "absent", "pending", "success", "error" or "cancelled"."""
        return self.runs.get(action_id, "absent")

    def drain(self) -> None:
        """Carry every pending run to its end, in the order of their starts."""
        for action_id in [run for run, word in self.runs.items() if word == "pending"]:
            self._run(action_id)

    def _run(self, action_id: ActionId) -> None:
        count = self._begin(action_id)
        for index in range(count):
            if self.runs[action_id] == "cancelled":
                return
            if self._perform(action_id, index) is not StepWord.DONE:
                break
        if self.runs[action_id] == "cancelled":
            return
        self.runs[action_id] = "success" if self._finish(action_id) else "error"

    def _begin(self, action_id: ActionId) -> int:
        for _ in range(self.patience.tries_max):
            try:
                return self.steps.begin(action_id)
            except Refused:
                return 0
            except Exception:  # noqa: BLE001, S112 - as the real runner: tried again, within bounds
                continue
        return 0

    def _perform(self, action_id: ActionId, index: int) -> StepWord:
        word = StepWord.UNKNOWN
        for _ in range(self.patience.tries_max):
            try:
                word = self.steps.perform(action_id, index)
            except Refused:
                return StepWord.STOP
            except Exception:  # noqa: BLE001 - an error says nothing of the world
                word = StepWord.UNKNOWN
            if word is not StepWord.UNKNOWN:
                return word
        return word

    def _finish(self, action_id: ActionId) -> bool:
        for _ in range(self.patience.tries_max):
            try:
                self.steps.finish(action_id)
            except Exception:  # noqa: BLE001, S112 - as the real runner
                continue
            return True
        return False
