"""What a gate kept our own actions from doing, as the audit tells it."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from scuderia.basics.clock import AwareDatetime
from scuderia.loop.models.actions import Action
from scuderia.loop.models.audit import AuditEntry
from scuderia.loop.models.proposals import Proposal

VERBS = ("proposal.approval_refused", "action.halted", "action.sent_back")


@dataclass(frozen=True, slots=True)
class GateRefusal:
    """A proposal that was not approved, or an action that was stopped, since a gate said no.

    by       who wanted it approved, or the worker that carried it out
    kind, targets   of what would have been done
    """

    at: AwareDatetime
    by: str
    verb: str
    subject: str
    kind: str
    targets: tuple[str, ...]


def refusals_naming(
    words: str, *, since: AwareDatetime, before: AwareDatetime, limit: int
) -> tuple[GateRefusal, ...]:
    """Return what was refused in [since, before) with these words of a gate, oldest first."""
    said = Q(detail__contains=words) | Q(reason__contains=words)
    found = AuditEntry.objects.filter(said, verb__in=VERBS, at__gte=since, at__lt=before)
    entries = list(found.order_by("seq")[:limit])
    subjects = {entry.subject for entry in entries}
    plans = {**_plans("proposal", subjects), **_plans("action", subjects)}
    return tuple(
        GateRefusal(entry.at, entry.actor, entry.verb, entry.subject, *plans[entry.subject])
        for entry in entries
        if entry.subject in plans
    )


def _plans(kind: str, subjects: set[str]) -> Mapping[str, tuple[str, tuple[str, ...]]]:
    """Return kind and targets of each of these subjects that is of the kind."""
    ids = [UUID(one.partition(":")[2]) for one in subjects if one.startswith(f"{kind}:")]
    rows = Proposal.objects.all() if kind == "proposal" else Action.objects.all()
    told = rows.filter(pk__in=ids).values_list("pk", "kind", "targets")
    return {f"{kind}:{pk}": (name, tuple(targets)) for pk, name, targets in told}
