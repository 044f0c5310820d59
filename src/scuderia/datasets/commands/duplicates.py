"""`scuderia datasets duplicates`: which rows of a file repeat one another."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from scuderia.datasets.commands.reports import show_progress, write_report
from scuderia.datasets.queries.duplicates import DuplicateReport, find_duplicates
from scuderia.loop.commands.output import print_facts, print_json, print_table, say

app = typer.Typer(add_completion=False)

KEPT_IN_JSON = 10_000
SHOWN = 20

File = Annotated[Path, typer.Argument(help="Parquet, JSON Lines, CSV or XLSX; packed or not.")]
TextColumn = Annotated[str, typer.Option(help="The column to compare.")]
AsJson = Annotated[bool, typer.Option("--json", help="Everything as JSON.")]


@app.command()
def duplicates(
    file: File,
    *,
    text_column: TextColumn = "text",
    threshold: Annotated[
        str, typer.Option(help="Least Jaccard of character 5-grams: 0.5 to 1.")
    ] = "0.8",
    strip_template: Annotated[
        list[str] | None,
        typer.Option(help='Fixed text to take off first: "Do you agree? {}". Again for more.'),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the whole report there.")] = None,
    as_json: AsJson = False,
) -> None:
    """Find every pair of rows that are alike, exactly, and which rows to remove.

    Nothing is removed: each removal is named with the kept row that it repeats. Rows are counted
    from 0. The first use on a machine compiles for about half a minute.
    """
    found = find_duplicates(file, text_column, threshold, strip_template or (), show_progress)
    if out is not None:
        write_report(found, out)
    if as_json:
        print_json(shortened(found))
        return
    _show(found)
    if out is not None:
        say(f"all of it: {out}")


def shortened(found: DuplicateReport) -> DuplicateReport:
    """Return the report with at most 10,000 pairs and removals; its totals count all."""
    pairs, removed = found.pairs[:KEPT_IN_JSON], found.removed[:KEPT_IN_JSON]
    return replace(found, pairs=pairs, removed=removed)


def _show(found: DuplicateReport) -> None:
    print_facts(
        {
            "rows": f"{found.rows:,}, {found.empty:,} of them without text",
            "template taken off": f"{found.stripped:,} rows",
            "different sets": f"{found.distinct_sets:,}",
            "alike": f"{found.pairs_total:,} pairs of sets at {found.threshold:g} or more",
            "pairs of rows": f"{found.row_pairs:,}, identical ones too",
            "to remove": f"{found.removed_total:,} rows, if the first is kept",
        }
    )
    print_table(
        ["row", "repeats row", "jaccard"],
        ((one.row, one.twin, f"{one.jaccard:.4f}") for one in found.removed[:SHOWN]),
        empty="nothing is repeated",
    )
    if found.removed_total > SHOWN:
        say(f"and {found.removed_total - SHOWN:,} more: --json or --out FILE")
