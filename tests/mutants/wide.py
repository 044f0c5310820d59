"""A sample of small changes over the rules, each tried in a copy: `python -m tests.mutants.wide`.

    --package loop/engine   one of PACKAGES; all by default, may be given again
    --module NAME.py        only modules of this name
    --count 20              how many are drawn from each package; 0 tries every one
    --seed 1                the draw; the same seed over the same source draws the same
    --cores 2               how many are tried at a time

Changes: a comparison moved by one or turned round, `and` for `or`, a `not` dropped, plus for minus,
a number one more, a condition that always holds. Each is judged by the test files that call its
module (reach.json), which must pass with nothing changed. It prints one JSON object; a timeout is
no kill and is counted apart, and so is a change that accepted.py gives a reason for.
"""

import argparse
import json
import os
import random
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle
from queue import SimpleQueue

from tests.mutants.accepted import ACCEPTED
from tests.mutants.changes import Change, changes_of
from tests.mutants.copying import Outcome, Ran, Tree, copied
from tests.mutants.reach import PACKAGES, files_of, judges_of

REASONS = {(one.path, one.before, one.after): one.reason for one in ACCEPTED}
TIMES_UNCHANGED = 3
CPU_S_SPARE = 30


class NotJudged(Exception):  # noqa: N818 - what did not happen
    """The tests fail with nothing changed: every change would count as seen."""


@dataclass(frozen=True, slots=True)
class Draw:
    """What is tried of one package; `possible` changes are there to be drawn."""

    package: str
    possible: int
    changes: list[Change]

    @property
    def tests(self) -> tuple[str, ...]:
        """Return every test file that judges one of them."""
        return tuple(sorted({test for one in self.changes for test in judges_of(one.path)}))


def drawn(package: str, module: str, count: int, seed: int) -> Draw:
    """Draw `count` changes of a package, 0 for all."""
    files = [file for file in files_of(package) if module in ("", file.name)]
    every = [change for file in files for change in changes_of(file)]
    dice = random.Random(f"{seed} {package}")  # noqa: S311 - a draw, not a secret
    return Draw(package, len(every), dice.sample(every, min(count or len(every), len(every))))


def is_accepted(change: Change) -> bool:
    """Say whether a person has given the reason why no test can see it."""
    return (change.path, change.before, change.after) in REASONS


def judged(draw: Draw, tree: Tree, cores: int) -> dict[str, object]:
    """Try what was drawn; return its figures.

    raises   NotJudged
    """
    unchanged = tree.run(draw.tests)
    if unchanged.outcome is not Outcome.SURVIVED:
        raise NotJudged(f"{draw.package}: with nothing changed: {unchanged.said}")
    cpu_s_max = int(TIMES_UNCHANGED * unchanged.cpu_s) + CPU_S_SPARE
    trying = [one for one in draw.changes if not is_accepted(one)]
    with ExitStack() as stack, ThreadPoolExecutor(cores) as pool:
        trees: SimpleQueue[Tree] = SimpleQueue()
        for _ in range(cores):
            trees.put(stack.enter_context(tree.copied()))
        ran = list(pool.map(_try, trying, cycle([trees]), cycle([cpu_s_max])))
    return _figures(draw, list(zip(trying, ran, strict=True)), unchanged)


def _try(change: Change, trees: "SimpleQueue[Tree]", cpu_s_max: int) -> Ran:
    tree = trees.get()
    try:
        ran = tree.judge(change.path, change.text, judges_of(change.path), cpu_s_max=cpu_s_max)
    finally:
        trees.put(tree)
    sys.stderr.write(f"{ran.outcome} in {ran.cpu_s:.0f} s: {change}\n")
    return ran


def _figures(draw: Draw, tried: list[tuple[Change, Ran]], unchanged: Ran) -> dict[str, object]:
    ended = Counter(ran.outcome for _, ran in tried)
    named = {
        outcome: [str(change) for change, ran in tried if ran.outcome is outcome]
        for outcome in (Outcome.SURVIVED, Outcome.TIMEOUT, Outcome.UNJUDGED)
    }
    return {
        "possible": draw.possible,
        "drawn": len(draw.changes),
        "killed": ended[Outcome.KILLED],
        "timeouts": ended[Outcome.TIMEOUT],
        "accepted": len(draw.changes) - len(tried),
        "survived": ended[Outcome.SURVIVED],
        "unjudged": ended[Outcome.UNJUDGED],
        "cpu_s": round(unchanged.cpu_s + sum(ran.cpu_s for _, ran in tried)),
        "cpu_s_unchanged": round(unchanged.cpu_s),
        "named": {outcome.value: changes for outcome, changes in named.items() if changes},
    }


def main(arguments: list[str]) -> int:
    """Draw, try and print; 0 whatever survives, 1 where tests fail unchanged."""
    parser = argparse.ArgumentParser(description="Change rules at random; name what no test sees.")
    parser.add_argument("--package", choices=PACKAGES, action="append")
    parser.add_argument("--module", default="")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args(arguments)
    draws = [drawn(one, asked.module, asked.count, asked.seed) for one in asked.package or PACKAGES]
    try:
        with copied() as tree:
            found = {one.package: judged(one, tree, asked.cores) for one in draws if one.changes}
    except NotJudged as refused:
        sys.stderr.write(f"no figure: {refused}\n")
        return 1
    sys.stdout.write(json.dumps({"seed": asked.seed, "packages": found}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
