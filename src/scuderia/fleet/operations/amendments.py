"""Correcting what was booked, by hand or by a file; or taking off what never was."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from scuderia.basics.actors import Actor
from scuderia.basics.canonical import JsonObject
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput, NotFound, Refused
from scuderia.basics.safe_text import plain_words
from scuderia.basics.subjects import SubjectRef
from scuderia.fleet.engine.facts import indices_of, indices_text, instant_of
from scuderia.fleet.engine.gpu_words import WHOLE_NODE, beyond, share_of
from scuderia.fleet.engine.restatements import Restated
from scuderia.fleet.models.amendments import OutageAmendment
from scuderia.fleet.models.import_runs import ImportRun
from scuderia.fleet.models.outages import ImportBatch, Outage
from scuderia.fleet.models.repairs import Repair
from scuderia.fleet.nouns import GpuShare, Severity
from scuderia.fleet.operations.descriptions import audit_described
from scuderia.fleet.operations.import_runs import disturb
from scuderia.fleet.queries.lineage import lineage
from scuderia.intake.records import Flaw
from scuderia.loop.nouns import Power
from scuderia.loop.operations import access, audit

_AMENDED = (
    "start", "end", "cause", "planned", "detected_at", "gpus_lost", "gpu_indices", "severity",
)  # fmt: skip


class BadAmendment(BadInput):
    """The correction cannot stand on the books."""

    code = "FLEET-043"
    remedy = "Give a reason, and what is to stand there: an end after its start, not in the future."


class NothingAmended(Refused):
    """The correction says what the books say already."""

    code = "FLEET-044"
    remedy = "Read the outage with `scuderia fleet node NODE`, and say what is wrong in it."


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageChanges:
    """What is to stand there instead; None keeps what stands."""

    start: AwareDatetime | None = None
    end: AwareDatetime | None = None
    cause: str | None = None
    planned: bool | None = None
    gpus_lost: GpuShare | None = None
    severity: Severity | None = None


@transaction.atomic
def amend_outage(
    *, actor: Actor, source_key: str, changes: OutageChanges, reason: str, now: AwareDatetime
) -> None:
    """Correct one outage; what stood there is kept beside it, with who, when and why.

    Its phases are cut to the new interval. The source may send the outage again: the fields that a
    person corrected stay.

    raises   NotFound, NotAuthorised: no such outage, or not the actor's to correct
             BadAmendment, NothingAmended
    """
    outage = _access_outage(actor, source_key, reason)
    before = _facts_of(outage)
    outage.start = _second(changes.start) or outage.start
    outage.end = _second(changes.end) or outage.end
    outage.cause = outage.cause if changes.cause is None else plain_words(changes.cause)
    outage.planned = outage.planned if changes.planned is None else changes.planned
    if changes.gpus_lost is not None:
        _say_share(outage, _possible(changes.gpus_lost, outage))
    if changes.severity is not None:
        outage.severity = changes.severity.value
    if outage.detected_at is not None:
        outage.detected_at = max(outage.detected_at, outage.start)
    after = _facts_of(outage)
    if before == after:
        raise NothingAmended("the outage stands like that already")
    if outage.start > now or (outage.end is not None and not outage.start < outage.end <= now):
        raise BadAmendment(
            f"{outage.node.name} cannot be out from {after['start']} to {after['end']}"
        )
    disturb([outage.pk])
    outage.save(update_fields=_AMENDED)
    _cut_phases(outage)
    _keep(outage, before, after, actor=actor, reason=reason, now=now)


@transaction.atomic
def retract_outage(*, actor: Actor, source_key: str, reason: str, now: AwareDatetime) -> None:
    """Take an outage off the books that never was; its key is never booked again.

    raises   NotFound, NotAuthorised, BadAmendment
    """
    outage = _access_outage(actor, source_key, reason)
    disturb([outage.pk])
    _keep(outage, _facts_of(outage), None, actor=actor, reason=reason, now=now)
    outage.delete()


def supersede_outage(
    source_key: str, said: Restated, *, batch: ImportBatch, actor: Actor, now: AwareDatetime
) -> None:
    """Have an outage say what its source says of it now; what stood there is kept beside it.

    The caller holds the transaction, and has asked whether the actor may import.
    """
    outage = Outage.objects.select_related("node").get(source_key=source_key)
    before = _facts_of(outage)
    _say(outage, said)
    outage.save(update_fields=_AMENDED)
    _cut_phases(outage)
    reason = _reason(batch)
    _keep(outage, before, _facts_of(outage), actor=actor, reason=reason, now=now, batch=batch)


def stage_restatements(
    restated: Sequence[tuple[str, Restated]],
    *,
    run: ImportRun,
    batch: ImportBatch,
    actor: Actor,
    now: AwareDatetime,
) -> None:
    """Put beside each outage the row that takes its place once the run is published.

    The audit of each follows the publishing; the caller holds the transaction.
    """
    said = dict(restated)
    replaced = list(Outage.objects.select_related("node").filter(source_key__in=said))
    reason, kept, rows = audit.bounded(_reason(batch)), [], []
    for old in replaced:
        row = Outage(
            node=old.node, source_key=old.source_key, batch_id=old.batch_id, run=run, version=1
        )
        _say(row, said[old.source_key])
        rows.append(row)
        kept.append(
            OutageAmendment(
                source_key=old.source_key, node=old.node, before=_facts_of(old),
                after=_facts_of(row), reason=reason, amended_by=str(actor), amended_at=now,
                batch=batch, run=run,
            )
        )  # fmt: skip
    Outage.every.bulk_create(rows)
    OutageAmendment.every.bulk_create(kept)
    _copy_phases({old.pk: row for old, row in zip(replaced, rows, strict=True)})
    Outage.every.filter(pk__in=[old.pk for old in replaced]).update(replaced_in=run)


def _copy_phases(copies: Mapping[int, Outage]) -> None:
    phases = Repair.objects.filter(outage__in=copies)
    Repair.every.bulk_create(
        Repair(outage=copies[phase.outage_id], state=phase.state, start=start, end=end)
        for phase in phases
        for start, end in _cut(phase, copies[phase.outage_id])
    )


def _say(outage: Outage, said: Restated) -> None:
    outage.start, outage.cause, outage.planned = instant_of(said.start), said.cause, said.planned
    outage.end = None if said.end is None else instant_of(said.end)
    outage.detected_at = None if said.detected is None else instant_of(said.detected)
    outage.severity = said.severity.value
    _say_share(outage, said.gpus_lost)


def _say_share(outage: Outage, share: GpuShare) -> None:
    outage.gpus_lost, outage.gpu_indices = share.gpus, indices_text(share.indices)


def _possible(share: GpuShare, outage: Outage) -> GpuShare:
    flaw = beyond(share, outage.node.sku.gpus_per_node, outage.node.name)
    if flaw is not None:
        raise BadAmendment(flaw.reason, remedy=flaw.remedy)
    return share


def share_said(count: str, indices: str) -> GpuShare | None:
    """Return what a person says of the GPUs that an outage takes; None where nothing is said.

    count     whole digits, or "all" for the whole node
    indices   as "0,3"
    raises    BadAmendment
    """
    if count.strip().lower() == "all" and not indices.strip():
        return WHOLE_NODE
    if count.strip() and not re.fullmatch(r"\d{1,4}", count.strip()):
        raise BadAmendment(f"{count[:40]!r} is no number of GPUs", remedy='Write digits, or "all".')
    try:
        return share_of(int(count) if count.strip() else None, indices)
    except Flaw as flaw:
        raise BadAmendment(f"{flaw.field}: {flaw.reason}", remedy=flaw.remedy) from None


def _reason(batch: ImportBatch) -> str:
    return f"{batch.file_name} (sha256 {batch.sha256[:12]}) says so"


def _access_outage(actor: Actor, source_key: str, reason: str) -> Outage:
    outage = Outage.objects.select_related("node__sku").filter(source_key=source_key).first()
    if outage is None:
        raise NotFound("no such outage is visible to you")
    access.require(actor, Power.IMPORT, lineage(SubjectRef("node", outage.node.name)))
    if not reason.strip():
        raise BadAmendment("a correction without a reason")
    return outage


def _second(at: AwareDatetime | None) -> AwareDatetime | None:
    return None if at is None else at.replace(microsecond=0)


def _facts_of(outage: Outage) -> dict[str, str | bool | None]:
    return {
        "start": outage.start.isoformat(),
        "end": None if outage.end is None else outage.end.isoformat(),
        "cause": outage.cause,
        "planned": outage.planned,
        "gpus_lost": str(GpuShare(outage.gpus_lost, indices_of(outage.gpu_indices))),
        "severity": outage.severity,
    }


def _cut_phases(outage: Outage) -> None:
    for phase in Repair.objects.filter(outage=outage):
        left = _cut(phase, outage)
        if not left:
            phase.delete()
        elif left != [(phase.start, phase.end)]:
            start, end = left[0]
            Repair.every.filter(pk=phase.pk).update(start=start, end=end)


def _cut(phase: Repair, outage: Outage) -> list[tuple[AwareDatetime, AwareDatetime | None]]:
    """Return what of the phase lies within the outage: one stretch, or none."""
    start = max(phase.start, outage.start)
    end = phase.end if outage.end is None else min(phase.end or outage.end, outage.end)
    return [] if end is not None and start >= end else [(start, end)]


def _keep(
    outage: Outage,
    before: JsonObject,
    after: JsonObject | None,
    *,
    actor: Actor,
    reason: str,
    now: AwareDatetime,
    batch: ImportBatch | None = None,
) -> None:
    said = audit.bounded(reason)
    OutageAmendment.objects.create(
        source_key=outage.source_key, node=outage.node, before=before, after=after,
        reason=said, amended_by=str(actor), amended_at=now, batch=batch,
    )  # fmt: skip
    subject = SubjectRef("node", outage.node.name)
    audit_described(
        actor,
        "fleet.outage.amended" if after else "fleet.outage.retracted",
        subject,
        reason=said,
        now=now,
        detail={"outage": outage.source_key, "before": before, "after": after},
    )
