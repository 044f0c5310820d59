"""Expands lists of names such as node[001-128,130],login1, bounded."""

import re

from scuderia.intake.records import Flaw

NAMES_MAX = 100_000
_DIGITS_MAX = 9
_RANGE = re.compile(r"(\d+)(?:-(\d+))?")
_BRACKETS = re.compile(r"\[([^\[\]]*)\]")


def is_hostlist(text: str) -> bool:
    """Say whether the text names several by brackets or commas."""
    return "[" in text or "," in text


def expand(text: str, *, limit: int = NAMES_MAX) -> tuple[str, ...]:
    """Return the names, in order, each once; leading zeros keep their width.

    raises   Flaw with an empty field: unreadable, or more than `limit` names
    """
    names: dict[str, None] = {}
    for part in _parts(text):
        room = limit - len(names)
        names.update(dict.fromkeys(_expanded(part, room, limit)))
    return tuple(names)


def _parts(text: str) -> list[str]:
    """Split at the commas that stand outside brackets."""
    parts, depth, begin = [], 0, 0
    for place, sign in enumerate(text):
        depth += (sign == "[") - (sign == "]")
        if depth not in (0, 1):
            raise _unreadable(text)
        if sign == "," and depth == 0:
            parts.append(text[begin:place])
            begin = place + 1
    parts.append(text[begin:])
    if depth or not all(part.strip() for part in parts):
        raise _unreadable(text)
    return [part.strip() for part in parts]


def _expanded(part: str, room: int, limit: int) -> list[str]:
    pieces = _BRACKETS.split(part)
    names = [pieces[0]]
    for place in range(1, len(pieces), 2):
        numbers = _numbers(pieces[place], part, room // max(1, len(names)), limit)
        names = [f"{name}{number}{pieces[place + 1]}" for name in names for number in numbers]
    if len(names) > room:
        raise _too_many(part, limit)
    return names


def _numbers(inside: str, part: str, room: int, limit: int) -> list[str]:
    numbers: list[str] = []
    for word in inside.split(","):
        match = _RANGE.fullmatch(word.strip())
        if match is None or max(len(found or "") for found in match.groups()) > _DIGITS_MAX:
            raise _unreadable(part)
        first, last = match[1], match[2] or match[1]
        if int(last) < int(first):
            raise _unreadable(part)
        if len(numbers) + int(last) - int(first) + 1 > room:
            raise _too_many(part, limit)
        numbers += [str(number).zfill(len(first)) for number in range(int(first), int(last) + 1)]
    return numbers


def _unreadable(text: str) -> Flaw:
    return Flaw("", f"{text[:80]!r} is no list of names", "Write it as node[001-128,130],login1.")


def _too_many(text: str, limit: int) -> Flaw:
    said = f"{text[:80]!r} names more than {limit} nodes"
    return Flaw("", said, "Split it over several rows, or check its brackets.")
