"""What a person was shown by name, in a proposal that waits for them or an action they decided."""

from django.db.models import Q

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import SubjectRef
from scuderia.loop.engine.digest import named_by
from scuderia.loop.models.actions import OPEN, Action
from scuderia.loop.nouns import ActionState, ProposalState
from scuderia.loop.queries.proposals import reachable_proposals

READ_MAX = 500
"""Of each, the newest that are looked through."""


def is_named_to(actor: Actor, subject: SubjectRef) -> bool:
    """Say whether a waiting proposal within reach, or what the actor decided, names the subject.

    What was undone names nothing any more.
    """
    waiting = reachable_proposals(actor).filter(state=ProposalState.PENDING).order_by("-filed_at")
    decided = Action.objects.filter(decision__decided_by=str(actor))
    mine = decided.exclude(state=ActionState.UNDONE).order_by("-queued_at")
    return any(
        str(subject) in named_by(targets, params)
        for rows in (waiting, mine)
        for targets, params in rows.values_list("targets", "params")[:READ_MAX]
    )


def promised_subjects(at: AwareDatetime) -> frozenset[str]:
    """Return every subject that an approved action names and could act on at `at`.

    What one approved plan counts on is not there for another: it is promised once.
    """
    plans = Action.objects.filter(OPEN | Q(finished_at__gt=at), queued_at__lte=at).values_list(
        "targets", "params"
    )
    return frozenset().union(*(named_by(targets, params) for targets, params in plans))
