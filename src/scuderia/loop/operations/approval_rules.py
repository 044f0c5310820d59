"""Asking for two people, per kind, scope and cost; and asking no longer."""

from django.db import transaction

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput, NotFound
from scuderia.basics.subjects import SubjectRef
from scuderia.loop.models.approval_rules import ApprovalRule
from scuderia.loop.nouns import ApprovalRuleId, Power
from scuderia.loop.operations import access, audit
from scuderia.loop.ports import executor_of
from scuderia.loop.queries.lineage import lineage_of

CENTS_MAX = 10**15


class BadApprovalRule(BadInput):
    """The rule says no reason, or a cost below nothing or beyond any."""

    code = "LOOP-026"
    remedy = "Give a reason, and a cost in whole cents from 0 on, if any."


@transaction.atomic
def set_approval_rule(
    *,
    actor: Actor,
    kind: str = "",
    scope: SubjectRef,
    cents_from: int | None = None,
    reason: str,
    now: AwareDatetime,
) -> ApprovalRuleId:
    """Ask that filer, editor and approver differ, for a kind ("" for all) on a scope, from a cost.

    It binds what is pending too.

    raises   UnknownKind, NotAuthorised, BadApprovalRule
    """
    lineage = lineage_of(scope)
    access.require(actor, Power.GRANT, lineage)
    if kind:
        executor_of(kind)
    if not reason.strip() or not 0 <= (cents_from or 0) <= CENTS_MAX:
        raise BadApprovalRule("the rule is incomplete")
    rule = ApprovalRule.objects.create(
        kind=kind,
        scope=str(scope),
        cents_from=cents_from,
        reason=audit.bounded(reason),
        set_by=str(actor),
        set_at=now,
    )
    audit.record(
        actor,
        "approval_rule.set",
        subject=f"approval_rule:{rule.pk}",
        reason=reason,
        at=now,
        detail={"kind": kind, "scope": str(scope), "cents_from": cents_from},
        lineage=lineage,
    )
    return ApprovalRuleId(rule.pk)


@transaction.atomic
def end_approval_rule(
    *, actor: Actor, rule_id: ApprovalRuleId, reason: str, now: AwareDatetime
) -> None:
    """Ask no longer; what was filed while the rule held stays bound by it.

    raises   NotFound: no rule of that id holds
    """
    rule = ApprovalRule.objects.filter(pk=rule_id, ended_at__isnull=True).first()
    if rule is None:
        raise NotFound("no such rule holds")
    lineage = lineage_of(SubjectRef.parse(rule.scope))
    access.require(actor, Power.GRANT, lineage)
    if not reason.strip():
        raise BadApprovalRule("no reason")
    ApprovalRule.objects.filter(pk=rule.pk).update(
        ended_by=str(actor), ended_at=now, end_reason=audit.bounded(reason)
    )
    audit.record(
        actor,
        "approval_rule.ended",
        subject=f"approval_rule:{rule.pk}",
        reason=reason,
        at=now,
        lineage=lineage,
    )
