"""The shared parts that nodes hang on: switches, power feeds and storage, as `switch:leaf-03`."""

import re
from collections import Counter
from collections.abc import Iterable

from scuderia.basics.errors import BadInput
from scuderia.fleet.nouns import SharedPartKind

PARTS_MAX = 32
NAME_MAX = 100
TEXT_MAX = 10 + NAME_MAX
CHANGES_MAX = 64
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._@-]*[A-Za-z0-9])?")
_KINDS = frozenset(SharedPartKind)
_PLURALS = {
    SharedPartKind.SWITCH: "switches",
    SharedPartKind.FEED: "feeds",
    SharedPartKind.STORAGE: "storage",
}


class BadSharedPart(BadInput):
    """What nodes are said to hang on is no switch, feed or storage, or is too much."""

    code = "FLEET-061"
    remedy = "Write switch:NAME, feed:NAME or storage:NAME; at most 32 a node."


def is_shared_part(text: str) -> bool:
    """Say whether the text names a shared part, known or not: no node's name has a colon."""
    return text.partition(":")[0] in _KINDS and ":" in text


def read_changes(texts: Iterable[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Return what `kind:name` hangs nodes on, and what `kind:name-` takes them off.

    raises   BadSharedPart
    """
    told = list(texts)
    on = frozenset(_part(text) for text in told if not text.endswith("-"))
    off = frozenset(_part(text[:-1]) for text in told if text.endswith("-"))
    if not told or len(told) > CHANGES_MAX or on & off:
        raise BadSharedPart("nothing is named, too much is, or the same to hang on and to leave")
    return on, off


def changed_parts(parts: Iterable[str], on: frozenset[str], off: frozenset[str]) -> tuple[str, ...]:
    """Return the parts after these changes, ascending; one that is not there may be left.

    raises   BadSharedPart
    """
    left = (frozenset(parts) | on) - off
    if len(left) > PARTS_MAX:
        raise BadSharedPart(f"a node would hang on {len(left)} parts, more than {PARTS_MAX}")
    return tuple(sorted(left))


def parts_in(text: str) -> tuple[str, ...]:
    """Return the parts that a text such as `switch:leaf-03 feed:a` tells, ascending.

    raises   BadSharedPart
    """
    told = frozenset(map(_part, text.replace(",", " ").replace(";", " ").split()))
    return changed_parts(told, frozenset(), frozenset())


def parts_text(parts: Iterable[str]) -> str:
    """Return the parts as one text, as `parts_in` reads it."""
    return " ".join(sorted(parts))


def counted(parts: Iterable[str]) -> str:
    """Return how many of each kind there are, in words; "" where there is none."""
    found = Counter(part.partition(":")[0] for part in parts)
    words = (
        f"{found[kind]:,} {kind.value if found[kind] == 1 else plural}"
        for kind, plural in _PLURALS.items()
        if found[kind]
    )
    return ", ".join(words)


def _part(text: str) -> str:
    kind, _, name = text.partition(":")
    if kind not in _KINDS or len(name) > NAME_MAX or not _NAME.fullmatch(name):
        raise BadSharedPart(f"{text[:80]!r} is no switch, feed or storage")
    return text
