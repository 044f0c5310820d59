"""Approval rules: where whoever filed or edited a proposal may not approve it; set and ended."""

import re
from dataclasses import dataclass, replace
from typing import TypeAlias
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.loop.nouns import ApprovalRuleId, Power
from scuderia.loop.operations import approval_rules
from scuderia.loop.pages.approval_rule_table import PAST_RULES, RULES, RuleLine, cost_words
from scuderia.loop.pages.forms import BadForm, carry_out
from scuderia.loop.ports import registry
from scuderia.loop.queries.access import may_somewhere
from scuderia.loop.queries.approval_rules import ApprovalRuleRow, list_approval_rules
from scuderia.web.base_views import act, page, show
from scuderia.web.components import Field
from scuderia.web.request_context import form_value, request_context
from scuderia.web.table_csv import csv_answer
from scuderia.web.tables import DataTable, open_table, rows_in_memory

Rules: TypeAlias = tuple[ApprovalRuleRow, ...]

_DOLLARS = re.compile(r"(\d{1,12})(?:\.(\d{1,2}))?")


@dataclass(frozen=True, slots=True)
class ApprovalRulesPage:
    """The rules that concern the person.

    rules      those that hold
    past       those that were ended
    fields     of the form that sets one
    may_rule   the person may set and end rules somewhere; the operation asks where
    """

    rules: DataTable
    past: DataTable
    fields: tuple[Field, ...]
    may_rule: bool


@require_http_methods(["GET", "HEAD", "POST"])
@page
def rules(request: HttpRequest) -> HttpResponseBase:
    """Show the rules, or set one."""
    if request.method == "POST":
        return _set(request)
    held, ended = _rules(request)
    return (
        csv_answer(RULES, rows_in_memory(RULES, held), request)
        or csv_answer(PAST_RULES, rows_in_memory(PAST_RULES, ended), request)
        or _shown(request, held, ended)
    )


@require_POST
@page
def end(request: HttpRequest, rule_id: UUID) -> HttpResponse:
    """End a rule."""
    return carry_out(
        request,
        approval_rules.end_approval_rule,
        "The rule is ended. What was filed while it held stays bound by it.",
        then=reverse("approval-rules"),
        again=lambda: _shown(request, *_rules(request)),
        rule_id=ApprovalRuleId(rule_id),
    )


def _set(request: HttpRequest) -> HttpResponse:
    asked = request_context(request)

    def doing() -> str:
        approval_rules.set_approval_rule(
            actor=asked.actor,
            kind=form_value(request, "kind"),
            scope=SubjectRef.parse(form_value(request, "scope") or str(EVERYTHING)),
            cents_from=_cents(form_value(request, "dollars")),
            reason=form_value(request, "reason"),
            now=asked.now,
        )
        return "The rule holds, also for what waits already."

    return act(
        request,
        doing,
        then=reverse("approval-rules"),
        again=lambda: _shown(request, *_rules(request)),
    )


def _cents(text: str) -> int | None:
    """Read dollars, thousands apart or not, as whole cents; None where nothing was given."""
    if not text:
        return None
    found = _DOLLARS.fullmatch(text.replace(",", "").removeprefix("$"))
    if found is None or not text.isascii():
        raise BadForm(f"the cost is no amount of dollars and cents: {text[:40]!r}")
    return 100 * int(found[1]) + int((found[2] or "").ljust(2, "0"))


def _rules(request: HttpRequest) -> tuple[Rules, Rules]:
    """Return the rules that hold and those that were ended."""
    rows = list_approval_rules(request_context(request).actor, open_only=False)
    ended = tuple(row for row in rows if row.ended_at)
    return tuple(row for row in rows if not row.ended_at), ended


def _shown(request: HttpRequest, held: Rules, ended: Rules) -> HttpResponse:
    actor, path = request_context(request).actor, reverse("approval-rules")
    may_rule = may_somewhere(actor, Power.GRANT)
    drawn = replace(RULES, drawn=lambda row: RuleLine(row, cost_words(row), may_rule))
    context = ApprovalRulesPage(
        rules=open_table(drawn, rows_in_memory(RULES, held), request, path=path),
        past=open_table(PAST_RULES, rows_in_memory(PAST_RULES, ended), request, path=path),
        fields=_fields(request),
        may_rule=may_rule,
    )
    return show(request, "loop/approval_rules.html", context)


def _fields(request: HttpRequest) -> tuple[Field, ...]:
    kinds = sorted((one.kind.title, name) for name, one in registry.executors.items())
    choices = (("", "Every kind but ways back"), *((name, title) for title, name in kinds))
    return (
        Field("kind", "Kind of action", "select", form_value(request, "kind"), choices=choices),
        Field("scope", "Where", value=form_value(request, "scope") or str(EVERYTHING),
              required=True, help="* is everything; else a subject, kind:name.", longest=161),
        Field("dollars", "From this cost on, US$", value=form_value(request, "dollars"),
              help="Left out: whatever it costs. A cost that is not known counts as above.",
              longest=20),
        Field("reason", "Why", value=form_value(request, "reason"), required=True, longest=2000),
    )  # fmt: skip
