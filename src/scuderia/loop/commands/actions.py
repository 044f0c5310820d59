"""The runs of approved proposals, under `scuderia loop`: list, show, undo, halt, resume."""

from typing import Annotated

import typer

from scuderia.basics.actors import Actor
from scuderia.loop.commands.command_actor import As, AsJson, Reason, Token, command_actor, now
from scuderia.loop.commands.ids import full_id
from scuderia.loop.commands.output import print_facts, print_json, print_table, say, short
from scuderia.loop.nouns import ActionId, ActionState
from scuderia.loop.operations import actions
from scuderia.loop.operations import undo as undoing
from scuderia.loop.queries.actions import get_action, list_actions

ActionText = Annotated[str, typer.Argument(metavar="ID", help="The action's id, or its end.")]
_SEARCHED_MAX = 10_000


def add_runs(app: typer.Typer) -> None:
    """Put the commands for runs beside those for proposals."""
    app.command("actions")(list_runs)
    app.command("action")(show_run)
    app.command("undo")(undo)
    app.command("halt")(halt)
    app.command("resume")(resume)


def list_runs(
    *,
    state: Annotated[list[ActionState] | None, typer.Option(help="States to list.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 100,
    as_name: As = "",
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """List what is being done and what was done, newest first."""
    rows = list_actions(command_actor(as_name, token), states=state or (), limit=limit)
    if as_json:
        print_json(rows)
        return
    print_table(
        ["id", "action", "state", "decided by", "queued", "said"],
        (
            (short(row.id), row.title, row.state, row.decided_by, row.queued_at, row.said)
            for row in rows
        ),
        empty="nothing has been approved yet",
    )


def show_run(
    action: ActionText, *, as_name: As = "", token: Token = "", as_json: AsJson = False
) -> None:
    """Show one run with every effect and its outcome."""
    actor = command_actor(as_name, token)
    row = get_action(actor, _action_id(actor, action))
    if as_json:
        print_json(row)
        return
    say(row.title)
    print_facts(
        {
            "  state": row.state,
            "  said": row.said or "nothing",
            "  targets": row.targets,
            "  decided by": row.decided_by,
            "  outcome": (row.outcome and row.outcome.verdict) or "not measured yet",
            "  undo": "may be undone" if row.can_undo else "no",
        }
    )
    print_table(
        ["step", "effect", "state", "tries", "key"],
        ((one.step, one.name, one.state, one.tries, one.key) for one in row.effects),
        empty="  no effect yet",
    )


def undo(
    action: ActionText,
    *,
    reason: Reason = "",
    as_name: As = "",
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Put the world back, as far as the action's kind can; no brake stops this."""
    actor = command_actor(as_name, token)
    undone_by = undoing.undo_action(
        actor=actor, action_id=_action_id(actor, action), reason=reason, now=now()
    )
    if as_json:
        print_json({"action_id": undone_by})
    else:
        say(f"the undo is queued as action {short(undone_by)}")


def halt(action: ActionText, *, reason: Reason = "", as_name: As = "", token: Token = "") -> None:
    """Stop a run before its next step."""
    actor = command_actor(as_name, token)
    actions.halt_action(actor=actor, action_id=_action_id(actor, action), reason=reason, now=now())
    say("halted")


def resume(action: ActionText, *, reason: Reason = "", as_name: As = "", token: Token = "") -> None:
    """Let a halted run go on."""
    actor = command_actor(as_name, token)
    actions.resume_action(
        actor=actor, action_id=_action_id(actor, action), reason=reason, now=now()
    )
    say("it goes on")


def _action_id(actor: Actor, text: str) -> ActionId:
    among = (row.id for row in list_actions(actor, limit=_SEARCHED_MAX))
    return full_id(text, lambda: among, noun="action")
