"""Rooms declare themselves, touch their own tables alone, and are under the law from the start."""

import ast
import sys
import tomllib
from pathlib import Path

from scuderia.config.rooms import ROOMS, rooms
from tests.law.trees import nodes_of

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "scuderia"


def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in nodes_of(path):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return found


def test_only_a_room_touches_its_own_tables():
    strange = [
        f"{path.relative_to(SOURCE)} imports {name}"
        for path in SOURCE.rglob("*.py")
        for name in imports_of(path)
        if name.startswith("scuderia.")
        and ".models" in name
        and name.split(".")[1] != path.relative_to(SOURCE).parts[0]
    ]
    assert strange == []


def test_every_package_but_the_floor_is_a_room_that_is_added_by_one_line():
    declared = {f"scuderia.{path.parent.name}" for path in SOURCE.glob("*/apps.py")}
    declared |= {
        f"scuderia.connectors.{p.parent.name}" for p in SOURCE.glob("connectors/*/apps.py")
    }
    assert declared - {"scuderia.config"} == set(ROOMS)


def test_config_names_a_room_in_one_file_alone():
    strange = [
        f"{path.relative_to(SOURCE)} imports {name}"
        for path in (SOURCE / "config").rglob("*.py")
        for name in imports_of(path)
        if name.startswith(("scuderia.fleet", "scuderia.crew", "scuderia.connectors.embedded"))
    ]
    assert strange == []


def test_the_contracts_list_every_package():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    first = contracts["tool"]["importlinter"]["contracts"][0]
    listed = {name.strip() for layer in first["layers"] for name in layer.split("|")}
    packages = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert listed == packages
    assert first["exhaustive"] is True


def test_no_key_of_the_navigation_and_no_command_is_given_twice():
    keys = [entry.key for room in rooms() for entry in room.nav]
    names = [command.name for room in rooms() for command in room.commands]
    tasks = [task.name for room in rooms() for task in room.tasks]
    assert sorted(set(keys)) == sorted(keys)
    assert sorted(set(names)) == sorted(names)
    assert sorted(set(tasks)) == sorted(tasks)


def test_every_file_of_tables_is_loaded_with_its_room():
    absent = [
        str(path.relative_to(SOURCE))
        for path in SOURCE.glob("*/models/*.py")
        if ".".join(("scuderia", *path.relative_to(SOURCE).with_suffix("").parts))
        not in sys.modules
        and path.name != "__init__.py"
    ]
    assert absent == []
