"""Claims and the facts behind them, as they stand."""

from django.db.models import Exists, OuterRef

from scuderia.basics.actors import Actor
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.loop.models.findings import Finding, FindingScope
from scuderia.loop.nouns import FindingState, Power
from scuderia.loop.queries.reading import finding_row
from scuderia.loop.queries.rows import FindingRow
from scuderia.loop.queries.standing import scopes_with


def list_findings(
    actor: Actor, *, subject: SubjectRef | None = None, open_only: bool = True, limit: int = 100
) -> tuple[FindingRow, ...]:
    """Return findings within the actor's reach, gravest first.

    subject   only findings about it or about anything that hangs under it
    """
    found = Finding.objects.all()
    scopes = scopes_with(actor, Power.READ)
    if str(EVERYTHING) not in scopes:
        found = found.filter(_hangs_under(scopes))
    if subject is not None:
        found = found.filter(_hangs_under(frozenset({str(subject)})))
    if open_only:
        found = found.filter(state=FindingState.OPEN)
    return tuple(map(finding_row, found.order_by("-severity_gpu_hours", "opened_at", "pk")[:limit]))


def _hangs_under(scopes: frozenset[str]) -> Exists:
    return Exists(FindingScope.objects.filter(finding=OuterRef("pk"), scope__in=sorted(scopes)))
