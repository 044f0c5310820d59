"""What a durable run calls and how patient it is; the wiring fills it, the runner knows no loop."""

from collections.abc import Callable
from dataclasses import dataclass

from scuderia.loop.nouns import ActionId, StepWord


@dataclass(frozen=True, slots=True)
class RunSteps:
    """The three calls of a run; each may be made more than once and must bear it.

    begin     returns how many steps follow; 0 when there is nothing left to do
    perform   carries out the step of that index
    finish    closes the books of the run and returns one word for them
    """

    begin: Callable[[ActionId], int]
    perform: Callable[[ActionId, int], StepWord]
    finish: Callable[[ActionId], str]


@dataclass(frozen=True, slots=True)
class Patience:
    """How often, and after which waits, a call without an answer is made again."""

    tries_max: int = 12
    first_wait_s: float = 1.0
    factor: float = 2.0
    wait_max_s: float = 60.0

    def wait_s(self, tries: int) -> float:
        """Return the wait after the given number of tries, at least one."""
        return min(self.first_wait_s * self.factor ** (tries - 1), self.wait_max_s)
