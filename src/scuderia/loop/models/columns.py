"""Constraints that every noun with a state shares, and a lookup for every column."""

import json
from enum import IntEnum, StrEnum
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Lookup
from django.db.models.fields.related import ForeignObject
from django.db.models.sql.compiler import SQLCompiler


def one_of(
    column: str, words: type[StrEnum] | type[IntEnum], *, name: str
) -> models.CheckConstraint:
    """Return the constraint that the column holds one of these words and nothing else."""
    return models.CheckConstraint(
        condition=models.Q(**{f"{column}__in": [word.value for word in words]}), name=name
    )


@ForeignObject.register_lookup
@models.Field.register_lookup
class Among(Lookup):
    """`column__among=values`: like `in`, for texts and whole numbers, in one parameter.

    A question for a thousand names is as short as one for two, and is prepared once.
    """

    lookup_name = "among"

    def get_prep_lookup(self) -> list[Any]:
        """Return the values as they are handed over."""
        return list(self.rhs)

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[Any, ...]]:
        """Return the condition and its parameters."""
        column, params = self.process_lhs(compiler, connection)
        if connection.vendor == "postgresql":
            return f"{column} = ANY(%s)", (*params, self.rhs)
        among = f"{column} IN (SELECT value FROM json_each(%s))"  # noqa: S608 - a column's name
        return among, (*params, json.dumps(self.rhs))
