"""Brakes of the past as a table: what was stopped, by whom, why, and who let go of it."""

from scuderia.loop.queries.brakes import BrakeRow
from scuderia.web.components import Cell
from scuderia.web.page_chrome import place_of
from scuderia.web.tables import TableColumn, TableSpec


def _what(row: BrakeRow) -> Cell:
    named = f"{row.stops.value} {row.value}".strip()
    there = place_of(row.value) or place_of(f"{row.stops.value}:{row.value}")
    return Cell(named, "name", href=there if row.value else "")


PAST_BRAKES: TableSpec[BrakeRow] = TableSpec(
    name="past",
    caption="Brakes that were released, newest first",
    columns=(
        TableColumn("what", "Stopped", _what, lambda row: f"{row.stops.value} {row.value}"),
        TableColumn("set", "Set", lambda row: Cell("", "instant", at=row.set_at),
                    lambda row: row.set_at, first="-"),
        TableColumn("by", "By", lambda row: Cell(row.set_by, "name"), lambda row: row.set_by),
        TableColumn("why", "Why", lambda row: Cell(row.reason, "words")),
        TableColumn("released", "Released", lambda row: Cell("", "instant", at=row.lifted_at),
                    lambda row: row.lifted_at, first="-"),
        TableColumn("released_by", "Released by", lambda row: Cell(row.lifted_by, "name"),
                    lambda row: row.lifted_by),
    ),
    key=lambda row: f"{row.stops.value}:{row.value}:{row.set_at.isoformat()}",
    version=lambda row: str(row.lifted_at),
    size=25,
)  # fmt: skip
