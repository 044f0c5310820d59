"""The loop and the web have never heard of a GPU: they hold no noun of any other room.

Excepted are the files that give an answer's old key beside its successor, until that key goes.
"""

import json
import re
from pathlib import Path

import pytest

from tests.law.test_rooms import SOURCE

EXCEPTIONS = json.loads((Path(__file__).parent / "exceptions.json").read_text(encoding="utf-8"))[
    "nouns_of_rooms"
]
NOUNS = re.compile(
    r"(?<![a-z])(gpus?|nodes?|racks?|outages?|spares?|lemons?|slas?|fleets?|clusters?|judgments?"
    r"|freezes?|(?<!compare and )swaps?|(?<!\.)datasets?)(?![a-z])",
    re.IGNORECASE,
)
KINDS = {".py", ".html", ".css", ".js"}


@pytest.mark.parametrize("room", ["loop", "web"])
def test_it_holds_no_noun_of_another_room(room):
    strange = [
        f"{name}:{number} says {match.group()!r}"
        for path in sorted((SOURCE / room).rglob("*"))
        if path.suffix in KINDS and "migrations" not in path.parts
        for name in [str(path.relative_to(SOURCE))]
        if name not in EXCEPTIONS
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (match := NOUNS.search(line)) and "hx-swap" not in line
    ]
    assert strange == []
