"""Hands lines to csv.reader, remembers what it handed out, and takes lines back."""

from typing import TextIO

from scuderia.intake.records import Limits

_SKIP = 1 << 20
_LINES_WORTH = 8


class LineTooLong(Exception):  # noqa: N818 - it never leaves the readers
    """A line passes the limit; the rest of it was passed over unread."""

    def __init__(self, characters: int) -> None:
        super().__init__(characters)
        self.characters = characters


class RecordTooLong(Exception):  # noqa: N818 - it never leaves the readers
    """A record runs over too many lines: a quote is open."""


class LineFeed:
    """An iterator of lines with their true numbers.

    lines_max  how many lines one record may have
    taken      (number, line) of what was handed out since the caller last emptied it; an
               over-long line stands there cut, and raises LineTooLong each time that it comes up
    """

    __slots__ = ("_back", "_cut", "_longest", "_number", "_stream", "lines_max", "taken")

    def __init__(self, stream: TextIO, limits: Limits) -> None:
        self._stream = stream
        self._longest, self.lines_max = limits.line_characters, limits.record_lines
        self._number = 0
        self._back: list[tuple[int, str]] = []
        self._cut: dict[int, int] = {}
        self.taken: list[tuple[int, str]] = []

    def __iter__(self) -> "LineFeed":
        return self

    def __next__(self) -> str:
        entry = self._back.pop() if self._back else self._fresh()
        if entry[0] in self._cut:
            self.taken.append(entry)
            raise LineTooLong(self._cut[entry[0]])
        if self.taken and self._is_full():
            self._back.append(entry)
            raise RecordTooLong
        self.taken.append(entry)
        return entry[1]

    def give_back(self, lines: list[tuple[int, str]]) -> None:
        """Take lines back, to be handed out again in the same order."""
        self._back.extend(reversed(lines))

    def _is_full(self) -> bool:
        if len(self.taken) >= self.lines_max:
            return True
        return sum(len(line) for _, line in self.taken) > _LINES_WORTH * self._longest

    def _fresh(self) -> tuple[int, str]:
        line = self._stream.readline(self._longest + 1)
        if not line:
            raise StopIteration
        self._number += 1
        if len(line) > self._longest and line[-1] not in "\r\n":
            self._cut = {self._number: self._pass_over(len(line))}
            line = line[: self._longest]
        return self._number, line

    def _pass_over(self, characters: int) -> int:
        while True:
            rest = self._stream.readline(_SKIP)
            characters += len(rest)
            if not rest or rest[-1] in "\r\n":
                return characters
