"""`scuderia datasets forecast`: when a project reaches its target, and what moves the date."""

from typing import Annotated

import typer

from scuderia.basics.actors import Actor
from scuderia.datasets.queries.forecasts import Change, ForecastView, get_forecast
from scuderia.loop.commands.command_actor import AsJson, for_actor, now
from scuderia.loop.commands.output import print_facts, print_json, print_table, say

app = typer.Typer(help="When a project reaches its target.")


@app.command("datasets forecast")
@for_actor
def forecast_command(
    project: str,
    *,
    more_raters: Annotated[int, typer.Option(help="What if: so many contributors more.")] = 0,
    more_judgments: Annotated[int, typer.Option(help="What if: so many more to judge.")] = 0,
    overlap: Annotated[
        float, typer.Option(help="What if: this share of what is left, 0.8 for 4 of 5 an item.")
    ] = 1.0,
    lost_days: Annotated[float, typer.Option(help="What if: so many days without work.")] = 0.0,
    seed: Annotated[int, typer.Option(help="The same seed, the same answer.")] = 0,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Say by when the target is reached: P50, P80, P95, and the interval of 80 %."""
    change = Change(
        more_raters=more_raters, more_target=more_judgments, overlap=overlap, lost_days=lost_days
    )
    view = get_forecast(actor, project, now(), change=change, seed=seed)
    if as_json:
        print_json(view)
        return
    _say(view)


def _say(view: ForecastView) -> None:
    say(f"{view.project}: {view.done:,} of {view.target:,} judgments; {view.words}")
    if view.p50 is not None:
        facts = {"P50 (UTC)": view.p50, "P80": view.p80, "P95": view.p95}
        due = {"promised": view.due_at, "late by P80": "yes" if view.late else "no"}
        span = {"80 % within": (view.low, view.high)}
        past = {"finished projects": view.past}
        print_facts({**facts, **span, **(due if view.due_at else {}), **past})
    if view.movers:
        rows = ((one.what, f"{one.days:+.1f}") for one in view.movers)
        print_table(["what moves the P50", "days"], rows, empty="")
