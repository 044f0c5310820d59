"""Filing, editing, withdrawing and expiring proposals."""

import math
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction

from scuderia.basics.actors import WORKER, Actor, ActorKind
from scuderia.basics.canonical import JsonObject, JsonValue
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput, NotAuthorised, NotFound, Refused
from scuderia.basics.subjects import Lineage, SubjectRef
from scuderia.loop.engine.blast_radius import blast_objections
from scuderia.loop.engine.digest import plan_digest
from scuderia.loop.engine.json_codec import read_plan, spell_blast, spell_rehearsal
from scuderia.loop.models.actions import Action
from scuderia.loop.models.proposals import Edit, Proposal, ProposalScope
from scuderia.loop.nouns import (
    ActionState,
    Autonomy,
    Digest,
    Plan,
    Power,
    ProposalDraft,
    ProposalId,
    ProposalState,
    Rehearsal,
)
from scuderia.loop.operations import audit, authority
from scuderia.loop.operations.binding import Bound, bind
from scuderia.loop.operations.findings import file_finding
from scuderia.loop.operations.moves import move
from scuderia.loop.ports import registry
from scuderia.loop.queries.grants import level_for
from scuderia.loop.queries.lineage import common_lineage, live_lineage

OPEN_PER_AGENT_MAX = 50
COOLING_OFF = timedelta(days=3)
REGRET_GROWN = 2.0
LIFE_HOURS_MAX = 24 * 90
TITLE_CHARACTERS_MAX = 200


class BadRehearsal(BadInput):
    """The rehearsal is no prediction: a number is missing or its interval upside down."""

    code = "LOOP-011"
    remedy = "Give finite numbers with low <= expected <= high, a method and its limits."


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


def file_proposal(
    draft: ProposalDraft,
    *,
    agent: str,
    now: AwareDatetime,
    actor: Actor | None = None,
    four_eyes: bool = False,
) -> ProposalId:
    """File a draft as pending; by an agent, or by hand when `actor` is a person.

    A pending proposal of the same author and `dedup_key` is kept when it wishes the same, and
    superseded when it does not; a person's edit of it is never overwritten.
    """
    author = actor or Actor(ActorKind.AGENT, agent)
    if actor is not None:
        authority.require(actor, Power.DECIDE, common_lineage(draft.targets))
    level = _refuse_unfit(draft, agent=agent, now=now)
    bound = bind(draft.kind, draft.targets, draft.params)
    _refuse_wide(bound)
    with transaction.atomic():
        same = _open_like(draft, author)
        if same is not None and same.rehearsed_for == plan_digest(bound.plan):
            return _keep(same, draft, bound, now)
        _refuse_unwelcome(draft, author, bound, now)
        if same is not None:
            _close(same, ProposalState.SUPERSEDED, actor=author, reason="", now=now)
        return _file(draft, bound, author, agent, level, four_eyes=four_eyes, now=now)


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
    bound = bind(
        proposal.kind,
        before.targets if targets is None else tuple(targets),
        before.params if params is None else params,
    )
    authority.require(actor, Power.DECIDE, common_lineage(bound.plan.targets))
    if bound.plan == before:
        raise NotFiled("the edit changes nothing")
    _refuse_wide(bound)
    with transaction.atomic():
        rebind(proposal, bound, returned="")
        Edit.objects.create(
            proposal=proposal,
            edited_by=str(actor),
            edited_at=now,
            reason=audit.bounded(reason),
            before=_spell(before),
            after=_spell(bound.plan),
            digest_before=digest,
            digest_after=bound.digest,
        )
        _record(
            actor,
            "proposal.edited",
            proposal,
            reason=reason,
            at=now,
            detail={
                "before": _spell(before),
                "after": _spell(bound.plan),
                "digest_before": digest,
                "digest": bound.digest,
            },
        )
    return bound.digest


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
    _close(proposal, ProposalState.WITHDRAWN, actor=actor, reason=reason, now=now)


@transaction.atomic
def expire_due(*, now: AwareDatetime) -> int:
    """Close pending proposals whose time has passed; return how many."""
    due = list(Proposal.objects.filter(state=ProposalState.PENDING, expires_at__lte=now))
    for proposal in due:
        _close(proposal, ProposalState.EXPIRED, actor=WORKER, reason="", now=now)
    return len(due)


def access_proposal(actor: Actor, power: Power, proposal_id: ProposalId) -> Proposal:
    """Return the proposal if the actor holds the power over every target, as they hang now.

    raises   NotFound, NotAuthorised
    """
    proposal = Proposal.objects.filter(pk=proposal_id).first()
    if proposal is None:
        raise NotFound("no such proposal is visible to you")
    authority.require(actor, power, live_lineage(proposal))
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
    bound: Bound,
    *,
    returned: str,
    state: ProposalState = ProposalState.PENDING,
) -> None:
    """Bind an unchanged-since-read proposal to a new plan or a new state of the world.

    The serial grows, so no decision on an earlier digest can ever be used on it.
    """
    changed = Proposal.objects.filter(pk=proposal.pk, serial=proposal.serial, state=state).update(
        targets=[str(target) for target in bound.plan.targets],
        params=bound.plan.params,
        kind_version=bound.kind_version,
        snapshot=bound.snapshot,
        digest=bound.digest,
        plan_digest=plan_digest(bound.plan),
        policy=bound.policy,
        blast=spell_blast(bound.radius),
        serial=proposal.serial + 1,
        returned_reason=returned,
    )
    if not changed:
        raise StaleDigest("the proposal was changed by someone else at this moment")
    proposal.refresh_from_db()
    _keep_scopes(proposal, common_lineage(bound.plan.targets))


def _refuse_unfit(draft: ProposalDraft, *, agent: str, now: AwareDatetime) -> Autonomy:
    """Refuse what no queue should hold; return the autonomy the agent has for it."""
    _refuse_bad_rehearsal(draft.rehearsal)
    if not draft.title.strip() or not draft.dedup_key:
        raise NotFiled("a proposal without a title or a dedup key")
    if not 0 < draft.expires_after_h <= LIFE_HOURS_MAX:
        raise NotFiled(f"a proposal that lives {draft.expires_after_h} h")
    if not math.isfinite(draft.regret_gpu_hours_per_day):
        raise NotFiled("a regret that is no number")
    member = registry.agents.get(agent)
    if member is not None and draft.kind not in member.kinds:
        raise NotFiled(f"{agent} may not propose {draft.kind}")
    if not agent:
        return Autonomy.ACT_ONCE_APPROVED
    level, _ = level_for(agent, draft.kind, draft.targets, at=now)
    if level is Autonomy.WATCH:
        raise NotFiled(f"{agent} may only watch here: its findings are kept, its proposals not")
    return level


def _refuse_unwelcome(
    draft: ProposalDraft, author: Actor, bound: Bound, now: AwareDatetime
) -> None:
    """Refuse more than a person can read, what is under way, and what was just rejected."""
    mine = Proposal.objects.filter(filed_by=str(author))
    if mine.filter(state=ProposalState.PENDING).count() > OPEN_PER_AGENT_MAX:
        raise NotFiled(f"{author} has {OPEN_PER_AGENT_MAX} proposals open already")
    alike = mine.filter(dedup_key=draft.dedup_key)
    under_way = Action.objects.filter(
        proposal__in=alike, state__in=[ActionState.QUEUED, ActionState.RUNNING]
    ) | Action.objects.filter(proposal__in=alike, state=ActionState.HALTED, resumable=True)
    if under_way.exists():
        raise NotFiled("an action on this is under way")
    rejected = (
        alike.filter(state=ProposalState.REJECTED, closed_at__gt=now - COOLING_OFF)
        .order_by("-closed_at")
        .first()
    )
    if (
        rejected is not None
        and rejected.rehearsed_for == plan_digest(bound.plan)
        and draft.regret_gpu_hours_per_day < REGRET_GROWN * rejected.regret_gpu_hours_per_day
    ):
        raise NotFiled("a person rejected the same within three days")


def _file(
    draft: ProposalDraft,
    bound: Bound,
    author: Actor,
    agent: str,
    level: Autonomy,
    *,
    four_eyes: bool,
    now: AwareDatetime,
) -> ProposalId:
    wish = plan_digest(bound.plan)
    proposal = Proposal.objects.create(
        kind=draft.kind,
        kind_version=bound.kind_version,
        filed_by=str(author),
        agent=agent,
        title=draft.title[:TITLE_CHARACTERS_MAX],
        **_spell(bound.plan),
        snapshot=bound.snapshot,
        digest=bound.digest,
        plan_digest=wish,
        rehearsed_for=wish,
        policy=bound.policy,
        blast=spell_blast(bound.radius),
        dedup_key=draft.dedup_key,
        advice=level is Autonomy.ADVISE,
        four_eyes=four_eyes,
        filed_at=now,
        **_forecast(draft, now),
    )
    _keep_scopes(proposal, common_lineage(bound.plan.targets))
    raised_by = agent or str(author)
    claims = [file_finding(one, raised_by=raised_by, now=now) for one in draft.findings]
    proposal.findings.set(claims)
    _record(
        author,
        "proposal.filed",
        proposal,
        at=now,
        detail={"digest": bound.digest, "kind": draft.kind, **_spell(bound.plan)},
    )
    return ProposalId(proposal.id)


def _keep(same: Proposal, draft: ProposalDraft, bound: Bound, now: AwareDatetime) -> ProposalId:
    """Bring the forecast of an unchanged wish up to date; leave a person's edit alone."""
    if same.plan_digest != same.rehearsed_for:
        return ProposalId(same.id)
    if same.digest != bound.digest:
        rebind(same, bound, returned=same.returned_reason)
    Proposal.objects.filter(pk=same.pk).update(**_forecast(draft, now))
    raised_by = same.agent or same.filed_by
    same.findings.add(*[file_finding(one, raised_by=raised_by, now=now) for one in draft.findings])
    return ProposalId(same.id)


def _forecast(draft: ProposalDraft, now: AwareDatetime) -> dict[str, object]:
    return {
        "rehearsal": spell_rehearsal(draft.rehearsal),
        "regret_gpu_hours_per_day": draft.regret_gpu_hours_per_day,
        "expires_at": now + timedelta(hours=draft.expires_after_h),
    }


def _open_like(draft: ProposalDraft, author: Actor) -> Proposal | None:
    return Proposal.objects.filter(
        filed_by=str(author), dedup_key=draft.dedup_key, state=ProposalState.PENDING
    ).first()


def _close(
    proposal: Proposal, to: ProposalState, *, actor: Actor, reason: str, now: AwareDatetime
) -> None:
    move(proposal, "proposal", to, closed_at=now)
    _record(actor, f"proposal.{to.value}", proposal, reason=reason, at=now)


def _record(
    actor: Actor,
    verb: str,
    proposal: Proposal,
    *,
    at: AwareDatetime,
    reason: str = "",
    detail: JsonObject | None = None,
) -> None:
    audit.record(
        actor,
        verb,
        subject=f"proposal:{proposal.pk}",
        reason=reason,
        at=at,
        detail=detail,
        lineage=live_lineage(proposal),
    )


def _keep_scopes(proposal: Proposal, lineage: Lineage) -> None:
    wanted = {str(scope) for scope in lineage}
    held = set(proposal.scopes.values_list("scope", flat=True))
    proposal.scopes.filter(scope__in=held - wanted).delete()
    ProposalScope.objects.bulk_create(
        ProposalScope(proposal=proposal, scope=scope) for scope in sorted(wanted - held)
    )


def _refuse_wide(bound: Bound) -> None:
    kind = bound.declaration
    if kind.safe_direction:
        return
    too_wide = blast_objections(kind, bound.radius, targets=len(bound.plan.targets))
    if too_wide:
        raise BlastTooWide("; ".join(too_wide), kind=kind.name)


def _refuse_bad_rehearsal(rehearsal: Rehearsal) -> None:
    numbers = (
        rehearsal.horizon_days,
        rehearsal.do_nothing,
        rehearsal.expected,
        rehearsal.low,
        rehearsal.high,
    )
    if not all(math.isfinite(number) for number in numbers) or rehearsal.horizon_days < 0:
        raise BadRehearsal("a number of the rehearsal is none")
    if not rehearsal.low <= rehearsal.expected <= rehearsal.high:
        raise BadRehearsal("expected lies outside its own interval")
    if rehearsal.better not in {"lower", "higher"}:
        raise BadRehearsal("better must be lower or higher")
    if not rehearsal.method.strip() or not rehearsal.limits.strip():
        raise BadRehearsal("a rehearsal without its method or its limits")


def _spell(plan: Plan) -> dict[str, JsonValue]:
    return {"targets": [str(target) for target in plan.targets], "params": plan.params}
