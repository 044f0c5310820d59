"""`scuderia crew replay`: the crew on a real year, a person deciding, beside doing nothing."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from scuderia.basics.units import percent
from scuderia.crew.agents.replayed_year import (
    HOUR_S,
    LIMITS,
    YearRules,
    YearScore,
    play_year,
)
from scuderia.twin.commands import read_file, told
from scuderia.twin.nouns import DAY_S, BadPolicy, ReplayResult, TwinError

SPARES_MAX = 10_000
app = typer.Typer(help="Play the crew through a file of outages.")


@app.command("crew replay")
def replay(
    file: Annotated[Path, typer.Argument(help="A StepFun trace, or a table of node, start, end.")],
    *,
    fleet_size: Annotated[int, typer.Option(help="Nodes of the fleet, spares not counted.")],
    spares: Annotated[int, typer.Option(help="Spare nodes beside the fleet.")] = 12,
    decisions_a_day: Annotated[
        int, typer.Option(help="Approvals that a person has time for in a day.")
    ] = 12,
    look_hours: Annotated[int, typer.Option(help="Hours between two looks of the crew.")] = 6,
    handover_hours: Annotated[float, typer.Option(help="From the yes to the spare at work.")] = 1.0,
    target: Annotated[float, typer.Option(help="Daily availability promised.")] = 0.95,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Play the crew through FILE, a person approving, and set the year beside doing nothing."""
    try:
        rules = _rules(spares, decisions_a_day, look_hours, handover_hours, target)
        log = read_file(file, fleet_size)
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("playing the year", total=log.horizon_s)
            score = play_year(log, rules, looked=lambda now: progress.update(task, completed=now))
    except TwinError as error:
        raise told(error, as_json=as_json) from error
    if as_json:
        typer.echo(json.dumps(as_plain(score), indent=2))
    else:
        _print(score)


def _rules(
    spares: int, decisions_a_day: int, look_hours: int, handover_hours: float, target: float
) -> YearRules:
    for name, amount, least, most in (
        ("--spares", spares, 0, SPARES_MAX),
        ("--decisions-a-day", decisions_a_day, 0, 1_000),
        ("--look-hours", look_hours, 1, 24),
        ("--handover-hours", handover_hours, 0, 72),
        ("--target", target, 0.0, 1.0),
    ):
        if not least <= amount <= most:
            raise BadPolicy(
                f"{name} {amount} cannot be played.", remedy=f"Give {name} from {least} to {most}."
            )
    return YearRules(
        spares=spares,
        decisions_a_day=decisions_a_day,
        look_s=look_hours * HOUR_S,
        handover_s=round(handover_hours * HOUR_S),
        target=target,
    )


def as_plain(score: YearScore) -> dict[str, object]:
    """Return the score as `--json` prints it; shares as fractions of one."""
    return {
        "days_at_target_base": round(score.days_at_target(score.base), 6),
        "days_at_target_crew": round(score.days_at_target(score.crew), 6),
        "days_at_target_ideal": round(score.days_at_target(score.ideal), 6),
        "decisions_per_day": round(score.decisions_per_day, 4),
        "precision": None if score.precision is None else round(score.precision, 4),
        "availability_base": round(score.base.availability, 6),
        "availability_crew": round(score.crew.availability, 6),
        "availability_ideal": round(score.ideal.availability, 6),
        "days": score.days,
        "days_below_target_base": score.base.days_below_target,
        "days_below_target_crew": score.crew.days_below_target,
        "days_below_target_ideal": score.ideal.days_below_target,
        "worst_day_base": round(score.base.worst_day, 6),
        "worst_day_crew": round(score.crew.worst_day, 6),
        "most_decisions_in_a_day": max(_by_day(score).values(), default=0),
        "decisions": len(score.decided),
        "decisions_by_kind": _by_kind(score),
        "helped": sum(one.helped for one in score.decided),
        "proposed": score.proposed,
        "left_over": score.left_over,
        "looks": score.looks,
        "nodes": score.nodes,
        "rules": asdict(score.rules),
        "limits": list(LIMITS),
        "log_digest": score.log_digest,
    }


def _by_day(score: YearScore) -> Mapping[int, int]:
    found: dict[int, int] = {}
    for one in score.decided:
        found[one.at_s // DAY_S] = found.get(one.at_s // DAY_S, 0) + 1
    return found


def _by_kind(score: YearScore) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for one in score.decided:
        found[one.kind] = found.get(one.kind, 0) + 1
    return dict(sorted(found.items()))


def _print(score: YearScore) -> None:
    console, rules = Console(), score.rules
    table = Table(
        title=f"{score.nodes} nodes and {rules.spares} spares, {score.days} days, looked at every "
        f"{rules.look_s // HOUR_S} h"
    )
    for heading in ("", "as it was", "with the crew", "every outage filled at once"):
        table.add_column(heading, justify="left" if not heading else "right")
    for row in _rows(score):
        table.add_row(*row)
    console.print(table)
    precision = "-" if score.precision is None else f"{percent(score.precision, 1)}"
    helped = sum(one.helped for one in score.decided)
    console.print(
        f"{len(score.decided)} decisions, {score.decisions_per_day:.2f} a day and at most "
        f"{max(_by_day(score).values(), default=0)} in one; {helped} helped ({precision})."
    )
    for limit in LIMITS:
        console.print(f"- {limit}", style="dim")


def _rows(score: YearScore) -> Iterator[tuple[str, ...]]:
    sides: tuple[ReplayResult, ...] = (score.base, score.crew, score.ideal)
    yield ("availability", *(f"{percent(one.availability)}" for one in sides))
    at = f"days at {percent(score.rules.target, 0)} or above"
    yield (at, *(f"{percent(score.days_at_target(one))}" for one in sides))
    yield ("days below", *(f"{one.days_below_target} of {one.days}" for one in sides))
    yield ("worst day", *(f"{percent(one.worst_day)}" for one in sides))
    yield ("median day", *(f"{percent(one.median_day)}" for one in sides))
