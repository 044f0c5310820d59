"""What the tables say of everything that the chain can vouch for."""

import json
from collections.abc import Iterator
from itertools import groupby, islice
from uuid import UUID

from scuderia.basics.canonical import sha256_of
from scuderia.loop.engine.audit_facts import RECORDED, KeptFacts
from scuderia.loop.engine.finding_anchors import (
    BORN,
    SAID,
    MarkedFinding,
    birth_mark,
    claim_mark,
    ending,
)
from scuderia.loop.engine.signal_anchors import StoredSignal, anchor_faults, anchor_of
from scuderia.loop.models.actions import Action
from scuderia.loop.models.audit import AuditEntry, AuditHead
from scuderia.loop.models.findings import Finding, FindingScope
from scuderia.loop.models.grants import Grant
from scuderia.loop.models.people import Membership
from scuderia.loop.models.proposals import Proposal
from scuderia.loop.models.signals import Signal

_BATCH = 2000


def read_facts() -> KeptFacts:
    """Read them, without a lock; what changes meanwhile is told apart by the entries after `seq`.

    Roles given by set-up before there was anybody are in the chain like all others.
    """
    head = AuditHead.objects.filter(pk=1).first()
    seq = head.seq if head else 0
    held = Membership.objects.filter(taken_at__isnull=True)
    grants = Grant.objects.values_list("pk", "agent", "kind", "scope", "level", "state")
    actions = Action.objects.select_related("decision").only("digest", "decision__shown")
    return KeptFacts(
        seq=seq,
        proposals={str(pk): state for pk, state in Proposal.objects.values_list("pk", "state")},
        grants={str(pk): tuple(facts) for pk, *facts in grants},  # type: ignore[misc]  # five of them
        roles={
            (name, scope): role
            for name, scope, role in held.values_list("person__username", "scope", "role")
        },
        decided={
            str(one.pk): (one.digest, sha256_of(one.decision.shown) if one.decision.shown else "")
            for one in actions.iterator(chunk_size=_BATCH)
        },
        signals=dict(_anchors()),
        unanchored=Signal.objects.filter(entry__isnull=True).count(),
        findings=dict(_marked_findings()),
    )


def signal_faults(seq: int) -> Iterator[str]:
    """Yield, in words, how the signals that name the entry differ from what it tells."""
    entry = AuditEntry.objects.filter(pk=seq, verb=RECORDED).first()
    marks = None if entry is None else str(json.loads(entry.detail)["marks"])
    rows = Signal.objects.filter(entry=seq).order_by("dedup_key")
    found = [StoredSignal(*row) for row in rows.values_list(*StoredSignal._fields)]
    yield from anchor_faults(seq, marks, found)


def _anchors() -> Iterator[tuple[int, str]]:
    rows = Signal.objects.filter(entry__isnull=False).order_by("entry")
    told = rows.values_list("entry", *StoredSignal._fields).iterator(chunk_size=_BATCH)
    for entry, found in groupby(told, key=lambda row: int(row[0] or 0)):
        yield entry, anchor_of(StoredSignal(*row[1:]) for row in found).digest


def _marked_findings() -> Iterator[tuple[str, MarkedFinding]]:
    """Yield what stands of each finding; a few thousand are read at a time."""
    found = Finding.objects.values_list(*BORN, "state", "cleared_at", *SAID, "evidence")
    rows = found.iterator(chunk_size=_BATCH)
    while part := list(islice(rows, _BATCH)):
        scopes: dict[UUID, list[str]] = {}
        held = FindingScope.objects.filter(finding__in=[row[0] for row in part])
        for key, scope in held.values_list("finding", "scope"):
            scopes.setdefault(key, []).append(scope)
        for row in part:
            born, (state, cleared_at), (*said, evidence) = row[:4], row[4:6], row[6:]
            yield (
                row[0].hex,
                MarkedFinding(
                    birth_mark(*born),
                    claim_mark(said, scopes.get(row[0], ()), json.dumps(evidence, sort_keys=True)),
                    ending(state, cleared_at),
                ),
            )
