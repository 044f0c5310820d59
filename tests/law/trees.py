"""The product's files as syntax trees, each parsed once however many laws read it."""

import ast
from functools import cache
from pathlib import Path


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """Return every node of one file."""
    return tuple(ast.walk(tree_of(path)))
