"""Heads of the chain that are kept outside: how one is spelled, and whether a chain agrees."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from scuderia.basics.canonical import canonical_json
from scuderia.basics.clock import AwareDatetime, parse_instant
from scuderia.basics.errors import BadInput
from scuderia.loop.engine.audit_chain import GENESIS, Head, Link

LINE_CHARACTERS_MAX = 2_000


@dataclass(frozen=True, slots=True)
class OutsideHead:
    """Where a chain ended, as it was told to a place outside.

    seq    the last entry's number; 0 of an empty chain
    hash   that entry's SHA-256 in hex; GENESIS of an empty chain
    at     when it was told, in wall time
    home   which home told it; "" of one that has no id
    """

    seq: int
    hash: str
    at: AwareDatetime
    home: str


@dataclass(frozen=True, slots=True)
class Disagreement:
    """The first outside head that the chain does not have, and how.

    seq    of the head
    """

    seq: int
    words: str


def spell_head(head: OutsideHead) -> str:
    """Return the head as one line of JSON, without the line's end."""
    return canonical_json(
        {"at": head.at.isoformat(), "hash": head.hash, "home": head.home, "seq": head.seq}
    )


def read_head_line(line: str) -> OutsideHead:
    """Read one line as `spell_head` writes it.

    raises   BadInput: it is not one
    """
    try:
        told = json.loads(line[: LINE_CHARACTERS_MAX + 1])
        seq, digest, home = told["seq"], told["hash"], told.get("home", "")
        at = parse_instant(told["at"], field="at")
    except (ValueError, TypeError, KeyError, AttributeError):
        raise BadInput(f"not an audit head: {line[:80]!r}") from None
    if type(seq) is not int or seq < 0 or not isinstance(digest, str) or not isinstance(home, str):
        raise BadInput(f"not an audit head: {line[:80]!r}")
    return OutsideHead(seq, digest, at, home)


def heads_of(lines: Iterable[str]) -> Iterator[OutsideHead]:
    """Yield the heads of these lines: each once, however often it was told in a row.

    A line that was not written to its end, as when a machine dies, is passed over.
    """
    last: OutsideHead | None = None
    for line in lines:
        try:
            head = read_head_line(line)
        except BadInput:
            continue
        if last is None or (head.seq, head.hash, head.home) != (last.seq, last.hash, last.home):
            yield head
        last = head


class OutsideHeads:
    """The heads that are held against one reading of the chain, from its first entry.

    Those that another home told are left aside, unless none is ours: then a home that lost its id,
    or was given another, is held against them all.
    """

    def __init__(self, heads: Iterable[OutsideHead], *, home: str) -> None:
        told = list(heads)
        ours = [one for one in told if one.home == home] or told
        self._waiting: dict[int, list[OutsideHead]] = defaultdict(list)
        self._differing: list[OutsideHead] = []
        for one in ours:
            if one.seq or one.hash != GENESIS:
                self._waiting[one.seq].append(one)

    def watch(self, links: Iterable[Link]) -> Iterator[Link]:
        """Pass the chain's entries on, holding each against the heads that name it."""
        for link in links:
            heads = self._waiting.pop(link.seq, ())
            self._differing += [one for one in heads if one.hash != link.hash]
            yield link

    def disagreement(self, end: Head) -> Disagreement | None:
        """Return the first head that the chain, read to its end, does not have; None if it has all.

        end   the chain's last entry
        """
        beyond = [one for heads in self._waiting.values() for one in heads]
        missing = [*self._differing, *beyond]
        if not missing:
            return None
        first = min(missing, key=lambda one: (one.seq, one.at))
        when = f"the head of {first.at:%Y-%m-%d %H:%M:%S} UTC that is kept outside"
        if 0 < first.seq <= end.seq:
            return Disagreement(first.seq, f"entry {first.seq} is not the one of {when}")
        return Disagreement(
            first.seq, f"the chain ends at {end.seq}; {when} names an entry {first.seq}"
        )
