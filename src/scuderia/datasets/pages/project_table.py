"""Projects as a table: what was asked for, how far it has come, by when, for how much."""

from django.urls import reverse

from scuderia.datasets.nouns import ProjectKind, ProjectState
from scuderia.datasets.pages.display import STATE_LOOKS, amount, progress_words
from scuderia.datasets.queries.projects import ProjectRow
from scuderia.web.components import Cell
from scuderia.web.page_chrome import place_of
from scuderia.web.tables import Facet, TableColumn, TableSpec


def _name(row: ProjectRow) -> Cell:
    return Cell(row.title, "words", href=reverse("project", args=[row.name]))


def _customer(row: ProjectRow) -> Cell:
    return Cell(row.customer, "name", href=place_of(f"customer:{row.customer}"))


def _state(row: ProjectRow) -> Cell:
    look, word = STATE_LOOKS[row.state]
    return Cell(word, "state", state=look)


def _judged(row: ProjectRow) -> Cell:
    return Cell(f"{row.judgments:,} of {row.target_judgments:,}", "number")


PROJECTS: TableSpec[ProjectRow] = TableSpec(
    caption="Projects, the first due first; all times in UTC",
    columns=(
        TableColumn("project", "Project", _name, lambda row: row.title),
        TableColumn("customer", "Customer", _customer, lambda row: row.customer),
        TableColumn("kind", "Asked", lambda row: Cell(row.kind, "words"), lambda row: row.kind),
        TableColumn("state", "State", _state, lambda row: list(ProjectState).index(row.state)),
        TableColumn("stage", "Stage", lambda row: Cell(row.stage, "words"),
                    lambda row: row.stage),
        TableColumn("progress", "Judged", lambda row: Cell(progress_words(row), "number"),
                    lambda row: row.progress, numeric=True, first="-"),
        TableColumn("judgments", "Judgments", _judged, lambda row: row.judgments, numeric=True,
                    first="-"),
        TableColumn("due", "Due (UTC)", lambda row: Cell("", "instant", at=row.due_at),
                    lambda row: row.due_at),
        TableColumn("spent", "Pay so far", lambda row: Cell(amount(row.spent, row.currency),
                    "number"), lambda row: None if row.spent is None else float(row.spent),
                    numeric=True, first="-"),
        TableColumn("last", "Last judged (UTC)",
                    lambda row: Cell("", "instant", at=row.last_judged_at),
                    lambda row: row.last_judged_at, first="-"),
        TableColumn("items", "Items", lambda row: Cell(f"{row.items:,}", "number"),
                    lambda row: row.items, numeric=True, first="-", shown=False),
        TableColumn("contributors", "Contributors",
                    lambda row: Cell(f"{row.contributors:,}", "number"),
                    lambda row: row.contributors, numeric=True, first="-", shown=False),
    ),
    key=lambda row: row.name,
    version=lambda row: f"{row.state} {row.judgments} {row.due_at}",
    facets=(
        Facet("state", "State", tuple((one.value, word) for one, (_, word) in STATE_LOOKS.items()),
              lambda row: row.state.value),
        Facet("kind", "Asked", tuple((one.value, one.value) for one in ProjectKind),
              lambda row: row.kind.value),
    ),
    searched="Project or customer",
    size=50,
)  # fmt: skip
