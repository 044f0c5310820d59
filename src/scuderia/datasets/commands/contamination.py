"""`scuderia datasets contamination`: whether a dataset repeats evaluation sets."""

from pathlib import Path
from typing import Annotated

import typer

from scuderia.datasets.commands.duplicates import AsJson, File, TextColumn
from scuderia.datasets.commands.reports import show_progress, write_report
from scuderia.datasets.queries.contamination import prove_contamination
from scuderia.loop.commands.output import print_json, print_table, say

app = typer.Typer(add_completion=False)

SHOWN = 20


@app.command()
def contamination(
    file: File,
    *,
    against: Annotated[list[Path], typer.Option(help="An evaluation set's file; again for more.")],
    text_column: TextColumn = "text",
    threshold: Annotated[
        str, typer.Option(help="Least Jaccard of character 5-grams: 0.5 to 1.")
    ] = "0.8",
    out: Annotated[Path | None, typer.Option(help="Write the proof there.")] = None,
    as_json: AsJson = False,
) -> None:
    """Compare every row with every item of every set, exactly, and prove what was found.

    The sets have the same text column. A row that only contains an item is not like it.
    """
    proof = prove_contamination(file, against, text_column, threshold, show_progress)
    if out is not None:
        write_report(proof, out)
    if as_json:
        print_json(proof)
        return
    print_table(
        ["set", "items", "in the dataset", "sha256"],
        ((one.name, one.items, one.matched, one.sha256) for one in proof.sets),
        empty="",
    )
    say(f"{len(proof.removed):,} of {proof.rows:,} rows to remove at {proof.threshold} or more")
    print_table(
        ["row", "set", "item", "jaccard"],
        ((one.row, one.set_name, one.item, f"{one.jaccard:.4f}") for one in proof.matches[:SHOWN]),
        empty="no row repeats an item",
    )
    if len(proof.matches) > SHOWN:
        say(f"and {len(proof.matches) - SHOWN:,} more: --json or --out FILE")
