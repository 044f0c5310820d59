"""Which test files call which module, measured once: `python -m tests.mutants.reach [FILE ...]`.

As a pytest plugin (`-p tests.mutants.reach`) it notes every file of the source whose code a test
calls. Run as a program it does so for each test file of PACKAGES and writes reach.json: module ->
test files, the cheapest first, without those that take over CPU_S_MAX when followed. Compiled code
cannot be followed, so COMPILED takes the tests of its one caller. Files that are named are
measured alone and stand last in what was kept, with no word of their cost, until all are measured.
"""

import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType

import pytest

from tests.mutants.copying import COMPILED, ROOT

PACKAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "loop/engine": ("loop/engine/*.py", ("tests/loop",)),
    "loop/operations": ("loop/operations/*.py", ("tests/loop",)),
    "fleet/engine": ("fleet/engine/*.py", ("tests/fleet", "tests/crew")),
    "twin": ("twin/replay.py|twin/engine/*.py", ("tests/twin",)),
    "crew/engine": ("crew/engine/*.py", ("tests/crew",)),
}
"""Package -> patterns of its files below src/scuderia, and the folders of its tests."""
CALLER_OF_COMPILED = "src/scuderia/twin/engine/fast.py"
CPU_S_MAX = 300
NOTED = "SCUDERIA_TESTS_CALLED"
KEPT = Path(__file__).parent / "reach.json"
_called: set[str] = set()


def files_of(package: str) -> list[Path]:
    """Return the source files of one package, sorted."""
    patterns = PACKAGES[package][0].split("|")
    source = ROOT / "src" / "scuderia"
    return sorted({file for pattern in patterns for file in source.glob(pattern)})


def judges_of(path: str) -> tuple[str, ...]:
    """Return the test files that see one module, the cheapest first.

    path   below ROOT; of a module that no test calls (constants), all tests of its package
    """
    reach: dict[str, list[str]] = json.loads(KEPT.read_text(encoding="utf-8"))
    package = next(name for name in PACKAGES if ROOT / path in files_of(name))
    folders = PACKAGES[package][1]
    called = reach.get(CALLER_OF_COMPILED if path == COMPILED else path, [])
    near = tuple(test for test in called if test.startswith(folders))
    return near or tuple(test for test in reach["all"] if test.startswith(folders))


def _note(frame: FrameType, event: str, _argument: object) -> None:
    if event == "call":
        _called.add(frame.f_code.co_filename)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Iterator[None]:
    """Follow the calls of every test, in all its threads."""
    threading.setprofile(_note)
    sys.setprofile(_note)
    try:
        return (yield)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type]


def pytest_unconfigure() -> None:
    """Write the files that were called, below ROOT, as one JSON list."""
    source = str(ROOT / "src")
    called = sorted(str(Path(name).relative_to(ROOT)) for name in _called if source in name)
    Path(os.environ[NOTED]).write_text(json.dumps(called), encoding="utf-8")


def measured(test: str) -> tuple[float, list[str]]:
    """Run one test file and return its seconds of one core, followed, and the modules it calls.

    A file that takes more than CPU_S_MAX is stopped there, and one whose every test is left to
    make test-long has none to run: endless seconds, no modules.
    """
    with tempfile.TemporaryDirectory(prefix="scuderia-reach-") as scratch:
        noted = Path(scratch) / "called"
        before = os.times()
        ran = subprocess.run(
            ["sh", "-c", 'ulimit -S -t "$0" && exec "$@"', str(CPU_S_MAX),
             sys.executable, "-m", "pytest", "-q", "-x", "-p", "tests.mutants.reach",
             "-p", "no:cacheprovider", "-m", "not (slow or browser or postgres)", test],
            cwd=ROOT, env={**os.environ, NOTED: str(noted)}, check=False,
        )  # fmt: skip
        after = os.times()
        if ran.returncode in (-signal.SIGXCPU, pytest.ExitCode.NO_TESTS_COLLECTED):
            return math.inf, []
        ran.check_returncode()
        called: list[str] = json.loads(noted.read_text(encoding="utf-8"))
    return after.children_user - before.children_user, called


def reach_of(told: Mapping[str, tuple[float, list[str]]]) -> dict[str, list[str]]:
    """Return module -> test files that call it, the cheapest first, and "all"."""
    cheap = [test for test in sorted(told, key=lambda one: told[one][0]) if told[test][1]]
    wanted = {file.relative_to(ROOT).as_posix() for name in PACKAGES for file in files_of(name)}
    reach = {
        module: [test for test in cheap if module in told[test][1]] for module in sorted(wanted)
    }
    return {module: tests for module, tests in reach.items() if tests} | {"all": cheap}


def test_files() -> list[str]:
    """Return every test file of PACKAGES, below ROOT."""
    folders = {folder for _, folders in PACKAGES.values() for folder in folders}
    return sorted(
        file.relative_to(ROOT).as_posix()
        for folder in folders
        for file in (ROOT / folder).glob("test_*.py")
    )


def joined(kept: dict[str, list[str]], more: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return what was kept without the files of `more`, and those after it."""
    again = set(more["all"])
    modules = sorted({*kept, *more} - {"all"})
    return {
        module: [test for test in kept.get(module, []) if test not in again] + more.get(module, [])
        for module in [*modules, "all"]
    }


def main(named: list[str]) -> None:
    """Measure the named test files, or every one of PACKAGES, in turn, and write reach.json."""
    reach = reach_of({test: measured(test) for test in named or test_files()})
    if named:
        reach = joined(json.loads(KEPT.read_text(encoding="utf-8")), reach)
    KEPT.write_text(json.dumps(reach, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
