"""Constraints that every noun with a state shares."""

from enum import IntEnum, StrEnum

from django.db import models


def one_of(
    column: str, words: type[StrEnum] | type[IntEnum], *, name: str
) -> models.CheckConstraint:
    """Return the constraint that the column holds one of these words and nothing else."""
    return models.CheckConstraint(
        condition=models.Q(**{f"{column}__in": [word.value for word in words]}), name=name
    )
