"""`scuderia datasets plan`: how many items of a lot to look at, and which."""

from pathlib import Path
from typing import Annotated

import typer

from scuderia.datasets.nouns import Severity
from scuderia.datasets.queries.sampling_plans import (
    FoundBad,
    PlanReport,
    PlanTyped,
    bound_share,
    make_plan,
)
from scuderia.loop.commands.output import plain, print_facts, print_json, print_table, say

app = typer.Typer(add_completion=False)

SHOWN = 12


@app.command()
def plan(
    *,
    lot: Annotated[int, typer.Option(help="Items in the lot.")],
    aql: Annotated[str, typer.Option(help="Share of bad items that is to pass: 0.01 or 1%.")],
    ltpd: Annotated[str, typer.Option(help="Share of bad items that is not to pass.")],
    alpha: Annotated[str, typer.Option(help="Risk of refusing a lot at the AQL.")] = "0.05",
    beta: Annotated[str, typer.Option(help="Risk of accepting a lot at the LTPD.")] = "0.1",
    n_max: Annotated[int | None, typer.Option(help="The largest sample to draw.")] = None,
    history: Annotated[
        str, typer.Option(help="Lots before, oldest first: A (tighter too), a, r (rejected).")
    ] = "",
    seed: Annotated[str, typer.Option(help="Published seed of the sample.")] = "",
    sample: Annotated[bool, typer.Option("--sample", help="Say which items to look at.")] = False,
    items: Annotated[Path | None, typer.Option(help="File of the items' names.")] = None,
    id_column: Annotated[str, typer.Option(help="Its column of names.")] = "id",
    found: Annotated[int | None, typer.Option(help="Bad items in the sample.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Everything as JSON.")] = False,
) -> None:
    """Find the smallest sample that keeps both risks, exactly, and what it promises.

    Without --items the lot's items are called 0 to LOT - 1. docs/sampling.md has ten lines by
    which a customer draws the same sample.
    """
    made = make_plan(
        PlanTyped(
            lot=lot, aql=aql, ltpd=ltpd, alpha=alpha, beta=beta, n_max=n_max, history=history,
            seed=seed, wants_sample=sample, names=items, name_column=id_column,
        )
    )  # fmt: skip
    bounds = bound_share(made, found) if found is not None else None
    if as_json:
        shown = plain(made)
        print_json({**shown, "found": bounds} if isinstance(shown, dict) else shown)
        return
    _show(made, bounds)


def _show(made: PlanReport, bounds: FoundBad | None) -> None:
    promised = made.plans.get(made.severity, made.plans[Severity.NORMAL])
    print_facts(
        {
            "inspection": made.severity.value,
            "look at": f"{made.n:,} of {made.lot:,} items",
            "accept with": f"at most {made.c:,} bad ones",
            "at the AQL": f"{made.aql:.2%} bad: accepted {promised.accepted_at_aql:.2%}",
            "at the LTPD": f"{made.ltpd:.2%} bad: accepted {promised.accepted_at_ltpd:.2%}",
        }
    )
    every = max(1, len(made.oc) // SHOWN)
    print_table(
        ["bad items", "share", "accepted"],
        ((one.bad, f"{one.share:.2%}", f"{one.accepted:.2%}") for one in made.oc[::every]),
        empty="",
    )
    if bounds is not None:
        verdict = "accepted" if bounds.is_accepted else "rejected"
        say(
            f"{bounds.bad} bad of {bounds.n}: {verdict}; the lot's share is at most "
            f"{bounds.share_at_most:.2%}, by 95 % confidence"
        )
    for item in made.sample or ():
        say(item)
