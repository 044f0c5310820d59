"""Apply each fixed mutant in a copy of the tree and see its tests fail: `python -m tests.mutants`.

The working tree is never touched. A mutant whose text is not found exactly once is an error: the
rule has moved on, and the list must follow.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.mutants.fixed import FIXED, Mutant

ROOT = Path(__file__).resolve().parents[2]
TESTS_FAILED = 1
SECONDS_MAX = 300


def seen(mutant: Mutant) -> str:
    """Return "" if a test sees the mutant, else what went wrong."""
    holders = [
        path
        for path in (ROOT / "src").rglob("*.py")
        if mutant.old in path.read_text(encoding="utf-8")
    ]
    found = sum(path.read_text(encoding="utf-8").count(mutant.old) for path in holders)
    if found != 1:
        return f"its text stands {found} times in the source: say it anew"
    with tempfile.TemporaryDirectory(prefix="scuderia-mutant-") as folder:
        copy = Path(folder) / "tree"
        for part in ("src", "tests", "pyproject.toml"):
            whole = ROOT / part
            if whole.is_dir():
                shutil.copytree(whole, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(whole, copy / part)
        changed = copy / holders[0].relative_to(ROOT)
        changed.write_text(
            changed.read_text(encoding="utf-8").replace(mutant.old, mutant.new), encoding="utf-8"
        )
        environment = {**os.environ, "PYTHONPATH": f"{copy / 'src'}{os.pathsep}{copy}"}
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *mutant.tests],
            cwd=copy, env=environment, capture_output=True, text=True, timeout=SECONDS_MAX,
            check=False,
        )  # fmt: skip
    if ran.returncode == TESTS_FAILED:
        return ""
    return "no test saw it" if ran.returncode == 0 else ran.stdout[-500:] + ran.stderr[-500:]


def main() -> int:
    """Try every mutant on all cores; print one JSON object; 1 if any went unseen."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = dict(zip((one.name for one in FIXED), pool.map(seen, FIXED), strict=True))
    unseen = {name: said for name, said in results.items() if said}
    sys.stdout.write(
        json.dumps({"mutants": len(FIXED), "seen": len(FIXED) - len(unseen), "unseen": unseen})
        + "\n"
    )
    return 1 if unseen else 0


if __name__ == "__main__":
    sys.exit(main())
