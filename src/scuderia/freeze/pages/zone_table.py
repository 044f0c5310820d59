"""No-fly zones as a table: state, customer, what each holds, from when to when, what waits."""

from django.urls import reverse

from scuderia.freeze.nouns import ZoneState
from scuderia.freeze.pages.display import STATE_LOOKS, waits_words
from scuderia.freeze.queries.zones import ZoneRow
from scuderia.web.components import Cell
from scuderia.web.page_chrome import place_of
from scuderia.web.svg import UNKNOWN
from scuderia.web.tables import Facet, TableColumn, TableSpec


def _title(row: ZoneRow) -> Cell:
    return Cell(row.title, "words", href=reverse("zone", args=[row.id]))


def _state(row: ZoneRow) -> Cell:
    look, word = STATE_LOOKS[row.state]
    return Cell(word, "state", state=look)


def _customer(row: ZoneRow) -> Cell:
    return Cell(row.customer, "name", href=place_of(f"customer:{row.customer}"))


def _end(row: ZoneRow) -> Cell:
    if row.ends_at is None:
        return Cell(f"open, review {row.review_at:%Y-%m-%d}", "words")
    return Cell("", "instant", at=row.ends_at)


ZONES: TableSpec[ZoneRow] = TableSpec(
    caption="No-fly zones, the last to start first; all times in UTC",
    columns=(
        TableColumn("zone", "Zone", _title, lambda row: row.title),
        TableColumn("state", "State", _state, lambda row: list(ZoneState).index(row.state)),
        TableColumn("customer", "Customer", _customer, lambda row: row.customer),
        TableColumn("scope", "Holds", lambda row: Cell(row.scope, "words"),
                    lambda row: row.scope),
        TableColumn("from", "From (UTC)", lambda row: Cell("", "instant", at=row.starts_at),
                    lambda row: row.starts_at, first="-"),
        TableColumn("to", "To (UTC)", _end, lambda row: row.ends_at),
        TableColumn("waits", "Waits for", lambda row: Cell(waits_words(row) or UNKNOWN, "words"),
                    lambda row: row.waits_for, first="-"),
        TableColumn("nodes", "Nodes", lambda row: Cell(f"{row.nodes:,}", "number"),
                    lambda row: row.nodes, numeric=True, first="-", shown=False),
        TableColumn("gpus", "GPUs", lambda row: Cell(f"{row.gpus:,}", "number"),
                    lambda row: row.gpus, numeric=True, first="-", shown=False),
        TableColumn("why", "Why", lambda row: Cell(row.reason, "words"), shown=False),
    ),
    key=lambda row: str(row.id),
    version=lambda row: f"{row.state} {row.waits_for} {row.ends_at}",
    facets=(
        Facet("state", "State", tuple((one.value, word) for one, (_, word) in STATE_LOOKS.items()),
              lambda row: row.state.value),
    ),
    searched="Zone, customer or what it holds",
    size=25,
)  # fmt: skip
