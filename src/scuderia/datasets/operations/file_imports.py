"""What the kinds of file of this room share: rows taken in batches, published whole, audited."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from itertools import islice
from typing import ClassVar, Generic, TypeVar

from django.db import IntegrityError
from django.db.models import F

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import SubjectRef
from scuderia.datasets.engine.judgment_values import ValueRules
from scuderia.datasets.models.judgments import DataImport, Judgment, ProjectItem
from scuderia.datasets.models.projects import Project, ProjectDay
from scuderia.datasets.operations import data_imports
from scuderia.datasets.operations.data_imports import ROWS, ImportUnsettled
from scuderia.datasets.queries.projects import project_lineage, rules_of
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

RowT = TypeVar("RowT")
ItemT = TypeVar("ItemT")
_VALUE_SHOWN = 200


@dataclass(slots=True)
class Told:
    """What a file came to, row by row.

    items, judgments   how many are new
    days               judgments more, or fewer, on each day of the project's zone
    contributors       ids of whose judgments are new
    """

    added: int = 0
    amended: int = 0
    unchanged: int = 0
    changes: list[Change] = field(default_factory=list)
    items: int = 0
    judgments: int = 0
    days: Counter[date] = field(default_factory=Counter)
    contributors: set[int] = field(default_factory=set)
    last_at: AwareDatetime | None = None

    def compare(
        self, entry: Numbered[RowT], before: Mapping[str, object], after: Mapping[str, object]
    ) -> bool:
        """Note what a known fact is told to be; return whether that is otherwise."""
        changed = [name for name, value in after.items() if before[name] != value]
        if not changed:
            self.unchanged += 1
            return False
        self.amended += 1
        self.changes += [
            Change(entry.number, entry.identity, name, _shown(before[name]), _shown(after[name]))
            for name in changed
        ]
        del self.changes[CHANGES_KEPT:]
        return True

    def report(self) -> CommitReport:
        """Return it as the intake tells it."""
        return CommitReport(
            added=self.added,
            amended=self.amended,
            unchanged=self.unchanged,
            changes=tuple(self.changes),
        )


class FileImport(ABC, Generic[RowT]):
    """The intake's ImportKind for one file of a project; used once."""

    name: ClassVar[str]
    fields: ClassVar[tuple[FieldSpec, ...]]
    order: ClassVar[str] = ""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.rules: ValueRules = rules_of(project)

    @abstractmethod
    def read(self, record: Record) -> RowT:
        """Return the row.

        raises   Flaw
        """

    @abstractmethod
    def identity(self, row: RowT) -> str:
        """Return what makes the row the same fact when it comes again."""

    @abstractmethod
    def check(self, rows: Iterable[Numbered[RowT]]) -> Iterator[Objection]:
        """Yield what cannot be booked beside other rows or what is held."""

    @abstractmethod
    def take(self, run: DataImport | None, batch: list[Numbered[RowT]], told: Told) -> None:
        """Stage some rows, in the caller's transaction; only count them without a run."""

    def commit(
        self,
        rows: Iterable[Numbered[RowT]],
        *,
        facts: FileFacts,
        actor: Actor,
        now: AwareDatetime,
        dry_run: bool,
    ) -> CommitReport:
        """Book new facts, amend those told otherwise, and audit the file: all of it or nothing.

        raises   ImportRunning, ImportUnsettled
        """
        told = Told()
        if dry_run:
            for batch in in_batches(rows):
                self.take(None, batch, told)
            return told.report()
        run = data_imports.begin(self.project, self.name, facts, actor=actor, now=now)
        try:
            for batch in in_batches(rows):
                data_imports.stage(run, partial(self.take, run, batch, told))
            run.added, run.amended = told.added, told.amended
            new = told.contributors - self._known(told.contributors)
            keep = partial(self._count, told, facts, len(new), actor=actor, now=now)
            data_imports.publish(run, keep)
        except IntegrityError as error:
            data_imports.discard(run)
            raise ImportUnsettled(f"{facts.name}: the books refuse its rows: {error}") from None
        except BaseException:
            data_imports.discard(run)
            raise
        return told.report()

    def _known(self, contributors: Iterable[int]) -> set[int]:
        """Return those who judged for the project before."""
        known: set[int] = set()
        for some in in_batches(sorted(contributors)):
            judged = Judgment.objects.filter(project=self.project, contributor__in=some)
            known |= set(judged.values_list("contributor", flat=True).distinct())
        return known

    def _count(
        self, told: Told, facts: FileFacts, strangers: int, *, actor: Actor, now: AwareDatetime
    ) -> None:
        project = Project.objects.select_for_update().get(pk=self.project.pk)
        last = [at for at in (project.last_judged_at, told.last_at) if at is not None]
        Project.objects.filter(pk=project.pk).update(
            items=F("items") + told.items,
            judgments=F("judgments") + told.judgments,
            contributors=F("contributors") + strangers,
            last_judged_at=max(last, default=None),
        )
        for day, more in sorted(told.days.items()):
            row, made = ProjectDay.objects.get_or_create(
                project=project, day=day, defaults={"judgments": max(0, more)}
            )
            if not made:
                ProjectDay.objects.filter(pk=row.pk).update(judgments=F("judgments") + more)
        if told.added or told.amended:
            audit.record(
                actor,
                f"datasets.{self.name}.imported",
                subject=SubjectRef("project", project.name),
                at=now,
                detail={
                    "file": facts.name[:255],
                    "sha256": facts.sha256,
                    "added": told.added,
                    "amended": told.amended,
                    "quarantined": facts.bad,
                },
                lineage=project_lineage(project),
            )


def in_batches(rows: Iterable[ItemT]) -> Iterator[list[ItemT]]:
    """Yield the rows, a bounded number at a time."""
    left = iter(rows)
    while batch := list(islice(left, ROWS)):
        yield batch


def held_items(project: Project, keys: Iterable[str]) -> dict[str, ProjectItem]:
    """Return the project's items of these keys, staged ones too."""
    found = ProjectItem.every.filter(project=project, key__in=set(keys), replaced_in__isnull=True)
    return {item.key: item for item in found}


def _shown(value: object) -> str:
    return "" if value is None else str(value)[:_VALUE_SHOWN]
