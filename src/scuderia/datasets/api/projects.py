"""The projects within one's reach over JSON: described, changed, and fed with rows."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Router, Schema

from scuderia.datasets.nouns import ProjectKind, ProjectState, Stage
from scuderia.datasets.operations.data_imports import importing
from scuderia.datasets.operations.item_imports import ItemImport
from scuderia.datasets.operations.judgment_imports import JudgmentImport
from scuderia.datasets.operations.projects import (
    ProjectTerms,
    add_project,
    edit_project,
    set_state,
)
from scuderia.datasets.queries.projects import ProjectRow, ProjectView, get_project, list_projects
from scuderia.intake.fields import ImportKind
from scuderia.loop.api import common
from scuderia.loop.api.booked_rows import book_rows

router = Router(tags=["projects"])
TEXT_MAX = 100_000
LongText = Annotated[str, Field(max_length=TEXT_MAX, pattern=common.NO_NUL)]
Count = Annotated[int, Field(ge=1, le=common.COUNT_MAX)]
Money = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=4)]
Cell = common.Scalar | LongText | None


class TermsIn(Schema):
    """What a customer asked for; what is left out is not said, or stays as it is."""

    title: common.SubjectText | None = None
    spec: LongText | None = None
    rubric: LongText | None = None
    labels: Annotated[list[common.SubjectText], Field(max_length=1_000)] | None = None
    low: Annotated[int, Field(ge=-(10**6), le=10**6)] | None = None
    high: Annotated[int, Field(ge=-(10**6), le=10**6)] | None = None
    target_items: Count | None = None
    judgments_per_item: Annotated[int, Field(ge=1, le=1_000)] | None = None
    due_at: common.Instant | None = None
    time_zone: common.SubjectText | None = None
    quality_bar: common.Real | None = None
    price: Money | None = None
    pay: Money | None = None
    currency: Annotated[str, Field(max_length=3, pattern=common.NO_NUL)] | None = None
    diversity_by: common.SubjectText | None = None
    diversity: Annotated[dict[common.SubjectText, common.Real], Field(max_length=200)] | None = None
    guideline: Annotated[str, Field(min_length=1, max_length=32, pattern=common.NO_NUL)] | None = (
        None
    )
    stage: Stage | None = None

    def terms(self) -> dict[str, object]:
        """Return the terms that were said."""
        told = {name: getattr(self, name) for name in TermsIn.model_fields}
        told["labels"] = None if self.labels is None else tuple(self.labels)
        return {name: value for name, value in told.items() if value is not None}


class ProjectIn(TermsIn):
    """A project: its name, whose it is, what is asked of an item, and its terms."""

    name: common.SubjectText
    customer: common.SubjectText
    kind: ProjectKind
    target_items: Count


class TermsEditIn(TermsIn):
    """The terms that change, and why."""

    reason: common.Words = ""


class StateIn(common.ReasonIn):
    """The state that a project gets, and why."""

    state: ProjectState


class ChangedOut(Schema):
    """Whether anything changed: False where the books said just that."""

    changed: bool


class RowsIn(Schema):
    """Rows of a file, by the names of its columns; all of them or none is booked."""

    rows: Annotated[list[dict[common.Name, Cell]], Field(min_length=1, max_length=1_000)]


class RowsOut(Schema):
    """How many of the rows were new, told otherwise, and known."""

    added: int
    amended: int
    unchanged: int


@router.get("/projects", response=common.answers(common.PageOut[ProjectRow]))
def get_projects(
    request: HttpRequest, *, closed: bool = False, page: common.Page
) -> Mapping[str, object]:
    """Return the projects within reach, the first due first."""
    return page.of(list_projects(**common.asked_by(request), closed=closed, limit=page.rows_max))


@router.post("/projects", response=common.answers(ChangedOut))
def add(request: HttpRequest, said: ProjectIn) -> dict[str, bool]:
    """Bring a project onto the books."""
    terms = ProjectTerms(**said.terms())  # type: ignore[arg-type]  # the schema looked at each
    add_project(
        **common.asked_by(request),
        name=said.name,
        customer=said.customer,
        kind=said.kind,
        terms=terms,
    )
    return {"changed": True}


@router.get("/projects/{name}", response=common.answers(ProjectView))
def get_one(request: HttpRequest, name: common.Name) -> ProjectView:
    """Return one project, whole."""
    return get_project(name=name, **common.asked_by(request))


@router.patch("/projects/{name}", response=common.answers(ChangedOut))
def edit(request: HttpRequest, name: common.Name, said: TermsEditIn) -> dict[str, bool]:
    """Change the terms that are named; the rest stays."""
    changed = edit_project(
        **common.asked_by(request), name=name, changes=said.terms(), reason=said.reason
    )
    return {"changed": changed}


@router.post("/projects/{name}/state", response=common.answers(ChangedOut))
def state(request: HttpRequest, name: common.Name, said: StateIn) -> dict[str, bool]:
    """Pause, resume or close a project, with a reason."""
    changed = set_state(**common.asked_by(request), name=name, state=said.state, reason=said.reason)
    return {"changed": changed}


@router.post("/projects/{name}/judgments", response=common.answers(RowsOut))
def add_judgments(request: HttpRequest, name: common.Name, said: RowsIn) -> RowsOut:
    """Take judgments in; a bad row is named and nothing is booked."""
    return _imported(request, name, said, JudgmentImport)


@router.post("/projects/{name}/items", response=common.answers(RowsOut))
def add_items(request: HttpRequest, name: common.Name, said: RowsIn) -> RowsOut:
    """Take items in, with known answers; a bad row is named and nothing is booked."""
    return _imported(request, name, said, ItemImport)


def _imported(
    request: HttpRequest, name: str, said: RowsIn, kind: Callable[[Any], ImportKind[Any]]
) -> RowsOut:
    asked = common.asked_by(request)
    made = kind(importing(asked["actor"], name))
    done = book_rows(made, said.rows, "rows", asked)
    return RowsOut(added=done.added, amended=done.amended, unchanged=done.unchanged)
