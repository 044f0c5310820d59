"""A sample of small changes over the rules, each tried in a copy: `python -m tests.mutants.wide`.

    --package loop/engine   one of PACKAGES, all by default
    --count 20              how many are drawn from each
    --seed 1                the draw; the same seed draws the same

Changes: a comparison moved by one or turned round, `and` for `or`, a `not` dropped, a whole number
one more, a condition that always holds. It prints one JSON object; survivors are named by file and
line, to be killed by a test or said to be equal.
"""

import argparse
import ast
import json
import os
import random
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

from tests.mutants.copying import ROOT, fails_unchanged, tried

PACKAGES = {
    "loop/engine": ("tests/loop", "tests/law"),
    "loop/operations": ("tests/loop",),
    "fleet/engine": ("tests/fleet",),
    "twin/engine": ("tests/twin",),
    "crew/engine": ("tests/crew",),
}
TURNED = {
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==",
    ast.In: "not in", ast.NotIn: "in", ast.Is: "is not", ast.IsNot: "is",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """One changed stretch of one file."""

    path: Path
    line: int
    old: str
    new: str
    text: str


def changes_of(path: Path) -> Iterator[Change]:
    """Yield every small change of one file."""
    source = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        new = _changed(node, source)
        old = ast.get_source_segment(source, node) or ""
        if new and old and source.count(old) == 1:
            yield Change(path, node.lineno, old, new, source.replace(old, new))


def _changed(node: ast.AST, source: str) -> str:
    part = lambda inner: ast.get_source_segment(source, inner) or ""  # noqa: E731 - said once
    match node:
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in TURNED:
            return f"{part(left)} {TURNED[type(op)]} {part(right)}"
        case ast.BoolOp(op=op, values=[first, second]):
            return f"{part(first)} {'or' if isinstance(op, ast.And) else 'and'} {part(second)}"
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return part(operand)
        case ast.Constant(value=int(value)) if not isinstance(value, bool):
            return str(value + 1)
    return ""


def main(arguments: list[str]) -> int:
    """Draw, try and print; 0 whatever survives, 1 where tests fail unchanged."""
    parser = argparse.ArgumentParser(description=__doc__, add_help=True)
    parser.add_argument("--package", choices=PACKAGES, action="append")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    found = {}
    for package in asked.package or PACKAGES:
        broken = fails_unchanged(PACKAGES[package])
        if broken:
            sys.stderr.write(f"{package}: its tests fail with nothing changed:\n{broken}")
            return 1
        files = sorted((ROOT / "src" / "scuderia" / package).rglob("*.py"))
        every = [change for path in files for change in changes_of(path)]
        drawn = random.Random(asked.seed).sample(  # noqa: S311 - a draw, not a secret
            every, min(asked.count, len(every))
        )
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            paths, texts = [one.path for one in drawn], [one.text for one in drawn]
            said = list(pool.map(tried, paths, texts, repeat(PACKAGES[package])))
        found[package] = {
            "possible": len(every),
            "tried": len(drawn),
            "seen": said.count(""),
            "survivors": [
                f"{one.path.relative_to(ROOT)}:{one.line}: {one.old[:60]!r} > {one.new[:60]!r}"
                for one, word in zip(drawn, said, strict=True)
                if word
            ],
        }
    sys.stdout.write(json.dumps({"seed": asked.seed, "packages": found}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
