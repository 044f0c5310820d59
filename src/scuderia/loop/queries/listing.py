"""How every list of the loop is narrowed by words and put in the order that somebody asks for."""

from collections.abc import Mapping
from functools import reduce
from operator import and_, or_
from typing import Any, TypeVar

from django.db.models import F, Model, Q, QuerySet

Kind = TypeVar("Kind", bound=Model)
WORDS_MAX = 6


def in_order(
    found: "QuerySet[Kind, Any]",
    columns: Mapping[str, str],
    order: str,
    *,
    unasked: tuple[str, ...],
) -> "QuerySet[Kind, Any]":
    """Return the rows by the column that `order` names ("-" before it: descending).

    columns   the names that may be asked for, and the column each means
    unasked   the order of a name that is not among them, and of ties
    """
    column = columns.get(order.removeprefix("-"))
    if column is None:
        return found.order_by(*unasked)
    wanted = F(column)
    by = wanted.desc(nulls_last=True) if order[0] == "-" else wanted.asc(nulls_last=True)
    return found.order_by(by, *unasked)


def holding(words: str, *columns: str) -> Q:
    """Return the filter for rows that hold every one of the words, each in any of the columns."""
    wanted = words.split()[:WORDS_MAX]
    one_word = (
        reduce(or_, (Q(**{f"{column}__icontains": word}) for column in columns)) for word in wanted
    )
    return reduce(and_, one_word, Q())
