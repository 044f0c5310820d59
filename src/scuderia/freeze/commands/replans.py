"""`scuderia freeze bill|replan|landing|adopt`: what a zone costs, and the calendar around it."""

from collections import Counter
from typing import Annotated

import typer

from scuderia.basics.actors import Actor
from scuderia.freeze.commands.zones import Why, ZoneId, full_zone_id
from scuderia.freeze.operations.replans import adopt_replan, draft_replan
from scuderia.freeze.queries.impact_bill import BilledUpdate, BillView, get_bill
from scuderia.freeze.queries.replans import ReplanView, get_replan, replan_ids
from scuderia.loop.commands.command_actor import AsJson, for_actor, now
from scuderia.loop.commands.ids import full_id
from scuderia.loop.commands.output import (
    cell,
    print_done,
    print_facts,
    print_json,
    print_table,
    say,
    short,
)

bill_app = typer.Typer(add_completion=False)
replan_app = typer.Typer(add_completion=False)
landing_app = typer.Typer(add_completion=False)
adopt_app = typer.Typer(add_completion=False)

SHOWN = 30
Seed = Annotated[int, typer.Option(help="Another seed searches otherwise; one gives one plan.")]


@bill_app.command()
@for_actor
def bill(zone: ZoneId, *, actor: Actor, as_json: AsJson = False) -> None:
    """Show what a zone costs: what moves, who waits, what grows old meanwhile."""
    found = get_bill(actor, full_zone_id(zone, actor), now())
    if as_json:
        print_json(found)
        return
    _show_bill(found)


def _show_bill(found: BillView) -> None:
    until = f"{cell(found.until)} UTC" + (", as far as is planned: open end" * found.is_open)
    print_facts(
        {
            "protects": f"{found.gpu_hours:,} GPU-hours until {until}",
            **_idle(found),
            "updates that move": f"{found.moved_in_all:,} of {found.planned_in_all:,} planned",
            "updates held up": f"{found.waiting_in_all:,} of higher rings",
            "customers who wait": f"{found.customers_in_all}: {', '.join(found.customers)}",
        }
    )
    for one in found.nights:
        say(f"{one.site} loses {one.whole} nightly windows, {one.part} more in part")
    print_table(
        ["severity", "updates", "nodes", "node-days", "oldest (days)", "deadline broken (UTC)",
         "CVEs"],
        (
            (one.severity, one.updates, one.nodes, one.node_days, one.oldest_days,
             one.first_deadline, _some(one.cves))
            for one in found.debt
        ),
        empty="no update that mends a told flaw waits",
    )  # fmt: skip
    _show_updates([*found.moved, *found.waiting])


def _idle(found: BillView) -> dict[str, str]:
    if found.idle_gpu_hours is None:
        return {}
    words = f"{found.idle_gpu_hours:,} GPU-hours before it begins; {found.idle_cost}"
    return {"keeps idle": words}


def _show_updates(rows: list[BilledUpdate]) -> None:
    print_table(
        ["update", "class", "planned (UTC)", "nodes", "owner", "late after (UTC)"],
        (
            (row.key, row.update_class, row.start, row.nodes, row.owner or None,
             row.past_deadline or row.past_due)
            for row in rows[:SHOWN]
        ),
        empty="nothing that is planned moves",
    )  # fmt: skip
    _say_more(len(rows))


def _say_more(rows: int) -> None:
    if rows > SHOWN:
        say(f"and {rows - SHOWN:,} more: --json tells all of them")


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")  # noqa: PLR2004


@replan_app.command()
@for_actor
def replan(zone: ZoneId, *, seed: Seed = 1, actor: Actor, as_json: AsJson = False) -> None:
    """Draft the calendar around a zone; nothing is moved before a person adopts it."""
    _draft(zone, actor, landing=False, seed=seed, as_json=as_json)


@landing_app.command()
@for_actor
def landing(zone: ZoneId, *, seed: Seed = 1, actor: Actor, as_json: AsJson = False) -> None:
    """Draft the same so that the backlog lands slowly: few starts an hour, then more."""
    _draft(zone, actor, landing=True, seed=seed, as_json=as_json)


def _draft(zone: str, actor: Actor, *, landing: bool, seed: int, as_json: bool) -> None:
    zone_id = full_zone_id(zone, actor)
    typer.echo("planning; ten thousand updates take about ten seconds", err=True)
    made = draft_replan(actor=actor, zone_id=zone_id, now=now(), landing=landing, seed=seed)
    found = get_replan(actor, made)
    if as_json:
        print_json(found)
        return
    _show_draft(found)


def _show_draft(found: ReplanView) -> None:
    print_facts(
        {
            "draft": found.id,
            "in the zone's way": f"{found.displaced:,} of {found.planned:,} planned updates",
            "moved": f"{len(found.moves):,}",
            "left out": f"{len(found.left_out):,}",
            "costs": f"{found.objective:,} (first plan {found.greedy:,})",
            "checked": f"{found.violations} rules broken, by a check that is not the planner's",
        }
    )
    print_table(
        ["update", "starts (UTC)", "instead of (UTC)"],
        ((one.key, one.start, one.was) for one in found.moves[:SHOWN]),
        empty="nothing moves",
    )
    _say_more(len(found.moves))
    print_table(
        ["left out", "because", "enough to relax", "known"],
        (
            (one.key, f"waits for {one.waits_for}" if one.waits_for else one.binding, one.relax,
             "proven" if one.certainty == "proven" else "in this plan")
            for one in found.left_out[:SHOWN]
        ),
        empty="nothing is left out",
    )  # fmt: skip
    if found.is_landing:
        hours = Counter(one.start.replace(minute=0) for one in found.moves)
        busiest = max(hours.values(), default=0)
        say(f"at most {busiest} of the moved start in one clock hour")
    say(f"adopt it: scuderia freeze adopt {short(found.id)} --reason WHY")


@adopt_app.command()
@for_actor
def adopt(
    draft: Annotated[str, typer.Argument(metavar="DRAFT", help="The draft's id, or its end.")],
    *,
    reason: Why,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Move the calendar as a draft says, if it is still the calendar it was made from."""
    replan_id = full_id(draft, lambda: replan_ids(actor), noun="draft")
    moved = adopt_replan(actor=actor, replan_id=replan_id, reason=reason, now=now())
    print_done({"moved": moved}, f"{moved:,} updates were moved", as_json=as_json)
