"""The runs of approved proposals, under `scuderia loop`: list, show, undo, halt, resume, end."""

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from scuderia.basics.actors import Actor
from scuderia.loop.commands.command_actor import AsJson, Reason, for_actor, now
from scuderia.loop.commands.ids import full_id
from scuderia.loop.commands.listing import listing
from scuderia.loop.commands.output import (
    capacity_line,
    print_done,
    print_facts,
    print_json,
    print_table,
    say,
    short,
)
from scuderia.loop.nouns import ActionId, ActionState
from scuderia.loop.operations import actions
from scuderia.loop.operations import undo as undoing
from scuderia.loop.queries.actions import ActionRow, get_action, list_actions
from scuderia.loop.queries.outcomes import OutcomeRow

ActionText = Annotated[str, typer.Argument(metavar="ID", help="The action's id, or its end.")]
_SEARCHED_MAX = 10_000


def add_runs(app: typer.Typer) -> None:
    """Put the commands for runs beside those for proposals."""
    app.command("actions")(list_runs)
    app.command("action")(show_run)
    app.command("undo")(undo)
    app.command("halt")(halt)
    app.command("resume")(resume)
    app.command("cancel")(cancel)
    app.command("acknowledge")(acknowledge)


def _runs(
    actor: Actor,
    *,
    state: Annotated[list[ActionState] | None, typer.Option(help="States to list.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 100,
) -> Sequence[ActionRow]:
    return list_actions(actor, states=state or (), limit=limit)


list_runs = listing(
    "List what is being done and what was done, newest first.",
    _runs,
    {
        "id": lambda row: short(row.id),
        "action": lambda row: row.title,
        "state": lambda row: row.state,
        "decided by": lambda row: row.decided_by,
        "queued": lambda row: row.queued_at,
        "said": lambda row: row.said,
    },
    empty="nothing has been approved yet",
)


@for_actor
def show_run(action: ActionText, *, actor: Actor, as_json: AsJson = False) -> None:
    """Show one run with every effect and its outcome."""
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
            **(_capacity(row.outcome) if row.outcome else {}),
            "  undo": "may be undone" if row.can_undo else "no",
        }
    )
    print_table(
        ["step", "effect", "state", "tries", "key"],
        ((one.step, one.name, one.state, one.tries, one.key) for one in row.effects),
        empty="  no effect yet",
    )


def _capacity(outcome: OutcomeRow) -> dict[str, str]:
    promised = capacity_line("  promised back", outcome.promised_back)
    return promised | capacity_line("  bought back", outcome.bought_back)


@for_actor
def undo(
    action: ActionText,
    *,
    reason: Reason = "",
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Put the world back, as far as the action's kind can; no brake stops this."""
    undone_by = undoing.undo_action(
        actor=actor, action_id=_action_id(actor, action), reason=reason, now=now()
    )
    words = f"the undo is queued as action {short(undone_by)}"
    print_done({"action_id": undone_by}, words, as_json=as_json)


def _changing(says: str, change: actions.ActionChange, *, done: str) -> Callable[..., None]:
    """Return the command that makes one change of a run, and what it says then."""

    def command(action: ActionText, *, reason: Reason = "", actor: Actor) -> None:
        change(actor=actor, action_id=_action_id(actor, action), reason=reason, now=now())
        say(done)

    command.__doc__ = says
    return for_actor(command)


halt = _changing("Stop a run before its next step.", actions.halt_action, done="halted")
resume = _changing("Let a halted run go on.", actions.resume_action, done="it goes on")
cancel = _changing(
    "End a halted run for good; what was done stays done, and may be undone.",
    actions.cancel_action,
    done="ended; nothing further is done",
)
acknowledge = _changing(
    "Take note that a run failed, with a reason; it stays failed, and may be undone.",
    actions.acknowledge_failure,
    done="noted; it waits for nobody any more",
)


def _action_id(actor: Actor, text: str) -> ActionId:
    among = (row.id for row in list_actions(actor, limit=_SEARCHED_MAX))
    return full_id(text, lambda: among, noun="action")
