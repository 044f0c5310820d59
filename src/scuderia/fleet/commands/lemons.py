"""`scuderia fleet lemons`: the nodes by score, and what the score was worth."""

from typing import Annotated

import typer

from scuderia.basics.actors import Actor
from scuderia.basics.units import percent
from scuderia.fleet.commands.options import AsJson
from scuderia.fleet.queries.lemons import PULL_OUTAGES, LevelWorth, PolicyResult, list_lemons
from scuderia.loop.commands.command_actor import for_actor
from scuderia.loop.commands.output import print_json, print_table, say
from scuderia.loop.ports import registry


@for_actor
def lemons(
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many nodes.")] = 20,
    *,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Rank the nodes by lemon score, and show beside it what the score was worth."""
    found = list_lemons(actor, registry.clock.now(), limit=limit)
    if as_json:
        print_json(found)
        return
    print_table(
        ["node", "held by", "score", "28 d", "90 d", "driven most by"],
        (
            (
                row.place.node,
                row.customer or "nobody",
                f"{percent(row.score.probability, 0)}",
                row.score.outages_28d,
                row.score.outages_90d,
                row.score.drivers[0][0],
            )
            for row in found.rows
        ),
        empty="No node ever failed.",
    )
    worth = found.worth
    say("")
    say(f"What it is worth. {worth.said}.")
    print_table(
        ["rule", "pulled", "failed again, 80% interval", "outages avoided"],
        (
            (
                rule.rule,
                rule.pulled,
                _precision(rule),
                f"{rule.avoided} of {rule.outages}: {percent(rule.avoided_share, 1)}",
            )
            for rule in (worth.naive, worth.score_matched)
        ),
        empty="",
    )
    say(_pull(worth.pull))
    say(
        f"Brier score of {worth.looks:,} weekly looks, lower is better: {worth.brier:.4f}; 2 "
        f"outages in 28 days as a forecast {worth.brier_of_naive:.4f}; the fleet's rate alone "
        f"{worth.brier_of_fleet:.4f}; base rate in hindsight {worth.brier_of_base_rate:.4f}."
    )
    print_table(
        ["score", "looks", "mean score", "came true"],
        (
            (f"{one.low:.2f}-{one.high:.2f}", f"{one.rows:,}", f"{one.predicted:.3f}",
             f"{one.observed:.3f}")
            for one in worth.calibration
        ),
        empty="",
    )  # fmt: skip
    say(f"The weights in use come from {found.weights}.")


def _pull(pull: LevelWorth | None) -> str:
    if pull is None:
        return "No level of the score was worth a swap: nothing is proposed for its score alone."
    return (
        f"A node is pulled from a score of {pull.level:.2f} on, after {PULL_OUTAGES} outages in 28 "
        f"days: {pull.pulled} such pulls saved their customer {pull.saved_h:.0f} h each within 28 "
        f"days (80%: {pull.low:.0f} to {pull.high:.0f})."
    )


def _precision(rule: PolicyResult) -> str:
    edges = f"{percent(rule.precision_low, 0)} to {percent(rule.precision_high, 0)}"
    return f"{rule.failed_again} of {rule.pulled}: {percent(rule.precision, 0)}, {edges}"
