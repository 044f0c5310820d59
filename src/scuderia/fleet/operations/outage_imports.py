"""The kind of file `outages`: checks its rows against the books, and books all of them or none.

With a fleet's size the file stands the fleet up at a site; without, its nodes must stand already.
"""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from django.db import IntegrityError

from scuderia.basics.actors import Actor, ActorKind
from scuderia.basics.clock import AwareDatetime, parse_instant
from scuderia.basics.errors import BadInput, Refused
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.basics.units import DAY_S
from scuderia.fleet.engine import outage_rows
from scuderia.fleet.engine.facts import instant_of, seconds_of
from scuderia.fleet.engine.gpu_words import beyond
from scuderia.fleet.engine.outage_rows import OutageRow
from scuderia.fleet.engine.restatements import (
    TOLERANCE_S,
    Held,
    Match,
    Restatements,
    merged,
)
from scuderia.fleet.models.columns import chunks
from scuderia.fleet.models.customers import Customer
from scuderia.fleet.models.import_runs import ImportRun
from scuderia.fleet.models.inventory import Node, Site
from scuderia.fleet.models.outages import ImportBatch, Outage
from scuderia.fleet.nouns import Severity
from scuderia.fleet.operations import import_runs
from scuderia.fleet.operations.held_outages import held_outages
from scuderia.fleet.operations.import_runs import ImportUnsettled
from scuderia.fleet.operations.import_site import (
    GPUS_PER_NODE,
    ImportSite,
    publish_site,
    stage_site,
)
from scuderia.fleet.operations.outage_writer import OutageWriter
from scuderia.intake.fields import CommitReport, FileFacts, Numbered, Objection, Record
from scuderia.intake.oddities import known_otherwise
from scuderia.intake.records import Flaw
from scuderia.intake.stepfun import DAY_0
from scuderia.loop.nouns import Power
from scuderia.loop.operations import access, audit

FLEET_SIZE_MAX = 100_000
_IS_STEPFUN = "StepFun"


class ImportedOtherwise(Refused):
    """The same file is on the books already, imported with other settings."""

    code = "FLEET-014"
    remedy = "Import it as it was imported before, or to another --site under other node names."


class TooManyNodes(BadInput):
    """The file names more nodes than the fleet is said to have."""

    code = "FLEET-015"
    remedy = "Give the fleet's whole size with --fleet-size, or check that this is the right file."


@dataclass(frozen=True, slots=True, kw_only=True)
class StoodUp:
    """The fleet that a file stands up; instants None: the file's own (StepFun: 2024-03-30)."""

    fleet_size: int
    site: str = "imported"
    customer: str = "fleet"
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None

    def check(self) -> None:
        """Return if there can be such a fleet.

        raises   BadInput
        """
        SubjectRef.parse(f"site:{self.site}")
        SubjectRef.parse(f"customer:{self.customer}")
        if not 1 <= self.fleet_size <= FLEET_SIZE_MAX:
            message = f"--fleet-size {self.fleet_size} is not a fleet"
            raise BadInput(message, remedy=f"Give a whole number from 1 to {FLEET_SIZE_MAX}.")


def may_import(actor: Actor) -> None:
    """Return if the actor may import; a service of ours may.

    raises   NotAuthorised, NotFound
    """
    if actor.kind is not ActorKind.SERVICE:
        access.require(actor, Power.IMPORT, EVERYTHING)


class OutageImport:
    """The intake's ImportKind for one import of outages; used once."""

    name, order = "outages", "start"
    fields = outage_rows.FIELDS

    def __init__(
        self,
        *,
        now: AwareDatetime,
        source: str = "",
        fleet: StoodUp | None = None,
        tolerance_s: int = TOLERANCE_S,
        degraded_gpus: int | None = None,
    ) -> None:
        self.source, self.fleet = source, fleet
        self.batch: ImportBatch | None = None
        self.changed = False
        self._now_s = seconds_of(now)
        self._matching = Restatements(
            source, tolerance_s, lambda rows, close: held_outages(source, rows, close)
        )
        self._named: dict[str, None] = {}
        self._strangers: dict[str, None] = {}
        self._of_strangers = array("q")
        self._lasting: dict[str, tuple[int, str]] = {}
        self._closed: set[str] = set()
        self._first: int | None = None
        self._last = 0
        self._sites: dict[str, str] = {}
        self._gpus: dict[str, int] = {}
        self._degraded_gpus = degraded_gpus
        self._degraded = 0

    def read(self, record: Record) -> OutageRow:
        """Return the row.

        raises   Flaw: it ends, or was noticed, before it began; its GPUs make no sense
        """
        return outage_rows.row_of(record, degraded_gpus=self._degraded_gpus)

    def identity(self, row: OutageRow) -> str:
        """Return the source's own key, or what the row is about."""
        return outage_rows.same_row(row)

    def check(self, rows: Iterable[Numbered[OutageRow]]) -> Iterator[Objection]:
        """Yield the rows that cannot stand on the books beside what is there.

        raises   TooManyNodes
        """
        columns = ("name", "rack__cluster__site__name", "sku__gpus_per_node")
        for name, site, gpus in Node.objects.values_list(*columns):
            self._sites[name], self._gpus[name] = site, gpus
        for entry, match in self._matching.matched(rows):
            flaw = self._flaw_of(entry.row, match)
            if flaw is None:
                flaw = self._note(entry, match if isinstance(match, Held) else None)
            if flaw is not None:
                yield Objection(entry.number, flaw)
        yield from self._two_that_last()
        yield from self._too_many()

    def _flaw_of(self, row: OutageRow, match: Match) -> Flaw | None:
        flaw = outage_rows.far_ahead(row, self._now_s) or self._outside(row)
        if flaw is None:
            flaw = self._misplaced(row.node)
        if flaw is None and row.gpus_lost is not None:
            flaw = beyond(row.gpus_lost, self._gpus.get(row.node, GPUS_PER_NODE), row.node)
        return flaw or (match if isinstance(match, Flaw) else None)

    def _outside(self, row: OutageRow) -> Flaw | None:
        fleet = self.fleet
        if fleet is None:
            return None
        remedy = "Widen --starts-at or --ends-at."
        said = "it lies outside the stated period"
        if fleet.starts_at is not None and row.start < seconds_of(fleet.starts_at):
            return Flaw("start", said, remedy)
        if fleet.ends_at is not None and row.last_second > seconds_of(fleet.ends_at):
            return Flaw("end", said, remedy)
        return None

    def _misplaced(self, node: str) -> Flaw | None:
        site = self._sites.get(node)
        if self.fleet is None:
            said = f"no node {node!r} is on the books"
            remedy = "Check the name, or stand the fleet up from the file with --fleet-size."
            return Flaw("node", said, remedy) if site is None else None
        if site is None or site == self.fleet.site:
            return None
        remedy = "A node's name is its own over all sites: write the site into it, or name --site."
        return Flaw("node", f"{node!r} stands at the site {site} already", remedy)

    def _note(self, entry: Numbered[OutageRow], held: Held | None) -> Flaw | None:
        """Remember what the row does to the whole; return a Flaw where it cannot."""
        row = entry.row
        end = row.end
        if held is not None and not held.is_retracted:
            try:
                end = merged(held, row).end
            except Flaw as flaw:
                return flaw
            if held.end is None and end is not None:
                self._closed.add(held.key)
        if end is None and not (held is not None and held.is_retracted):
            if row.node in self._lasting:
                said = f"{row.node} already has an outage that lasts"
                return Flaw("end", said, "Give one of the two an end.")
            self._lasting[row.node] = (entry.number, held.key if held is not None else "")
        self._first = row.start if self._first is None else min(self._first, row.start)
        self._last = max(self._last, row.last_second)
        self._named[row.node] = None
        self._degraded += row.gpus_lost is None and row.severity is Severity.DEGRADED
        if row.node not in self._sites:
            self._strangers[row.node] = None
            self._of_strangers.append(entry.number)
        return None

    def _two_that_last(self) -> Iterator[Objection]:
        """Object to a lasting outage of a node that the books know to be out otherwise."""
        for chunk in chunks(self._lasting):
            rows = Outage.objects.filter(node__name__in=chunk, end__isnull=True)
            for name, key in rows.values_list("node__name", "source_key"):
                number, same = self._lasting[name]
                if key != same and key not in self._closed:
                    said = f"{name} already has an outage that lasts on the books"
                    yield Objection(number, Flaw("end", said, "Import that outage's end first."))

    def _too_many(self) -> Iterator[Objection]:
        """Refuse a file that names more nodes than there are; at a known site, its strangers."""
        fleet = self.fleet
        if fleet is None:
            return
        here = ImportSite.of(fleet.site)
        if len(self._strangers) <= fleet.fleet_size - len(here.named):
            return
        if not here.named:
            named, size = len(self._named), fleet.fleet_size
            message = f"the file names {named} nodes, the fleet has {size}"
            raise TooManyNodes(message, named=named, fleet_size=size)
        unknown = f"at {fleet.site}, and the fleet is complete"
        names = list(self._strangers)
        said = f"no node {names[0]!r} stands {unknown}"
        if len(names) > 1:
            said = f"{len(names)} nodes, {names[0]!r} among them, do not stand {unknown}"
        for number in self._of_strangers:
            yield Objection(number, Flaw("node", said, "Check the name, or raise --fleet-size."))
        self._named = {name: None for name in self._named if name not in self._strangers}

    def commit(
        self,
        rows: Iterable[Numbered[OutageRow]],
        *,
        facts: FileFacts,
        actor: Actor,
        now: AwareDatetime,
        dry_run: bool,
    ) -> CommitReport:
        """Book new outages, amend those restated, and audit the file: all of it or nothing.

        It is staged in bounded turns, unseen, and published in one small step; a dry run only
        counts.
        raises   NotAuthorised, ImportedOtherwise, ImportRunning, ImportUnsettled
        """
        may_import(actor)
        if dry_run:
            self._imported_before(facts)
            writer = OutageWriter(None, None, self.source, actor, now, {})
            self._take_all(writer, rows, facts)
            return self._told_by(writer)
        run = import_runs.begin(actor)
        try:
            done = self._book(run, rows, facts, actor, now)
        except IntegrityError as error:
            import_runs.discard(run)
            raise ImportUnsettled(f"{facts.name}: the books refuse its rows: {error}") from None
        except BaseException:
            import_runs.discard(run)
            raise
        import_runs.settle(run)
        return done

    def _book(
        self,
        run: ImportRun,
        rows: Iterable[Numbered[OutageRow]],
        facts: FileFacts,
        actor: Actor,
        now: AwareDatetime,
    ) -> CommitReport:
        before = self._imported_before(facts)
        span = self._span(before, facts)
        here = None if self.fleet is None else ImportSite.of(self.fleet.site)
        renamed: dict[str, str] = {}
        if here is not None and self.fleet is not None:
            size, names = self.fleet.fleet_size, self._named
            renamed = stage_site(here, run, names=names, size=size, span=span)
        new_batch = partial(self._new_batch, run, facts, span, actor, now)
        batch = before or import_runs.stage(run, new_batch)
        nodes = dict(Node.every.values_list("name", "id"))
        nodes |= {new: nodes[old] for old, new in renamed.items()}
        writer = OutageWriter(run, batch, self.source, actor, now, nodes)
        self._take_all(writer, rows, facts)
        writer.flush()
        self.batch, done = batch, self._told_by(writer)

        def publish() -> None:
            if here is not None and self.fleet is not None:
                customer = self.fleet.customer
                publish_site(here, run, renamed, customer=customer, span=span)
                if before is None:
                    batch.customer = Customer.objects.get(name=customer)
            writer.publish()
            self.changed = self._keep(batch, done, before, instant_of(span[1]))
            if self.changed:
                self._audit(batch, done, actor, now)

        import_runs.publish(run, publish)
        return done

    def _told_by(self, writer: OutageWriter) -> CommitReport:
        """Return the writer's report, and which new nodes may stand there by another name."""
        new = self._strangers.keys() & self._named.keys()
        odd = (*known_otherwise("node", new, self._sites), *self._taken_whole())
        return replace(writer.report(), odd=odd)

    def _taken_whole(self) -> Iterator[str]:
        if self._degraded:
            yield (
                f"{self._degraded} called degraded give no GPUs, so each takes its whole node: "
                "write gpus_lost, or say --degraded-gpus."
            )

    def _take_all(
        self, writer: OutageWriter, rows: Iterable[Numbered[OutageRow]], facts: FileFacts
    ) -> None:
        for entry, match in self._matching.matched(rows):
            if isinstance(match, Flaw):
                raise ImportUnsettled(f"{facts.name}, record {entry.number}: {match.reason}")
            writer.take(entry, match)

    def _keep(
        self,
        batch: ImportBatch,
        done: CommitReport,
        before: ImportBatch | None,
        ends_at: AwareDatetime,
    ) -> bool:
        """Note what the file came to; return whether it changed anything."""
        known = done.amended + done.unchanged + done.kept + done.retracted
        if before is None:
            batch.outages, batch.known_before = done.added, known
        elif not done.added and not done.amended and ends_at <= before.ends_at:
            return False
        else:
            batch.outages += done.added
            batch.ends_at = max(batch.ends_at, ends_at)
        batch.save(update_fields=["outages", "known_before", "ends_at", "customer"])
        return True

    def _imported_before(self, facts: FileFacts) -> ImportBatch | None:
        """Return the batch of the same bytes, or None.

        raises   ImportedOtherwise
        """
        site = None if self.fleet is None else self.fleet.site
        batches = ImportBatch.objects.filter(sha256=facts.sha256, source=self.source)
        batches = batches.exclude(importrun__is_open=True).select_related("site", "customer")
        before = batches.filter(site__name=site).order_by("pk").first()
        if before is None:
            return None
        said = ""
        if before.profile.get("times", {}) != facts.profile.get("times", {}) and before.profile:
            said = "other rules for its times"
        fleet = self.fleet
        if fleet is not None and (
            fleet.fleet_size != before.fleet_size
            or (before.customer is not None and fleet.customer != before.customer.name)
            or (fleet.starts_at and fleet.starts_at != before.starts_at)
        ):
            said = (
                f"--fleet-size {before.fleet_size}, --customer {before.customer} "
                f"and --starts-at {before.starts_at.isoformat()}"
            )
        if said:
            raise ImportedOtherwise(f"{facts.name} was imported with {said}")
        return before

    def _span(self, before: ImportBatch | None, facts: FileFacts) -> tuple[int, int]:
        """Return the stretch the file speaks of: [first, last) in Unix seconds.

        A trace in days begins at its day 0; a table begins where the site's last import ended, else
        at midnight UTC before its first outage.
        """
        fleet = self.fleet or StoodUp(fleet_size=1)
        start = self._first or 0
        if before is not None:
            first = seconds_of(before.starts_at)
        elif fleet.starts_at is not None or facts.shape.startswith(_IS_STEPFUN):
            said = str(facts.profile.get("days_from", ""))
            day_0 = parse_instant(said, field="days_from") if said else DAY_0
            first = seconds_of(fleet.starts_at or day_0)
        else:
            ended = None if self.fleet is None else ImportSite.of(fleet.site).ends_at
            first = ended if ended is not None and ended <= start else start - start % DAY_S
        last = self._last + 1 if fleet.ends_at is None else seconds_of(fleet.ends_at)
        return first, max(last, first + 1)

    def _new_batch(
        self,
        run: ImportRun,
        facts: FileFacts,
        span: tuple[int, int],
        actor: Actor,
        now: AwareDatetime,
    ) -> ImportBatch:
        fleet = self.fleet
        batch = ImportBatch.objects.create(
            sha256=facts.sha256,
            file_name=facts.name[:255],
            trace_format=format_of(facts.shape),
            source=self.source,
            profile=dict(facts.profile),
            site=None if fleet is None else Site.objects.get(name=fleet.site),
            fleet_size=None if fleet is None else fleet.fleet_size,
            records=facts.records,
            outages=0,
            known_before=0,
            quarantined=facts.bad,
            starts_at=instant_of(span[0]),
            ends_at=instant_of(span[1]),
            imported_at=now,
            imported_by=str(actor)[:144],
        )
        ImportRun.objects.filter(pk=run.pk).update(batch=batch)
        return batch

    def _audit(
        self, batch: ImportBatch, done: CommitReport, actor: Actor, now: AwareDatetime
    ) -> None:
        about = EVERYTHING if batch.site is None else SubjectRef("site", batch.site.name)
        audit.record(
            actor,
            "fleet.outages.imported",
            subject=about,
            at=now,
            detail={
                "file": batch.file_name,
                "sha256": batch.sha256,
                "source": batch.source,
                "records": batch.records,
                "outages": done.added,
                "amended": done.amended,
                "kept": done.kept,
                "retracted": done.retracted,
                "quarantined": batch.quarantined,
            },
            lineage=frozenset({about}),
        )


def format_of(shape: str) -> str:
    """Return the short name of what a file is, of the intake's words for it."""
    for words, name in (
        (_IS_STEPFUN, "stepfun-json"),
        ("delimited", "outages-csv"),
        ("JSON Lines", "outages-jsonl"),
        ("one JSON", "outages-json"),
    ):
        if shape.startswith(words):
            return name
    return "outages-" + shape.split(",", maxsplit=1)[0].split(" ", maxsplit=1)[0].lower()[:20]
