"""The audit, read."""

from dataclasses import dataclass, fields
from functools import reduce
from operator import or_

from django.db.models import Q, QuerySet

from scuderia.basics.actors import Actor
from scuderia.basics.errors import NotFound
from scuderia.basics.subjects import EVERYTHING
from scuderia.loop.engine.audit_chain import GENESIS, Entry, Head
from scuderia.loop.models.audit import AuditEntry, AuditHead
from scuderia.loop.nouns import (
    Power,
)
from scuderia.loop.queries.access import scopes_with
from scuderia.loop.queries.listing import holding


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow(Entry):
    """One entry of the chain; `detail` is canonical JSON text."""


_COLUMNS = tuple(field.name for field in fields(AuditRow))


def list_audit(
    actor: Actor,
    *,
    subject: str = "",
    words: str = "",
    before: int | None = None,
    limit: int = 100,
) -> tuple[AuditRow, ...]:
    """Return entries within the actor's reach, newest first, below number `before`.

    words   each of them in who, did what, to what or why
    """
    scopes = scopes_with(actor, Power.READ)
    if not scopes:
        raise NotFound("nothing by that name is visible to you")
    found = _within(actor, scopes).filter(holding(words, "actor", "verb", "subject", "reason"))
    if subject:
        found = found.filter(subject=subject)
    if before is not None:
        found = found.filter(seq__lt=before)
    newest = found.order_by("-seq").values(*_COLUMNS)[:limit]
    return tuple(AuditRow(**columns) for columns in newest)


def entries_within_reach(actor: Actor) -> "QuerySet[AuditEntry]":
    """Return the entries that the actor may read, their own acts among them; none to a stranger."""
    scopes = scopes_with(actor, Power.READ)
    return _within(actor, scopes) if scopes else AuditEntry.objects.none()


def _within(actor: Actor, scopes: frozenset[str]) -> "QuerySet[AuditEntry]":
    if str(EVERYTHING) in scopes:
        return AuditEntry.objects.all()
    within = (Q(reach__contains=f"|{scope}|") for scope in sorted(scopes))
    return AuditEntry.objects.filter(reduce(or_, within, Q(actor=str(actor))))


def hash_of_entry(seq: int) -> str:
    """Return the hash of the entry of that number; "" where there is none."""
    found = AuditEntry.objects.filter(seq=seq).values_list("hash", flat=True).first()
    return found or ""


def get_head() -> Head:
    """Return the number and hash of the last entry."""
    # A backup before an upgrade asks tables of an older release: no more than these two columns.
    head = AuditHead.objects.filter(pk=1).values_list("seq", "hash").first()
    return Head(*head) if head else Head(0, GENESIS)
