"""`scuderia grant`: say how far an agent may go, where, how much, and until when."""

from datetime import timedelta
from typing import Annotated, Protocol

import typer

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import SubjectRef
from scuderia.basics.units import parse_duration
from scuderia.loop.commands.command_actor import AsJson, Reason, for_actor, now
from scuderia.loop.commands.ids import full_id
from scuderia.loop.commands.listing import listing
from scuderia.loop.commands.output import print_done, say, short
from scuderia.loop.nouns import Autonomy, GrantId
from scuderia.loop.operations import grants
from scuderia.loop.queries.grants import list_grants

app = typer.Typer(no_args_is_help=True, help="How far an agent may go, where, and until when.")

GrantText = Annotated[str, typer.Argument(metavar="ID", help="The grant's id, or its end.")]
_LONGEST = timedelta(days=366)


app.command("list")(
    listing(
        "List the grants with what is used of their budgets.",
        lambda actor: list_grants(actor, now=now()),
        {
            "id": lambda row: short(row.id),
            "agent": lambda row: row.agent,
            "kind": lambda row: row.kind,
            "scope": lambda row: row.scope,
            "level": lambda row: f"{row.level.value} {row.level.name.lower().replace('_', ' ')}",
            "today": lambda row: f"{row.actions_today} of {row.actions_per_day or 'any'}",
            "state": lambda row: row.state,
            "by": lambda row: row.granted_by,
            "until": lambda row: row.expires_at,
        },
        empty="no grant: every agent proposes, and a person decides",
    )
)


@app.command("give")
@for_actor
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
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Give an agent a level for a kind on a scope, within a budget, until it expires."""
    at = now()
    grant_id = grants.give_grant(
        actor=actor,
        agent=agent,
        kind=kind,
        scope=SubjectRef.parse(scope),
        level=Autonomy(level),
        expires_at=at + min(parse_duration(lasting, field="--for"), _LONGEST),
        budget=grants.Budget(actions_per_day, targets_per_day, cents_per_day),
        reason=reason or "given from the command line",
        now=at,
    )
    print_done({"grant_id": grant_id}, f"given: grant {short(grant_id)}", as_json=as_json)


@app.command("revoke")
@for_actor
def revoke(grant: GrantText, *, reason: Reason = "", actor: Actor) -> None:
    """Take a grant back, for queued and waiting work too."""
    _change(grants.revoke_grant, grant, reason, actor)
    say("revoked")


@app.command("suspend")
@for_actor
def suspend(grant: GrantText, *, reason: Reason = "", actor: Actor) -> None:
    """Stop a grant for a while."""
    _change(grants.suspend_grant, grant, reason, actor)
    say("suspended")


@app.command("reinstate")
@for_actor
def reinstate(grant: GrantText, *, reason: Reason = "", actor: Actor) -> None:
    """Let a suspended grant hold again."""
    _change(grants.reinstate_grant, grant, reason, actor)
    say("reinstated")


class _Change(Protocol):
    def __call__(
        self, *, actor: Actor, grant_id: GrantId, reason: str, now: AwareDatetime
    ) -> None: ...


def _change(change: _Change, grant: str, reason: str, actor: Actor) -> None:
    at = now()
    ids = (row.id for row in list_grants(actor, now=at))
    grant_id = full_id(grant, lambda: ids, noun="grant")
    change(actor=actor, grant_id=grant_id, reason=reason, now=at)
