"""`scuderia freeze ask`: may this update be made? Exit code 0 if it may, 3 if it may not."""

from collections.abc import Mapping
from typing import Annotated

import typer

from scuderia.basics.actors import Actor
from scuderia.fleet.operations.descriptions import expand_nodes
from scuderia.freeze.operations.gate_decisions import GateAnswer, ask_gate, ask_gate_for_planned
from scuderia.freeze.queries.asked_updates import read_bound, read_update
from scuderia.loop.commands.command_actor import AsJson, for_actor, now
from scuderia.loop.commands.output import cell, print_json, say

REFUSED = 3

app = typer.Typer(add_completion=False)


@app.command()
@for_actor
def ask(
    *,
    update: Annotated[
        str, typer.Option("--update", help="The key of an update of the calendar, and no more.")
    ] = "",
    update_class: Annotated[str, typer.Option(help="firmware, driver, host_os, fabric ...")] = "",
    node: Annotated[
        list[str] | None,
        typer.Option(
            "--node", "--on", help="A node, node[001-128], switch:S, feed:F or storage:S; or more."
        ),
    ] = None,
    start: Annotated[str, typer.Option(help='E.g. "2026-07-24 00:00 America/Los_Angeles".')] = "",
    duration: Annotated[str, typer.Option(help="How long the work takes at most, e.g. 45m.")] = "",
    bake: Annotated[str, typer.Option(help="How long it is watched afterwards; else 0s.")] = "",
    rollback: Annotated[str, typer.Option(help="How long taking it back takes; else 0s.")] = "",
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Ask the gate whether an update may be made, from its start to the end of a rollback.

    Described, or by its --update on the calendar: then as planned, or from --start.
    """
    told = {"--update-class": update_class, "--node": node, "--duration": duration}
    if update:
        _refuse(told | {"--bake": bake, "--rollback": rollback}, "the calendar says it", given=True)
        begins = read_bound(start, "--start")
        answer = ask_gate_for_planned(actor=actor, key=update, start=begins, now=now())
    else:
        _refuse(told | {"--start": start}, "say it, or --update KEY", given=False)
        asked = read_update(
            nodes=expand_nodes(node or ()), update_class=update_class, start=start,
            duration=duration, bake=bake or "0s", rollback=rollback or "0s",
        )  # fmt: skip
        answer = ask_gate(actor=actor, update=asked, now=now())
    if as_json:
        print_json(answer)
    else:
        _say(answer)
    if not answer.allowed:
        raise typer.Exit(REFUSED)


def _refuse(options: Mapping[str, object], words: str, *, given: bool) -> None:
    """Return unless one of the options is there (`given`), or is not."""
    strange = next((name for name, value in options.items() if bool(value) == given), None)
    if strange is not None:
        raise typer.BadParameter(words, param_hint=strange)


def _say(answer: GateAnswer) -> None:
    say("allowed" if answer.allowed else "refused")
    if answer.planned_start is not None:
        say(f"  planned from {cell(answer.planned_start)} UTC")
    if answer.opened_by:
        say(f"  by break-glass {answer.opened_by}")
    for one in answer.reasons:
        say(f"  zone {one.zone}: {one.words}" if one.zone else f"  {one.words}")
    if answer.not_before is not None:
        say(f"  not before {cell(answer.not_before)} UTC")
    for slot in answer.slots:
        last = "" if slot.latest_start is None else f" to {cell(slot.latest_start)}"
        say(f"  may start from {cell(slot.start)}{last} UTC")
