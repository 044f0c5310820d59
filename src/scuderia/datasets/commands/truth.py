"""`scuderia datasets truth`: the label to believe of each item, told from its votes."""

import csv
import dataclasses
import os
from pathlib import Path
from typing import Annotated

import typer

from scuderia.basics.errors import Unable
from scuderia.datasets.queries.truth import TruthAnswer, infer_truth
from scuderia.loop.commands.output import print_json, print_table, say

WORKERS_SHOWN = 10

app = typer.Typer(help="Tell the true label of each item from its votes.")


class NotWritten(Unable):
    """The file that was asked for could not be written, so it is not there."""

    code = "DATA-042"
    remedy = "Name a folder that exists and may be written to."


@app.command("datasets truth")
def truth(
    *,
    labels: Annotated[Path, typer.Option(help="The votes: columns item, worker, label.")],
    gold: Annotated[Path | None, typer.Option(help="Known labels: columns item, truth.")] = None,
    method: Annotated[
        str, typer.Option(help="auto, majority, ds, onecoin, bwa, ebcc, mace or glad.")
    ] = "auto",
    out: Annotated[
        Path | None, typer.Option(help="Write item, label and probability to this CSV.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The whole answer as JSON.")] = False,
) -> None:
    """Tell each item's label and each worker's worth; auto chooses on gold or held-out votes."""
    answer = infer_truth(labels, gold, method)
    if out is not None:
        _write(answer, out)
    if as_json:
        shown = (entry.name for entry in dataclasses.fields(answer))
        print_json({name: getattr(answer, name) for name in shown if name != "probabilities"})
    else:
        _show(answer)


def _show(answer: TruthAnswer) -> None:
    rows = (
        (
            one.method.value + (" *" if one.method is answer.method else ""),
            "-" if one.accuracy is None else f"{one.accuracy:.2%}",
            "-" if one.log_score is None else f"{one.log_score:.4f}",
        )
        for one in answer.tried
    )
    if answer.tried:
        print_table(["method", "accuracy on gold", "held-out log score"], rows, empty="")
    say(f"{len(answer.labels)} items by {answer.method.value}, chosen on: {answer.chosen_on}.")
    if answer.accuracy is not None:
        unseen = answer.accuracy_unseen
        blind = "" if unseen is None else f"; {unseen:.2%} where the choice had not seen the gold"
        say(f"accuracy {answer.accuracy:.2%} of {answer.gold_items} gold items{blind}.")
    worst = sorted(answer.workers.items(), key=lambda entry: entry[1].accuracy)[:WORKERS_SHOWN]
    cells = ((name, worth.votes, f"{worth.accuracy:.1%}") for name, worth in worst)
    print_table(["lowest workers", "votes", "believed right"], cells, empty="No worker.")


def _write(answer: TruthAnswer, path: Path) -> None:
    """Write the file whole, or not at all."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as stream:
            table = csv.writer(stream, lineterminator="\n")
            table.writerow(["item", "label", "probability"])
            for item, label in answer.labels.items():
                table.writerow([item, label, f"{answer.probabilities[item]:.6f}"])
        os.replace(part, path)  # noqa: PTH105 - os.replace is the atomic one by name
    except OSError as error:
        part.unlink(missing_ok=True)
        raise NotWritten(f"{path}: {error.strerror or 'it cannot be written'}") from None
