"""Facts seen from outside, stored once, and the findings they support."""

from collections.abc import Sequence
from dataclasses import asdict

from django.db import transaction

from scuderia.basics.actors import WORKER
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.ids import new_id
from scuderia.basics.subjects import EVERYTHING
from scuderia.loop.engine.audit_facts import BEFORE, RECORDED
from scuderia.loop.engine.json_codec import plain
from scuderia.loop.engine.signal_anchors import StoredSignal, anchor_of
from scuderia.loop.models.signals import Signal
from scuderia.loop.nouns import SignalDraft
from scuderia.loop.operations import audit
from scuderia.loop.operations.bulk_writes import insert_rows
from scuderia.loop.operations.findings import file_findings
from scuderia.loop.ports import registry
from scuderia.loop.queries.questions import Question

_KNOWN = Question(
    lambda keys: Signal.objects.filter(dedup_key__among=keys).values_list("dedup_key")
)


@transaction.atomic
def record_signals(drafts: Sequence[SignalDraft], *, now: AwareDatetime) -> int:
    """Store what is new among these facts, fold it into findings, and return how many were new.

    Signals and the findings they support are written together or not at all.
    """
    new = _unseen(drafts)
    if new:
        _store(new, now=now)
        file_findings(
            [
                (detector.name, draft)
                for detector in registry.detectors.values()
                for draft in detector.detect(new, now=now)
            ],
            now=now,
        )
    return len(new)


def _store(new: Sequence[SignalDraft], *, now: AwareDatetime) -> None:
    """Write the signals, and the one entry of the audit that vouches for all of them."""
    rows = [
        StoredSignal(
            new_id(),
            draft.kind,
            str(draft.subject),
            draft.occurred_at,
            now,
            draft.source,
            draft.dedup_key,
            plain(draft.payload),
        )
        for draft in new
    ]
    detail = asdict(anchor_of(rows))
    if not Signal.objects.filter(entry__isnull=False).exists():  # from here on, all are anchored
        detail[BEFORE] = Signal.objects.count()
    entry = audit.record(WORKER, RECORDED, subject=EVERYTHING, at=now, detail=detail)
    columns = (*StoredSignal._fields, "entry")
    insert_rows(Signal, columns, ((*row, entry) for row in rows))


def _unseen(drafts: Sequence[SignalDraft]) -> list[SignalDraft]:
    by_key = {draft.dedup_key: draft for draft in reversed(drafts)}
    known = {key for (key,) in _KNOWN.rows(by_key)}
    return sorted(
        (draft for key, draft in by_key.items() if key not in known),
        key=lambda draft: (draft.occurred_at, draft.dedup_key),
    )
