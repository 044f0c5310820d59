"""Makes the schema of an answer from the row that a query returns, so that none is written twice.

A row's keys are its fields. What a row holds and an answer does not tell is left out by name.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import fields, is_dataclass
from inspect import getdoc
from types import UnionType
from typing import Annotated, Any, TypeAlias, TypeVar, Union, get_args, get_origin

from ninja import Schema
from pydantic import BeforeValidator, GetCoreSchemaHandler, create_model
from pydantic_core import CoreSchema

from scuderia.basics.canonical import JsonObject
from scuderia.basics.subjects import SubjectRef

Subject = Annotated[str, BeforeValidator(str)]
Facts = dict[str, Any]

Made = TypeVar("Made", bound=Schema)
Row = TypeVar("Row")
_SCHEMAS: dict[type, type[Schema]] = {}


class _FromRow:
    """Has pydantic read a frozen row through the schema that is made from it."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return handler(in_json(source))


RowOf: TypeAlias = Annotated[Row, _FromRow()]
"""A field of a schema that holds rows, e.g. `items: list[RowOf[NodeStatus]]`."""


def made_from(
    row: type, *, leave_out: Collection[str] = (), usual: bool = True
) -> Callable[[type[Made]], type[Made]]:
    """Complete a schema with the row's fields; what it declares itself is told besides.

    leave_out   fields of the row that are not told
    usual       wherever the row stands in an answer it is told so; else by this name alone
    """

    def make(told: type[Made]) -> type[Made]:
        bases = (told, _mirror(row, leave_out))
        made: Any = create_model(
            told.__name__, __base__=bases, __doc__=told.__doc__, __module__=told.__module__
        )
        if usual:
            _remember(row, made)
        return made

    return make


def schema_of(row: type) -> type[Schema]:
    """Return the schema of a row: the one declared for it, else all of its fields."""
    if row not in _SCHEMAS:
        _remember(row, _mirror(row, ()))
    return _SCHEMAS[row]


def _remember(row: type, schema: type[Schema]) -> None:
    """Keep the row's usual schema: one a row, and one a name, for the document knows no others."""
    assert row not in _SCHEMAS, f"{row.__name__} is told already"  # noqa: S101 - a bug
    names = {kept.__name__ for kept in _SCHEMAS.values()}
    assert schema.__name__ not in names, f"two rows are told as {schema.__name__}"  # noqa: S101 - a bug
    _SCHEMAS[row] = schema


def in_json(kind: Any) -> Any:
    """Return how a value of this type is told in JSON: rows by their schema, subjects as text."""
    if kind is SubjectRef:
        return Subject
    if kind == JsonObject:
        return Facts
    if is_dataclass(kind):
        return schema_of(kind)  # type: ignore[arg-type]
    parts = tuple(map(in_json, get_args(kind)))
    match get_origin(kind):
        case origin if origin is UnionType or origin is Union:
            return Union[parts]  # noqa: UP007 - made of what was found
        case origin if origin in (tuple, list):
            assert set(parts[1:]) <= {...}, f"{kind} is no run of one kind"  # noqa: S101 - a bug
            return list[parts[0]]  # type: ignore[valid-type]
        case origin if origin is Mapping:
            return dict[parts[0], parts[1]]  # type: ignore[valid-type]
    return kind


def _mirror(row: type, leave_out: Collection[str]) -> type[Schema]:
    declared = {field.name: field.type for field in fields(row)}
    assert declared.keys() >= set(leave_out), f"{row.__name__} has no {leave_out}"  # noqa: S101 - a bug
    told: dict[str, Any] = {
        name: (in_json(kind), ...) for name, kind in declared.items() if name not in leave_out
    }
    return create_model(row.__name__, __base__=Schema, __doc__=getdoc(row), **told)
