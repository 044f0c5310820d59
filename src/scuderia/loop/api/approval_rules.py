"""Where two people are asked for: listed, set, ended."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from scuderia.basics.subjects import SubjectRef
from scuderia.loop.api import common
from scuderia.loop.nouns import ApprovalRuleId
from scuderia.loop.operations import approval_rules
from scuderia.loop.ports import registry
from scuderia.loop.queries.approval_rules import ApprovalRuleRow
from scuderia.loop.queries.approval_rules import list_approval_rules as list_rows

router = Router(tags=["approval rules"])


class ApprovalRuleIn(Schema):
    """Where two people are asked for: "" is every kind, null is whatever the cost."""

    kind: common.Words = ""
    scope: common.SubjectText
    cents_from: Annotated[int, Field(ge=0, le=common.COUNT_MAX)] | None = None
    reason: common.Words


class ApprovalRuleIdOut(Schema):
    """The rule that was set."""

    rule_id: UUID


@router.get("/approval-rules", response=common.answers(common.PageOut[ApprovalRuleRow]))
def list_approval_rules(
    request: HttpRequest, *, open_only: bool = True, page: common.Page
) -> Mapping[str, object]:
    """Return the rules, newest first."""
    return page.of(list_rows(common.request_actor(request), open_only=open_only))


@router.post("/approval-rules", response=common.answers(ApprovalRuleIdOut, status=201))
def set_approval_rule(
    request: HttpRequest, said: ApprovalRuleIn
) -> Status[dict[str, ApprovalRuleId]]:
    """Ask that filer, editor and approver differ; it binds what is pending too."""
    rule_id = approval_rules.set_approval_rule(
        actor=common.request_actor(request),
        kind=said.kind,
        scope=SubjectRef.parse(said.scope),
        cents_from=said.cents_from,
        reason=said.reason,
        now=registry.clock.now(),
    )
    return Status(201, {"rule_id": rule_id})


@router.post("/approval-rules/{rule_id}/end", response=common.answers(None, status=204))
def end_approval_rule(request: HttpRequest, rule_id: UUID, said: common.ReasonIn) -> Status[None]:
    """Ask no longer; what was filed while the rule held stays bound by it."""
    approval_rules.end_approval_rule(
        actor=common.request_actor(request),
        rule_id=ApprovalRuleId(rule_id),
        reason=said.reason,
        now=registry.clock.now(),
    )
    return Status(204, None)
