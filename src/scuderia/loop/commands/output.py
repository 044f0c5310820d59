"""How rows are shown: JSON for scripts, plain tables for people; strange text is made harmless."""

import dataclasses
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import TypeVar
from uuid import UUID

from rich.console import Console
from rich.table import Table
from rich.text import Text

from scuderia.basics.capacity import CapacityGain
from scuderia.basics.subjects import SubjectRef
from scuderia.basics.units import format_duration

ID_CHARACTERS = 12
_PIPE_WIDTH = 200

Row = TypeVar("Row")


def print_json(value: object) -> None:
    """Print rows, or one object, as JSON with sorted keys."""
    sys.stdout.write(json.dumps(plain(value), indent=2, sort_keys=True) + "\n")


def plain(value: object) -> object:
    """Return JSON's own types: records as objects, instants as ISO 8601, the rest as text."""
    match value:
        case Enum():
            return value.value
        case None | bool() | int() | float() | str():
            return value
        case datetime():
            return value.isoformat()
        case SubjectRef() | UUID():
            return str(value)
        case Mapping():
            return {str(name): plain(item) for name, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(item) for item in value]
    if dataclasses.is_dataclass(value):
        return {
            field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    return str(value)


def print_rows(
    rows: Sequence[Row],
    columns: Mapping[str, Callable[[Row], object]],
    *,
    empty: str,
    as_json: bool,
) -> None:
    """Print rows whole for scripts, or as a table for people: heading to what stands below it."""
    if as_json:
        print_json(rows)
        return
    cells = ([read(row) for read in columns.values()] for row in rows)
    print_table(list(columns), cells, empty=empty)


def print_done(facts: Mapping[str, object], words: str, *, as_json: bool) -> None:
    """Print what was done: its facts for scripts, or these words for people."""
    if as_json:
        print_json(facts)
    else:
        say(words)


def print_table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """Print a table without any markup of the data's own; `empty` is said when there is none."""
    kept = [list(row) for row in rows]
    if not kept:
        say(empty)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for place, heading in enumerate(headings):
        table.add_column(heading, overflow="fold", no_wrap=place == 0)
    for row in kept:
        table.add_row(*(Text(cell(value)) for value in row))
    Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH).print(table)


def print_facts(facts: Mapping[str, object]) -> None:
    """Print one record as name and value, a line each."""
    width = max(len(name) for name in facts)
    for name, value in facts.items():
        say(f"{name:<{width}}  {cell(value)}")


def capacity_line(name: str, gain: CapacityGain | None) -> dict[str, str]:
    """Return capacity in words and as it is reckoned; no line where there is none."""
    return {name: f"{gain.words}; {gain.formula}"} if gain else {}


def say(line: str) -> None:
    """Print one line."""
    sys.stdout.write(f"{harmless(line)}\n")


def cell(value: object) -> str:
    """Return a value as people read it."""
    match value:
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M")
        case float():
            return f"{value:,.1f}"
        case None:
            return "-"
        case tuple() | list():
            return ", ".join(cell(item) for item in value)
        case Enum():
            return str(value.value)
    return harmless(str(value))


def harmless(text: str) -> str:
    """Return text without control characters, which could rewrite what the terminal shows."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def until(at: datetime, now: datetime) -> str:
    """Return how long there is until `at`."""
    return format_duration(at - now) if at > now else "over"


def short(identifier: UUID) -> str:
    """Return the end of an id, which differs between ids made close together."""
    return str(identifier)[-ID_CHARACTERS:]
