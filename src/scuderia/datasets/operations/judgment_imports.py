"""The kind of file `judgments`: who said what of which item, under pseudonyms from here on."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from scuderia.basics.canonical import canonical_json
from scuderia.basics.clock import AwareDatetime
from scuderia.datasets.engine import judgment_rows
from scuderia.datasets.engine.judgment_rows import JudgmentRow, judgment_of
from scuderia.datasets.engine.pseudonyms import sealed_key
from scuderia.datasets.models.judgments import DataImport, Judgment, ProjectItem
from scuderia.datasets.models.projects import Project
from scuderia.datasets.nouns import ContributorKind
from scuderia.datasets.operations.contributors import ContributorBook, known_secret
from scuderia.datasets.operations.file_imports import FileImport, Told, held_items, in_batches
from scuderia.intake.fields import Numbered, Objection, Record
from scuderia.intake.identities import identity_of
from scuderia.intake.records import Flaw

_TOLD = ("value", "reason", "guideline", "started_at", "made_at")


class JudgmentImport(FileImport[JudgmentRow]):
    """One file of judgments; items that nobody knew are made of what the file says of them.

    contributors   what they all are: people, or a model
    """

    name = "judgments"
    fields = judgment_rows.FIELDS

    def __init__(
        self, project: Project, contributors: ContributorKind = ContributorKind.PERSON
    ) -> None:
        super().__init__(project)
        self._kind = contributors
        self._zone = ZoneInfo(project.time_zone)
        self._book: ContributorBook | None = None

    def read(self, record: Record) -> JudgmentRow:
        """Return the row.

        raises   Flaw
        """
        return judgment_of(record, self.rules)

    def identity(self, row: JudgmentRow) -> str:
        """Return the source's own key, or what is judged, by whom and when."""
        return row.identity

    def check(self, rows: Iterable[Numbered[JudgmentRow]]) -> Iterator[Objection]:
        """Yield judgments that say other texts of an item than the books, or than others do."""
        first: dict[str, str] = {}
        for batch in in_batches(rows):
            held = held_items(self.project, (e.row.item for e in batch if e.row.content))
            for entry in batch:
                row = entry.row
                if not row.content:
                    continue
                item = held.get(row.item)
                if item is not None and item.content:
                    differs = any(item.content.get(k, v) != v for k, v in row.content.items())
                else:
                    digest = identity_of("content", canonical_json(dict(row.content)))
                    differs = first.setdefault(row.item, digest) != digest
                if differs:
                    said = f"the item {row.item[:60]!r} is known with other texts"
                    remedy = "Give the item another key, or import the items first."
                    yield Objection(entry.number, Flaw("item", said, remedy))

    def take(self, run: DataImport | None, batch: list[Numbered[JudgmentRow]], told: Told) -> None:
        """Stage some judgments; only count them without a run."""
        if self._book is None and run is not None:
            self._book = ContributorBook(self.project.customer, self._kind)
        keys = self._sealed(batch)
        found = Judgment.every.filter(
            project=self.project, key__in=set(keys.values()), replaced_in__isnull=True
        )
        held = {one.key: one for one in found}
        names = {entry.row.contributor for entry in batch}
        ids = {} if self._book is None else self._book.ids(names)
        new, gone = [], []
        for entry in batch:
            row, before = entry.row, held.get(keys[entry.number])
            after = self._columns(row, ids)
            if before is None:
                told.added += 1
                told.judgments += 1
            elif told.compare(entry, {name: getattr(before, name) for name in after}, after):
                gone.append(before.pk)
                self._count_day(told, before.made_at, -1)
            else:
                continue
            self._count_day(told, row.made_at, 1)
            if run is None:
                continue
            told.contributors.add(ids[row.contributor])
            new.append(
                Judgment(
                    project=self.project,
                    key=keys[entry.number],
                    came_in=run,
                    version=0 if before is None else before.version + 1,
                    **after,
                )
            )
        self._take_items(run, batch, told)
        if run is not None:
            Judgment.every.filter(pk__in=gone).update(replaced_in=run)
            Judgment.every.bulk_create(new)

    def _sealed(self, batch: list[Numbered[JudgmentRow]]) -> dict[int, str]:
        """Return each row's key as the books hold it; before the first import they hold none."""
        book = self._book
        secret = known_secret(self.project.customer) if book is None else book.secret
        return {
            entry.number: "" if secret is None else sealed_key(secret, entry.identity)
            for entry in batch
        }

    def _columns(self, row: JudgmentRow, ids: Mapping[str, int]) -> dict[str, Any]:
        said = {name: getattr(row, name) for name in _TOLD}
        said |= {"item_key": row.item, "guideline": row.guideline or self.project.guideline}
        return said | ({"contributor_id": ids[row.contributor]} if ids else {})

    def _take_items(
        self, run: DataImport | None, batch: list[Numbered[JudgmentRow]], told: Told
    ) -> None:
        """Make items of those that nobody knew; a dry run does not count them."""
        if run is None:
            return
        rows = {entry.row.item: entry.row for entry in batch}
        rows |= {entry.row.item: entry.row for entry in batch if entry.row.content}
        strange = rows.keys() - held_items(self.project, rows).keys()
        told.items += len(strange)
        ProjectItem.every.bulk_create(
            [
                ProjectItem(
                    project=self.project,
                    key=key,
                    content=dict(rows[key].content),
                    attributes={"topic": rows[key].topic} if rows[key].topic else {},
                    came_in=run,
                )
                for key in sorted(strange)
            ]
        )

    def _count_day(self, told: Told, at: AwareDatetime | None, more: int) -> None:
        if at is None:
            return
        day: date = at.astimezone(self._zone).date()
        told.days[day] += more
        if more > 0 and (told.last_at is None or at > told.last_at):
            told.last_at = at
