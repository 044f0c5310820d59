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


def tried(changed: Path, text: str, tests: tuple[str, ...]) -> str:
    """Return "" if a test sees the changed file, else what went wrong; the tree is untouched.

    changed   the file, below ROOT
    """
    with tempfile.TemporaryDirectory(prefix="scuderia-mutant-") as folder:
        copy = Path(folder) / "tree"
        for part in ("src", "tests", "pyproject.toml"):
            whole = ROOT / part
            if whole.is_dir():
                shutil.copytree(whole, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(whole, copy / part)
        (copy / changed.relative_to(ROOT)).write_text(text, encoding="utf-8")
        environment = {**os.environ, "PYTHONPATH": f"{copy / 'src'}{os.pathsep}{copy}"}
        try:
            ran = subprocess.run(
                [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests],
                cwd=copy, env=environment, capture_output=True, text=True, timeout=SECONDS_MAX,
                check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return ""  # it never ends: seen
    if ran.returncode == TESTS_FAILED:
        return ""
    return "no test saw it" if ran.returncode == 0 else ran.stdout[-500:] + ran.stderr[-500:]
