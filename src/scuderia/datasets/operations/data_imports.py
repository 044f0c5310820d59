"""A file's way onto the books: begun, staged in bounded turns, published in one small step.

Until it is published no reader sees a row of it; what a dead process left is cleared away by
whoever comes next.
"""

from collections.abc import Callable
from typing import TypeVar

from django.db import IntegrityError

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import Refused
from scuderia.datasets.models.judgments import DataImport, Judgment, ProjectItem
from scuderia.datasets.models.projects import Project
from scuderia.datasets.nouns import DataPower, ProjectState
from scuderia.datasets.operations.projects import ProjectClosed
from scuderia.datasets.queries.projects import project_lineage, visible_project
from scuderia.intake.fields import FileFacts
from scuderia.loop.operations import access
from scuderia.loop.operations.process_holds import is_dead, this_process
from scuderia.loop.operations.write_turns import take_turn, write_in_turns
from scuderia.loop.ports import registry

DoneT = TypeVar("DoneT")
ROWS = 1_000


class ImportRunning(Refused):
    """A file of this project is being imported; one is carried out at a time."""

    code = "DATA-004"
    remedy = "Wait until it is done, and import again; one whose process died is cleared by itself."


class ImportUnsettled(Refused):
    """The books came to contradict the import before it was published; nothing was imported."""

    code = "DATA-005"
    remedy = "Import the file again; if it is refused again, mend the records that it names."


def importing(actor: Actor, name: str) -> Project:
    """Return the project that the actor imports into.

    raises   NotFound, NotAuthorised, ProjectClosed
    """
    project = visible_project(actor, name)
    access.require(actor, DataPower.RUN_PROJECTS, project_lineage(project))
    if project.state != ProjectState.ACTIVE:
        raise ProjectClosed(f"the project {name} is {project.state}")
    return project


def begin(
    project: Project, kind: str, facts: FileFacts, *, actor: Actor, now: AwareDatetime
) -> DataImport:
    """Open an import, after what dead ones of the project left was cleared away.

    raises   ImportRunning
    """
    for left in DataImport.objects.filter(project=project, is_open=True):
        if is_dead(left.held_by, left.touched_at):
            discard(left)
    try:
        return take_turn(
            lambda: DataImport.objects.create(
                project=project,
                kind=kind,
                file=facts.name[:255],
                sha256=facts.sha256,
                held_by=this_process(),
                touched_at=registry.wall.now(),
                by=str(actor),
                at=now,
            )
        )
    except IntegrityError:
        raise ImportRunning(f"a file is being imported into {project} at this moment") from None


def stage(run: DataImport, write: Callable[[], DoneT]) -> DoneT:
    """Carry out one bounded write of the import.

    raises   ImportUnsettled: it was taken for dead and discarded
    """

    def turn() -> DoneT:
        _keep(run)
        return write()

    return take_turn(turn)


def publish(run: DataImport, write: Callable[[], None]) -> None:
    """Carry out the last write, and let every reader see all of the import from then on."""

    def turn() -> None:
        _keep(run)
        write()
        DataImport.objects.filter(pk=run.pk).update(
            is_open=False, added=run.added, amended=run.amended
        )

    take_turn(turn)


def discard(run: DataImport) -> None:
    """Take every row of an open import away again, in bounded turns."""
    for model in (Judgment, ProjectItem):
        write_in_turns(model.every.filter(came_in=run), lambda rows: rows.delete())
        write_in_turns(
            model.every.filter(replaced_in=run), lambda rows: rows.update(replaced_in=None)
        )
    take_turn(lambda: DataImport.objects.filter(pk=run.pk).delete())


def _keep(run: DataImport) -> None:
    held = DataImport.objects.filter(pk=run.pk, is_open=True)
    if not held.update(touched_at=registry.wall.now()):
        raise ImportUnsettled("it was silent for so long that it was taken for dead")
