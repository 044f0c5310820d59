"""What the room's tables share: lengths of text, and columns that hold one of a few words."""

from enum import StrEnum

from django.db import models

NAME_MAX = 128
TITLE_MAX = 200
ACTOR_MAX = 80
KEY_MAX = 200
VALUE_MAX = 400
REASON_MAX = 4_000


def one_of(column: str, words: type[StrEnum], *, of: str) -> models.CheckConstraint:
    """Return the constraint that a column of a table holds one of these words."""
    return models.CheckConstraint(
        condition=models.Q(**{f"{column}__in": [word.value for word in words]}),
        name=f"datasets_{of}_{column}",
    )
