"""Writes the rows of one import to the books, a batch at a time: new, amended, kept or barred."""

from collections.abc import Mapping, Sequence
from functools import partial

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.engine.facts import indices_text, instant_of
from scuderia.fleet.engine.outage_rows import OutageRow, key_of
from scuderia.fleet.engine.restatements import Held, Restated, changed_fields, merged
from scuderia.fleet.models.amendments import OutageAmendment
from scuderia.fleet.models.columns import chunks
from scuderia.fleet.models.import_runs import ImportRun
from scuderia.fleet.models.outages import ImportBatch, Outage
from scuderia.fleet.operations.amendments import stage_restatements, supersede_outage
from scuderia.fleet.operations.import_runs import ROWS, stage
from scuderia.intake.fields import CHANGES_KEPT, Change, CommitReport, Numbered

_INSTANTS = ("start", "end", "detected")


class OutageWriter:
    """Takes rows in the order of their start, and stages them in bounded turns.

    What lasts, and what is restated and lasts, is written by `publish`: others have ended by then,
    until then a live source may open the node's one open outage, and no node ever has two. Without
    a run it only counts.
    """

    def __init__(
        self, run: ImportRun | None, batch: ImportBatch | None, source: str, actor: Actor,
        now: AwareDatetime, nodes: Mapping[str, int],
    ) -> None:  # fmt: skip
        self._run, self._batch, self._source = run, batch, source
        self._actor, self._now, self._nodes = actor, now, nodes
        self._fresh: list[OutageRow] = []
        self._lasting: list[OutageRow] = []
        self._restated: list[tuple[str, Restated]] = []
        self._still_open: list[tuple[str, Restated]] = []
        self._added = self._amended = self._unchanged = self._kept = self._retracted = 0
        self._changes: list[Change] = []
        self._left_alone: list[Change] = []

    def take(self, entry: Numbered[OutageRow], held: Held | None) -> None:
        """Stage one row: a new fact, or what it says of a held one."""
        row = entry.row
        if held is not None:
            self._restate(entry, held)
        else:
            self._added += 1
            (self._lasting if row.end is None else self._fresh).append(row)
        if len(self._fresh) >= ROWS or len(self._restated) >= ROWS:
            self.flush()

    def flush(self) -> None:
        """Stage what waits."""
        run, fresh, restated = self._run, self._fresh, self._restated
        self._fresh, self._restated = [], []
        if run is None or self._batch is None:
            return
        batch = self._batch
        for chunk in chunks(fresh):
            stage(run, partial(self._book, chunk))
        for some in chunks(restated):
            stage(
                run,
                partial(
                    stage_restatements, some, run=run, batch=batch, actor=self._actor, now=self._now
                ),
            )

    def publish(self) -> None:
        """Write what lasts; the caller holds the transaction that publishes the run."""
        if self._batch is None:
            return
        for key, after in self._still_open:
            supersede_outage(key, after, batch=self._batch, actor=self._actor, now=self._now)
        for chunk in chunks(self._lasting):
            self._book(chunk)

    def report(self) -> CommitReport:
        """Return what all came to."""
        return CommitReport(
            added=self._added,
            amended=self._amended,
            unchanged=self._unchanged,
            kept=self._kept,
            retracted=self._retracted,
            changes=tuple(self._changes),
            left_alone=tuple(self._left_alone),
        )

    def _restate(self, entry: Numbered[OutageRow], held: Held) -> None:
        if held.is_retracted:
            self._retracted += 1
            return
        after = merged(held, entry.row)
        self._kept += bool(after.kept)
        said = entry.row._asdict()
        for name in after.kept:
            self._left_alone.append(
                Change(entry.number, held.key, name, _shown(held, name), _words(name, said[name]))
            )
        changed = changed_fields(held, after)
        if not changed:
            self._unchanged += not after.kept
        else:
            self._amended += 1
            for name in changed:
                self._changes.append(
                    Change(entry.number, held.key, name, _shown(held, name), _shown(after, name))
                )
            if after.end is None:
                self._still_open.append((held.key, after))
            else:
                self._restated.append((held.key, after))
        del self._changes[CHANGES_KEPT:], self._left_alone[CHANGES_KEPT:]

    def _book(self, rows: Sequence[OutageRow]) -> None:
        Outage.every.bulk_create(
            Outage(
                node_id=self._nodes[row.node],
                start=instant_of(row.start),
                end=None if row.end is None else instant_of(row.end),
                detected_at=None if row.detected is None else instant_of(row.detected),
                cause=row.cause,
                planned=bool(row.planned),
                gpus_lost=None if row.gpus_lost is None else row.gpus_lost.gpus,
                gpu_indices=indices_text(() if row.gpus_lost is None else row.gpus_lost.indices),
                severity=row.severity.value,
                source_key=key,
                batch=self._batch,
                run=self._run,
            )
            for key, row in zip(self._free_keys(rows), rows, strict=True)
        )

    def _free_keys(self, rows: Sequence[OutageRow]) -> list[str]:
        """Return a key for each row, and none that another fact was ever kept under."""
        keys = [key_of(self._source, row) for row in rows]
        taken = set(_taken(keys))
        for place, row in enumerate(rows):
            number = 0
            while keys[place] in taken:
                number += 1
                keys[place] = key_of(self._source, row, number=number)
                taken |= set(_taken([keys[place]]))
            taken.add(keys[place])
        return keys


def _taken(keys: list[str]) -> list[str]:
    booked = Outage.every.filter(source_key__in=keys).values_list("source_key", flat=True)
    amended = OutageAmendment.every.filter(source_key__in=keys)
    return [*booked, *amended.values_list("source_key", flat=True)]


def _shown(fact: Held | Restated, name: str) -> str:
    return _words(name, getattr(fact, name))


def _words(name: str, value: object) -> str:
    if isinstance(value, int) and name in _INSTANTS:
        return instant_of(value).isoformat()
    return "" if value is None else str(value)
