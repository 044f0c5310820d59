"""Projects: their list, and each one's page with how far it has come."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import SubjectRef
from scuderia.datasets.nouns import DataPower, ProjectState
from scuderia.datasets.operations.projects import set_state
from scuderia.datasets.pages.display import STATE_LOOKS, amount, due_words, progress_words
from scuderia.datasets.pages.project_table import PROJECTS
from scuderia.datasets.queries.projects import (
    ProjectDayRow,
    ProjectRow,
    ProjectView,
    get_project,
    list_projects,
)
from scuderia.loop.pages.forms import carry_out
from scuderia.loop.queries.access import may, may_somewhere
from scuderia.loop.queries.lineage import lineage_of
from scuderia.web.base_views import page, show
from scuderia.web.charts import Spec, daily_line
from scuderia.web.components import Card, Cell, Crumb, Tab
from scuderia.web.request_context import form_value, request_context
from scuderia.web.svg import UNKNOWN
from scuderia.web.table_csv import csv_answer
from scuderia.web.tables import DataTable, TableColumn, TableSpec, open_table, rows_in_memory


@dataclass(frozen=True, slots=True)
class ProjectsPage:
    """The projects within the person's reach; `may_add`: they may add one somewhere."""

    as_of: AwareDatetime
    tabs: tuple[Tab, ...]
    table: DataTable
    may_add: bool


@dataclass(frozen=True, slots=True)
class ProjectPage:
    """One project.

    chart, chart_words   the share that was judged by each day; None before the first judgment
    days                 the same as a table, the last day first
    may_run              whether pausing and closing it are offered
    """

    as_of: AwareDatetime
    crumbs: tuple[Crumb, ...]
    view: ProjectView
    look: str
    word: str
    cards: tuple[Card, ...]
    money: tuple[tuple[str, str], ...]
    chart: Spec | None
    chart_words: str
    days: DataTable
    may_run: bool
    reason: str


@dataclass(frozen=True, slots=True)
class DayLine:
    """One day: what came, and what there was by its end."""

    day: ProjectDayRow
    by_then: int
    share: float


DAYS: TableSpec[DayLine] = TableSpec(
    caption="Judgments by day of the project's own zone, the last first",
    columns=(
        TableColumn("day", "Day", lambda row: Cell(f"{row.day.day:%Y-%m-%d}", "name"),
                    lambda row: row.day.day.isoformat(), first="-"),
        TableColumn("judgments", "Judgments", lambda row: Cell(f"{row.day.judgments:,}", "number"),
                    lambda row: row.day.judgments, numeric=True, first="-"),
        TableColumn("by_then", "By then", lambda row: Cell(f"{row.by_then:,}", "number"),
                    lambda row: row.by_then, numeric=True, first="-"),
    ),
    key=lambda row: row.day.day.isoformat(),
    version=lambda row: str(row.day.judgments),
    order="-day",
    name="days",
    searched="",
    size=10,
)  # fmt: skip


@require_safe
@page
def projects(request: HttpRequest) -> HttpResponseBase:
    """Show the projects that go on, or with `?view=all` closed ones as well."""
    asked, closed = request_context(request), request.GET.get("view") == "all"
    source = rows_in_memory(PROJECTS, list_projects(asked.actor, asked.now, closed=closed))
    if sheet := csv_answer(PROJECTS, source, request):
        return sheet
    path = reverse("projects")
    context = ProjectsPage(
        as_of=asked.now,
        tabs=(Tab("Open", path, not closed), Tab("All", f"{path}?view=all", closed)),
        table=open_table(PROJECTS, source, request),
        may_add=may_somewhere(asked.actor, DataPower.RUN_PROJECTS),
    )
    return show(request, "datasets/projects.html", context)


@require_safe
@page
def project(request: HttpRequest, name: str) -> HttpResponseBase:
    """Show one project, or its days as a sheet."""
    asked = request_context(request)
    view = get_project(asked.actor, name, asked.now)
    if sheet := csv_answer(DAYS, rows_in_memory(DAYS, _lines(view)), request):
        return sheet
    return _shown(request, view)


@require_POST
@page
def project_state(request: HttpRequest, name: str) -> HttpResponse:
    """Pause, resume or close a project."""
    asked = request_context(request)
    state = _state_named(form_value(request, "state"))
    return carry_out(
        request,
        set_state,
        f"The project is {STATE_LOOKS[state][1].lower()}.",
        then=reverse("project", args=[name]),
        again=lambda: _shown(request, get_project(asked.actor, name, asked.now)),
        name=name,
        state=state,
    )


def _state_named(text: str) -> ProjectState:
    """Return the state; anything that is none leaves the project active."""
    return ProjectState(text) if text in list(ProjectState) else ProjectState.ACTIVE


def _shown(request: HttpRequest, view: ProjectView) -> HttpResponse:
    asked, row = request_context(request), view.project
    look, word = STATE_LOOKS[row.state]
    lines = _lines(view)
    lineage = lineage_of(SubjectRef("project", row.name))
    context = ProjectPage(
        as_of=asked.now,
        crumbs=(Crumb("Projects", reverse("projects")), Crumb(row.title)),
        view=view,
        look=look,
        word=word,
        cards=_cards(row, asked.now),
        money=_money(row),
        chart=_chart(lines),
        chart_words=f"Share of {row.target_judgments:,} judgments by day, in {row.time_zone}.",
        days=open_table(DAYS, rows_in_memory(DAYS, lines), request),
        may_run=may(asked.actor, DataPower.RUN_PROJECTS, lineage),
        reason=form_value(request, "reason"),
    )
    return show(request, "datasets/project.html", context)


def _cards(row: ProjectRow, now: AwareDatetime) -> tuple[Card, ...]:
    due = due_words(row, now)
    zone = ZoneInfo(row.time_zone)
    is_late = row.due_at is not None and row.due_at < now and row.progress < 1
    return (
        Card(
            "Judged",
            progress_words(row),
            note=f"{row.judgments:,} of {row.target_judgments:,} judgments",
        ),
        Card(
            "Items",
            f"{row.items:,}",
            f"of {row.target_items:,}",
            note=f"each judged {row.judgments_per_item} times",
        ),
        Card("Contributors", f"{row.contributors:,}", note="under pseudonyms"),
        Card(
            "Promised for",
            UNKNOWN if row.due_at is None else f"{row.due_at.astimezone(zone):%d %b %Y}",
            note=f"{due}, on the clocks of {row.time_zone}",
            state="bad" if is_late else "",
        ),
    )


def _money(row: ProjectRow) -> tuple[tuple[str, str], ...]:
    """Return what was said of money, in words; nothing where nothing was said."""
    said = []
    if row.pay is not None and row.spent is not None:
        said.append(("Pay", f"{row.pay.normalize():f} {row.currency} a judgment"))
        said.append(("Pay so far", f"{amount(row.spent, row.currency)}, for every judgment here"))
    if row.price is not None:
        said.append(("Price", f"{row.price.normalize():f} {row.currency} an item"))
    return tuple(said)


def _lines(view: ProjectView) -> tuple[DayLine, ...]:
    lines, whole = [], 0
    for day in view.days:
        whole += day.judgments
        lines.append(DayLine(day, whole, whole / view.project.target_judgments))
    return tuple(lines)


def _chart(lines: Sequence[DayLine]) -> Spec | None:
    if not lines:
        return None
    points = [{"day": f"{one.day.day}", "value": round(one.share, 6)} for one in lines]
    return daily_line(points, title="judged", target=None)
