"""An import in bounded turns: begun, staged, published in one small step, settled; or discarded.

Until it is published, no reader sees a row of it; from then on, every reader sees all of it.
A run whose process died is discarded, or settled if it was published, by whoever comes next.
"""

from collections.abc import Callable, Collection
from typing import TypeVar

from django.db import IntegrityError

from scuderia.basics.actors import Actor, ActorKind
from scuderia.basics.errors import Refused
from scuderia.basics.subjects import SubjectRef
from scuderia.fleet.models.amendments import OutageAmendment
from scuderia.fleet.models.import_runs import ImportRun
from scuderia.fleet.models.inventory import Gpu, Node
from scuderia.fleet.models.outages import ImportBatch, Outage
from scuderia.fleet.queries.lineage import lineage
from scuderia.loop.operations import audit
from scuderia.loop.operations.process_holds import is_dead, this_process
from scuderia.loop.operations.write_turns import take_turn, write_in_turns
from scuderia.loop.ports import registry

DoneT = TypeVar("DoneT")
ROWS = 1_000
_AUDITED = 50


class ImportRunning(Refused):
    """Another import is under way; one is carried out at a time."""

    code = "FLEET-046"
    remedy = "Wait until it is done, and import again; one whose process died is cleared by itself."


class ImportUnsettled(Refused):
    """The books came to contradict the import before it was published; nothing was imported."""

    code = "FLEET-045"
    remedy = "Import the file again; if it is refused again, mend the bad records that it has."


def begin(actor: Actor) -> ImportRun:
    """Open a run, after what dead ones left was cleared away.

    raises   ImportRunning
    """
    tidy()
    told = {"kind": actor.kind.value, "name": actor.name, "via": actor.via}
    try:
        return take_turn(
            lambda: ImportRun.objects.create(
                held_by=this_process(), touched_at=registry.wall.now(), actor=told
            )
        )
    except IntegrityError:
        raise ImportRunning("a file is being imported at this moment") from None


def stage(run: ImportRun, write: Callable[[], DoneT]) -> DoneT:
    """Carry out one bounded write of the run.

    raises   ImportUnsettled: the run was taken for dead and discarded
    """

    def turn() -> DoneT:
        _keep(run)
        return write()

    return take_turn(turn)


def publish(run: ImportRun, write: Callable[[], DoneT]) -> DoneT:
    """Carry out the last write, and let every reader see all of the run from this instant on.

    raises   ImportUnsettled: somebody changed what the run was about to replace
    """

    def turn() -> DoneT:
        _keep(run)
        if ImportRun.objects.filter(pk=run.pk, is_disturbed=True).exists():
            raise ImportUnsettled("an outage that it amends was changed while it was imported")
        done = write()
        ImportRun.objects.filter(pk=run.pk).update(is_open=False)
        return done

    return take_turn(turn)


def disturb(outages: Collection[int]) -> None:
    """Say that these rows changed: an open run that was to replace one cannot be published."""
    open_runs = ImportRun.objects.filter(is_open=True)
    if outages and open_runs.exists():
        hit = Outage.every.filter(pk__in=outages, replaced_in__isnull=False)
        open_runs.filter(pk__in=hit.values("replaced_in")).update(is_disturbed=True)


def tidy() -> None:
    """Discard open runs whose process died, and settle published ones; in bounded turns."""
    for run in ImportRun.objects.filter(is_settled=False):
        if not run.is_open:
            settle(run)
        elif is_dead(run.held_by, run.touched_at):
            discard(run)


def discard(run: ImportRun) -> None:
    """Take every row of an open run away again."""
    write_in_turns(Outage.every.filter(run=run), lambda rows: rows.delete())
    write_in_turns(Outage.every.filter(replaced_in=run), lambda rows: rows.update(replaced_in=None))
    write_in_turns(OutageAmendment.every.filter(run=run), lambda rows: rows.delete())
    write_in_turns(Gpu.objects.filter(node__run=run), lambda rows: rows.delete())
    write_in_turns(Node.every.filter(run=run), lambda rows: rows.delete())

    def end() -> None:
        made = ImportRun.objects.filter(pk=run.pk).values_list("batch", flat=True)
        batches = list(made)
        ImportRun.objects.filter(pk=run.pk).delete()
        ImportBatch.objects.filter(pk__in=[pk for pk in batches if pk is not None]).delete()

    take_turn(end)


def settle(run: ImportRun) -> None:
    """After the publishing: audit each amendment, and take away the row that it replaced."""
    gone = Outage.every.filter(replaced_in=run).select_related("node").order_by("pk")
    while take_turn(lambda: _settle_some(run, list(gone[:_AUDITED]))):
        pass
    take_turn(lambda: ImportRun.objects.filter(pk=run.pk).update(is_settled=True))


def _settle_some(run: ImportRun, replaced: list[Outage]) -> bool:
    told = run.actor
    actor = Actor(ActorKind(told["kind"]), told["name"], told["via"])
    nodes = {row.source_key: row.node.name for row in replaced}
    amendments = OutageAmendment.every.filter(run=run, source_key__in=nodes).order_by("pk")
    for one in amendments:
        subject = SubjectRef("node", nodes[one.source_key])
        audit.record(
            actor,
            "fleet.outage.amended",
            subject=subject,
            reason=one.reason,
            at=one.amended_at,
            detail={"outage": one.source_key, "before": one.before, "after": one.after},
            lineage=lineage(subject),
        )
    Outage.every.filter(pk__in=[row.pk for row in replaced]).delete()
    Outage.every.filter(source_key__in=nodes, run=run, version=1).update(version=0)
    return bool(replaced)


def _keep(run: ImportRun) -> None:
    held = ImportRun.objects.filter(pk=run.pk, is_open=True)
    if not held.update(touched_at=registry.wall.now()):
        raise ImportUnsettled("it was silent for so long that it was taken for dead")
