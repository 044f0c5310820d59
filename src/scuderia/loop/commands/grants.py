"""`scuderia grant`: say how far an agent may go, where, how much, and until when."""

from datetime import timedelta
from typing import Annotated

import typer

from scuderia.basics.subjects import SubjectRef
from scuderia.basics.units import parse_duration
from scuderia.loop.commands.command_actor import As, AsJson, Reason, Token, command_actor, now
from scuderia.loop.commands.ids import full_id
from scuderia.loop.commands.output import print_json, print_table, say, short
from scuderia.loop.nouns import Autonomy, GrantId
from scuderia.loop.operations import grants
from scuderia.loop.queries.grants import list_grants

app = typer.Typer(no_args_is_help=True, help="How far an agent may go, where, and until when.")

GrantText = Annotated[str, typer.Argument(metavar="ID", help="The grant's id, or its end.")]
_LONGEST = timedelta(days=366)


@app.command("list")
def list_command(*, as_name: As = "", token: Token = "", as_json: AsJson = False) -> None:
    """List the grants with what is used of their budgets."""
    rows = list_grants(command_actor(as_name, token), now=now())
    if as_json:
        print_json(rows)
        return
    print_table(
        ["id", "agent", "kind", "scope", "level", "today", "state", "by", "until"],
        (
            (
                short(row.id),
                row.agent,
                row.kind,
                row.scope,
                f"{row.level.value} {row.level.name.lower().replace('_', ' ')}",
                f"{row.actions_today} of {row.actions_per_day or 'any'}",
                row.state,
                row.granted_by,
                row.expires_at,
            )
            for row in rows
        ),
        empty="no grant: every agent proposes, and a person decides",
    )


@app.command("give")
def give(
    agent: Annotated[str, typer.Argument(help="The agent's name.")],
    kind: Annotated[str, typer.Argument(help="The kind of action, or * for all of its kinds.")],
    *,
    level: Annotated[int, typer.Option(min=0, max=4, help="0 watch, 1 advise, 2 once approved")],
    scope: Annotated[str, typer.Option(help="Where: *, or a subject, kind:name.")] = "*",
    lasting: Annotated[str, typer.Option("--for", help="How long it holds, e.g. 14d.")] = "14d",
    actions_per_day: Annotated[int | None, typer.Option(min=0)] = None,
    targets_per_day: Annotated[int | None, typer.Option(min=0)] = None,
    cents_per_day: Annotated[int | None, typer.Option(min=0)] = None,
    reason: Reason = "",
    as_name: As = "",
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Give an agent a level for a kind on a scope, within a budget, until it expires."""
    at = now()
    grant_id = grants.give_grant(
        actor=command_actor(as_name, token),
        agent=agent,
        kind=kind,
        scope=SubjectRef.parse(scope),
        level=Autonomy(level),
        expires_at=at + min(parse_duration(lasting, field="--for"), _LONGEST),
        budget=grants.Budget(actions_per_day, targets_per_day, cents_per_day),
        reason=reason or "given from the command line",
        now=at,
    )
    if as_json:
        print_json({"grant_id": grant_id})
    else:
        say(f"given: grant {short(grant_id)}")


@app.command("revoke")
def revoke(grant: GrantText, *, reason: Reason = "", as_name: As = "", token: Token = "") -> None:
    """Take a grant back, for queued and waiting work too."""
    actor = command_actor(as_name, token)
    grants.revoke_grant(
        actor=actor, grant_id=_grant_id(grant, as_name, token), reason=reason, now=now()
    )
    say("revoked")


@app.command("suspend")
def suspend(grant: GrantText, *, reason: Reason = "", as_name: As = "", token: Token = "") -> None:
    """Stop a grant for a while."""
    actor = command_actor(as_name, token)
    grants.suspend_grant(
        actor=actor, grant_id=_grant_id(grant, as_name, token), reason=reason, now=now()
    )
    say("suspended")


@app.command("reinstate")
def reinstate(
    grant: GrantText, *, reason: Reason = "", as_name: As = "", token: Token = ""
) -> None:
    """Let a suspended grant hold again."""
    actor = command_actor(as_name, token)
    grants.reinstate_grant(
        actor=actor, grant_id=_grant_id(grant, as_name, token), reason=reason, now=now()
    )
    say("reinstated")


def _grant_id(text: str, as_name: str, token: str) -> GrantId:
    rows = list_grants(command_actor(as_name, token), now=now())
    return full_id(text, lambda: (row.id for row in rows), noun="grant")
