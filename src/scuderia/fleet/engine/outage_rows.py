"""What a row of outages says, what it must be, and under which key its source's fact is kept."""

from typing import NamedTuple

from scuderia.basics.safe_text import plain_words
from scuderia.fleet.engine.facts import indices_text, instant_of, seconds_of
from scuderia.fleet.engine.gpu_words import WHOLE_NODE, severity_of, share_of
from scuderia.fleet.nouns import GpuShare, Severity
from scuderia.intake.fields import FieldSpec, FieldType, Record
from scuderia.intake.identities import identity_of
from scuderia.intake.records import Flaw

FAR_AHEAD_S = 366 * 86_400
_ORDER = "Check the order and the time zones."
_PREFIX, _PREFIX_OWN_KEY = "trace:", "trace-key:"

FIELDS = (
    FieldSpec(name="node", type=FieldType.NAME, needs_column=True, may_be_empty=False),
    FieldSpec(name="start", type=FieldType.INSTANT, needs_column=True, may_be_empty=False),
    FieldSpec(name="end", type=FieldType.INSTANT, needs_column=True, counted_from="start"),
    FieldSpec(name="cause", characters_max=2_000),
    FieldSpec(name="planned", type=FieldType.FLAG),
    FieldSpec(name="detected", type=FieldType.INSTANT),
    FieldSpec(name="key"),
    FieldSpec(name="gpus_lost", type=FieldType.WHOLE),
    FieldSpec(name="gpu_indices", characters_max=4_000),
    FieldSpec(name="severity"),
)


class OutageRow(NamedTuple):
    """One outage as a file tells it, in whole Unix seconds.

    end       None: it lasts
    planned   None, and an empty cause or no `detected`: the file does not say
    key       the source's own key of the fact, "" where it has none
    gpus_lost   None: the file does not say, so of a new outage it is the whole node
    """

    node: str
    start: int
    end: int | None
    cause: str
    planned: bool | None
    detected: int | None
    key: str
    gpus_lost: GpuShare | None = None
    severity: Severity = Severity.UNKNOWN

    @property
    def last_second(self) -> int:
        """Return the last second that the row speaks of."""
        return max(self.start, self.end or self.start, self.detected or self.start)


def row_of(record: Record, *, degraded_gpus: int | None = None) -> OutageRow:
    """Return the row.

    degraded_gpus   what an outage takes that is called degraded and gives no GPUs; None: the file
                    does not say
    raises   Flaw: it ends, or was noticed, before it began; its GPUs make no sense
    """
    severity = severity_of(record.text("severity"))
    share = share_of(record.whole("gpus_lost"), record.text("gpu_indices"))
    if share is None and severity is Severity.DOWN:
        share = WHOLE_NODE
    if share is None and severity is Severity.DEGRADED and degraded_gpus is not None:
        share = GpuShare(degraded_gpus)
    row = OutageRow(
        node=record.text("node"),
        start=seconds_of(record.required_instant("start")),
        end=_second(record, "end"),
        cause=plain_words(record.text("cause")),
        planned=record.flag("planned"),
        detected=_second(record, "detected"),
        key=record.text("key"),
        gpus_lost=share,
        severity=severity,
    )
    for name in ("end", "detected"):
        at = record.instant(name)
        if at is not None and at < record.required_instant("start"):
            raise Flaw(name, "it lies before the start", _ORDER)
    return row


def _second(record: Record, name: str) -> int | None:
    at = record.instant(name)
    return None if at is None else seconds_of(at)


def far_ahead(row: OutageRow, now_s: int) -> Flaw | None:
    """Return the objection to a row that speaks of a time more than a year ahead, or None."""
    for name, at in (("start", row.start), ("end", row.end)):
        if at is not None and at - now_s > FAR_AHEAD_S:
            day = instant_of(at).date()
            remedy = f"If so late means that it lasts, leave it empty, or say --open-from {day}."
            return Flaw(name, f"{day} lies more than a year ahead", remedy)
    return None


def same_row(row: OutageRow) -> str:
    """Return the identity of the row within its file: the source's key, else what it is about.

    Two faults of one node can begin in one second, so the cause and the GPUs that are named belong
    to it; against the books, `restatements` looks past a cause that was learnt.
    """
    gpus = row.gpus_lost.indices if row.gpus_lost is not None else ()
    named = (indices_text(gpus),) if gpus else ()
    said = ("key", row.key) if row.key else ("start", str(row.start), row.cause, *named)
    return identity_of("", row.node, *said)


def key_of(source: str, row: OutageRow, *, number: int = 0) -> str:
    """Return the key under which the fact is kept; `number` tells apart those that began alike."""
    named = f"{source}:" if source else ""
    more = (str(number),) if number else ()
    if row.key:
        return f"{_PREFIX_OWN_KEY}{named}{identity_of(source, row.node, row.key, *more)}"
    said = (row.node, str(row.start), row.cause, str(row.planned), *more)
    return f"{_PREFIX}{named}{identity_of(source, *said)}"


def is_of_source(key: str, source: str) -> bool:
    """Say whether the fact under this key came in a file of the source."""
    prefix, sign, rest = key.partition(":")
    if f"{prefix}{sign}" not in (_PREFIX, _PREFIX_OWN_KEY):
        return False
    return rest.rpartition(":")[0] == source


def has_own_key(key: str) -> bool:
    """Say whether the source gave the fact a key of its own."""
    return key.startswith(_PREFIX_OWN_KEY)
