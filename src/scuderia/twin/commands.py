"""`scuderia twin`: replay a year of faults under another policy, and print before and after.

Exit codes: 0 done, 2 bad input, 3 refused, 4 unable.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from scuderia.twin.nouns import (
    DAY_S,
    HISTORY,
    BadPolicy,
    Band,
    Comparison,
    LemonRule,
    OutageLog,
    Policy,
    ReplayResult,
    Share,
    TwinError,
)
from scuderia.twin.outage_files import BadTrace, read_outages
from scuderia.twin.replay import compare

BAD_INPUT = 2
UNABLE = 4
_HOUR_S = 3_600
_FILE_BYTES_MAX = 512 * 2**20

app = typer.Typer(help="Replay outages under another policy.", no_args_is_help=True)


class TraceUnreadable(TwinError):  # noqa: N818 - named for what did not happen
    """The file cannot be opened or is not text."""

    code = "TWIN-005"


@app.callback()
def twin() -> None:
    """Replay a fleet's outages under another policy; nothing in the fleet is touched."""


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="A StepFun trace, or a table of node, start, end.")],
    *,
    fleet_size: Annotated[int, typer.Option(help="Nodes of the fleet, spares not counted.")],
    spares: Annotated[int, typer.Option(help="Spare nodes beside the fleet.")] = 0,
    swap_days: Annotated[float, typer.Option(help="Days from outage to asking for a spare.")] = 0.0,
    repair_cap_days: Annotated[float | None, typer.Option(help="No repair lasts longer.")] = None,
    return_soak_hours: Annotated[float, typer.Option(help="Test before each return.")] = 0.0,
    soak_catches: Annotated[
        str, typer.Option(help="Share of faults the soak shows: 1, or a range 0.5:0.9.")
    ] = "1",
    lemon: Annotated[str | None, typer.Option(help="Replace at K outages in DAYS: 2/28.")] = None,
    lemon_replaced: Annotated[
        bool, typer.Option(help="Off: pulled nodes are not replaced, the slot is lost.")
    ] = True,
    target: Annotated[float, typer.Option(help="Daily availability promised.")] = 0.95,
    seeds: Annotated[int, typer.Option(help="Redrawn fleets behind the interval.")] = 200,
    seed: Annotated[int, typer.Option(help="Where the dice start.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Replay FILE as it was and under the policy; print both, the interval and the limits."""
    try:
        log = read_file(file, fleet_size)
        policy = Policy(
            spares=spares,
            swap_delay_s=_seconds("--swap-days", swap_days, DAY_S),
            repair_cap_s=None
            if repair_cap_days is None
            else _seconds("--repair-cap-days", repair_cap_days, DAY_S),
            return_soak_s=_seconds("--return-soak-hours", return_soak_hours, _HOUR_S),
            relapse_catch_share=_share(soak_catches),
            lemon=None if lemon is None else _lemon(lemon, replaces=lemon_replaced),
        )
        if seed < 0:
            raise BadPolicy("The seed is negative.", remedy="Give a seed of zero or more.")
        outcome = compare(log, HISTORY, policy, target=target, seeds=seeds, seed=seed)
    except TwinError as error:
        raise told(error, as_json=as_json) from error
    if as_json:
        typer.echo(json.dumps(_as_json(log, policy, outcome), indent=2))
    else:
        _print(log, outcome)


def told(error: TwinError, *, as_json: bool) -> typer.Exit:
    """Print the error where errors go; return the exit it deserves."""
    if as_json:
        typer.echo(json.dumps(error.as_json()), err=True)
    else:
        typer.echo(f"{error.code}: {error.message}\n{error.remedy}", err=True)
    return typer.Exit(UNABLE if isinstance(error, TraceUnreadable) else BAD_INPUT)


def read_file(file: Path, fleet_size: int) -> OutageLog:
    """Return the log of a file that a person named; a TwinError says what is wrong with it."""
    if not file.is_file():
        raise BadTrace(
            f"There is no file {file}.", remedy="Give the path of a StepFun trace or a table."
        )
    try:
        if file.stat().st_size > _FILE_BYTES_MAX:
            raise BadTrace(f"{file} is over 512 MiB.", remedy="Split the trace by cluster or year.")
        with file.open("rb"):
            pass
    except OSError as error:
        raise TraceUnreadable(
            f"{file} cannot be read: {error.strerror}.", remedy="Check the file's permissions."
        ) from error
    return read_outages(file, n_nodes=fleet_size)


def _seconds(name: str, amount: float, unit_s: int) -> int:
    if not math.isfinite(amount) or amount < 0 or amount > 36_525 * 24:
        raise BadPolicy(
            f"{name} {amount} is no length of time.", remedy=f"Give {name} a number from 0 up."
        )
    return round(amount * unit_s)


def _share(text: str) -> Share:
    low, _, high = text.partition(":")
    try:
        return Share(float(low), float(high or low))
    except ValueError as error:
        raise BadPolicy(
            f"--soak-catches {text[:40]!r} is no share.", remedy="Give 0.8, or a range 0.5:0.9."
        ) from error


def _lemon(text: str, *, replaces: bool) -> LemonRule:
    count, _, days = text.partition("/")
    try:
        outages, within = int(count), float(days)
    except ValueError as error:
        raise BadPolicy(
            f"--lemon {text[:40]!r} is no rule.", remedy="Give outages/days, such as 2/28."
        ) from error
    return LemonRule(outages, _seconds("--lemon", within, DAY_S), replaces=replaces)


def _as_json(log: OutageLog, policy: Policy, outcome: Comparison) -> dict[str, object]:
    sides = {
        name: asdict(result) | {"interval80": _intervals(bands)}
        for name, result, bands in (
            ("base", outcome.base, outcome.base_bands),
            ("candidate", outcome.candidate, outcome.candidate_bands),
        )
    }
    return {
        **sides,
        "change": {
            name: {"point": band.point, "interval80": [band.low80, band.high80]}
            for name, band in outcome.change.items()
        },
        "policy": asdict(policy),
        "fleet_size": log.n_nodes,
        "horizon_days": log.days,
        "seeds": outcome.seeds,
        "seed": outcome.seed,
        "method": outcome.method,
        "limits": list(outcome.limits),
        "log_digest": outcome.log_digest,
    }


def _intervals(bands: Mapping[str, Band]) -> dict[str, list[float]]:
    return {name: [band.low80, band.high80] for name, band in bands.items()}


def _print(log: OutageLog, outcome: Comparison) -> None:
    console = Console()
    table = Table(title=f"{log.n_nodes} nodes, {log.days} days, {len(log)} outages")
    for heading in ("", "as it was", "under the policy", "change, 80% interval"):
        table.add_column(heading, justify="left" if not heading else "right")
    for row in _rows(outcome):
        table.add_row(*row)
    console.print(table)
    console.print(outcome.method, style="dim")
    for limit in outcome.limits:
        console.print(f"- {limit}", style="dim")
    console.print(f"events {outcome.base.digest} -> {outcome.candidate.digest}", style="dim")


def _rows(outcome: Comparison) -> list[tuple[str, str, str, str]]:
    base, after, change = outcome.base, outcome.candidate, outcome.change

    def row(name: str, shown: str, moved: str = "") -> tuple[str, str, str, str]:
        was, now = (format(getattr(side, name), shown) for side in (base, after))
        return name.replace("_", " "), was, now, moved

    return [
        row("availability", ".2%", _moved(change["availability"], "+.2%")),
        row("days_below_target", "d", _moved(change["days_below_target"], "+.0f")),
        row("worst_day", ".2%"),
        row("median_day", ".2%"),
        row("outages", "d", _moved(change["outages"], "+.0f")),
        row("swaps", "d"),
        row("swaps_missed", "d"),
        ("spare wait, node-days", _days(base), _days(after), ""),
        row("relapses_caught", "d"),
        row("nodes_pulled", "d"),
    ]


def _days(result: ReplayResult) -> str:
    return f"{result.spare_wait_s / DAY_S:.1f}"


def _moved(band: Band, shown: str) -> str:
    return f"{band.point:{shown}}  [{band.low80:{shown}}, {band.high80:{shown}}]"
