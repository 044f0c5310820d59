"""Writes the rows of one import to the books, a batch at a time: new, amended, kept or barred."""

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.engine.facts import instant_of
from scuderia.fleet.engine.outage_rows import OutageRow, key_of
from scuderia.fleet.engine.restatements import Held, Restated, changed_fields, merged
from scuderia.fleet.models.amendments import OutageAmendment
from scuderia.fleet.models.columns import CHUNK
from scuderia.fleet.models.inventory import Node
from scuderia.fleet.models.outages import ImportBatch, Outage
from scuderia.fleet.operations.amendments import supersede_outage
from scuderia.intake.fields import CHANGES_KEPT, Change, CommitReport, Numbered

_INSTANTS = ("start", "end", "detected")


class OutageWriter:
    """Takes rows in the order of their start; what lasts is written last, when others have ended.

    The caller holds the transaction.
    """

    def __init__(self, batch: ImportBatch, source: str, actor: Actor, now: AwareDatetime) -> None:
        self._batch, self._source, self._actor, self._now = batch, source, actor, now
        self._nodes: dict[str, int] = dict(Node.objects.values_list("name", "id"))
        self._fresh: list[OutageRow] = []
        self._lasting: list[OutageRow] = []
        self._reopened: list[tuple[str, Restated]] = []
        self._added = self._amended = self._unchanged = self._kept = self._retracted = 0
        self._changes: list[Change] = []
        self._left_alone: list[Change] = []

    def take(self, entry: Numbered[OutageRow], held: Held | None) -> None:
        """Book one row: a new fact, or what it says of a held one."""
        row = entry.row
        if held is not None:
            self._restate(entry, held)
            return
        self._added += 1
        if row.end is None:
            self._lasting.append(row)
            return
        self._fresh.append(row)
        if len(self._fresh) >= CHUNK:
            self._write()

    def finish(self) -> CommitReport:
        """Write what waits, and return what all came to."""
        self._write()
        for key, after in self._reopened:
            self._supersede(key, after)
        while self._lasting:
            self._fresh, self._lasting = self._lasting[:CHUNK], self._lasting[CHUNK:]
            self._write()
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
            if after.end is None and held.end is not None:
                self._reopened.append((held.key, after))
            else:
                self._supersede(held.key, after)
        del self._changes[CHANGES_KEPT:], self._left_alone[CHANGES_KEPT:]

    def _supersede(self, key: str, after: Restated) -> None:
        supersede_outage(key, after, batch=self._batch, actor=self._actor, now=self._now)

    def _write(self) -> None:
        keys = self._free_keys()
        Outage.objects.bulk_create(
            Outage(
                node_id=self._nodes[row.node],
                start=instant_of(row.start),
                end=None if row.end is None else instant_of(row.end),
                detected_at=None if row.detected is None else instant_of(row.detected),
                cause=row.cause,
                planned=bool(row.planned),
                source_key=key,
                batch=self._batch,
            )
            for key, row in zip(keys, self._fresh, strict=True)
        )
        self._fresh = []

    def _free_keys(self) -> list[str]:
        """Return a key for each fresh row, and none that another fact was ever kept under."""
        keys = [key_of(self._source, row) for row in self._fresh]
        taken = set(_taken(keys))
        for place, row in enumerate(self._fresh):
            number = 0
            while keys[place] in taken:
                number += 1
                keys[place] = key_of(self._source, row, number=number)
                taken |= set(_taken([keys[place]]))
            taken.add(keys[place])
        return keys


def _taken(keys: list[str]) -> list[str]:
    booked = Outage.objects.filter(source_key__in=keys).values_list("source_key", flat=True)
    amended = OutageAmendment.objects.filter(source_key__in=keys)
    return [*booked, *amended.values_list("source_key", flat=True)]


def _shown(fact: Held | Restated, name: str) -> str:
    return _words(name, getattr(fact, name))


def _words(name: str, value: object) -> str:
    if isinstance(value, int) and name in _INSTANTS:
        return instant_of(value).isoformat()
    return "" if value is None else str(value)
