"""Releases a project: its items with what is believed of each, as a folder that names itself."""

from dataclasses import dataclass
from pathlib import Path

from django.db import transaction
from django.db.models import Max

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import Refused
from scuderia.basics.subjects import SubjectRef
from scuderia.datasets.engine.release_facts import ReleaseFacts
from scuderia.datasets.models.judgments import DataImport
from scuderia.datasets.models.projects import Project
from scuderia.datasets.nouns import DataPower, ProjectKind
from scuderia.datasets.operations.releases import WrittenRelease, write_release
from scuderia.datasets.queries.projects import project_lineage, visible_project
from scuderia.datasets.queries.release_rows import Releasable, releasable
from scuderia.datasets.queries.truth import AUTO
from scuderia.loop.operations import access, audit


class NothingToRelease(Refused):
    """No item of the project has as many judgments as a release asks for."""

    code = "DATA-007"
    remedy = "Import judgments first, or ask for fewer of each: --min-judgments 1."


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseAsked:
    """How to release.

    label           what people call it: "1.0.0"
    min_judgments   that an item must have; None: as many as the project asks for
    method          which side or label is believed; auto: chosen on gold, or on votes held out
    license         an identifier of the Hub's or SPDX's
    """

    label: str = "1"
    min_judgments: int | None = None
    method: str = AUTO
    license: str = "other"
    creator: str = ""


@dataclass(frozen=True, slots=True)
class ProjectRelease:
    """What was written; `left_out` items have too few judgments."""

    project: str
    release: WrittenRelease
    aggregator: str
    left_out: int


def release_project(
    *, actor: Actor, name: str, folder: Path, asked: ReleaseAsked, now: AwareDatetime
) -> ProjectRelease:
    """Release a project into a folder; the same books give the same bytes.

    raises   NotFound, NotAuthorised, NothingToRelease; UnknownMethod, BadVotes
             UnreleasableRow, BadReleaseFacts, FolderTaken, ReleaseNotWritten
    """
    project = visible_project(actor, name)
    access.require(actor, DataPower.RUN_PROJECTS, project_lineage(project))
    wanted = asked.min_judgments
    at_least = project.judgments_per_item if wanted is None else max(1, wanted)
    found = releasable(project, at_least=at_least, method=asked.method)
    if not found.rows:
        raise NothingToRelease(f"no item of {name} has {at_least} judgments")
    written = write_release(found.rows, _facts(project, found, asked, at_least), folder)
    if written.is_new:
        with transaction.atomic():
            audit.record(
                actor,
                "datasets.project.released",
                subject=SubjectRef("project", name),
                at=now,
                detail={
                    "version": written.version,
                    "root": written.root,
                    "rows": written.rows,
                    "aggregator": found.aggregator,
                    "label": asked.label,
                },
                lineage=project_lineage(project),
            )
    return ProjectRelease(name, written, found.aggregator, found.left_out)


def _facts(project: Project, found: Releasable, asked: ReleaseAsked, at_least: int) -> ReleaseFacts:
    last = DataImport.objects.filter(project=project, is_open=False).aggregate(at=Max("at"))["at"]
    figures = {}
    if found.accuracy is not None:
        figures["accuracy"] = f"{found.accuracy:.4f} on {found.gold} items whose answer is known"
    return ReleaseFacts(
        project=project.name,
        title=project.title,
        kind=ProjectKind(project.kind),
        label=asked.label,
        query=f"the judgments that stand, of items with {at_least} or more",
        rubric=project.rubric,
        rubric_version=project.guideline,
        guideline_versions=found.guidelines,
        aggregator=found.aggregator,
        parameters=found.parameters,
        seed=0,
        counts={
            "items": len(found.rows),
            "judgments": found.judgments,
            "contributors": found.contributors,
            "items_left_out": found.left_out,
        },
        taxonomies=found.taxonomies,
        # the instant of the last change, not of the release: the same books give the same bytes
        created_at=last or project.created_at,
        license=asked.license,
        creator=asked.creator,
        figures=figures,
    )
