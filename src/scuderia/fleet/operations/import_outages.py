"""Imports a file of outages that stands its fleet up: `fleet import-faults`, on the intake."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput, Unable
from scuderia.fleet.models.outages import ImportBatch
from scuderia.fleet.operations.outage_imports import (
    ImportedOtherwise,
    OutageImport,
    StoodUp,
    TooManyNodes,
    may_import,
)
from scuderia.intake import pipeline, quarantine
from scuderia.intake.archives import Source
from scuderia.intake.instants import TimeRules
from scuderia.intake.mapping import ColumnsMissing
from scuderia.intake.pipeline import ANY_NUMBER, ImportOptions, OnError
from scuderia.intake.profiles import Profile
from scuderia.intake.records import FileUnreadable

__all__ = [
    "ImportReport", "ImportRequest", "ImportedOtherwise", "OnError", "QuarantineUnwritable",
    "RecordRefused", "TooManyNodes", "TraceUnreadable", "import_outages",
]  # fmt: skip

Progress = Callable[[int, int], None]
"""Told (done, whole) in bytes or records; must not raise."""
_FLAGS = ("--on-error", "--fleet-size", "--site", "--starts-at", "--ends-at")


class TraceUnreadable(BadInput):
    """The file as a whole is not a trace of outages."""

    code = "FLEET-012"
    remedy = "Check that this is the right, whole file; docs/importing.md describes the formats."


class RecordRefused(BadInput):
    """One record of a trace cannot be booked; nothing of the file was."""

    code = "FLEET-013"
    remedy = "Mend the record, or keep the good ones with --on-error quarantine."


class QuarantineUnwritable(Unable):
    """The bad records could not be written beside the file; nothing was imported."""

    code = "FLEET-016"
    remedy = "Make the file's folder writable, or import a copy of it from a folder that is."


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
    """What an import came to; `changed` is False when the file was on the books already.

    known_before   outages that were on the books; `amended` of them say otherwise now, `kept` stay
                   as a person put them, and `retracted` were taken off for good
    odd            sentences about what looks wrong, though it is booked
    """

    file: str
    sha256: str
    trace_format: str
    site: str
    customer: str
    fleet_size: int
    records: int
    outages: int
    known_before: int
    amended: int
    kept: int
    retracted: int
    quarantined: int
    quarantine_file: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    changed: bool
    odd: tuple[str, ...] = ()


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
    may_import(actor)
    fleet = StoodUp(
        fleet_size=request.fleet_size,
        site=request.site,
        customer=request.customer,
        starts_at=request.starts_at,
        ends_at=request.ends_at,
    )
    fleet.check()
    kind = OutageImport(now=now, fleet=fleet)
    done = _run(kind, request, actor, now, on_progress)
    assert kind.batch is not None  # noqa: S101 - commit has run
    return _report(kind.batch, done, changed=kind.changed)


def _run(
    kind: OutageImport,
    request: ImportRequest,
    actor: Actor,
    now: AwareDatetime,
    on_progress: Progress,
) -> pipeline.ImportReport:
    starts_at = request.starts_at
    profile = Profile(
        times=TimeRules(bare_date_zone="UTC"),
        days_from="" if starts_at is None else starts_at.isoformat(),
    )
    try:
        return pipeline.run_import(
            kind,
            Source.of_path(request.path),
            profile,
            ImportOptions(on_error=request.on_error, accept_bad=ANY_NUMBER, keep_first=True),
            actor=actor,
            now=now,
            on_progress=lambda _stage, did, whole: on_progress(did, whole),
        )
    except (FileUnreadable, ColumnsMissing) as error:
        raise TraceUnreadable(error.message, remedy=_remedy(error.remedy), **error.facts) from None
    except pipeline.RecordRefused as error:
        raise RecordRefused(error.message, remedy=_remedy(error.remedy), **error.facts) from None
    except quarantine.QuarantineUnwritable as error:
        raise QuarantineUnwritable(error.message) from None


def _remedy(said: str) -> str:
    """Return the remedy, naming the command that has the flags which it speaks of."""
    flags = {word.strip("(),.:;") for word in said.split() if word.startswith("--")}
    if not flags - {*_FLAGS}:
        return said
    return f"{said} (Such flags are those of `scuderia import outages FILE --fleet-size N`.)"


def _report(batch: ImportBatch, done: pipeline.ImportReport, *, changed: bool) -> ImportReport:
    commit = done.commit
    assert commit is not None  # noqa: S101 - this was no dry run
    known = commit.amended + commit.unchanged + commit.kept + commit.retracted
    return ImportReport(
        file=done.file,
        sha256=batch.sha256,
        trace_format=batch.trace_format,
        site="" if batch.site is None else batch.site.name,
        customer="" if batch.customer is None else batch.customer.name,
        fleet_size=batch.fleet_size or 0,
        records=done.records,
        outages=commit.added if changed else batch.outages,
        known_before=known if changed else batch.known_before,
        amended=commit.amended,
        kept=commit.kept,
        retracted=commit.retracted,
        quarantined=done.bad_records,
        quarantine_file=done.quarantine_file,
        starts_at=batch.starts_at,
        ends_at=batch.ends_at,
        changed=changed,
        odd=(*done.preview.odd, *commit.odd),
    )
