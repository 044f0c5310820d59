"""A small kind of file for the tests: stays of a node, kept in memory, with amending."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.intake.fields import (
    Change,
    CommitReport,
    FieldSpec,
    FieldType,
    FileFacts,
    Numbered,
    Objection,
    Record,
)
from scuderia.intake.records import Flaw


@dataclass(frozen=True)
class Stay:
    node: str
    start: AwareDatetime
    end: AwareDatetime | None
    cause: str
    planned: bool | None
    key: str


@dataclass
class StayKind:
    """Keeps stays by identity, with what an amendment superseded, and the log of imports."""

    known_nodes: frozenset[str] | None = None
    stays: dict[str, Stay] = field(default_factory=dict)
    superseded: list[Stay] = field(default_factory=list)
    log: list[FileFacts] = field(default_factory=list)
    fail: Exception | None = None
    name: str = "stays"
    order: str = "start"
    fields: tuple[FieldSpec, ...] = (
        FieldSpec(name="node", type=FieldType.NAME, needs_column=True, may_be_empty=False),
        FieldSpec(name="start", type=FieldType.INSTANT, needs_column=True, may_be_empty=False),
        FieldSpec(name="end", type=FieldType.INSTANT, needs_column=True, counted_from="start"),
        FieldSpec(name="cause"),
        FieldSpec(name="planned", type=FieldType.FLAG),
        FieldSpec(name="key"),
    )

    def read(self, record: Record) -> Stay:
        start, end = record.required_instant("start"), record.instant("end")
        if end is not None and end < start:
            raise Flaw("end", "it lies before the start", "Check the order and the time zones.")
        return Stay(
            node=record.text("node"),
            start=start,
            end=end,
            cause=record.text("cause"),
            planned=record.flag("planned"),
            key=record.text("key"),
        )

    def identity(self, row: Stay) -> str:
        return f"key {row.key}" if row.key else f"{row.node} {row.start.isoformat()}"

    def check(self, rows: Iterable[Numbered[Stay]]) -> Iterator[Objection]:
        for entry in rows:
            if self.known_nodes is not None and entry.row.node not in self.known_nodes:
                said = f"no node {entry.row.node!r}"
                yield Objection(entry.number, Flaw("node", said, "Check the name."))

    def commit(
        self,
        rows: Iterable[Numbered[Stay]],
        *,
        facts: FileFacts,
        actor: Actor,
        now: AwareDatetime,
        dry_run: bool,
    ) -> CommitReport:
        stays, superseded = dict(self.stays), list(self.superseded)
        added = unchanged = amended = 0
        changes: list[Change] = []
        for entry in rows:
            before = stays.get(entry.identity)
            stays[entry.identity] = entry.row
            if before is None:
                added += 1
            elif before == entry.row:
                unchanged += 1
            else:
                amended += 1
                superseded.append(before)
                changes += changes_between(entry, before)
        if self.fail:
            raise self.fail
        if not dry_run:
            self.stays, self.superseded = stays, superseded
            self.log.append(facts)
        return CommitReport(
            added=added, amended=amended, unchanged=unchanged, changes=tuple(changes)
        )


def changes_between(entry: Numbered[Stay], before: Stay) -> list[Change]:
    return [
        Change(
            entry.number,
            entry.identity,
            part.name,
            str(getattr(before, part.name)),
            str(getattr(entry.row, part.name)),
        )
        for part in fields(Stay)
        if getattr(before, part.name) != getattr(entry.row, part.name)
    ]
