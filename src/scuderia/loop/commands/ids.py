"""Reading an id as people type it: in full, or its last characters."""

from collections.abc import Callable, Iterable
from typing import TypeVar
from uuid import UUID

from scuderia.basics.errors import BadInput, NotFound

Id = TypeVar("Id", bound=UUID)
CHARACTERS_MIN = 4


def full_id(text: str, among: Callable[[], Iterable[Id]], *, noun: str) -> Id:
    """Return the one id that `text` names.

    raises   NotFound: none ends so
             BadInput: several do, or the text is too short to mean one
    """
    tail = text.strip().lower()
    if len(tail) < CHARACTERS_MIN:
        raise BadInput(f"{tail!r} is too short to name one {noun}", remedy="Give more of its end.")
    found = [candidate for candidate in among() if str(candidate).endswith(tail)]
    if not found:
        raise NotFound(f"no {noun} ends with {tail[:40]!r}")
    if len(found) > 1:
        raise BadInput(f"{len(found)} {noun}s end with {tail!r}", remedy="Give more of its end.")
    return found[0]
