"""A row that is read of a table's record: what both name alike is copied, all else is said."""

from collections.abc import Callable
from dataclasses import MISSING, fields
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

Row = TypeVar("Row")
_IN_COLUMNS = {"builtins", "datetime", "uuid"}


def row_from(row: Callable[..., Row], record: object, **said: object) -> Row:
    """Return the row of a record: what is said of it, and each field without a default from it.

    row      a dataclass
    raises   AttributeError: a field that nobody said, and that the record has not
             TypeError: a field that nobody said, of a type that no column holds
    """
    copied = {name: getattr(record, name) for name in _copied(row, frozenset(said))}
    return row(**copied, **said)


@cache
def _copied(row: Any, said: frozenset[str]) -> tuple[str, ...]:  # a dataclass
    needed = [field for field in fields(row) if field.default is field.default_factory is MISSING]
    unsaid = [field for field in needed if field.name not in said]
    strange = [field.name for field in unsaid if not _is_in_columns(field.type)]
    if strange:
        raise TypeError(f"{row.__name__}: no column holds {', '.join(strange)}; say what it is")
    return tuple(field.name for field in unsaid)


def _is_in_columns(hint: Any) -> bool:
    """Say whether a column may hold it as it is; an id and JSON may bear other names."""
    if get_origin(hint) in (Union, UnionType):
        return all(_is_in_columns(part) for part in get_args(hint) if part is not NoneType)
    if isinstance(hint, type) and get_origin(hint) is None:
        return hint.__module__ in _IN_COLUMNS
    return get_origin(hint) is not tuple
