"""Reads JSON Lines, and JSON documents: a list, an object around a list, or a lone object."""

import json
from collections.abc import Iterator
from typing import NoReturn, TextIO

from scuderia.intake.readers.encodings import fault_in
from scuderia.intake.readers.line_feed import LineFeed, LineTooLong
from scuderia.intake.records import FIELD_OF_WHOLE_RECORD, Bad, FileUnreadable, Limits, Row

THE_OBJECT_ITSELF = "."
_DEPTH_MAX = 4
_CANDIDATES_MAX = 5
_SAMPLE_OF_COLUMNS = 200
_SPACE = " \t\r\n"
_ONE_A_LINE = "Write one JSON object a line."


class _Number(str):
    """A number as the file writes it: 0.10 stays 0.10."""

    __slots__ = ()


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[:80]!r} stands twice in one object")
    return found


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_Number, parse_float=_Number, parse_constant=_Number
)


def looks_like_lines(head: str) -> bool:
    """Say whether a file that begins with this text holds one object a line."""
    lines = [line for line in head.splitlines() if line.strip()][:2]
    if not lines or not lines[0].lstrip().startswith("{"):
        return False
    if len(lines) > 1 and _is_object(lines[1]):
        return True
    return len(lines) > 1 and _is_object(lines[0])


def _is_object(line: str) -> bool:
    try:
        return isinstance(_DECODER.decode(line.strip()), dict)
    except (ValueError, RecursionError):
        return False


class JsonLinesReader:
    """Iterates over the records of a text stream that holds one object a line."""

    def __init__(self, stream: TextIO, *, encoding: str, sample: bytes, limits: Limits) -> None:
        self._feed = LineFeed(stream, limits)
        self._encoding, self._sample, self._limits = encoding, sample, limits
        self._known: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._ahead: list[Row | Bad] = []
        rows = self._read_all()
        for _, item in zip(range(_SAMPLE_OF_COLUMNS), rows, strict=False):
            self._ahead.append(item)
        self._rest = rows
        self.columns = _columns_of(self._ahead)

    def __iter__(self) -> Iterator[Row | Bad]:
        yield from self._ahead
        self._ahead = []
        yield from self._rest

    def _read_all(self) -> Iterator[Row | Bad]:
        feed = self._feed
        while True:
            feed.taken = []
            try:
                line = next(feed)
            except StopIteration:
                return
            except LineTooLong as error:
                number, line = feed.taken[-1]
                said = f"the line has {error.characters} characters"
                yield Bad(number, FIELD_OF_WHOLE_RECORD, said, "Write shorter records.", line)
                continue
            if not line.isspace():
                yield self._read(feed.taken[0][0], line)

    def _read(self, number: int, line: str) -> Row | Bad:
        if not line.isascii() or "\0" in line:
            fault = fault_in(line, self._encoding, self._sample)
            if fault is not None:
                return Bad(number, FIELD_OF_WHOLE_RECORD, *fault, line)
        try:
            value = _DECODER.decode(line.strip())
        except (ValueError, RecursionError) as error:
            return Bad(number, FIELD_OF_WHOLE_RECORD, _reason(error), _ONE_A_LINE, line)
        return _row(number, value, line, self._known, self._limits)


class JsonDocumentReader:
    """Iterates over the records of one JSON document of bounded length.

    at   the path of the list of records, such as data.result; "." for the document's object itself
    """

    def __init__(
        self, stream: TextIO, *, file: str, encoding: str, at: str, limits: Limits
    ) -> None:
        self._file, self._limits, self._at = file, limits, at
        self._known: dict[tuple[str, ...], tuple[str, ...]] = {}
        text = stream.read(limits.document_bytes + 1)
        if len(text) > limits.document_bytes:
            said = f"it is one JSON document of more than {limits.document_bytes} characters"
            self._refuse(said, _ONE_A_LINE)
        if fault := fault_in(text, encoding, b""):
            self._refuse(fault[0], fault[1])
        self._items = self._elements(text) if text.lstrip(_SPACE).startswith("[") else None
        if self._items is None:
            self._items = self._within(self._decoded(text))
        elif at not in ("", THE_OBJECT_ITSELF):
            self._refuse("it is a list, not an object", "Leave --records away.")
        self._rows: list[Row | Bad] = []
        for _, item in zip(range(_SAMPLE_OF_COLUMNS), self._items, strict=False):
            self._rows.append(item)
        self.columns = _columns_of(self._rows)

    def __iter__(self) -> Iterator[Row | Bad]:
        yield from self._rows
        self._rows = []
        if self._items is not None:
            yield from self._items

    def _refuse(self, said: str, remedy: str) -> NoReturn:
        raise FileUnreadable(f"{self._file}: {said}", remedy=remedy)

    def _decoded(self, text: str) -> object:
        try:
            return _DECODER.decode(text.strip(_SPACE))
        except (ValueError, RecursionError) as error:
            remedy = "Fetch the whole file again; it must be one JSON value, or one object a line."
            self._refuse(_reason(error), remedy)

    def _elements(self, text: str) -> Iterator[Row | Bad]:
        """Yield the elements of a top-level list; a file that breaks off is refused as a whole."""
        number, place = 0, _skip(text, 0) + 1
        if text[(place := _skip(text, place)) : place + 1] == "]":
            return
        while True:
            number, begin = number + 1, _skip(text, place)
            try:
                value, place = _DECODER.raw_decode(text, begin)
            except (ValueError, RecursionError) as error:
                self._refuse_element(number, text, begin, error)
            yield _row(number, value, text[begin:place], self._known, self._limits)
            place = _skip(text, place)
            sign = text[place : place + 1]
            if sign == "]":
                break
            if sign != ",":
                said = "a comma is missing" if sign else "the file breaks off: it was cut short"
                self._refuse(f"after record {number}, {said}", "Fetch the whole file again.")
            place += 1
        if text[place + 1 :].strip(_SPACE):
            self._refuse("text follows its list", "Remove it; one document is one list.")

    def _refuse_element(self, number: int, text: str, begin: int, error: Exception) -> NoReturn:
        said = _reason(error)
        if begin >= len(text) or getattr(error, "pos", 0) >= len(text.rstrip(_SPACE)):
            said = "the file breaks off in the middle of its list: it was cut short"
        self._refuse(f"record {number}: {said}", "Fetch or mend the whole file; nothing was read.")

    def _within(self, value: object) -> Iterator[Row | Bad]:
        if not isinstance(value, dict):
            self._refuse("it is neither a list nor an object", _ONE_A_LINE)
        if self._at == THE_OBJECT_ITSELF:
            return self._listed([value])
        if self._at:
            listed: object = value
            for part in self._at.split("."):
                listed = listed.get(part) if isinstance(listed, dict) else None
            if not isinstance(listed, list):
                named = ", ".join(_lists_in(value)) or "none"
                self._refuse(
                    f"no list at {self._at[:80]!r}; its lists are {named}", "Say --records PATH."
                )
            return self._listed(listed)
        lists = _lists_in(value)
        if not lists:
            return self._listed([value])
        if len(value) == 1 and len(lists) == 1 and lists[0] in value:
            return self._listed(value[lists[0]])
        said = f"it is one object with {', '.join(list(value)[:8])}"
        several = " or ".join(f"--records {path}" for path in lists)
        remedy = f"Say {several}; --records {THE_OBJECT_ITSELF} reads the object itself."
        return self._refuse(said, remedy)

    def _listed(self, values: list[object]) -> Iterator[Row | Bad]:
        for number, value in enumerate(values, 1):
            yield _row(number, value, as_text(value) or "", self._known, self._limits)


def _lists_in(value: dict[str, object], path: str = "", depth: int = 0) -> list[str]:
    """Return the paths of the lists of objects within an object."""
    found: list[str] = []
    for key, item in value.items():
        if isinstance(item, list) and item and all(isinstance(entry, dict) for entry in item[:10]):
            found.append(path + key)
        elif isinstance(item, dict) and depth < _DEPTH_MAX:
            found += _lists_in(item, f"{path}{key}.", depth + 1)
    return found[:_CANDIDATES_MAX]


def _skip(text: str, place: int) -> int:
    while place < len(text) and text[place] in _SPACE:
        place += 1
    return place


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "not JSON: it is nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error.msg} at character {error.colno} of line {error.lineno}"
    return str(error)[:200]


def _row(
    number: int,
    value: object,
    raw: str,
    known: dict[tuple[str, ...], tuple[str, ...]],
    limits: Limits,
) -> Row | Bad:
    if not isinstance(value, dict):
        return Bad(number, FIELD_OF_WHOLE_RECORD, "it is no JSON object", _ONE_A_LINE, raw)
    try:
        flat = _flat(value)
    except (ValueError, RecursionError) as error:
        remedy = "Name each key once."
        return Bad(number, FIELD_OF_WHOLE_RECORD, _reason(error), remedy, raw)
    if len(flat) > limits.columns:
        said = f"it has {len(flat)} keys; {limits.columns} are read"
        return Bad(number, FIELD_OF_WHOLE_RECORD, said, "Keep the keys needed.", raw)
    names = tuple(flat)
    columns = known.get(names, names)
    if len(known) < limits.columns:
        known[names] = columns
    return Row(number, columns, tuple(flat.values()), raw)


def _flat(value: dict[str, object], path: str = "", depth: int = 0) -> dict[str, str | None]:
    """Return the cells of an object; {"labels": {"host": "a"}} is the column labels.host."""
    cells: dict[str, str | None] = {}
    for key, item in value.items():
        inner: dict[str, str | None] = {path + key: None}
        if isinstance(item, dict) and item and depth < _DEPTH_MAX:
            inner = _flat(item, f"{path}{key}.", depth + 1)
        else:
            inner[path + key] = as_text(item)
        if not cells.keys().isdisjoint(inner):
            raise ValueError(f"the key {(path + key)[:80]!r} stands twice in one object")
        cells |= inner
    return cells


def as_text(value: object) -> str | None:
    """Return a JSON value as a cell: text as it is, null as None, the rest as JSON writes it."""
    if value is None or isinstance(value, str):
        return None if value is None else str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return _written(value)


def _written(value: object) -> str:
    if isinstance(value, dict):
        inner = (f"{json.dumps(key, ensure_ascii=False)}:{_written(v)}" for key, v in value.items())
        return "{" + ",".join(inner) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_written(item) for item in value) + "]"
    return str(value) if isinstance(value, _Number) else json.dumps(value, ensure_ascii=False)


def _columns_of(rows: list[Row | Bad]) -> tuple[str, ...]:
    named = (row.columns for row in rows if isinstance(row, Row))
    return tuple(dict.fromkeys(name for columns in named for name in columns))
