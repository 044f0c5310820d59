"""Apply each fixed mutant in a copy of the tree and see its tests fail: `python -m tests.mutants`.

The working tree is never touched. A mutant whose text is not found exactly once is an error: the
rule has moved on, and the list must follow.
"""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor

from tests.mutants.copying import ROOT, Outcome, copied
from tests.mutants.fixed import FIXED, Mutant


def seen(mutant: Mutant) -> str:
    """Return "" if a test sees the mutant, else what went wrong."""
    sources = {path: path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py")}
    found = sum(text.count(mutant.old) for text in sources.values())
    if found != 1:
        return f"its text stands {found} times in the source: say it anew"
    (changed,) = (path for path, text in sources.items() if mutant.old in text)
    text = sources[changed].replace(mutant.old, mutant.new)
    with copied() as tree:
        ran = tree.judge(changed.relative_to(ROOT).as_posix(), text, mutant.tests)
    if ran.outcome is Outcome.KILLED:
        return ""
    said = "no test saw it" if ran.outcome is Outcome.SURVIVED else ran.said[-500:]
    return f"{ran.outcome}: {said}"


def main() -> int:
    """Try every mutant on all cores; print one JSON object; 1 if any went unseen."""
    with copied() as tree:
        unchanged = tree.run(tuple(sorted({test for one in FIXED for test in one.tests})))
    if unchanged.outcome is not Outcome.SURVIVED:
        sys.stderr.write(
            f"the tests fail with nothing changed, so none can be judged:\n{unchanged.said}"
        )
        return 1
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
