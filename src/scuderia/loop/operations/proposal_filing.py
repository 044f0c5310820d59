"""Filing a draft: what no queue should hold is refused, what is open already is kept."""

import math
from datetime import timedelta

from django.db import transaction

from scuderia.basics.actors import Actor, ActorKind
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput
from scuderia.loop.engine.digest import plan_digest
from scuderia.loop.engine.finding_anchors import FindingMarks
from scuderia.loop.engine.json_codec import spell_rehearsal
from scuderia.loop.models.actions import OPEN, Action
from scuderia.loop.models.findings import Finding
from scuderia.loop.models.proposals import Proposal
from scuderia.loop.nouns import (
    Autonomy,
    Power,
    ProposalDraft,
    ProposalId,
    ProposalState,
    Rehearsal,
)
from scuderia.loop.operations import access, audit
from scuderia.loop.operations.findings import file_finding, vouch
from scuderia.loop.operations.preflight import ResolvedPlan, resolve
from scuderia.loop.operations.proposals import (
    TITLE_CHARACTERS_MAX,
    NotFiled,
    about_proposal,
    close_proposal,
    keep_scopes,
    rebind,
    refuse_wide,
    resolved_columns,
    spell_plan,
)
from scuderia.loop.ports import registry
from scuderia.loop.queries.grants import level_for
from scuderia.loop.queries.lineage import common_lineage

OPEN_PER_AGENT_MAX = 50


COOLING_OFF = timedelta(days=3)


COST_GROWN = 2.0


LIFE_HOURS_MAX = 24 * 90


class BadRehearsal(BadInput):
    """The rehearsal is no prediction: a number is missing or its interval upside down."""

    code = "LOOP-011"
    remedy = "Give finite numbers with low <= expected <= high, a method and its limits."


def file_proposal(
    draft: ProposalDraft,
    *,
    agent: str,
    now: AwareDatetime,
    actor: Actor | None = None,
    four_eyes: bool = False,
    marks: FindingMarks | None = None,
) -> ProposalId:
    """File a draft as pending; by an agent, or by hand when `actor` is a person.

    A pending proposal of the same author and `dedup_key` is kept when it wishes the same, and
    superseded when it does not; a person's edit of it is never overwritten.

    marks   is told what was done to findings, where the caller has that vouched for
    """
    author = actor or Actor(ActorKind.AGENT, agent)
    if actor is not None:
        access.require(actor, Power.DECIDE, common_lineage(draft.targets))
    level = _refuse_unfit(draft, agent=agent, now=now)
    resolved = resolve(draft.kind, draft.targets, draft.params, now=now)
    refuse_wide(resolved)
    with transaction.atomic():
        same = _open_like(draft, author)
        if same is not None and same.rehearsed_for == plan_digest(resolved.plan):
            return _keep(same, draft, resolved, now, marks)
        _refuse_unwelcome(draft, author, resolved, now)
        if same is not None:
            close_proposal(same, ProposalState.SUPERSEDED, actor=author, reason="", now=now)
        filed = _file(draft, resolved, author, agent, level, four_eyes=four_eyes, now=now)
        filed.findings.set(_claims(draft, agent or str(author), now, marks))
        return ProposalId(filed.id)


def _refuse_unfit(draft: ProposalDraft, *, agent: str, now: AwareDatetime) -> Autonomy:
    """Refuse what no queue should hold; return the autonomy the agent has for it."""
    _refuse_bad_rehearsal(draft.rehearsal)
    if not draft.title.strip() or not draft.dedup_key:
        raise NotFiled("a proposal without a title or a dedup key")
    if not 0 < draft.expires_after_h <= LIFE_HOURS_MAX:
        raise NotFiled(f"a proposal that lives {draft.expires_after_h} h")
    if not draft.cost_of_delay.is_finite:
        raise NotFiled("a cost of delay that is no number")
    registry.rank_of(draft.cost_of_delay)
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
    draft: ProposalDraft, author: Actor, resolved: ResolvedPlan, now: AwareDatetime
) -> None:
    """Refuse more than a person can read, what is under way, and what was just rejected."""
    mine = Proposal.objects.filter(filed_by=str(author))
    if mine.filter(state=ProposalState.PENDING).count() > OPEN_PER_AGENT_MAX:
        raise NotFiled(f"{author} has {OPEN_PER_AGENT_MAX} proposals open already")
    alike = mine.filter(dedup_key=draft.dedup_key)
    if Action.objects.filter(OPEN, proposal__in=alike).exists():
        raise NotFiled("an action on this is under way")
    rejected = (
        alike.filter(state=ProposalState.REJECTED, closed_at__gt=now - COOLING_OFF)
        .order_by("-closed_at")
        .first()
    )
    if (
        rejected is not None
        and rejected.rehearsed_for == plan_digest(resolved.plan)
        and registry.rank_of(draft.cost_of_delay) < COST_GROWN * rejected.cost_of_delay_rank
    ):
        raise NotFiled("a person rejected the same within three days")


def _file(
    draft: ProposalDraft,
    resolved: ResolvedPlan,
    author: Actor,
    agent: str,
    level: Autonomy,
    *,
    four_eyes: bool,
    now: AwareDatetime,
) -> Proposal:
    proposal = Proposal.objects.create(
        kind=draft.kind,
        filed_by=str(author),
        agent=agent,
        title=draft.title[:TITLE_CHARACTERS_MAX],
        **resolved_columns(resolved),
        rehearsed_for=plan_digest(resolved.plan),
        dedup_key=draft.dedup_key,
        advice=level is Autonomy.ADVISE,
        four_eyes=four_eyes,
        filed_at=now,
        **_forecast(draft, now),
    )
    keep_scopes(proposal, common_lineage(resolved.plan.targets))
    audit.record(
        author,
        "proposal.filed",
        **about_proposal(proposal),
        at=now,
        detail={"digest": resolved.digest, "kind": draft.kind, **spell_plan(resolved.plan)},
    )
    return proposal


def _keep(
    same: Proposal,
    draft: ProposalDraft,
    resolved: ResolvedPlan,
    now: AwareDatetime,
    marks: FindingMarks | None,
) -> ProposalId:
    """Bring the forecast of an unchanged wish up to date; leave a person's edit alone."""
    if same.plan_digest != same.rehearsed_for:
        return ProposalId(same.id)
    if same.digest != resolved.digest:
        rebind(same, resolved, returned=same.returned_reason)
    Proposal.objects.filter(pk=same.pk).update(**_forecast(draft, now))
    same.findings.add(*_claims(draft, same.agent or same.filed_by, now, marks))
    return ProposalId(same.id)


def _claims(
    draft: ProposalDraft, raised_by: str, now: AwareDatetime, marks: FindingMarks | None
) -> list[Finding]:
    """File the findings behind a draft; without `marks`, have them vouched for here."""
    done = FindingMarks() if marks is None else marks
    filed = [file_finding(one, raised_by=raised_by, now=now, marks=done) for one in draft.findings]
    if marks is None:
        vouch(done, now=now)
    return filed


def _forecast(draft: ProposalDraft, now: AwareDatetime) -> dict[str, object]:
    return {
        "rehearsal": spell_rehearsal(draft.rehearsal),
        "cost_of_delay_amount": draft.cost_of_delay.amount,
        "cost_of_delay_unit": draft.cost_of_delay.unit,
        "cost_of_delay_rank": registry.rank_of(draft.cost_of_delay),
        "expires_at": now + timedelta(hours=draft.expires_after_h),
    }


def _open_like(draft: ProposalDraft, author: Actor) -> Proposal | None:
    return Proposal.objects.filter(
        filed_by=str(author), dedup_key=draft.dedup_key, state=ProposalState.PENDING
    ).first()


def _refuse_bad_gain(rehearsal: Rehearsal) -> None:
    low, high, shares = rehearsal.gain_low, rehearsal.gain_high, (rehearsal.helps, rehearsal.harms)
    if low is None and high is None and shares == (None, None):
        return
    if low is None or high is None or not low <= rehearsal.gain <= high:
        raise BadRehearsal("the gain lies outside its own interval")
    if any(share is None or not 0 <= share <= 1 for share in shares):
        raise BadRehearsal("a share of the futures is none")


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
    _refuse_bad_gain(rehearsal)
    if rehearsal.capacity is not None and not rehearsal.capacity.is_sound:
        raise BadRehearsal("the unit of capacity has no word, or no number above zero")
    if rehearsal.better not in {"lower", "higher"}:
        raise BadRehearsal("better must be lower or higher")
    if not rehearsal.method.strip() or not rehearsal.limits.strip():
        raise BadRehearsal("a rehearsal without its method or its limits")
