"""`scuderia datasets vendi`: how diverse the texts of a file are."""

from pathlib import Path
from typing import Annotated

import typer

from scuderia.datasets.commands import blas  # noqa: F401 - before numpy
from scuderia.datasets.commands.duplicates import AsJson, File, TextColumn
from scuderia.datasets.commands.reports import show_progress
from scuderia.datasets.queries.diversity import DiversityAsked, DiversityReport, measure_diversity
from scuderia.loop.commands.output import print_facts, print_json

app = typer.Typer(add_completion=False)


@app.command()
def vendi(
    file: File,
    *,
    text_column: TextColumn = "text",
    by: Annotated[str, typer.Option(help="A column whose spread is told as entropy.")] = "",
    reference: Annotated[
        Path | None, typer.Option(help="Texts whose cells are to be occupied.")
    ] = None,
    novel: Annotated[str, typer.Option(help="A text: how new is it beside the file?")] = "",
    centres: Annotated[
        int, typer.Option(help="Centres that stand for all.", min=1, max=1_000)
    ] = 16,
    n: Annotated[int, typer.Option(help="Items in each part of the interval.", min=2)] = 2_000,
    resamples: Annotated[int, typer.Option(help="Parts of the interval.", min=2, max=1_000)] = 30,
    seed: Annotated[int, typer.Option(help="Of the parts.", min=0)] = 1,
    as_json: AsJson = False,
) -> None:
    """Tell the Vendi score of a file's texts, with an interval, and what a few rows cover.

    The vectors are static word embeddings, made here: nothing is sent or fetched.
    """
    found = measure_diversity(
        DiversityAsked(
            file=file, column=text_column, by=by, reference=reference, novel=novel,
            centres=centres, n=n, resamples=resamples, seed=seed,
        ),
        show_progress,
    )  # fmt: skip
    if as_json:
        print_json(found)
        return
    _show(found)


def _show(found: DiversityReport) -> None:
    facts: dict[str, object] = {
        "rows": f"{found.rows:,}, {found.empty:,} of them without text",
        "encoder": found.encoder,
        "Vendi score": f"{found.vendi:.1f} of {found.n:,} rows",
        "coverage": f"{len(found.coverage.centres)} rows cover all within "
        f"{found.coverage.radius:.3f}; mean cosine {found.coverage.likeness:.3f}",
    }
    if found.interval:
        one = found.interval
        facts["at equal size"] = (
            f"{one.middle:.1f} ({one.low:.1f} to {one.high:.1f}) for {one.n:,} rows, "
            f"{one.resamples} draws, seed {one.seed}"
        )
    if found.by:
        facts["spread"] = (
            f"{found.by.values:,} values, as even as {found.by.effective:.1f}; "
            f"the commonest has {found.by.largest:.1%}"
        )
    if found.reference:
        facts["reference"] = f"{found.reference.occupied} of {found.reference.cells} cells occupied"
    if found.novelty:
        one_text = found.novelty
        facts["novelty"] = f"{one_text.novelty:.3f}, nearest row {one_text.nearest_row}"
    print_facts(facts)
