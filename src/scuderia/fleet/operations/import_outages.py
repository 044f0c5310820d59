"""Imports a file of outages: all of it, or its good records, or nothing; twice changes nothing."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from django.db import transaction

from scuderia.basics.actors import Actor, ActorKind
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput, Refused, Unable
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.basics.units import DAY_S
from scuderia.fleet.engine.facts import instant_of
from scuderia.fleet.engine.traces.records import (
    BadRecord,
    Trace,
    TraceOutage,
    TraceUnreadable,
    refuse_first,
    second_of,
)
from scuderia.fleet.engine.traces.stepfun import FORMAT as STEPFUN
from scuderia.fleet.models.customers import Customer
from scuderia.fleet.models.inventory import Node, Site
from scuderia.fleet.models.outages import ImportBatch, Outage
from scuderia.fleet.operations.amendments import retracted_keys
from scuderia.fleet.operations.import_site import ImportSite, fill_site
from scuderia.fleet.operations.reading import Progress, TraceFile, read_trace
from scuderia.loop.nouns import Power
from scuderia.loop.operations import access, audit

STEPFUN_STARTS_AT = datetime(2024, 3, 30, tzinfo=UTC)
FLEET_SIZE_MAX = 100_000
_BATCH = 500


class ImportedOtherwise(Refused):
    """The same file is on the books already, imported with other settings."""

    code = "FLEET-014"
    remedy = "Import it as it was imported before, or to another --site under other node names."


class TooManyNodes(BadInput):
    """The file names more nodes than the fleet is said to have."""

    code = "FLEET-015"
    remedy = "Give the fleet's whole size with --fleet-size, or check that this is the right file."


class QuarantineUnwritable(Unable):
    """The bad records could not be written beside the file; nothing was imported."""

    code = "FLEET-016"
    remedy = "Make the file's folder writable, or import a copy of it from a folder that is."


class OnError(StrEnum):
    """What to do when a record is bad."""

    ABORT = "abort"
    QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What to import and how; instants None: the file's own (StepFun: 2024-03-30)."""

    path: Path
    fleet_size: int
    site: str = "imported"
    customer: str = "fleet"
    on_error: OnError = OnError.ABORT
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import came to; `changed` is False when the file was on the books already."""

    file: str
    sha256: str
    trace_format: str
    site: str
    customer: str
    fleet_size: int
    records: int
    outages: int
    known_before: int
    quarantined: int
    quarantine_file: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    changed: bool


def import_outages(
    request: ImportRequest,
    *,
    actor: Actor,
    now: AwareDatetime,
    on_progress: Progress = lambda _done, _whole: None,
) -> ImportReport:
    """Read the file and book its outages in one transaction; the same file changes nothing.

    raises   NotAuthorised, TraceUnreadable, RecordRefused, TooManyNodes, ImportedOtherwise,
             QuarantineUnwritable
    """
    if actor.kind is not ActorKind.SERVICE:
        access.require(actor, Power.IMPORT, EVERYTHING)
    _check(request)
    starts_at = second_of(request.starts_at or STEPFUN_STARTS_AT)
    file = read_trace(request.path, starts_at=starts_at, on_progress=on_progress)
    with transaction.atomic():
        before = ImportBatch.objects.filter(sha256=file.sha256, site__name=request.site).first()
        if before is not None:
            return _already(before, request, file)
        return _import(request, file, actor=actor, now=now, on_progress=on_progress)


def _check(request: ImportRequest) -> None:
    SubjectRef.parse(f"site:{request.site}")
    SubjectRef.parse(f"customer:{request.customer}")
    if not 1 <= request.fleet_size <= FLEET_SIZE_MAX:
        message = f"--fleet-size {request.fleet_size} is not a fleet"
        raise BadInput(message, remedy=f"Give a whole number from 1 to {FLEET_SIZE_MAX}.")


def _import(
    request: ImportRequest,
    file: TraceFile,
    *,
    actor: Actor,
    now: AwareDatetime,
    on_progress: Progress,
) -> ImportReport:
    trace = file.trace
    known = ImportSite.of(request.site)
    span = _span(request, trace, known)
    _refuse_outside(trace, span)
    _refuse_unknown(request, trace, known)
    _refuse_lasting(trace)
    if request.on_error is OnError.ABORT:
        refuse_first(trace.bad, file=file.name)
    if not trace.outages:
        message = f"{file.name}: none of its {trace.records} records can be booked"
        raise TraceUnreadable(message, file=file.name)
    fill_site(
        known,
        names=dict.fromkeys(outage.node for outage in trace.outages),
        size=request.fleet_size,
        customer=request.customer,
        span=span,
    )
    batch = _batch(request, file, span, actor=actor, now=now)
    batch.known_before = _book(trace, batch, on_progress)
    batch.outages = len(trace.outages) - batch.known_before
    batch.save(update_fields=["known_before", "outages"])
    audit.record(
        actor,
        "fleet.outages.imported",
        subject=SubjectRef("site", request.site),
        at=now,
        detail={
            "sha256": file.sha256,
            "records": trace.records,
            "outages": batch.outages,
            "quarantined": len(trace.bad),
        },
        lineage=frozenset({SubjectRef("site", request.site)}),
    )
    written = _quarantine(request.path, file, trace.bad) if trace.bad else ""
    return _report(batch, file, written, changed=True)


def _span(request: ImportRequest, trace: Trace, known: ImportSite) -> tuple[int, int]:
    """Return the stretch the file speaks of: [first, last) in Unix seconds.

    A trace in days begins at its day 0; a table begins where the site's last import ended, else at
    midnight UTC before its first outage.
    """
    seconds = [outage.start for outage in trace.outages]
    if request.starts_at is not None or trace.trace_format == STEPFUN or not seconds:
        first = second_of(request.starts_at or STEPFUN_STARTS_AT)
    elif known.ends_at is not None and known.ends_at <= seconds[0]:
        first = known.ends_at
    else:
        first = seconds[0] - seconds[0] % DAY_S
    last = max((outage.last_second for outage in trace.outages), default=first) + 1
    return first, last if request.ends_at is None else max(second_of(request.ends_at), first + 1)


def _refuse_outside(trace: Trace, span: tuple[int, int]) -> None:
    """Move outages that begin before or speak after the stated period to the bad records."""
    first, last = span

    def inside(outage: TraceOutage) -> bool:
        if outage.start < first or outage.last_second > last:
            where = "start" if outage.start < first else "end"
            said = "it lies outside the stated period"
            trace.refuse(outage.record, where, said, "Widen --starts-at or --ends-at.", outage.node)
            return False
        return True

    trace.outages[:] = [outage for outage in trace.outages if inside(outage)]


def _refuse_unknown(request: ImportRequest, trace: Trace, known: ImportSite) -> None:
    """Refuse a file that names more nodes than there are; on a known site, name the strangers."""
    named = dict.fromkeys(outage.node for outage in trace.outages)
    strangers = [name for name in named if name not in known.named]
    room = request.fleet_size - len(known.named)
    if len(strangers) <= room:
        return
    if not known.named:
        message = f"the file names {len(named)} nodes, the fleet has {request.fleet_size}"
        raise TooManyNodes(message, named=len(named), fleet_size=request.fleet_size)
    unknown = frozenset(strangers)
    for outage in trace.outages:
        if outage.node in unknown:
            said = f"no node {outage.node!r} stands at {request.site}, and the fleet is complete"
            trace.refuse(outage.record, "node", said, "Check the name, or raise --fleet-size.")
    trace.outages[:] = [outage for outage in trace.outages if outage.node not in unknown]


def _refuse_lasting(trace: Trace) -> None:
    """Refuse a lasting outage of a node that the books already know to be out otherwise."""
    lasting = {outage.node: outage for outage in trace.outages if outage.end is None}
    rows = Outage.objects.filter(node__name__in=list(lasting), end__isnull=True)
    for name, key in rows.values_list("node__name", "source_key"):
        outage = lasting[name]
        if source_key(outage) != key:
            trace.outages.remove(outage)
            said = f"{name} already has an outage that lasts on the books"
            trace.refuse(outage.record, "end", said, "Import that outage's end first.")


def source_key(outage: TraceOutage) -> str:
    """Return the identity of the outage at its source: node, start, cause and planned."""
    said = json.dumps([outage.node, outage.start, outage.cause, outage.planned])
    return "trace:" + hashlib.sha256(said.encode()).hexdigest()[:40]


def _book(trace: Trace, batch: ImportBatch, on_progress: Progress) -> int:
    """Write the outages; close those that were open; return how many were known before."""
    nodes = dict(Node.objects.filter(rack__cluster__site=batch.site).values_list("name", "id"))
    keys = {source_key(outage): outage for outage in trace.outages}
    known: dict[str, AwareDatetime | None] = {}
    for chunk in _chunks(list(keys)):
        rows = Outage.objects.filter(source_key__in=chunk)
        known |= dict(rows.values_list("source_key", "end"))
    gone = {key for chunk in _chunks(list(keys)) for key in retracted_keys(chunk)}
    fresh = [(key, outage) for key, outage in keys.items() if key not in known and key not in gone]
    for key in known:
        end = keys[key].end
        if known[key] is None and end is not None:
            Outage.objects.filter(source_key=key).update(end=instant_of(end))
    for place in range(0, len(fresh), _BATCH):
        Outage.objects.bulk_create(
            Outage(
                node_id=nodes[outage.node],
                start=instant_of(outage.start),
                end=None if outage.end is None else instant_of(outage.end),
                detected_at=None if outage.detected is None else instant_of(outage.detected),
                cause=outage.cause,
                planned=outage.planned,
                source_key=key,
                batch=batch,
            )
            for key, outage in fresh[place : place + _BATCH]
        )
        on_progress(min(place + _BATCH, len(fresh)), len(fresh))
    return len(known) + len(gone)


def _chunks(keys: list[str]) -> list[list[str]]:
    return [keys[place : place + _BATCH] for place in range(0, len(keys), _BATCH)]


def _batch(
    request: ImportRequest,
    file: TraceFile,
    span: tuple[int, int],
    *,
    actor: Actor,
    now: AwareDatetime,
) -> ImportBatch:
    return ImportBatch.objects.create(
        sha256=file.sha256,
        file_name=file.name,
        trace_format=file.trace.trace_format,
        site=Site.objects.get(name=request.site),
        customer=Customer.objects.get(name=request.customer),
        fleet_size=request.fleet_size,
        records=file.trace.records,
        outages=0,
        known_before=0,
        quarantined=len(file.trace.bad),
        starts_at=instant_of(span[0]),
        ends_at=instant_of(span[1]),
        imported_at=now,
        imported_by=str(actor)[:144],
    )


def _already(batch: ImportBatch, request: ImportRequest, file: TraceFile) -> ImportReport:
    stated = request.starts_at
    if batch.fleet_size != request.fleet_size or (stated and stated != batch.starts_at):
        raise ImportedOtherwise(
            f"{file.name} was imported with --fleet-size {batch.fleet_size} "
            f"and --starts-at {batch.starts_at.isoformat()}"
        )
    return _report(batch, file, "", changed=False)


def _report(
    batch: ImportBatch, file: TraceFile, quarantine_file: str, *, changed: bool
) -> ImportReport:
    return ImportReport(
        file=file.name,
        sha256=batch.sha256,
        trace_format=batch.trace_format,
        site=batch.site.name,
        customer=batch.customer.name,
        fleet_size=batch.fleet_size,
        records=batch.records,
        outages=batch.outages,
        known_before=batch.known_before,
        quarantined=batch.quarantined,
        quarantine_file=quarantine_file,
        starts_at=batch.starts_at,
        ends_at=batch.ends_at,
        changed=changed,
    )


def _quarantine(path: Path, file: TraceFile, bad: list[BadRecord]) -> str:
    """Write the bad records with their reasons beside the file; return where."""
    target = path.with_name(f"{path.name}.{file.sha256[:8]}.quarantine.jsonl")
    lines = [
        json.dumps(
            {
                "file": file.name,
                "record": entry.record,
                "field": entry.field,
                "reason": entry.reason,
                "remedy": entry.remedy,
                "raw": entry.raw,
            },
            ensure_ascii=True,
        )
        for entry in sorted(bad, key=lambda entry: entry.record)
    ]
    try:
        target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        message = f"{target} cannot be written: {error.strerror}; nothing was imported"
        raise QuarantineUnwritable(message) from None
    return str(target)
