"""The kinds of file `nodes`, `allocations`, `slas`, `prices`: checked, and booked whole.

A file is small, NODES_MAX rows, and is booked in one transaction.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic

from django.db import IntegrityError, transaction

from scuderia.basics.actors import Actor
from scuderia.basics.canonical import JsonObject
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput
from scuderia.basics.subjects import EVERYTHING
from scuderia.fleet.engine import allocation_rows, exclusion_rows, node_rows, price_rows, sla_rows
from scuderia.fleet.engine.allocation_rows import AllocationRow
from scuderia.fleet.engine.exclusion_rows import ExclusionRow
from scuderia.fleet.engine.node_rows import NodeRow
from scuderia.fleet.engine.price_rows import PriceRow
from scuderia.fleet.engine.sla_rows import SlaRow
from scuderia.fleet.models.customers import Customer
from scuderia.fleet.models.inventory import Node, Sku
from scuderia.fleet.operations.allocations import compare_allocations, keep_allocations
from scuderia.fleet.operations.descriptions import (
    NAMES_AUDITED,
    NODES_MAX,
    Compared,
    RowT,
    SaidBy,
    lock_named,
)
from scuderia.fleet.operations.exclusions import compare_exclusions, keep_exclusions
from scuderia.fleet.operations.import_runs import ImportUnsettled
from scuderia.fleet.operations.nodes import compare_nodes, keep_nodes
from scuderia.fleet.operations.outage_imports import may_import
from scuderia.fleet.operations.prices import compare_prices, keep_prices
from scuderia.fleet.operations.slas import compare_slas, keep_slas
from scuderia.intake.fields import (
    CHANGES_KEPT,
    Change,
    CommitReport,
    FieldSpec,
    FileFacts,
    Numbered,
    Objection,
    Record,
)
from scuderia.loop.operations import audit

NAME_SHOWN = 200


class TooManyRows(BadInput):
    """The file describes more than is booked in one step."""

    code = "FLEET-050"
    remedy = f"Split it into files of at most {NODES_MAX} rows."


@dataclass(frozen=True, slots=True)
class DescriptionImport(Generic[RowT]):
    """The intake's ImportKind for facts that a person would describe one by one."""

    name: str
    order: str
    fields: tuple[FieldSpec, ...]
    row_of: Callable[[Record], RowT]
    same_row: Callable[[RowT], str]
    compare: Callable[[Sequence[RowT], AwareDatetime], Compared[RowT]]
    keep: Callable[[Compared[RowT], SaidBy], None]
    lock: Callable[[Sequence[RowT]], None]
    now: AwareDatetime
    room: str = "fleet"

    def read(self, record: Record) -> RowT:
        """Return the row.

        raises   Flaw
        """
        return self.row_of(record)

    def identity(self, row: RowT) -> str:
        """Return what the row is about."""
        return self.same_row(row)

    def check(self, rows: Iterable[Numbered[RowT]]) -> Iterator[Objection]:
        """Yield the rows that cannot stand, until what is left can: each leaves others as they are.

        raises   TooManyRows
        """
        left = _all(rows)
        while left:
            numbers = {entry.row.key: entry.number for entry in left}
            against = self.compare([entry.row for entry in left], self.now).against
            if not against:
                return
            for key, flaw in against.items():
                yield Objection(numbers[key], flaw)
            gone = {numbers[key] for key in against}
            left = [entry for entry in left if entry.number not in gone]

    @transaction.atomic
    def commit(
        self,
        rows: Iterable[Numbered[RowT]],
        *,
        facts: FileFacts,
        actor: Actor,
        now: AwareDatetime,
        dry_run: bool,
    ) -> CommitReport:
        """Book what is new, amend what is otherwise, and audit the file: all of it or nothing.

        raises   NotAuthorised, NotFound, ImportUnsettled: the books changed since it was checked
        """
        may_import(actor)
        told = _all(rows)
        self.lock([entry.row for entry in told])
        found = self.compare([entry.row for entry in told], now)
        for key, flaw in found.against.items():
            raise ImportUnsettled(f"{facts.name}, {key}: {flaw.reason}")
        report = CommitReport(
            added=len(found.added),
            amended=len(found.amended),
            unchanged=found.unchanged,
            changes=_changes(told, found),
        )
        if not dry_run and (found.added or found.amended):
            try:
                self.keep(found, SaidBy(actor, now, f"the file {facts.name[:NAME_SHOWN]}"))
            except IntegrityError as error:
                raise ImportUnsettled(f"{facts.name}: the books refuse it: {error}") from None
            audit.record(
                actor,
                f"{self.room}.{self.name}.imported",
                subject=EVERYTHING,
                at=now,
                detail=_detail(facts, report),
            )
        return report


def node_import(now: AwareDatetime) -> DescriptionImport[NodeRow]:
    """Return the kind for one file of nodes."""
    return DescriptionImport(
        name="nodes",
        order="",
        fields=node_rows.FIELDS,
        row_of=node_rows.row_of,
        same_row=node_rows.same_row,
        compare=lambda rows, at: compare_nodes(rows, now=at),
        keep=lambda found, _by: keep_nodes(found),
        lock=lambda rows: lock_named(Node.objects, {row.node for row in rows}),
        now=now,
    )


def allocation_import(now: AwareDatetime) -> DescriptionImport[AllocationRow]:
    """Return the kind for one file of allocations."""
    return DescriptionImport(
        name="allocations",
        order="from",
        fields=allocation_rows.FIELDS,
        row_of=allocation_rows.row_of,
        same_row=allocation_rows.same_row,
        compare=lambda rows, at: compare_allocations(rows, now=at),
        keep=lambda found, _by: keep_allocations(found),
        lock=lambda rows: lock_named(Node.objects, {row.node for row in rows}),
        now=now,
    )


def sla_import(now: AwareDatetime) -> DescriptionImport[SlaRow]:
    """Return the kind for one file of SLA definitions."""
    return DescriptionImport(
        name="slas",
        order="",
        fields=sla_rows.FIELDS,
        row_of=sla_rows.row_of,
        same_row=sla_rows.same_row,
        compare=lambda rows, _at: compare_slas(rows),
        keep=keep_slas,
        lock=lambda rows: lock_named(Customer.objects, {row.customer for row in rows}),
        now=now,
    )


def exclusion_import(now: AwareDatetime) -> DescriptionImport[ExclusionRow]:
    """Return the kind for one file of exclusions."""
    return DescriptionImport(
        name="exclusions",
        order="",
        fields=exclusion_rows.FIELDS,
        row_of=exclusion_rows.row_of,
        same_row=exclusion_rows.same_row,
        compare=lambda rows, _at: compare_exclusions(rows),
        keep=lambda found, _by: keep_exclusions(found),
        lock=lambda rows: lock_named(Customer.objects, {row.customer for row in rows}),
        now=now,
    )


def price_import(now: AwareDatetime) -> DescriptionImport[PriceRow]:
    """Return the kind for one file of prices."""
    return DescriptionImport(
        name="prices",
        order="",
        fields=price_rows.FIELDS,
        row_of=price_rows.row_of,
        same_row=price_rows.same_row,
        compare=lambda rows, _at: compare_prices(rows),
        keep=lambda found, _by: keep_prices(found),
        lock=lambda rows: lock_named(Sku.objects, {row.sku for row in rows}),
        now=now,
    )


def _all(rows: Iterable[Numbered[RowT]]) -> list[Numbered[RowT]]:
    told: list[Numbered[RowT]] = []
    for entry in rows:
        if len(told) == NODES_MAX:
            raise TooManyRows(f"the file has more than {NODES_MAX} rows")
        told.append(entry)
    return told


def _changes(told: Sequence[Numbered[RowT]], found: Compared[RowT]) -> tuple[Change, ...]:
    entries = {entry.row.key: entry for entry in told}
    changes = []
    for row, was in found.amended[:CHANGES_KEPT]:
        entry, before = entries[row.key], was.told()
        changes += [
            Change(entry.number, entry.identity, name, before[name], after)
            for name, after in row.told().items()
            if before[name] != after
        ]
    return tuple(changes[:CHANGES_KEPT])


def _detail(facts: FileFacts, report: CommitReport) -> JsonObject:
    return {
        "file": facts.name[:255],
        "sha256": facts.sha256,
        "added": report.added,
        "amended": report.amended,
        "quarantined": facts.bad,
        "changes": [
            {"record": one.number, "field": one.field, "before": one.before, "after": one.after}
            for one in report.changes[:NAMES_AUDITED]
        ],
    }
