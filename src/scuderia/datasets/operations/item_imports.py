"""The kind of file `items`: what a project has judged, and the answers that are known."""

from collections.abc import Iterable, Iterator
from typing import Any

from scuderia.datasets.engine import item_rows
from scuderia.datasets.engine.item_rows import ItemRow, item_of
from scuderia.datasets.models.judgments import DataImport, ProjectItem
from scuderia.datasets.operations.file_imports import FileImport, Told, held_items
from scuderia.intake.fields import Numbered, Objection, Record

_TOLD = ("content", "attributes", "gold")


class ItemImport(FileImport[ItemRow]):
    """One file of items; a known one that is told otherwise is amended."""

    name = "items"
    fields = item_rows.FIELDS

    def read(self, record: Record) -> ItemRow:
        """Return the row.

        raises   Flaw
        """
        return item_of(record, self.rules)

    def identity(self, row: ItemRow) -> str:
        """Return the item's key."""
        return row.item

    def check(self, rows: Iterable[Numbered[ItemRow]]) -> Iterator[Objection]:
        """Object to nothing."""
        del rows
        yield from ()

    def take(self, run: DataImport | None, batch: list[Numbered[ItemRow]], told: Told) -> None:
        """Stage some items; only count them without a run."""
        held = held_items(self.project, (entry.identity for entry in batch))
        new, gone = [], []
        for entry in batch:
            before, after = held.get(entry.identity), _columns(entry.row)
            if before is None:
                told.added += 1
                told.items += 1
            elif told.compare(entry, {name: getattr(before, name) for name in _TOLD}, after):
                gone.append(before.pk)
            else:
                continue
            version = 0 if before is None else before.version + 1
            new.append(
                ProjectItem(
                    project=self.project, key=entry.identity, came_in=run, version=version, **after
                )
            )
        if run is not None:
            ProjectItem.every.filter(pk__in=gone).update(replaced_in=run)
            ProjectItem.every.bulk_create(new)


def _columns(row: ItemRow) -> dict[str, Any]:
    return {"content": dict(row.content), "attributes": dict(row.attributes), "gold": row.gold}
