"""Read published fault traces: text in, outage log out, or an error naming the record."""

import json

from scuderia.twin.engine.outage_logs import log_of_spans
from scuderia.twin.nouns import DAY_S, BadLog, OutageLog, TwinError

_STEPS = {"fault_start": 1, "fault_end": -1}
_DAYS_MAX = 36_525.0
_NODES_MAX = 1_000_000


class BadTrace(TwinError):  # noqa: N818 - named for what did not happen
    """The text is not the trace it should be; `record` counts from 1, 0 is the file itself."""

    code = "TWIN-004"

    def __init__(self, message: str, *, remedy: str, record: int = 0) -> None:
        super().__init__(f"Record {record}: {message}" if record else message, remedy=remedy)
        self.record = record


def read_stepfun(text: str, *, n_nodes: int, horizon_days: int | None = None) -> OutageLog:
    """Return the log of a StepFun fault trace, overlapping faults of a node made one outage.

    text          JSON list of {node_id, event_time in days, event_type fault_start|fault_end}
    n_nodes       the fleet's size: the trace names only nodes that broke
    horizon_days  default: the whole days of the trace; later seconds are not counted
    raises        BadTrace naming the record; BadLog where the fleet is smaller than the trace
    """
    if not 0 < n_nodes <= _NODES_MAX:
        raise BadLog(
            f"A fleet of {n_nodes} nodes cannot be replayed.",
            remedy=f"Give the real fleet size, 1 to {_NODES_MAX}.",
        )
    events = _events(text)
    by_node: dict[str, list[tuple[int, int]]] = {}
    last = -1
    for record, event in enumerate(events, 1):
        name, at_s, step = _event(event, record)
        if at_s < last:
            raise BadTrace(
                "this event is earlier than the one before it.",
                record=record,
                remedy="Sort the trace by event_time, or fetch it again.",
            )
        last = at_s
        by_node.setdefault(name, []).append((at_s, step))
    if len(by_node) > n_nodes:
        raise BadLog(
            f"The trace names {len(by_node)} nodes, the fleet size is {n_nodes}.",
            remedy=f"Give the real fleet size, at least {len(by_node)}.",
        )
    names = tuple(sorted(by_node))
    spans = [_spans(name, by_node[name]) for name in names]
    spans += [[] for _ in range(n_nodes - len(names))]
    days = last // DAY_S if horizon_days is None else horizon_days
    return log_of_spans(spans, horizon_s=max(days, 1) * DAY_S, names=names)


def _events(text: str) -> list[object]:
    try:
        events = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadTrace(
            f"The file is not whole JSON: {error}.", remedy="Fetch the trace again; it may be cut."
        ) from error
    if not isinstance(events, list) or not events:
        raise BadTrace(
            "The file holds no list of fault events.",
            remedy="Give the StepFun fault_trace.json: a list of fault_start and fault_end events.",
        )
    return events


def _event(event: object, record: int) -> tuple[str, int, int]:
    remedy = "Correct or remove that record; nothing was read."
    if not isinstance(event, dict):
        raise BadTrace("this is no event object.", record=record, remedy=remedy)
    name, days, kind = (event.get(key) for key in ("node_id", "event_time", "event_type"))
    if not isinstance(name, str) or not name.strip():
        raise BadTrace("node_id is missing or empty.", record=record, remedy=remedy)
    if isinstance(days, bool) or not isinstance(days, int | float):
        raise BadTrace("event_time is no number of days.", record=record, remedy=remedy)
    if not 0 <= days <= _DAYS_MAX:  # NaN fails too
        raise BadTrace(
            f"event_time {str(days)[:40]} is no day of a trace.", record=record, remedy=remedy
        )
    if not isinstance(kind, str) or kind not in _STEPS:
        raise BadTrace("event_type is not fault_start or fault_end.", record=record, remedy=remedy)
    return name, round(days * DAY_S), _STEPS[kind]


def _spans(name: str, steps: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the spans in which at least one fault of the node was open."""
    remedy = "The trace is cut or its events are lost: fetch it again."
    spans: list[tuple[int, int]] = []
    open_faults = opened_at = 0
    for at_s, step in steps:
        if open_faults == 0:
            opened_at = at_s
        open_faults += step
        if open_faults < 0:
            raise BadTrace(f"A fault of node {name[:80]!r} ends unbegun.", remedy=remedy)
        if open_faults == 0:
            spans.append((opened_at, at_s))
    if open_faults:
        raise BadTrace(f"A fault of node {name[:80]!r} never ends.", remedy=remedy)
    return spans
