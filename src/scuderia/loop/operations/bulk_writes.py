"""Rows written by the thousand, without an object for each: one statement, prepared once."""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import Field, Model

from scuderia.loop.engine.json_codec import JsonText

_AS_THEY_ARE = frozenset(
    {
        "AutoField", "BigAutoField", "BigIntegerField", "BooleanField", "CharField",
        "FloatField", "IntegerField", "PositiveIntegerField", "PositiveSmallIntegerField",
        "SmallIntegerField", "TextField",
    }
)  # fmt: skip
_UNLIKE = frozenset({"JSONField"})
"""Columns whose values are spelled anew for each row; of the others, equal ones once."""


def insert_rows(
    model: type[Model],
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    over: str = "",
) -> None:
    """Insert the rows in the caller's transaction; the database alone judges them.

    columns   names of the model's fields, in the rows' order; columns that are not named must be
              free to be NULL, since a default of Django's is not asked for
    rows      values of those fields; a foreign key is its id, an instant kept as a number is one;
              a JSON column takes a JsonText too
    over      a unique field: a row that stands under the same value is replaced by the new one
    raises    IntegrityError
    """
    fields = _fields(model, columns)
    names = [_quoted(field.column) for field in fields]
    places = ", ".join(["%s"] * len(names))
    sql = f"INSERT INTO {_table(model)} ({', '.join(names)}) VALUES ({places})"  # noqa: S608 - names
    if over:
        held = _quoted(_fields(model, [over])[0].column)
        told = ", ".join(f"{name} = EXCLUDED.{name}" for name in names if name != held)
        sql += f" ON CONFLICT ({held}) DO UPDATE SET {told}"
    _execute(sql, fields, rows)


def update_rows(model: type[Model], column: str, rows: Iterable[tuple[Any, Any]]) -> None:
    """Set one column of each row, in the caller's transaction: (value, primary key)."""
    key = model._meta.pk  # noqa: SLF001 - Django documents it
    fields = (*_fields(model, [column]), key)
    where = [_quoted(field.column) for field in fields]
    sql = f"UPDATE {_table(model)} SET {where[0]} = %s WHERE {where[1]} = %s"  # noqa: S608 - names
    _execute(sql, fields, rows)


def _execute(sql: str, fields: Sequence[Any], rows: Iterable[Sequence[Any]]) -> None:
    spelled = [list(row) for row in rows]
    for place, field in enumerate(fields):
        spell = _speller(field)
        if spell is not None:
            for kept in spelled:
                kept[place] = spell(kept[place])
    if spelled:
        with connection.cursor() as cursor:
            cursor.executemany(sql, spelled)


def _speller(field: Any) -> Callable[[Any], Any] | None:
    """Return what spells a value as the database keeps it; None where it is kept as it is."""
    field = field.target_field if field.is_relation else field
    kind = field.get_internal_type()
    if kind in _AS_THEY_ARE:
        return None
    books = connections[DEFAULT_DB_ALIAS]  # found anew for every value, it is the most of the cost

    def spelled(value: Any) -> Any:
        if type(value) is JsonText:
            return str(value)
        return field.get_db_prep_save(value, books)

    if kind == "UUIDField":
        return spelled if books.features.has_native_uuid_field else _hex_or(spelled)
    return spelled if kind in _UNLIKE else lru_cache(maxsize=64)(spelled)


def _hex_or(spelled: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: value.hex if type(value) is UUID else spelled(value)


def _fields(model: type[Model], columns: Sequence[str]) -> tuple[Any, ...]:
    found: list[Field[Any, Any]] = [model._meta.get_field(name) for name in columns]  # type: ignore[misc]  # noqa: SLF001 - Django documents it
    return tuple(found)


def _table(model: type[Model]) -> str:
    return _quoted(model._meta.db_table)  # noqa: SLF001 - Django documents it


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
