"""Claims and the facts behind them, as they stand."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime, parse_instant
from scuderia.basics.records import row_from
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.basics.units import Quantity
from scuderia.loop.engine.json_codec import (
    read_evidence,
)
from scuderia.loop.models.findings import Finding, FindingScope
from scuderia.loop.nouns import (
    Evidence,
    FindingId,
    FindingState,
    Power,
)
from scuderia.loop.queries.access import scopes_with
from scuderia.loop.queries.listing import holding
from scuderia.loop.queries.silence import silent_since


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A claim as it stands.

    silent_since   nothing is heard of its subject since then, so that nothing could clear it
    """

    id: FindingId
    kind: str
    subject: SubjectRef
    claim: str
    confidence: float
    severity: Quantity
    evidence: tuple[Evidence, ...]
    raised_by: str
    state: FindingState
    opened_at: AwareDatetime
    refreshed_at: AwareDatetime
    cleared_at: AwareDatetime | None
    silent_since: AwareDatetime | None = None


def open_among(keys: Iterable[str]) -> frozenset[str]:
    """Return those of these keys under which a finding is open."""
    found = Finding.objects.filter(dedup_key__in=list(keys), state=FindingState.OPEN)
    return frozenset(found.values_list("dedup_key", flat=True))


def list_findings(
    actor: Actor,
    *,
    subject: SubjectRef | None = None,
    words: str = "",
    open_only: bool = True,
    limit: int = 100,
) -> tuple[FindingRow, ...]:
    """Return findings within the actor's reach, gravest first.

    subject   only findings about it or about anything that hangs under it
    words     each of them in the claim, the subject or who raised it
    """
    found = Finding.objects.filter(holding(words, "claim", "subject", "raised_by"))
    scopes = scopes_with(actor, Power.READ)
    if str(EVERYTHING) not in scopes:
        found = found.filter(_hangs_under(scopes))
    if subject is not None:
        found = found.filter(_hangs_under(frozenset({str(subject)})))
    if open_only:
        found = found.filter(state=FindingState.OPEN)
    ordered = found.order_by("-severity_rank", "opened_at", "pk")
    return with_silence(map(finding_row, ordered[:limit]))


def with_silence(rows: Iterable[FindingRow]) -> tuple[FindingRow, ...]:
    """Return the open ones with the silence that they stand in."""
    found = tuple(rows)
    silent = silent_since(row.subject for row in found if row.state is FindingState.OPEN)
    return tuple(replace(row, silent_since=silent.get(row.subject)) for row in found)


def _hangs_under(scopes: frozenset[str]) -> Exists:
    return Exists(FindingScope.objects.filter(finding=OuterRef("pk"), scope__in=sorted(scopes)))


def shown_finding(shown: Mapping[str, Any]) -> FindingRow:
    """Return a claim as it stood before a decider, from what the decision kept."""
    return FindingRow(
        id=FindingId(UUID(shown["id"])),
        kind=shown["kind"],
        subject=SubjectRef.parse(shown["subject"]),
        claim=shown["claim"],
        confidence=shown["confidence"],
        severity=Quantity(shown["severity_amount"], shown["severity_unit"]),
        evidence=read_evidence(shown["evidence"]),
        raised_by=shown["raised_by"],
        state=FindingState.OPEN,
        opened_at=parse_instant(shown["opened_at"], field="opened_at"),
        refreshed_at=parse_instant(shown["refreshed_at"], field="refreshed_at"),
        cleared_at=None,
    )


def finding_row(finding: Finding) -> FindingRow:
    """Return the claim as it stands."""
    return row_from(
        FindingRow,
        finding,
        id=FindingId(finding.id),
        subject=SubjectRef.parse(finding.subject),
        severity=Quantity(finding.severity_amount, finding.severity_unit),
        evidence=read_evidence(finding.evidence),
        state=FindingState(finding.state),
    )
