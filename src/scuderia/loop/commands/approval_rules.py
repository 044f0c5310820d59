"""`scuderia approval-rule`: where two people are asked for."""

from collections.abc import Sequence
from typing import Annotated

import typer

from scuderia.basics.actors import Actor
from scuderia.basics.subjects import SubjectRef
from scuderia.loop.commands.command_actor import AsJson, for_actor, now
from scuderia.loop.commands.ids import full_id
from scuderia.loop.commands.listing import listing
from scuderia.loop.commands.output import print_done, say, short
from scuderia.loop.operations.approval_rules import end_approval_rule, set_approval_rule
from scuderia.loop.queries.approval_rules import ApprovalRuleRow, list_approval_rules

app = typer.Typer(no_args_is_help=True, help="Where whoever files or edits may not approve.")

Why = Annotated[str, typer.Option("--reason", help="Why; it is kept in the audit.")]


def _rules(
    actor: Actor,
    *,
    past: Annotated[bool, typer.Option("--past", help="Ended rules too.")] = False,
) -> Sequence[ApprovalRuleRow]:
    return list_approval_rules(actor, open_only=not past)


app.command("list")(
    listing(
        "List the rules that hold, newest first.",
        _rules,
        {
            "id": lambda row: short(row.id),
            "kind": lambda row: row.kind or "every kind",
            "scope": lambda row: row.scope,
            "from cents": lambda row: "any" if row.cents_from is None else row.cents_from,
            "by": lambda row: row.set_by,
            "reason": lambda row: row.reason,
            "ended": lambda row: row.ended_at,
        },
        empty="no rule: one person may file, edit and approve",
    )
)


@app.command("set")
@for_actor
def set_command(
    *,
    kind: Annotated[str, typer.Option(help="Only this kind of action.")] = "",
    scope: Annotated[str, typer.Option(help="Where: *, or a subject, kind:name.")] = "*",
    cents_from: Annotated[int | None, typer.Option(min=0, help="Only from this cost on.")] = None,
    reason: Why,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Ask for two people: filer and editors may not approve."""
    rule = set_approval_rule(
        actor=actor,
        kind=kind,
        scope=SubjectRef.parse(scope),
        cents_from=cents_from,
        reason=reason,
        now=now(),
    )
    print_done({"rule_id": rule}, f"set: rule {short(rule)}", as_json=as_json)


@app.command("end")
@for_actor
def end_command(
    rule: Annotated[str, typer.Argument(metavar="ID", help="The rule's id, or its end.")],
    *,
    reason: Why,
    actor: Actor,
) -> None:
    """Ask no longer; what was filed while the rule held stays bound by it."""
    rules = (row.id for row in list_approval_rules(actor))
    rule_id = full_id(rule, lambda: rules, noun="rule")
    end_approval_rule(actor=actor, rule_id=rule_id, reason=reason, now=now())
    say("ended")
