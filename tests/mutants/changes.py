"""Every small change of one source file: one operator, number or condition at one place."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.copying import ROOT

TURNED: dict[type[ast.AST], tuple[str, str]] = {
    ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="), ast.NotEq: ("!=", "=="), ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"), ast.Is: ("is", "is not"), ast.IsNot: ("is not", "is"),
    ast.And: ("and", "or"), ast.Or: ("or", "and"), ast.Add: ("+", "-"), ast.Sub: ("-", "+"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """One changed place of one file.

    path            below ROOT, with slashes         line   its number, from 1
    before, after   that line without its margins    text   the whole file as changed
    """

    path: str
    line: int
    before: str
    after: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.before}  ->  {self.after}"


def changes_of(path: Path) -> list[Change]:
    """Return every small change of one file, in the order of its text."""
    source = path.read_bytes()
    every = {
        (start, end, new): _change(path, source, start, end, new)
        for start, end, new in _edits(ast.parse(source), _Places(source))
    }
    return [every[key] for key in sorted(every)]


class _Places:
    """Where a node stands, in bytes of its source; columns of a syntax tree are bytes too."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self._lines = [0]
        for line in source.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))

    def start(self, node: ast.expr) -> int:
        return self._lines[node.lineno - 1] + node.col_offset

    def end(self, node: ast.expr) -> int:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._lines[node.end_lineno - 1] + node.end_col_offset


def _edits(tree: ast.AST, places: _Places) -> Iterator[tuple[int, int, str]]:
    for node in _outside_text(tree):
        match node:
            case ast.Compare(left=left, ops=ops, comparators=rest):
                yield from _turned(ops, [left, *rest], places)
            case ast.BoolOp(op=op, values=values):
                yield from _turned([op] * (len(values) - 1), values, places)
            case ast.BinOp(left=left, op=op, right=right):
                yield from _turned([op], [left, right], places)
            case ast.UnaryOp(op=ast.Not()):
                yield places.start(node), places.start(node) + len("not "), ""
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                yield places.start(node), places.end(node), repr(value + 1)
            case ast.If(test=test) | ast.IfExp(test=test):
                yield places.start(test), places.end(test), "True"


def _outside_text(tree: ast.AST) -> Iterator[ast.AST]:
    # places inside an f-string are wrong before Python 3.12
    for node in ast.iter_child_nodes(tree):
        if not isinstance(node, ast.JoinedStr):
            yield node
            yield from _outside_text(node)


def _turned(
    operators: list[ast.cmpop] | list[ast.boolop] | list[ast.operator],
    operands: list[ast.expr],
    places: _Places,
) -> Iterator[tuple[int, int, str]]:
    for number, operator in enumerate(operators):
        if type(operator) not in TURNED:
            continue
        old, new = TURNED[type(operator)]
        start, end = places.end(operands[number]), places.start(operands[number + 1])
        between = places.source[start:end].decode()
        if between.count(old) == 1:
            yield start, end, between.replace(old, new)


def _change(path: Path, source: bytes, start: int, end: int, new: str) -> Change:
    changed = source[:start] + new.encode() + source[end:]
    ast.parse(changed)
    line = source.count(b"\n", 0, start) + 1
    before, after = source.decode().splitlines(), changed.decode().splitlines()
    while line < len(before) and before[line - 1] == after[line - 1]:
        line += 1  # the operator stands below its left side
    return Change(
        path.relative_to(ROOT).as_posix(), line,
        before[line - 1].strip(), after[line - 1].strip(), changed.decode(),
    )  # fmt: skip
