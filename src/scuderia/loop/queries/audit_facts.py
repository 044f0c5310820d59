"""What the tables say of everything that the chain can vouch for."""

from scuderia.basics.canonical import sha256_of
from scuderia.loop.engine.audit_facts import KeptFacts
from scuderia.loop.models.actions import Action
from scuderia.loop.models.audit import AuditHead
from scuderia.loop.models.grants import Grant
from scuderia.loop.models.people import Membership
from scuderia.loop.models.proposals import Proposal

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
    )
