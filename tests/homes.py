"""What tests on real homes share: a home made once for a whole run, and a process kept on it.

To start the product takes two CPU seconds and to set up a home seven, so a home is made by the
first worker of a run that asks and copied by the others, and `Shell` runs many command lines in
one process: `python -m tests.homes`, a JSON list a line in, its code and what it said a line out.
"""

import fcntl
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from scuderia.config.cli.main import run

ROOT = Path(__file__).resolve().parents[1]


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder that all workers of this run share; the first to ask makes it.

    make   fills the folder, which is not there yet; where it fails the next worker tries anew
    """
    shared = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder, done = shared / name, shared / f"{name}.done"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            done.touch()
    return folder


def outside(**more: str) -> dict[str, str]:
    """Return this environment without what belongs to the tests' own home, and with `more`."""
    kept = {name: text for name, text in os.environ.items() if "SCUDERIA" not in name}
    return {**kept, "DJANGO_SETTINGS_MODULE": "scuderia.config.settings", **more}


class Shell:
    """A process of the product that stays and runs one command line after another."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        path = os.pathsep.join([environment.get("PYTHONPATH", ""), str(ROOT / "src"), str(ROOT)])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.homes"], cwd=ROOT, text=True,
            env={**environment, "PYTHONPATH": path.lstrip(os.pathsep)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def call(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run one command line to its end; never raises for what it said."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        code, said, wrong = json.loads(self._process.stdout.readline())
        return subprocess.CompletedProcess(command, code, said, wrong)

    def told(self, *command: str) -> str:
        """Return what a command line that must not fail has printed."""
        done = self.call(*command)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def close(self) -> None:
        """End the process; once is enough."""
        if self._process.returncode is None:
            self._process.communicate(timeout=60)


def main() -> None:
    """Run each line of standard input as a command line, until it ends."""
    for line in sys.stdin:
        said, wrong = io.StringIO(), io.StringIO()
        with redirect_stdout(said), redirect_stderr(wrong):
            code = run(json.loads(line))
        sys.stdout.write(json.dumps([code, said.getvalue(), wrong.getvalue()]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
