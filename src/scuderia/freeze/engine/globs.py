"""Compares names with patterns as Argo CD does: `*` stands for anything, a slash too.

`?` is one character, `[abc]`, `[a-z]` and `[!a-z]` one of a set, `{a,b}` either, and a backslash
takes the next character as it is. The cost is bounded by the two lengths, whatever the pattern:
no backtracking.
"""

from dataclasses import dataclass
from typing import TypeAlias

from scuderia.basics.errors import BadInput

_PATTERN_MAX = 1_000
_DEPTH_MAX = 8


class BadPattern(BadInput):
    """A pattern of names cannot be read, so it would fit nothing."""

    code = "FREEZE-021"
    remedy = "Close every [ and {; put a backslash before a character that means itself."


@dataclass(frozen=True, slots=True)
class _OneOf:
    """One character: in the set, or by `negated` not in it."""

    letters: frozenset[str] = frozenset()
    low: str = ""
    high: str = ""
    negated: bool = False

    def takes(self, letter: str) -> bool:
        inside = letter in self.letters or (bool(self.low) and self.low <= letter <= self.high)
        return inside is not self.negated


@dataclass(frozen=True, slots=True)
class _AnyRun:
    """Any characters, none included."""


@dataclass(frozen=True, slots=True)
class _Either:
    """One of several patterns."""

    patterns: tuple["_Tokens", ...]


_Token: TypeAlias = _OneOf | _AnyRun | _Either
_Tokens: TypeAlias = tuple[_Token, ...]
_ANY_LETTER = _OneOf(negated=True)


def glob_fits(pattern: str, name: str) -> bool:
    """Say whether the whole name fits the pattern.

    raises   BadPattern
    """
    return len(name) in _ends(parse_glob(pattern), name, {0})


def parse_glob(pattern: str) -> _Tokens:
    """Read a pattern.

    raises   BadPattern
    """
    if len(pattern) > _PATTERN_MAX:
        raise BadPattern(f"a pattern is {len(pattern):,} characters long")
    return _Reader(pattern).tokens("")


def _ends(tokens: _Tokens, name: str, starts: set[int]) -> set[int]:
    """Return the places in the name at which the tokens may end, begun at any of `starts`."""
    places = starts
    for token in tokens:
        if not places:
            break
        match token:
            case _OneOf():
                places = {at + 1 for at in places if at < len(name) and token.takes(name[at])}
            case _AnyRun():
                places = set(range(min(places), len(name) + 1))
            case _Either():
                places = {end for one in token.patterns for end in _ends(one, name, places)}
    return places


class _Reader:
    """Reads one pattern from left to right."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.depth = 0

    def tokens(self, until: str) -> _Tokens:
        """Read up to one of these characters, which is left unread, or to the end."""
        found: list[_Token] = []
        while self.at < len(self.pattern) and self.pattern[self.at] not in until:
            found.append(self._token(self._next()))
        return tuple(found)

    def _token(self, letter: str) -> _Token:
        match letter:
            case "*":
                return _AnyRun()
            case "?":
                return _ANY_LETTER
            case "[":
                return self._set()
            case "{":
                return self._either()
            case "\\":
                return _OneOf(frozenset(self._next()))
        return _OneOf(frozenset(letter))

    def _either(self) -> _Token:
        self.depth += 1
        if self.depth > _DEPTH_MAX:
            raise BadPattern(f"the pattern {self.pattern[:60]!r} is nested too deep")
        patterns = [self.tokens(",}")]
        while self._next() == ",":
            patterns.append(self.tokens(",}"))
        self.depth -= 1
        return _Either(tuple(patterns))

    def _set(self) -> _Token:
        negated = self.pattern[self.at : self.at + 1] == "!"
        self.at += negated
        if self.pattern[self.at + 1 : self.at + 2] == "-":
            low, _, high = self._next(), self._next(), self._next()
            if self._next() != "]" or low > high:
                raise self._bad()
            return _OneOf(low=low, high=high, negated=negated)
        letters = set()
        while (letter := self._next()) != "]":
            letters.add(self._next() if letter == "\\" else letter)
        if not letters:
            raise self._bad()
        return _OneOf(frozenset(letters), negated=negated)

    def _next(self) -> str:
        if self.at >= len(self.pattern):
            raise self._bad()
        self.at += 1
        return self.pattern[self.at - 1]

    def _bad(self) -> BadPattern:
        return BadPattern(f"the pattern {self.pattern[:60]!r} cannot be read")
