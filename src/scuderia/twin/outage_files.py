"""Reads a file of outages into a log, through the intake; the twin's library knows no files."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from scuderia.intake.archives import Source, open_source
from scuderia.intake.fields import FieldSpec, FieldType, Record
from scuderia.intake.instants import TimeRules
from scuderia.intake.mapping import ColumnsMissing, RecordReader
from scuderia.intake.profiles import Profile
from scuderia.intake.readers.open_records import Records, open_records
from scuderia.intake.records import Bad, FileUnreadable, Flaw
from scuderia.intake.stepfun import is_stepfun, read_faults
from scuderia.twin.engine.outage_logs import log_of_spans
from scuderia.twin.nouns import DAY_S, BadLog, OutageLog, TwinError

_NODES_MAX = 1_000_000
_CAUSE_CHARACTERS_MAX = 100_000
_PROFILE = Profile(times=TimeRules(bare_date_zone="UTC"))
_FIELDS = (
    FieldSpec(name="node", type=FieldType.NAME, needs_column=True, may_be_empty=False),
    FieldSpec(name="start", type=FieldType.INSTANT, needs_column=True, may_be_empty=False),
    FieldSpec(name="end", type=FieldType.INSTANT, needs_column=True, counted_from="start"),
    FieldSpec(name="planned", type=FieldType.FLAG),
    FieldSpec(name="cause", type=FieldType.TEXT, characters_max=_CAUSE_CHARACTERS_MAX),
)
_MEND = "Mend or remove that record; nothing was read."


class BadTrace(TwinError):  # noqa: N818 - named for what did not happen
    """The file holds no such outages; `record` counts as the file does, 0 is the file itself."""

    code = "TWIN-004"

    def __init__(self, message: str, *, remedy: str, record: int = 0) -> None:
        super().__init__(f"Record {record}: {message}" if record else message, remedy=remedy)
        self.record = record


@dataclass(frozen=True, slots=True)
class RecordedOutage:
    """One outage as a file tells it; `end_s` is None while it lasts, `cause` empty if unknown."""

    node: str
    start_s: int
    end_s: int | None
    cause: str


@dataclass(frozen=True, slots=True)
class RecordedOutages:
    """The outages of one file, in its order; overlaps are left as they are.

    begins_s   midnight of the first day
    is_trace   a StepFun trace: seconds since its own beginning; else seconds since 1970 in UTC
    """

    outages: tuple[RecordedOutage, ...]
    begins_s: int
    is_trace: bool


def read_outages(path: Path, *, n_nodes: int, horizon_days: int | None = None) -> OutageLog:
    """Return the log of a StepFun trace or a table of node, start, end; without planned work.

    Overlapping outages of a node are one; those of a table that last end with its last instant.

    n_nodes       the fleet's size: a file names only nodes that broke
    horizon_days  default: the whole days of the file, at least one; later seconds are not counted
    raises        BadTrace naming the record; BadLog where the fleet is smaller than the file
    """
    if not 0 < n_nodes <= _NODES_MAX:
        raise BadLog(
            f"A fleet of {n_nodes} nodes cannot be replayed.",
            remedy=f"Give the real fleet size, 1 to {_NODES_MAX}.",
        )
    told = read_recorded(path)
    spans = [(one.node, one.start_s, one.end_s) for one in told.outages]
    return _log(spans, told.begins_s, n_nodes, horizon_days)


def read_recorded(path: Path) -> RecordedOutages:
    """Return the unplanned outages of a StepFun trace or a table, as the file tells them.

    raises   BadTrace naming the record
    """
    try:
        with open_source(Source.of_path(path)) as file, open_records(file, _PROFILE) as records:
            is_trace = is_stepfun(records.columns)
            found = tuple(_of_trace(records) if is_trace else _of_table(records, file.name))
    except (FileUnreadable, ColumnsMissing) as error:
        raise BadTrace(error.message, remedy=error.remedy) from error
    if not found:
        raise BadTrace(f"{path.name} holds no outage.", remedy="Give a file of outages.")
    first = min(one.start_s for one in found)
    return RecordedOutages(found, 0 if is_trace else first - first % DAY_S, is_trace)


def _log(
    spans: list[tuple[str, int, int | None]], zero: int, n_nodes: int, horizon_days: int | None
) -> OutageLog:
    by_node: dict[str, list[tuple[int, int]]] = {}
    last = max(start if end is None else end for _, start, end in spans)
    for name, start, end in spans:
        by_node.setdefault(name, []).append((start - zero, (last if end is None else end) - zero))
    if len(by_node) > n_nodes:
        raise BadLog(
            f"The file names {len(by_node)} nodes, the fleet size is {n_nodes}.",
            remedy=f"Give the real fleet size, at least {len(by_node)}.",
        )
    names = tuple(sorted(by_node))
    rows = [by_node[name] for name in names] + [[] for _ in range(n_nodes - len(names))]
    days = (last - zero) // DAY_S if horizon_days is None else horizon_days
    return log_of_spans(rows, horizon_s=max(days, 1) * DAY_S, names=names)


def _of_trace(records: Records) -> Iterator[RecordedOutage]:
    for fault in read_faults(records.rows):
        if isinstance(fault, Bad):
            _refuse(fault.number, fault.field, fault.reason, fault.remedy)
        yield RecordedOutage(fault.node, fault.start_s, fault.end_s, fault.cause)


def _of_table(records: Records, file: str) -> Iterator[RecordedOutage]:
    reader = RecordReader(records.columns, _FIELDS, _PROFILE, file=file)
    for row in records.rows:
        if isinstance(row, Bad):
            _refuse(row.number, row.field, row.reason, row.remedy)
        try:
            for record in reader.read(row):
                if not record.flag("planned"):
                    yield _span(record)
        except Flaw as flaw:
            _refuse(row.number, flaw.field, flaw.reason, flaw.remedy)


def _span(record: Record) -> RecordedOutage:
    start, end = record.required_instant("start"), record.instant("end")
    if end is not None and end < start:
        raise Flaw("end", "it lies before the start", "Check the order and the time zones.")
    last = None if end is None else int(end.timestamp() // 1)
    return RecordedOutage(
        record.text("node"), int(start.timestamp() // 1), last, record.text("cause")
    )


def _refuse(record: int, field: str, reason: str, remedy: str) -> NoReturn:
    raise BadTrace(f"{field}: {reason}.", record=record, remedy=f"{remedy} {_MEND}")
