"""The projects that an actor may know of, with how far each has come."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import Q, QuerySet

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import NotFound
from scuderia.basics.subjects import EVERYTHING, Lineage, SubjectRef
from scuderia.datasets.engine.judgment_values import ValueRules
from scuderia.datasets.models.projects import Project
from scuderia.datasets.nouns import ProjectKind, ProjectState, Stage
from scuderia.loop.nouns import Power
from scuderia.loop.queries.access import scopes_with


@dataclass(frozen=True, slots=True)
class ProjectRow:
    """One project and how far it has come.

    target_judgments   what was asked for: items times judgments of each
    progress           judgments of those, at most 1
    judgments          all that there are
    due_at, last_judged_at   None: not promised, and none yet
    price, pay         for an item and a judgment, in `currency`; None: not said
    spent              pay for every judgment that there is
    """

    id: UUID
    name: str
    title: str
    customer: str
    kind: ProjectKind
    state: ProjectState
    stage: Stage
    target_items: int
    judgments_per_item: int
    target_judgments: int
    items: int
    judgments: int
    contributors: int
    progress: float
    due_at: AwareDatetime | None
    time_zone: str
    last_judged_at: AwareDatetime | None
    quality_bar: float | None
    price: Decimal | None
    pay: Decimal | None
    spent: Decimal | None
    currency: str
    guideline: str
    created_by: str
    created_at: AwareDatetime


@dataclass(frozen=True, slots=True)
class ProjectDayRow:
    """How many judgments came on one day of the project's own zone."""

    day: date
    judgments: int


@dataclass(frozen=True, slots=True)
class ProjectView:
    """One project, whole; `days` are those with judgments, oldest first."""

    project: ProjectRow
    spec: str
    rubric: str
    labels: tuple[str, ...]
    low: int | None
    high: int | None
    diversity_by: str
    diversity: dict[str, float]
    days: tuple[ProjectDayRow, ...]


def list_projects(
    actor: Actor, now: AwareDatetime, *, closed: bool = False, limit: int = 500
) -> tuple[ProjectRow, ...]:
    """Return the projects within the actor's reach, the first due first; `closed`: those too."""
    del now
    found = projects_within_reach(actor)
    if not closed:
        found = found.exclude(state=ProjectState.CLOSED)
    return tuple(map(_row, found.order_by("due_at", "name")[:limit]))


def get_project(actor: Actor, name: str, now: AwareDatetime) -> ProjectView:
    """Return one project.

    raises   NotFound: none of that name within the actor's reach
    """
    del now
    project = visible_project(actor, name)
    days = project.days.order_by("day").values_list("day", "judgments")
    return ProjectView(
        project=_row(project),
        spec=project.spec,
        rubric=project.rubric,
        labels=tuple(project.labels),
        low=project.scale_low,
        high=project.scale_high,
        diversity_by=project.diversity_by,
        diversity=dict(project.diversity),
        days=tuple(ProjectDayRow(*told) for told in days),
    )


def projects_within_reach(actor: Actor) -> QuerySet[Project]:
    """Return the projects that the actor may read: their own, and those of their customers."""
    scopes = scopes_with(actor, Power.READ)
    if str(EVERYTHING) in scopes:
        return Project.objects.all()
    subjects = [SubjectRef.parse(scope) for scope in scopes]
    reached = [
        Q(customer__in=[one.name for one in subjects if one.kind == "customer"]),
        Q(name__in=[one.name for one in subjects if one.kind == "project"]),
    ]
    return Project.objects.filter(reduce(or_, reached))


def visible_project(actor: Actor, name: str, *, lock: bool = False) -> Project:
    """Return the project of that name; with `lock`, for the transaction that changes it.

    raises   NotFound: none within the actor's reach
    """
    found = projects_within_reach(actor)
    project = (found.select_for_update() if lock else found).filter(name=name).first()
    if project is None:
        raise NotFound(
            f"no project {name[:80]!r} is visible to you",
            remedy="`scuderia datasets project list` names them.",
        )
    return project


def project_lineage(project: Project) -> Lineage:
    """Return the project and the customer that it hangs under."""
    above = {SubjectRef("customer", project.customer), EVERYTHING}
    return frozenset({SubjectRef("project", project.name), *above})


def rules_of(project: Project) -> ValueRules:
    """Return which answers the project takes."""
    return ValueRules(
        kind=ProjectKind(project.kind),
        labels=tuple(project.labels),
        low=project.scale_low,
        high=project.scale_high,
    )


class ProjectLineage:
    """Fills loop.ports.LineageOf for projects."""

    kinds = frozenset({"project"})

    def lineage(self, subject: SubjectRef) -> Lineage:
        """Return where the project hangs.

        raises   NotFound
        """
        project = Project.objects.filter(name=subject.name).first()
        if project is None:
            raise NotFound(f"there is no project {subject.name!r}", subject=subject)
        return project_lineage(project)

    def lineages(self, subjects: Collection[SubjectRef]) -> dict[SubjectRef, Lineage]:
        """Return where each hangs, in one question."""
        names = {subject.name for subject in subjects}
        found = Project.objects.filter(name__in=names)
        return {SubjectRef("project", one.name): project_lineage(one) for one in found}


def _row(project: Project) -> ProjectRow:
    target = project.target_items * project.judgments_per_item
    return ProjectRow(
        id=project.pk,
        name=project.name,
        title=project.title,
        customer=project.customer,
        kind=ProjectKind(project.kind),
        state=ProjectState(project.state),
        stage=Stage(project.stage),
        target_items=project.target_items,
        judgments_per_item=project.judgments_per_item,
        target_judgments=target,
        items=project.items,
        judgments=project.judgments,
        contributors=project.contributors,
        progress=min(1.0, project.judgments / target),
        due_at=project.due_at,
        time_zone=project.time_zone,
        last_judged_at=project.last_judged_at,
        quality_bar=project.quality_bar,
        price=project.price,
        pay=project.pay,
        spent=None if project.pay is None else project.pay * project.judgments,
        currency=project.currency,
        guideline=project.guideline,
        created_by=project.created_by,
        created_at=project.created_at,
    )
