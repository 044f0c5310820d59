"""Reads the StepFun fault trace: a JSON array of fault_start and fault_end events in days."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scuderia.basics.safe_text import plain_words
from scuderia.basics.units import DAY_S
from scuderia.fleet.engine.traces.records import Flaw, Trace, TraceOutage, read_node

FORMAT = "stepfun-json"
DAYS_MAX = 36_500
_FIELDS = ("node_id", "event_time", "event_type", "fault_type")
_PARTS = ("Level", "Class", "Desc")
_PART_CHARACTERS_MAX = 64
_MEND = "Write node_id, event_time (days), event_type and fault_type {Level, Class, Desc}."


@dataclass(frozen=True, slots=True)
class _Event:
    record: int
    node: str
    second: int
    is_start: bool
    cause: str

    @property
    def stay(self) -> tuple[str, str]:
        return (self.node, self.cause)


def parse_stepfun(text: str, *, starts_at: int) -> Trace:
    """Return the outages of the trace; `starts_at` is the Unix second of its day 0.

    An event pairs with the earlier start of the same node and fault type. Unordered, doubled and
    unpaired events are bad records. Times are days with four digits, so a second is rounded.
    """
    trace = Trace(FORMAT)
    opened: dict[tuple[str, str], _Event] = {}
    seen: set[tuple[str, int, bool, str]] = set()
    latest = -math.inf
    for record, value in _elements(text, trace):
        try:
            event, day = _event(record, value, starts_at, latest)
            _book(event, trace, opened, seen)
        except Flaw as flaw:
            trace.refuse(record, flaw.where, flaw.reason, flaw.remedy, value)
        else:
            latest = day
    for event in opened.values():
        trace.refuse(
            event.record,
            "event_type",
            f"the fault of {event.node} never ends",
            "Add its fault_end, or import a CSV, where an empty end means that it lasts.",
        )
    trace.outages.sort(key=lambda outage: outage.record)
    return trace


def _elements(text: str, trace: Trace) -> Iterator[tuple[int, object]]:
    """Yield the array's elements one by one, so that a truncated file names where it broke."""
    decoder = json.JSONDecoder(object_pairs_hook=_object)
    place = _skip(text, 0) + 1  # after the opening bracket
    while True:
        place = _skip(text, place)
        if text[place : place + 1] == "]" and trace.records == 0:
            break
        trace.records += 1
        try:
            value, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            reason = f"not JSON: {str(error)[:120]}"
            if _skip(text, place) >= len(text):
                reason = "the file ends in the middle of its list: it was cut short"
            trace.refuse(trace.records, "record", reason, "Fetch the whole file again.")
            return
        yield trace.records, value
        place = _skip(text, place)
        sign = text[place : place + 1]
        if sign == "]":
            break
        if sign != ",":
            cut = "it was cut short" if not sign else "a comma is missing"
            trace.refuse(trace.records, "record", f"after it, {cut}", "Fetch the whole file again.")
            return
        place += 1
    if text[place + 1 :].strip():
        trace.refuse(trace.records, "record", "text follows the list", "Remove it.")


def _skip(text: str, place: int) -> int:
    while place < len(text) and text[place] in " \t\r\n":
        place += 1
    return place


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    names = [name for name, _ in pairs]
    return dict(pairs) if len(set(names)) == len(names) else {"twice": names}


def _event(record: int, value: object, starts_at: int, latest: float) -> tuple[_Event, float]:
    if not isinstance(value, Mapping):
        raise Flaw("record", "it is not an object", _MEND)
    missing = [name for name in _FIELDS if name not in value]
    if missing:
        raise Flaw(missing[0], "it is missing", _MEND)
    day = _day(value["event_time"])
    if day < latest:
        raise Flaw("event_time", f"day {day} comes after day {latest}", "Sort by event_time.")
    kind = value["event_type"]
    if kind not in ("fault_start", "fault_end"):
        raise Flaw(
            "event_type", f"{str(kind)[:40]!r} is unknown", "Write fault_start or fault_end."
        )
    return _Event(
        record=record,
        node=read_node(value["node_id"], "node_id"),
        second=starts_at + round(day * DAY_S),
        is_start=kind == "fault_start",
        cause=_cause(value["fault_type"]),
    ), day


def _day(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Flaw("event_time", f"{str(value)[:40]!r} is not a number", "Write days, e.g. 3.8955.")
    if not math.isfinite(value) or not 0 <= value <= DAYS_MAX:
        raise Flaw("event_time", f"{value} is no time", f"Write days from 0 to {DAYS_MAX}.")
    return float(value)


def _cause(value: object) -> str:
    if not isinstance(value, Mapping) or not all(isinstance(value.get(p), str) for p in _PARTS):
        raise Flaw("fault_type", "it is not {Level, Class, Desc} in text", _MEND)
    return " / ".join(plain_words(value[part], limit=_PART_CHARACTERS_MAX) for part in _PARTS)


def _book(
    event: _Event,
    trace: Trace,
    opened: dict[tuple[str, str], _Event],
    seen: set[tuple[str, int, bool, str]],
) -> None:
    identity = (event.node, event.second, event.is_start, event.cause)
    if identity in seen:
        raise Flaw("record", "the same event stands in the file twice", "Remove one of the two.")
    if event.is_start:
        if event.stay in opened:
            first = opened[event.stay].record
            said = f"this fault of {event.node} already began in record {first}"
            raise Flaw("event_type", said, "Add the missing fault_end, or remove the second start.")
        opened[event.stay] = event
    else:
        begun = opened.pop(event.stay, None)
        if begun is None:
            said = f"this fault of {event.node} ends without having begun"
            raise Flaw("event_type", said, "Add its fault_start, or remove the end.")
        trace.outages.append(
            TraceOutage(
                begun.record, event.node, begun.second, event.second, event.cause, planned=False
            )
        )
    seen.add(identity)
