"""A copy of the tree in which one file at a time is changed, and what the named tests say of it."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CPU_S_MAX = 300
WALL_S_MAX = 900
MEMORY_KIB_MAX = 8 * 1024 * 1024
LEFT_OUT = shutil.ignore_patterns("__pycache__", ".git", ".venv", ".*_cache", ".hypothesis")
COMPILED = "src/scuderia/twin/engine/kernels.py"
COMPILED_IN = (COMPILED, "src/scuderia/twin/engine/event_order.py")
"""What stands in machine code that is kept on disk: their changes are compiled apart."""
_LIMITED = f'ulimit -v {MEMORY_KIB_MAX} && ulimit -S -t "$0" && exec "$@"'


class Outcome(StrEnum):
    """What became of one change."""

    KILLED = "killed"
    TIMEOUT = "timeout"
    SURVIVED = "survived"
    UNJUDGED = "unjudged"


@dataclass(frozen=True, slots=True)
class Ran:
    """How a run of tests ended; cpu_s is the seconds of one core it took, its children included."""

    outcome: Outcome
    said: str
    cpu_s: float


class Tree:
    """A copy of the tree; it never touches the tree it was made from.

    The seeds of random tests are fixed, so the same change is judged the same again.
    """

    def __init__(self, folder: Path, made_from: Path) -> None:
        self._folder, self._made_from = folder, made_from

    def copied(self) -> AbstractContextManager["Tree"]:
        """Give a copy of this copy, with what its runs have compiled."""
        return _copied(self._folder, left_out=None)

    def run(self, tests: tuple[str, ...], *, cpu_s_max: int = CPU_S_MAX) -> Ran:
        """Run the tests in the copy until one fails."""
        with tempfile.TemporaryDirectory(prefix="scuderia-mutant-run-") as scratch:
            return self._run(tests, cpu_s_max=cpu_s_max, scratch=scratch, more={})

    def judge(
        self, path: str, text: str, tests: tuple[str, ...], *, cpu_s_max: int = CPU_S_MAX
    ) -> Ran:
        """Run the tests with one file changed, and put the file back.

        path   below the tree        text   all of the file, as changed
        """
        file = self._folder / path
        with tempfile.TemporaryDirectory(prefix="scuderia-mutant-run-") as scratch:
            more = {"PYTHONDONTWRITEBYTECODE": "1"}  # one size, one second: a stale .pyc
            if path in COMPILED_IN:
                more["NUMBA_CACHE_DIR"] = scratch
            try:
                file.write_text(text, encoding="utf-8")
                return self._run(tests, cpu_s_max=cpu_s_max, scratch=scratch, more=more)
            finally:
                shutil.copy2(self._made_from / path, file)

    def _run(
        self, tests: tuple[str, ...], *, cpu_s_max: int, scratch: str, more: dict[str, str]
    ) -> Ran:
        environment = {
            **os.environ, "PYTHONPATH": f"{self._folder / 'src'}{os.pathsep}{self._folder}",
            "PYTHONHASHSEED": "0", "SCUDERIA_SEED": "1", "TMPDIR": scratch,
            "HYPOTHESIS_STORAGE_DIRECTORY": str(Path(scratch) / "hypothesis"), **more,
        }  # fmt: skip
        command = [
            "sh", "-c", _LIMITED, str(cpu_s_max),
            sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider",
            "--hypothesis-seed=0", "-m", "not (slow or browser or postgres)", *tests,
        ]  # fmt: skip
        with (Path(scratch) / "said").open("w+b") as said:
            child = subprocess.Popen(
                command, cwd=self._folder, env=environment, stdout=said,
                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
            status, cpu_s = _waited(child)
            said.seek(0)
            text = said.read().decode(errors="replace")
        return Ran(_outcome(status), text[-2_000:], cpu_s)


def _waited(child: "subprocess.Popen[bytes]") -> tuple[int, float]:
    before = os.times()
    try:
        status = child.wait(timeout=WALL_S_MAX)
    except subprocess.TimeoutExpired:
        status = -signal.SIGXCPU
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)  # whatever the tests left running
    child.wait()
    after = os.times()
    spent = after.children_user + after.children_system
    return status, spent - before.children_user - before.children_system


def _outcome(status: int) -> Outcome:
    match status:
        case 0:
            return Outcome.SURVIVED
        case 1 | 2:
            return Outcome.KILLED
        case _ if status == -signal.SIGXCPU:
            return Outcome.TIMEOUT
    return Outcome.UNJUDGED


def copied() -> AbstractContextManager[Tree]:
    """Give a copy of the tree as it stands, and remove it afterwards."""
    return _copied(ROOT, left_out=LEFT_OUT)


@contextmanager
def _copied(
    made_from: Path, *, left_out: Callable[[str, list[str]], set[str]] | None
) -> Iterator[Tree]:
    with tempfile.TemporaryDirectory(prefix="scuderia-mutant-") as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(made_from, tree, ignore=left_out)
        yield Tree(tree, made_from)
