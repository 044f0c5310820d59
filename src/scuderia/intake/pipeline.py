"""Reads, maps, validates, quarantines or aborts, and hands the good records to their kind."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Generic

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime, parse_instant
from scuderia.basics.errors import BadInput, Refused, ScuderiaError
from scuderia.intake.archives import OpenFile, Source, open_source
from scuderia.intake.fields import CommitReport, FileFacts, ImportKind, Numbered, RowT
from scuderia.intake.mapping import RecordReader
from scuderia.intake.preview import Preview, Sightings
from scuderia.intake.profiles import Profile, checked
from scuderia.intake.quarantine import quarantine_path, write_quarantine
from scuderia.intake.readers.open_records import Records, open_records
from scuderia.intake.records import (
    Bad,
    FileUnreadable,
    Flaw,
    Limits,
    Progress,
    Row,
    as_raw,
    no_progress,
)
from scuderia.intake.staging import Staging
from scuderia.intake.stepfun import DAY_0, ROW_COLUMNS, fault_rows, is_stepfun

ANY_NUMBER = -1
BAD_SHARE_MAX = 0.01
_TOLD_EVERY = 5_000
_BAD_SHOWN = 20


class RecordRefused(BadInput):
    """One record cannot be booked, and the whole file was asked for; nothing of it was."""

    code = "INTAKE-003"
    remedy = "Mend the record, or keep the good ones with --on-error quarantine."


class TooManyBad(Refused):
    """More than one record in a hundred is bad, and nobody accepted just that many."""

    code = "INTAKE-004"
    remedy = "Look at the quarantine file, mend the source, or accept the exact number."


class OnError(StrEnum):
    """What to do when a record is bad."""

    ABORT = "abort"
    QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """How an import is to be carried out.

    accept_bad          the exact number of bad records that is accepted; ANY_NUMBER for all
    quarantine_folder   where bad records go; None: beside the file
    keep_first          of records that contradict each other, keep the first, and not none
    """

    on_error: OnError = OnError.ABORT
    dry_run: bool = False
    accept_bad: int | None = None
    quarantine_folder: Path | None = None
    keep_first: bool = False
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import came to.

    bad       the first bad records; `bad_records` counts all
    refusal   what a dry run would have been refused with, "" where nothing
    commit    None after a dry run
    forecast  what the commit would come to; of a dry run that nothing would refuse
    """

    file: str
    sha256: str
    shape: str
    records: int
    good_records: int
    bad_records: int
    bad: tuple[Bad, ...]
    quarantine_file: str
    preview: Preview
    refusal: str
    commit: CommitReport | None
    forecast: CommitReport | None = None


def run_import(
    kind: ImportKind[RowT],
    source: Source,
    profile: Profile,
    options: ImportOptions,
    *,
    actor: Actor,
    now: AwareDatetime,
    on_progress: Progress = no_progress,
) -> ImportReport:
    """Read the whole file, then have the kind book its good records: all or none.

    raises   FileUnreadable, ColumnsMissing, ProfileUnreadable: nothing could be read
             RecordRefused, TooManyBad, QuarantineUnwritable, and what the kind raises
    """
    profile = checked(profile)
    with open_source(source, member=profile.member, limits=options.limits) as file:
        staging = Staging(file.folder, kind.fields, order=kind.order, limits=options.limits)
        with closing(staging):
            work = _Import(kind, file, profile, options, staging, on_progress)
            work.read(now)
            return work.finish(source, actor, now)


def _as_faults(records: Records, profile: Profile) -> Records:
    day_0 = DAY_0
    if profile.days_from:
        day_0 = parse_instant(profile.days_from, field="days_from")
    shape = f"StepFun trace from {day_0.isoformat()}, {records.shape}"
    return Records(ROW_COLUMNS, shape, fault_rows(records.rows, day_0))


class _Import(Generic[RowT]):
    """One import under way."""

    def __init__(
        self,
        kind: ImportKind[RowT],
        file: OpenFile,
        profile: Profile,
        options: ImportOptions,
        staging: Staging,
        on_progress: Progress,
    ) -> None:
        self._kind, self._file, self._profile = kind, file, profile
        self._options, self._staging, self._progress = options, staging, on_progress
        self._shape = ""
        self._preview = Preview((), (), (), ())

    def read(self, now: AwareDatetime) -> None:
        """Stage every record, good or bad; then what the file or the kind objects to as a whole."""
        with open_records(self._file, self._profile) as records:
            if is_stepfun(records.columns) and not self._profile.columns:
                records = _as_faults(records, self._profile)  # noqa: PLW2901 - read as what it is
            self._shape = records.shape
            fields = self._kind.fields
            reader = RecordReader(records.columns, fields, self._profile, file=self._file.name)
            sightings = Sightings(fields, reader.mapping, now)
            self._stage_all(records, reader, sightings)
        self._file.require_unchanged()
        self._staging.refuse_doubles(keep_first=self._options.keep_first)
        self._check()
        self._preview = sightings.preview()

    def _stage_all(self, records: Records, reader: RecordReader, sightings: Sightings) -> None:
        for count, row in enumerate(records.rows, 1):
            if count > self._options.limits.rows:
                said = f"{self._file.name}: it holds more than {self._options.limits.rows} records"
                raise FileUnreadable(said, remedy="Split it into smaller files.")
            if isinstance(row, Bad):
                self._staging.add_bad(row)
            else:
                self._stage(row, reader, sightings)
            if count % _TOLD_EVERY == 0:
                self._progress("read", self._file.bytes_read(), self._file.size)
        self._progress("read", self._file.size, self._file.size)

    def _stage(self, row: Row, reader: RecordReader, sightings: Sightings) -> None:
        kind = self._kind
        raw: str | None = as_raw(row)
        try:
            known = [(entry, kind.identity(kind.read(entry))) for entry in reader.read(row)]
        except Flaw as flaw:
            said = flaw.field, flaw.reason, flaw.remedy
            self._staging.add_bad(Bad(row.number, *said, as_raw(row)))
            return
        for record, identity in known:
            sightings.see(row, record)
            self._staging.add(record, identity, raw)
            raw = None

    def _check(self) -> None:
        for entry in self._kind.check(self._rows()):
            self._staging.note_objection(entry.number, entry.flaw)
        self._staging.refuse_objected()

    def _rows(self) -> Iterator[Numbered[RowT]]:
        for record, identity in self._staging.good():
            yield Numbered(record.number, identity, self._kind.read(record))

    def finish(self, source: Source, actor: Actor, now: AwareDatetime) -> ImportReport:
        """Refuse, or write the quarantine file and commit; a dry run only says which."""
        good, bad = self._staging.count_good(), self._staging.count_bad()
        quarantine: Path | None = None
        if bad and self._options.on_error is OnError.QUARANTINE and not self._options.dry_run:
            quarantine = self._quarantine(source)
        refusal = self._refusal(good, bad, quarantine)
        if self._options.dry_run:
            return self._foreseen(good, bad, refusal, actor, now)
        if refusal is not None:
            raise refusal
        commit = self._commit(good, bad, actor, now)
        return self._report(good, bad, quarantine, commit, "")

    def _foreseen(
        self, good: int, bad: int, refusal: ScuderiaError | None, actor: Actor, now: AwareDatetime
    ) -> ImportReport:
        forecast: CommitReport | None = None
        if refusal is None:
            try:
                forecast = self._commit(good, bad, actor, now)
            except Refused as error:
                refusal = error
        done = self._report(good, bad, None, None, refusal.message if refusal else "")
        return replace(done, forecast=forecast)

    def _commit(self, good: int, bad: int, actor: Actor, now: AwareDatetime) -> CommitReport:
        facts = FileFacts(
            name=self._file.name,
            sha256=self._file.sha256,
            shape=self._shape,
            records=good + bad,
            bad=bad,
            profile=self._profile.as_json(),
        )
        return self._kind.commit(
            self._told(good), facts=facts, actor=actor, now=now, dry_run=self._options.dry_run
        )

    def _told(self, good: int) -> Iterator[Numbered[RowT]]:
        for done, row in enumerate(self._rows(), 1):
            if done % _TOLD_EVERY == 0 or done == good:
                self._progress("commit", done, good)
            yield row

    def _quarantine(self, source: Source) -> Path:
        beside = source.path.parent if source.path is not None else Path.cwd()
        folder = self._options.quarantine_folder or beside
        target = quarantine_path(folder, self._file.name, self._file.sha256)
        write_quarantine(self._staging.bad(), target, file=self._file.name)
        return target

    def _refusal(self, good: int, bad: int, quarantine: Path | None) -> ScuderiaError | None:
        if not bad:
            return None if good else FileUnreadable(f"{self._file.name}: it holds no records")
        first = next(self._staging.bad(1))
        where = f"{self._file.name}, record {first.number}, field {first.field}: {first.reason}"
        facts = {"file": self._file.name, "record": first.number, "field": first.field}
        if self._options.on_error is OnError.ABORT:
            more = f" ({bad - 1} more bad records)" if bad > 1 else ""
            remedy = f"{first.remedy} Or keep the good records with --on-error quarantine."
            return RecordRefused(where + more, remedy=remedy, bad_records=bad, **facts)
        if not good:
            said = f"{self._file.name}: none of its {bad} records can be booked; {where}"
            return FileUnreadable(said, remedy=first.remedy)
        if bad <= BAD_SHARE_MAX * (good + bad) or self._options.accept_bad in (bad, ANY_NUMBER):
            return None
        seen = f"See {quarantine.name}, or" if quarantine else "Mend them, or"
        said = f"{self._file.name}: {bad} of {good + bad} records are bad; {where}"
        return TooManyBad(said, remedy=f"{seen} say --accept-bad {bad}.", bad_records=bad, **facts)

    def _report(
        self,
        good: int,
        bad: int,
        quarantine: Path | None,
        commit: CommitReport | None,
        refusal: str,
    ) -> ImportReport:
        return ImportReport(
            file=self._file.name,
            sha256=self._file.sha256,
            shape=self._shape,
            records=good + bad,
            good_records=good,
            bad_records=bad,
            bad=tuple(self._staging.bad(_BAD_SHOWN)),
            quarantine_file=str(quarantine or ""),
            preview=self._preview,
            refusal=refusal,
            commit=commit,
        )
