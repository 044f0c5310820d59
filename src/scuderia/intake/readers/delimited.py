"""Reads delimited text; a bad row costs itself and not its neighbours."""

import csv
import re
from collections.abc import Iterator
from typing import TextIO

from scuderia.intake.readers.encodings import fault_in
from scuderia.intake.readers.line_feed import LineFeed, LineTooLong, RecordTooLong
from scuderia.intake.records import FIELD_OF_WHOLE_RECORD, Bad, FileUnreadable, Limits, Row

DELIMITERS = ",;\t|"
_LOOKED_AT_LINES = 50
_LEARNT_FROM_ROWS = 2_000
_SHAPES_MAX = 50
_LOST_LINES_MAX = (
    50  # so that a file of nothing but stray quotes costs 50 times its length, not 1,000
)
_SHAPE_CHARACTERS = 40
_SEPARATOR_LINE = re.compile(r"sep=(.)\s*", re.IGNORECASE)
_WORDS, _DIGITS = re.compile(r"[^\W\d_]+"), re.compile(r"\d+")


class DelimitedReader:
    """Iterates over the rows of a text stream that was opened with newline="".

    After a quote that never closes, only a row of the right width whose first cell looks like the
    rows before (k000123 -> a9) is believed to start a record; what lies between is bad.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        file: str,
        encoding: str,
        sample: bytes,
        delimiter: str = "",
        header: tuple[str, ...] = (),
        limits: Limits,
    ) -> None:
        csv.field_size_limit(max(csv.field_size_limit(), limits.line_characters))
        self._file, self._encoding, self._sample = file, encoding, sample
        self._feed = LineFeed(stream, limits)
        self._shapes: set[str] = set()
        self._learnt = 0
        self._lost = False
        self._record_lines = limits.record_lines
        self.delimiter = self._begin(delimiter)
        self.columns = header or self._header()
        self._refuse_header(limits)
        self._width = len(self.columns)

    def __iter__(self) -> Iterator[Row | Bad]:
        feed = self._feed
        rows = self._rows()
        while True:
            feed.taken = []
            try:
                cells = next(rows)
            except StopIteration:
                return
            except LineTooLong as error:
                yield from self._too_long(error)
                rows = self._rows()
                continue
            except (csv.Error, RecordTooLong) as error:
                yield self._unclosed(str(error))
                rows = self._rows()
                continue
            if cells and not (len(cells) == 1 < self._width and not cells[0].strip()):
                yield self._read(cells)

    def _rows(self) -> Iterator[list[str]]:
        return csv.reader(self._feed, delimiter=self.delimiter, strict=True)

    def _begin(self, named: str) -> str:
        """Pass over comments, blank lines and Excel's sep= line; return the delimiter."""
        lines: list[tuple[int, str]] = []
        try:
            while len(lines) < _LOOKED_AT_LINES:
                next(self._feed)
                lines.append(self._feed.taken.pop())
        except StopIteration:
            pass
        except LineTooLong:
            if not lines:
                said = f"{self._file}: its first line passes the limit"
                raise FileUnreadable(said, remedy="Is this delimited text?") from None
            lines.append(self._feed.taken.pop())  # it raises again when its turn comes
        while lines and _is_preamble(lines[0][1]):
            lines.pop(0)
        if lines and (match := _SEPARATOR_LINE.fullmatch(lines[0][1])):
            named = named or match[1]
            lines.pop(0)
        if not lines:
            raise FileUnreadable(f"{self._file}: it holds no header line")
        self._feed.give_back(lines)
        return named or likely_delimiter([line for _, line in lines])

    def _header(self) -> tuple[str, ...]:
        self._feed.taken = []
        try:
            cells = next(self._rows())
        except (csv.Error, RecordTooLong, LineTooLong, StopIteration):
            said = f"{self._file}: its header line has an open quote"
            raise FileUnreadable(said, remedy="Close the quote, or name the --delimiter.") from None
        return tuple(cell.strip() for cell in cells)

    def _refuse_header(self, limits: Limits) -> None:
        if fault := fault_in("".join(self.columns), self._encoding, self._sample):
            said = f"{self._file}, line 1: its header is not text: {fault[0]}"
            raise FileUnreadable(said, remedy=fault[1])
        if len(self.columns) > limits.columns:
            said = f"{self._file}: {len(self.columns)} columns; {limits.columns} are read"
            raise FileUnreadable(said, remedy="Name the --delimiter, or keep the columns needed.")

    def _read(self, cells: list[str]) -> Row | Bad:
        taken = self._feed.taken
        number, first = taken[0]
        if len(cells) != self._width:
            if len(taken) > 1:
                return self._unclosed("")
            said = f"{len(cells)} fields, the header has {self._width}"
            return Bad(number, FIELD_OF_WHOLE_RECORD, said, _width_remedy(cells, self), first)
        if self._lost or self._learnt < _LEARNT_FROM_ROWS:
            if self._lost and self._shape(cells[0]) not in self._shapes:
                self._feed.give_back(taken[1:])
                said = "it follows a quote that never closes, and does not look like a new row"
                return Bad(number, FIELD_OF_WHOLE_RECORD, said, "Close the quote above.", first)
            self._set_lost(lost=False)
            self._learn(cells[0])
        raw = first if len(taken) == 1 else "".join(line for _, line in taken)
        if not raw.isascii() or "\0" in raw:
            fault = fault_in(raw, self._encoding, self._sample)
            if fault is not None:
                return Bad(number, FIELD_OF_WHOLE_RECORD, *fault, raw)
        return Row(number, self.columns, tuple(cells), raw)

    def _set_lost(self, *, lost: bool) -> None:
        self._lost = lost
        self._feed.lines_max = _LOST_LINES_MAX if lost else self._record_lines

    def _shape(self, cell: str) -> str:
        return _DIGITS.sub("9", _WORDS.sub("a", cell[:_SHAPE_CHARACTERS]))

    def _learn(self, cell: str) -> None:
        self._learnt += 1
        if len(self._shapes) < _SHAPES_MAX:
            self._shapes.add(self._shape(cell))

    def _unclosed(self, said: str) -> Bad:
        """Give the first line up as bad, and read the lines that it swallowed again."""
        taken = self._feed.taken
        number, first = taken[0]
        self._feed.give_back(taken[1:])
        if len(taken) > 1:
            self._set_lost(lost=bool(self._shapes))
            said = "a quote is opened and never closed"
        remedy = "Close the quote, or write a quote inside a cell twice."
        return Bad(number, FIELD_OF_WHOLE_RECORD, said or "its quotes do not close", remedy, first)

    def _too_long(self, error: LineTooLong) -> Iterator[Bad]:
        *swallowed, (number, line) = self._feed.taken
        if swallowed:
            self._feed.taken = swallowed
            yield self._unclosed("")
        said = f"the line has {error.characters} characters"
        yield Bad(number, FIELD_OF_WHOLE_RECORD, said, "Write shorter records.", line)


def _is_preamble(line: str) -> bool:
    is_comment = line.startswith("#") and not any(sign in line for sign in DELIMITERS)
    return is_comment or not line.strip()


def _width_remedy(cells: list[str], reader: DelimitedReader) -> str:
    name = {"\t": "tab", " ": "space"}.get(reader.delimiter, reader.delimiter)
    if len(cells) > len(reader.columns):
        if not cells[-1].strip():
            return f"Remove the {name!r} at the end of the line, or end the header with one too."
        return f"Put the cell that holds {name!r} in double quotes."
    return "Complete the line; was the file cut short?"


def likely_delimiter(lines: list[str]) -> str:
    """Return the sign of `,;` tab `|` under which most lines are as wide as the header."""
    best, score = ",", 0.0
    for sign in DELIMITERS:
        try:
            widths = [len(cells) for cells in csv.reader(lines, delimiter=sign) if cells]
        except csv.Error:
            continue
        if not widths or widths[0] < 2:  # noqa: PLR2004 - one column names no delimiter
            continue
        alike = sum(width == widths[0] for width in widths) / len(widths)
        wide = alike * (1 + min(widths[0], _LOOKED_AT_LINES) / 1_000)
        if wide > score:
            best, score = sign, wide
    return best
