"""What becomes of a filed proposal: edited, withdrawn, expired, bound anew."""

from collections.abc import Sequence

from django.db import transaction

from scuderia.basics.actors import WORKER, Actor
from scuderia.basics.canonical import JsonObject, JsonValue
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import NotAuthorised, NotFound, Refused
from scuderia.basics.subjects import Lineage, SubjectRef
from scuderia.loop.engine.blast_radius import blast_objections
from scuderia.loop.engine.digest import plan_digest
from scuderia.loop.engine.json_codec import read_plan, spell_blast
from scuderia.loop.models.proposals import Edit, Proposal, ProposalScope
from scuderia.loop.nouns import (
    Digest,
    Plan,
    Power,
    ProposalId,
    ProposalState,
)
from scuderia.loop.operations import access, audit
from scuderia.loop.operations.preflight import ResolvedPlan, resolve
from scuderia.loop.operations.transitions import move
from scuderia.loop.queries.lineage import common_lineage, live_lineage

TITLE_CHARACTERS_MAX = 200
EDITED = ", edited"


class NotFiled(Refused):
    """The proposal was not put in the queue."""

    code = "LOOP-012"
    remedy = "Keep it as a finding, or wait until what is named has changed."


class BlastTooWide(Refused):
    """The plan reaches further than its kind may."""

    code = "LOOP-013"
    remedy = "Name fewer targets, or split the plan."


class StaleDigest(Refused):
    """What was shown is no longer what would be done."""

    code = "LOOP-014"
    remedy = "Read the proposal again and decide on the digest that is named here."


def edit_proposal(
    *,
    actor: Actor,
    proposal_id: ProposalId,
    digest: str,
    targets: Sequence[SubjectRef] | None,
    params: JsonObject | None,
    reason: str = "",
    now: AwareDatetime,
) -> Digest:
    """Change targets or parameters (None keeps them); return the new digest to decide on.

    raises   StaleDigest: the proposal changed since it was shown
    """
    proposal = access_proposal(actor, Power.DECIDE, proposal_id)
    refuse_stale(proposal, digest)
    before = read_plan(proposal.kind, proposal.targets, proposal.params)
    resolved = resolve(
        proposal.kind,
        before.targets if targets is None else tuple(targets),
        before.params if params is None else params,
        now=now,
    )
    access.require(actor, Power.DECIDE, common_lineage(resolved.plan.targets))
    if resolved.plan == before:
        raise NotFiled("the edit changes nothing")
    refuse_wide(resolved)
    with transaction.atomic():
        rebind(proposal, resolved, returned="")
        Proposal.objects.filter(pk=proposal.pk).update(title=_edited_title(resolved))
        Edit.objects.create(
            proposal=proposal,
            edited_by=str(actor),
            edited_at=now,
            reason=audit.bounded(reason),
            before=spell_plan(before),
            after=spell_plan(resolved.plan),
            digest_before=digest,
            digest_after=resolved.digest,
        )
        audit.record(
            actor,
            "proposal.edited",
            **about_proposal(proposal),
            reason=reason,
            at=now,
            detail={
                "before": spell_plan(before),
                "after": spell_plan(resolved.plan),
                "digest_before": digest,
                "digest": resolved.digest,
            },
        )
    return resolved.digest


def _edited_title(resolved: ResolvedPlan) -> str:
    """Name what would be done now; the author's title named what they had wished."""
    targets = ", ".join(target.name for target in resolved.plan.targets)
    params = ", ".join(f"{name} {value}" for name, value in sorted(resolved.plan.params.items()))
    title = f"{resolved.declaration.title}: {targets}" + (f" ({params})" if params else "")
    return f"{title[: TITLE_CHARACTERS_MAX - len(EDITED)]}{EDITED}"


@transaction.atomic
def withdraw_proposal(
    proposal_id: ProposalId, *, actor: Actor, reason: str = "", now: AwareDatetime
) -> None:
    """Take a pending proposal back: its own author, or a person who may decide on it."""
    proposal = Proposal.objects.filter(pk=proposal_id).first()
    if proposal is None:
        raise NotFound("no such proposal is visible to you")
    if str(actor) != proposal.filed_by:
        if not actor.is_person:
            raise NotAuthorised(f"{actor} did not file this proposal")
        access_proposal(actor, Power.DECIDE, proposal_id)
    close_proposal(proposal, ProposalState.WITHDRAWN, actor=actor, reason=reason, now=now)


@transaction.atomic
def expire_due(*, now: AwareDatetime) -> int:
    """Close pending proposals whose time has passed; return how many."""
    due = list(Proposal.objects.filter(state=ProposalState.PENDING, expires_at__lte=now))
    for proposal in due:
        close_proposal(proposal, ProposalState.EXPIRED, actor=WORKER, reason="", now=now)
    return len(due)


def access_proposal(actor: Actor, power: Power, proposal_id: ProposalId) -> Proposal:
    """Return the proposal if the actor holds the power over every target, as they hang now.

    raises   NotFound, NotAuthorised
    """
    proposal = Proposal.objects.filter(pk=proposal_id).first()
    if proposal is None:
        raise NotFound("no such proposal is visible to you")
    access.require(actor, power, live_lineage(proposal))
    return proposal


def refuse_stale(proposal: Proposal, digest: str) -> None:
    """Raise StaleDigest, naming the current one, unless the digest is what would be done."""
    if proposal.digest != digest:
        raise StaleDigest(
            f"the proposal's digest is now {proposal.digest}",
            digest=proposal.digest,
            shown=digest[:64],
        )


def rebind(
    proposal: Proposal,
    resolved: ResolvedPlan,
    *,
    returned: str,
    state: ProposalState = ProposalState.PENDING,
) -> None:
    """Bind an unchanged-since-read proposal to a new plan or a new state of the world.

    The serial grows, so no decision on an earlier digest can ever be used on it.
    """
    changed = Proposal.objects.filter(pk=proposal.pk, serial=proposal.serial, state=state).update(
        **resolved_columns(resolved),
        serial=proposal.serial + 1,
        returned_reason=returned,
    )
    if not changed:
        raise StaleDigest("the proposal was changed by someone else at this moment")
    proposal.refresh_from_db()
    keep_scopes(proposal, common_lineage(resolved.plan.targets))


def close_proposal(
    proposal: Proposal, to: ProposalState, *, actor: Actor, reason: str, now: AwareDatetime
) -> None:
    """Move a proposal to an end state, and record who ended it."""
    move(proposal, "proposal", to, closed_at=now)
    about = about_proposal(proposal)
    audit.record(actor, f"proposal.{to.value}", **about, reason=reason, at=now)


def about_proposal(proposal: Proposal) -> audit.About:
    """Return what an audit entry is about; those who may read the targets may read it."""
    return {"subject": f"proposal:{proposal.pk}", "lineage": live_lineage(proposal)}


def keep_scopes(proposal: Proposal, lineage: Lineage) -> None:
    """Keep the scopes under which every target hangs, for the reads."""
    wanted = {str(scope) for scope in lineage}
    held = set(proposal.scopes.values_list("scope", flat=True))
    proposal.scopes.filter(scope__in=held - wanted).delete()
    ProposalScope.objects.bulk_create(
        ProposalScope(proposal=proposal, scope=scope) for scope in sorted(wanted - held)
    )


def refuse_wide(resolved: ResolvedPlan) -> None:
    """Raise BlastTooWide when the plan reaches further than its kind may."""
    kind = resolved.declaration
    if kind.safe_direction:
        return
    too_wide = blast_objections(kind, resolved.seen.blast, targets=len(resolved.plan.targets))
    if too_wide:
        raise BlastTooWide("; ".join(too_wide), kind=kind.name)


def resolved_columns(resolved: ResolvedPlan) -> dict[str, object]:
    """Return the columns of a proposal that say what would be done, and to what state."""
    return {
        **spell_plan(resolved.plan),
        "kind_version": resolved.kind_version,
        "snapshot": resolved.seen.snapshot,
        "digest": resolved.digest,
        "plan_digest": plan_digest(resolved.plan),
        "policy": resolved.policy,
        "blast": spell_blast(resolved.seen.blast),
    }


def spell_plan(plan: Plan) -> dict[str, JsonValue]:
    """Return the plan's targets and parameters as JSON."""
    return {"targets": [str(target) for target in plan.targets], "params": plan.params}
