"""A change of the source, made in a copy of the tree, and whether the named tests see it."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS_FAILED = 1
SECONDS_MAX = 300
LEFT_OUT = shutil.ignore_patterns("__pycache__", ".git", ".venv", ".*_cache", ".hypothesis")


def fails_unchanged(tests: tuple[str, ...]) -> str:
    """Return "" if the tests pass in a copy of the tree as it is, else what they said.

    Where they fail, every change would count as seen and the answer would mean nothing.
    """
    ran = _ran_in_a_copy(tests)
    return "" if ran.returncode == 0 else ran.stdout[-1500:] + ran.stderr[-500:]


def tried(changed: Path, text: str, tests: tuple[str, ...]) -> str:
    """Return "" if a test sees the changed file, else what went wrong; the tree is untouched.

    changed   the file, below ROOT
    """
    try:
        ran = _ran_in_a_copy(tests, changed=changed.relative_to(ROOT), text=text)
    except subprocess.TimeoutExpired:
        return ""  # it never ends: seen
    if ran.returncode == TESTS_FAILED:
        return ""
    return "no test saw it" if ran.returncode == 0 else ran.stdout[-500:] + ran.stderr[-500:]


def _ran_in_a_copy(
    tests: tuple[str, ...], *, changed: Path | None = None, text: str = ""
) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory(prefix="scuderia-mutant-") as folder:
        copy = Path(folder) / "tree"
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
        if changed:
            (copy / changed).write_text(text, encoding="utf-8")
        environment = {**os.environ, "PYTHONPATH": f"{copy / 'src'}{os.pathsep}{copy}"}
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests],
            cwd=copy, env=environment, capture_output=True, text=True, timeout=SECONDS_MAX,
            check=False,
        )  # fmt: skip
