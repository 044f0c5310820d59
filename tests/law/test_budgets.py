"""The budgets of style.md: sizes, opening sentences, names and words."""

import ast
import json
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.law.trees import nodes_of, tree_of

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "scuderia"
EXCEPTIONS = json.loads((Path(__file__).parent / "exceptions.json").read_text(encoding="utf-8"))

MODULE_LINES_MAX = 600
MODULE_LINES_P95 = 350
MODULE_LINES_MEDIAN = 110
FUNCTION_LINES_MAX = 70
FUNCTION_LINES_LONG = 50
FUNCTION_LONG_SHARE = 0.02
BANNED_FILES = {
    "utils",
    "helpers",
    "manager",
    "data",
    "info",
    "handle",
    "process",
    "misc",
    "services",
}
ROOM_FURNITURE = {
    "__init__", "apps", "nouns", "ports", "models", "queries", "operations", "playbook", "agents",
    "jobs", "pages", "api", "tools", "commands", "urls", "engine", "templates", "migrations",
    "static", "README.md", "__pycache__",
}  # fmt: skip
ROOMS_WITH_FURNITURE = sorted(
    path.parent.name
    for path in SOURCE.glob("*/apps.py")
    if path.parent.name not in {"config", "web", "twin"}
)
WORDS_FOR_OTHER_WORDS = {
    r"\bincidents?\b": "finding or outage",
    r"\bcordon": "drain",
    r"\btenants?\b": "customer",
    r"\bapprovals?_queue\b": "queue",
}


def modules() -> list[Path]:
    return sorted(
        path
        for path in SOURCE.rglob("*.py")
        if "migrations" not in path.parts and path.name != "__init__.py"
    )


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in nodes_of(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def name_of(path: Path) -> str:
    return str(path.relative_to(SOURCE))


def line_count(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def function_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of code of a function: its docstring is not counted against it."""
    total = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        total -= (first.end_lineno or first.lineno) - first.lineno + 1
    return total


def test_no_module_passes_its_hard_stop():
    over = {name_of(p): line_count(p) for p in modules() if line_count(p) > MODULE_LINES_MAX}
    assert over == {}


def test_modules_are_short_as_a_whole():
    sizes = sorted(line_count(path) for path in modules())
    assert statistics.median(sizes) <= MODULE_LINES_MEDIAN
    assert sizes[int(0.95 * (len(sizes) - 1))] <= MODULE_LINES_P95


def test_no_function_passes_its_hard_stop():
    over = [
        f"{name_of(path)}:{node.name} {function_lines(node)}"
        for path in modules()
        for node in functions(path)
        if function_lines(node) > FUNCTION_LINES_MAX
    ]
    assert over == []


def test_few_functions_are_long():
    sizes = [function_lines(node) for path in modules() for node in functions(path)]
    long = sum(size > FUNCTION_LINES_LONG for size in sizes)
    assert long <= FUNCTION_LONG_SHARE * len(sizes)


def test_every_module_opens_with_one_sentence_naming_its_job():
    silent = [
        name_of(path) for path in modules() if not (ast.get_docstring(tree_of(path)) or "").strip()
    ]
    assert silent == []


def test_no_file_is_named_for_nothing():
    named = [name_of(path) for path in modules() if path.stem in BANNED_FILES]
    assert named == []


@pytest.mark.parametrize("room", ROOMS_WITH_FURNITURE)
def test_a_room_holds_only_its_furniture(room):
    strange = {
        entry.name
        for entry in (SOURCE / room).iterdir()
        if entry.stem not in ROOM_FURNITURE and entry.name not in ROOM_FURNITURE
    }
    assert strange == set()


def test_every_room_has_a_readme_under_sixty_lines():
    rooms = [entry for entry in SOURCE.iterdir() if entry.is_dir() and entry.name != "__pycache__"]
    long = {
        room.name: line_count(room / "README.md") if (room / "README.md").exists() else "absent"
        for room in rooms
        if not (room / "README.md").exists() or line_count(room / "README.md") >= 60
    }
    assert long == {}


def test_init_files_stay_empty():
    full = [
        name_of(path)
        for path in SOURCE.rglob("__init__.py")
        if "migrations" not in path.parts and path.read_text(encoding="utf-8").strip()
    ]
    assert full == []


def test_nothing_is_left_to_be_fixed_later():
    left = [
        f"{name_of(path)}:{number}"
        for path in modules()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if "FIXME" in line or re.search(r"TODO(?!\(#\d+\))", line)
    ]
    assert left == []


def test_one_word_for_one_thing():
    found = [
        f"{name_of(path)}:{number} says {match.group()!r}, the glossary says {instead}"
        for path in modules()
        for text in [path.read_text(encoding="utf-8")]
        for banned, instead in WORDS_FOR_OTHER_WORDS.items()
        for match in re.finditer(banned, text, re.IGNORECASE)
        for number in [text.count("\n", 0, match.start()) + 1]
    ]
    assert [entry for entry in found if entry.split(" ")[0] not in EXCEPTIONS["words"]] == []


def test_nobody_reads_the_time_of_day_but_the_clock():
    readers = re.compile(r"datetime\.now\(|utcnow\(|timezone\.now\(|date\.today\(")
    strange = [
        name_of(path)
        for path in modules()
        if readers.search(path.read_text(encoding="utf-8"))
        and name_of(path) not in EXCEPTIONS["clock_readers"]
    ]
    assert strange == []


def test_colours_live_in_the_tokens_alone():
    strange = [
        name_of(path)
        for pattern in ("*.css", "*.html", "*.js")
        for path in SOURCE.rglob(pattern)
        if path.name != "tokens.css"
        and re.search(r"#[0-9a-fA-F]{3,8}\b(?![\w-])", _without_links(path))
    ]
    assert strange == []


def _without_links(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    return re.sub(r"""(href|hx-target|src|aria-\w+|data-target)=["'][^"']*["']|&#\w+;""", "", text)
