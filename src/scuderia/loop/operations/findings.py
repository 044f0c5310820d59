"""Filing, refreshing and clearing claims."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction

from scuderia.basics.actors import WORKER
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput
from scuderia.basics.ids import new_id
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.loop.engine.finding_anchors import (
    BEFORE,
    RECORDED,
    SAID,
    TOLD_MAX,
    FindingMarks,
    birth_mark,
    claim_mark,
)
from scuderia.loop.engine.json_codec import evidence_text, spell_evidence
from scuderia.loop.models.audit import AuditHead
from scuderia.loop.models.findings import Finding, FindingScope
from scuderia.loop.nouns import FindingDraft, FindingState
from scuderia.loop.operations import audit
from scuderia.loop.operations.bulk_writes import insert_rows
from scuderia.loop.operations.transitions import move
from scuderia.loop.ports import registry
from scuderia.loop.queries.lineage import lineage_of, lineages_of
from scuderia.loop.queries.questions import Question

CLAIM_CHARACTERS_MAX = 1000
EVIDENCE_MAX = 12
_WRITTEN = (*SAID, "evidence")


_OPEN = Question(
    lambda keys: Finding.objects.filter(dedup_key__among=keys, state=FindingState.OPEN).values_list(
        "dedup_key"
    )
)


class BadFinding(BadInput):
    """The claim is empty, or its numbers are none."""

    code = "LOOP-010"
    remedy = "Claim something, with a confidence from 0 to 1 and a finite severity."


@transaction.atomic
def file_finding(
    draft: FindingDraft, *, raised_by: str, now: AwareDatetime, marks: FindingMarks
) -> Finding:
    """Open the finding, or refresh the open one of the same `dedup_key`.

    marks   is told what was done; the caller has it vouched for in the same transaction. Nothing is
            told where the same was claimed on the same day: only the instant is written
    """
    _refuse_bad(draft)
    said = _said(draft, now)
    scopes = {str(scope) for scope in lineage_of(draft.subject)}
    claimed = claim_mark(
        [said[name] for name in SAID], scopes, evidence_text(draft.evidence[:EVIDENCE_MAX], {})
    )
    finding = Finding.objects.filter(dedup_key=draft.dedup_key, state=FindingState.OPEN).first()
    if finding is None:
        finding = Finding.objects.create(
            **said, dedup_key=draft.dedup_key, raised_by=raised_by, opened_at=now
        )
        born = birth_mark(finding.pk, draft.dedup_key, raised_by, now)
        marks.opened[finding.pk] = (born, claimed)
        _hang(finding, scopes)
        return finding
    held = set(finding.scopes.values_list("scope", flat=True))
    if claimed == _mark_of(finding, held):
        Finding.objects.filter(pk=finding.pk).update(refreshed_at=now)
        return finding
    Finding.objects.filter(pk=finding.pk).update(**said)
    if finding.pk in marks.opened:
        marks.opened[finding.pk] = (marks.opened[finding.pk][0], claimed)
    else:
        marks.claimed[finding.pk] = claimed
    _hang(finding, scopes - held)
    finding.scopes.filter(scope__in=held - scopes).delete()
    return finding


def _mark_of(finding: Finding, scopes: set[str]) -> str:
    """Return the mark of what the row says now, whoever wrote it."""
    evidence = json.dumps(finding.evidence, sort_keys=True)
    return claim_mark([getattr(finding, name) for name in SAID], scopes, evidence)


def _hang(finding: Finding, scopes: set[str]) -> None:
    FindingScope.objects.bulk_create(
        FindingScope(finding=finding, scope=scope) for scope in sorted(scopes)
    )


@transaction.atomic
def file_findings(drafts: Sequence[tuple[str, FindingDraft]], *, now: AwareDatetime) -> None:
    """File each as `file_finding` does; what is new is asked and written together.

    drafts   with the name of who raises it; of one `dedup_key`, the last is filed
    """
    for _, draft in drafts:
        _refuse_bad(draft)
    newest = {draft.dedup_key: (name, draft) for name, draft in drafts}
    if not newest:
        return
    marks = FindingMarks()
    for (key,) in _OPEN.rows(newest):
        name, draft = newest.pop(key)
        file_finding(draft, raised_by=name, now=now, marks=marks)
    lineages = lineages_of({draft.subject for _, draft in newest.values()})
    scopes = {subject: sorted(map(str, lineage)) for subject, lineage in lineages.items()}
    spelled: dict[int, str] = {}
    filed = {new_id(): told for told in newest.values()}
    said = {key: [*_said(draft, now, spelled).values()] for key, (_, draft) in filed.items()}
    state = FindingState.OPEN.value
    insert_rows(
        Finding,
        (*_WRITTEN, "id", "dedup_key", "raised_by", "state", "opened_at"),
        (
            (*said[key], key, draft.dedup_key, name, state, now)
            for key, (name, draft) in filed.items()
        ),
    )
    insert_rows(
        FindingScope,
        ("finding", "scope"),
        ((key, scope) for key, (_, draft) in filed.items() for scope in scopes[draft.subject]),
    )
    for key, (name, draft) in filed.items():
        born = birth_mark(key, draft.dedup_key, name, now)
        *told, evidence = said[key]
        marks.opened[key] = (born, claim_mark(told, scopes[draft.subject], evidence))
    vouch(marks, now=now)


def vouch(marks: FindingMarks, *, now: AwareDatetime) -> None:
    """Write the entries of the audit that vouch for what was done to findings.

    In the transaction that did it. The first of all tells how many findings no entry vouches for.
    """
    for detail in marks.details():
        head = AuditHead.objects.filter(pk=1, findings_from__isnull=False)
        is_first = not head.exists()
        if is_first:
            detail[BEFORE] = Finding.objects.count() - len(marks.opened)
        seq = audit.record(WORKER, RECORDED, subject=EVERYTHING, at=now, detail=detail)
        if is_first:
            AuditHead.objects.filter(pk=1).update(findings_from=seq)


def _said(
    draft: FindingDraft, now: AwareDatetime, spelled: dict[int, str] | None = None
) -> dict[str, Any]:
    """Return the columns that each look writes.

    spelled   where many are written: grows, and the evidence of it is JSON text; values that
              several drafts share are spelled once
    """
    evidence = draft.evidence[:EVIDENCE_MAX]
    told = (
        draft.kind,
        str(draft.subject),
        draft.claim[:CLAIM_CHARACTERS_MAX],
        draft.confidence,
        draft.severity.amount,
        draft.severity.unit,
        registry.rank_of(draft.severity),
        now,
        spell_evidence(evidence) if spelled is None else evidence_text(evidence, spelled),
    )
    return dict(zip(_WRITTEN, told, strict=True))


@transaction.atomic
def clear_unclaimed(
    raised_by: str,
    claimed: Iterable[str],
    *,
    unseen: frozenset[SubjectRef],
    now: AwareDatetime,
    marks: FindingMarks,
) -> int:
    """Clear this claimant's open findings that it no longer claims; return how many.

    Silence clears nothing: what was claimed of a subject that could not be seen stands.

    marks   is told what was done; the caller has it vouched for in the same transaction
    """
    gone = (
        Finding.objects.filter(raised_by=raised_by, state=FindingState.OPEN)
        .exclude(dedup_key__in=list(claimed))
        .exclude(subject__in=[str(subject) for subject in unseen])
    )
    return _clear(list(gone), marks, now)


def clear_settled(*, now: AwareDatetime) -> int:
    """Clear the open findings that their detectors no longer stand by; return how many.

    A thousand are cleared together at most, so that no write is long.
    """
    cleared = 0
    for detector in registry.detectors.values():
        settled = []
        for finding in Finding.objects.filter(raised_by=detector.name, state=FindingState.OPEN):
            subject = SubjectRef.parse(finding.subject)
            if not detector.still_stands(subject, now=now, opened_at=finding.opened_at):
                settled.append(finding)
        for begin in range(0, len(settled), TOLD_MAX):
            with transaction.atomic():
                marks = FindingMarks()
                cleared += _clear(settled[begin : begin + TOLD_MAX], marks, now)
                vouch(marks, now=now)
    return cleared


def _clear(findings: Sequence[Finding], marks: FindingMarks, now: AwareDatetime) -> int:
    for finding in findings:
        move(finding, "finding", FindingState.CLEARED, cleared_at=now)
        marks.cleared.append(finding.pk)
    return len(findings)


def _refuse_bad(draft: FindingDraft) -> None:
    if not draft.claim.strip() or not draft.dedup_key:
        raise BadFinding("an empty claim")
    if not 0 <= draft.confidence <= 1 or not draft.severity.is_finite:
        raise BadFinding(f"confidence {draft.confidence}, severity {draft.severity}")
