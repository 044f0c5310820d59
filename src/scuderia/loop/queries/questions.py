"""Questions that every page of facts asks: the ORM spells each once, and later only its values."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import QuerySet

_FIRST = 2**52 + 5**21  # places are told apart by numbers that ours are not; exact as doubles too


class Question:
    """A question of the ORM's with open places; its words are kept once they are spelled.

    ask   returns the rows to read, `values_list` of columns. It is handed a number for each place
          that takes one value, and a list for each that takes many (`among`); it may compare them
          with columns, and nothing else
    """

    def __init__(self, ask: Callable[..., QuerySet[Any, Any]]) -> None:
        self._ask = ask
        self._known: dict[tuple[object, ...], _Words] = {}

    def rows(self, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows as the database keeps them: instants of seconds and truths as numbers.

        values   a number or a text for each place; any other collection for one that takes many
        """
        asked = self._words_for(values)
        with connection.cursor() as cursor:
            cursor.execute(asked.sql, [take(values) for take in asked.takes])
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return found

    def read(self, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows as the ORM would give them."""
        found, converters = self.rows(*values), self._words_for(values).converters
        if not converters:
            return found
        changed: list[list[Any]] = [list(row) for row in found]
        for place, (convert, expression) in converters.items():
            for row in changed:
                for one in convert:
                    row[place] = one(row[place], expression, connection)
        return [tuple(row) for row in changed]

    def _words_for(self, values: tuple[Any, ...]) -> "_Words":
        many = tuple(not isinstance(value, int | str) for value in values)
        known = self._known.get((connection.vendor, many))
        if known is None:
            known = self._known[connection.vendor, many] = self._spell(many)
        return known

    def _spell(self, many: tuple[bool, ...]) -> "_Words":
        numbers = [_FIRST + place for place in range(len(many))]
        asked = zip(numbers, many, strict=True)
        rows = self._ask(*([number] if takes else number for number, takes in asked))
        compiler = rows.query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        columns = [column for column, *_ in compiler.select or ()]
        return _Words(
            sql, [_take(param, numbers) for param in params], compiler.get_converters(columns)
        )


class _Words(NamedTuple):
    sql: str
    takes: list[Callable[[Any], Any]]
    converters: dict[int, tuple[list[Any], Any]]


def _take(param: Any, numbers: list[int]) -> Callable[[Any], Any]:
    """Return what picks this parameter of the statement from a question's values."""
    for place, number in enumerate(numbers):
        if param in (number, str(number)) and not isinstance(param, bool):
            return lambda values: values[place]
        if param == [number]:
            return lambda values: list(values[place])
        if param == json.dumps([number]):
            return lambda values: json.dumps(list(values[place]))
    return lambda _: param
