"""The one way a state is written: compare and swap along the table of legal moves."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

from django.db.models import Model

from scuderia.loop.engine.transitions import IllegalMove, refuse_illegal

Row = TypeVar("Row", bound=Model)


def move(
    row: Row, noun: str, to: StrEnum, *, only_if: Mapping[str, object] | None = None, **columns: Any
) -> Row:
    """Move a row from the state it was read in, or raise IllegalMove and change nothing.

    only_if   further columns that must still hold what they held when the row was read
    columns   what is written with the state
    """
    before = type(to)(row.state)  # type: ignore[attr-defined]
    refuse_illegal(noun, before, to)
    rows = type(row)._default_manager  # noqa: SLF001 - Django's documented name
    same = rows.filter(pk=row.pk, state=before.value, **(only_if or {}))
    changed = same.update(state=to.value, **columns)
    if not changed:
        raise IllegalMove(f"this {noun} was moved by someone else", noun=noun, id=row.pk)
    for name, value in {"state": to.value, **columns}.items():
        setattr(row, name, value)
    return row
