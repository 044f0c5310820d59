"""`scuderia datasets agreement`: how far raters agree, with an interval."""

from pathlib import Path
from typing import Annotated

import typer

from scuderia.datasets.queries.agreement import tell_agreement
from scuderia.loop.commands.output import print_json, say

app = typer.Typer(help="Tell how far raters agree.")


@app.command("datasets agreement")
def agreement(
    file: Annotated[Path, typer.Argument(help="The answers: columns item, worker, label.")],
    *,
    metric: Annotated[str, typer.Option(help="nominal, ordinal or interval.")],
    repeated: Annotated[
        str, typer.Option(help="Of one worker's answers to one item: first, last or all.")
    ] = "first",
    resamples: Annotated[int, typer.Option(help="Bootstrap resamples of items.")] = 1_000,
    seed: Annotated[int, typer.Option(help="Where the dice start.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="The whole answer as JSON.")] = False,
) -> None:
    """Tell Krippendorff's alpha with a 95% interval, and Fleiss' kappa where it applies."""
    told = tell_agreement(file, metric, repeated=repeated, resamples=resamples, seed=seed)
    if as_json:
        print_json(told)
        return
    if told.alpha is None:
        say("alpha cannot be told: no two answers that could differ.")
    else:
        interval = "" if told.low is None else f" [{told.low:.3f}, {told.high:.3f}]"
        say(f"alpha {told.alpha:.3f}{interval}, {told.metric.value}, 95% over items.")
    say(f"{told.votes} answers on {told.units} items by {told.raters} raters; {told.units_alone}")
    say(f"  items with one answer are left out; {told.repeated} repeated answers: {repeated}.")
    if told.fleiss_kappa is not None:
        say(f"Fleiss' kappa {told.fleiss_kappa:.3f}: every item has as many answers.")
