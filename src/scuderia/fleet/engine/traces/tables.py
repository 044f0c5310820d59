"""Reads outages from plain CSV and JSONL: node, start, end, cause, planned, detected."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from scuderia.basics.safe_text import plain_words
from scuderia.fleet.engine.traces.records import (
    Flaw,
    Trace,
    TraceOutage,
    TraceUnreadable,
    read_node,
    read_second,
)

CSV = "outages-csv"
JSONL = "outages-jsonl"
REQUIRED = ("node", "start", "end")
LINE_BYTES_MAX = 65_536
_YES = frozenset({"true", "yes", "1"})
_NO = frozenset({"false", "no", "0", ""})


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file; `too_long` when it was cut at LINE_BYTES_MAX."""

    number: int
    text: str
    too_long: bool = False


def parse_csv(lines: Iterable[Line]) -> Trace:
    """Return the outages of a CSV file with a header; one record a line, sorted by start.

    raises   TraceUnreadable: the header does not name node, start and end
    """
    trace = Trace(CSV)
    feed = iter(lines)
    header = _header(next(feed, None))
    _read(_csv_rows(feed, header, trace), trace)
    return trace


def parse_jsonl(lines: Iterable[Line]) -> Trace:
    """Return the outages of a JSONL file: one object a line, sorted by start."""
    trace = Trace(JSONL)
    _read(_jsonl_rows(lines, trace), trace)
    return trace


def _header(line: Line | None) -> list[str]:
    names = [] if line is None or line.too_long else next(csv.reader([line.text]), [])
    header = [name.strip().lower() for name in names]
    missing = [name for name in REQUIRED if name not in header]
    if missing or len(set(header)) != len(header):
        reason = f"its first line does not name the column {missing[0]!r}" if missing else "twice"
        raise TraceUnreadable(
            f"this is no CSV of outages: {reason}",
            remedy="Begin with the line node,start,end,cause,planned (docs/importing.md).",
        )
    return header


def _csv_rows(
    lines: Iterator[Line], header: list[str], trace: Trace
) -> Iterator[tuple[int, Mapping[str, object]]]:
    for line in _whole(lines, trace):
        try:
            cells = next(csv.reader([line.text], strict=True), [])
        except csv.Error as error:
            trace.refuse(line.number, "record", f"not CSV: {error}", "Close its quotes.", line.text)
            continue
        if len(cells) != len(header):
            said = f"{len(cells)} columns where the header has {len(header)}"
            trace.refuse(
                line.number, "record", said, "Complete the line; was the file cut short?", line.text
            )
            continue
        yield line.number, dict(zip(header, cells, strict=True))


def _jsonl_rows(lines: Iterable[Line], trace: Trace) -> Iterator[tuple[int, Mapping[str, object]]]:
    for line in _whole(lines, trace):
        try:
            value = json.loads(line.text)
        except (ValueError, RecursionError) as error:
            said = f"not JSON: {str(error)[:120]}"
            trace.refuse(line.number, "record", said, "Write one object a line.", line.text)
            continue
        if not isinstance(value, dict):
            trace.refuse(
                line.number, "record", "not an object", "Write one object a line.", line.text
            )
            continue
        yield line.number, value


def _whole(lines: Iterable[Line], trace: Trace) -> Iterator[Line]:
    """Yield the lines that hold a record, counting them and refusing the over-long ones."""
    for line in lines:
        if not line.text.strip():
            continue
        trace.records += 1
        if line.too_long:
            trace.refuse(
                line.number,
                "record",
                f"the line is longer than {LINE_BYTES_MAX} bytes",
                "Write one short record a line.",
                line.text,
            )
            continue
        yield line


@dataclass(slots=True)
class _Seen:
    """What the records above said: for order, doubles and lasting outages."""

    latest: int
    identities: set[tuple[str, int, str, bool]]
    lasting: set[str]

    def accept(self, outage: TraceOutage) -> None:
        """Remember the outage.

        raises   Flaw: a double, out of order, or a second one that lasts
        """
        identity = (outage.node, outage.start, outage.cause, outage.planned)
        if identity in self.identities:
            raise Flaw("record", "the same outage stands in the file twice", "Remove one.")
        if outage.start < self.latest:
            raise Flaw("start", "it lies before the record above", "Sort the file by start.")
        if outage.end is None and outage.node in self.lasting:
            said = f"{outage.node} already has an outage that lasts"
            raise Flaw("end", said, "Give one of the two an end.")
        self.latest = outage.start
        self.identities.add(identity)
        if outage.end is None:
            self.lasting.add(outage.node)


def _read(rows: Iterator[tuple[int, Mapping[str, object]]], trace: Trace) -> None:
    above = _Seen(0, set(), set())
    for record, row in rows:
        try:
            outage = _outage(record, row)
            above.accept(outage)
        except Flaw as flaw:
            trace.refuse(record, flaw.where, flaw.reason, flaw.remedy, dict(row))
        else:
            trace.outages.append(outage)


def _outage(record: int, row: Mapping[str, object]) -> TraceOutage:
    for name in REQUIRED:
        if name not in row:
            raise Flaw(name, "it is missing", "Write node, start and end in every record.")
    start = read_second(row["start"], "start")
    end = _optional_second(row["end"], "end")
    detected = _optional_second(row.get("detected"), "detected")
    if end is not None and end < start:
        raise Flaw("end", "it lies before the start", "Check the order and the time zones.")
    if detected is not None and detected < start:
        raise Flaw("detected", "it lies before the start", "Check the order and the time zones.")
    cause = row.get("cause", "")
    if cause is not None and not isinstance(cause, str):
        raise Flaw("cause", "it is not text", "Write the cause in words, or leave it empty.")
    return TraceOutage(
        record=record,
        node=read_node(row["node"], "node"),
        start=start,
        end=end,
        cause=plain_words(cause or ""),
        planned=_flag(row.get("planned", "")),
        detected=detected,
    )


def _optional_second(value: object, where: str) -> int | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    return read_second(value, where)


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    word = "" if value is None else str(value).strip().lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise Flaw("planned", f"{word[:40]!r} is neither true nor false", "Write true or false.")
