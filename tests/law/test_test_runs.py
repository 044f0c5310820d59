"""Every test runs somewhere: what CI starts takes each combination of markers at least once."""

import re
import tomllib
from itertools import combinations
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STARTED = re.compile(r"^(?:\w+=\w+ )*make ([\w-]+)$", re.MULTILINE)
CHOSEN = re.compile(r"-m (?:'([^']+)'|(\w+) )")
NEEDS = {"browser": "test-browser", "postgres": "test-postgres"}
"""Marker -> the one target that does not skip it."""


def targets_of_ci() -> set[str]:
    return set(STARTED.findall((ROOT / ".ci" / "run").read_text(encoding="utf-8")))


def chosen_by(target: str) -> str:
    """Return the expression by which one target of the Makefile chooses among the tests, or ""."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    found = [quoted or word for quoted, word in CHOSEN.findall(recipe[1] if recipe else "")]
    return found[-1] if found and "pytest" not in found[-1] else ""


def taken(held: set[str], names: list[str], choices: dict[str, str]) -> bool:
    """Say whether a test that holds these markers is run by a target that does not skip it."""
    able = {NEEDS[name] for name in held & NEEDS.keys()} or choices.keys() - NEEDS.values()
    known = {"hypothesis": False, **{name: name in held for name in names}}
    return any(eval(choices[target], {}, known) for target in able)  # noqa: S307 - our own Makefile


def test_a_test_of_any_markers_is_run_by_something_that_ci_starts():
    options = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    names = [line.partition(":")[0] for line in options["tool"]["pytest"]["ini_options"]["markers"]]
    choices = {target: chosen for target in targets_of_ci() if (chosen := chosen_by(target))}
    assert choices.keys() == {"test", "test-long", *NEEDS.values()}
    every = [set(held) for size in range(len(names) + 1) for held in combinations(names, size)]
    assert [held for held in every if not taken(held, names, choices)] == []
