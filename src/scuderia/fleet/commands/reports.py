"""`scuderia fleet report`, `evidence` and `evidence-verify`: the figures, and their proof."""

from pathlib import Path
from typing import Annotated

import typer

from scuderia.basics.actors import Actor
from scuderia.fleet.commands.formats import day, percent
from scuderia.fleet.commands.options import AsJson, From, Site, To, read_period
from scuderia.fleet.operations.evidence_packet import verify_evidence, write_evidence
from scuderia.fleet.queries.reports import SlaReport, beside_availability, get_report
from scuderia.loop.commands.command_actor import for_actor
from scuderia.loop.commands.output import print_facts, print_json, print_table, say
from scuderia.loop.ports import registry

CHANGES_SHOWN = 20


@for_actor
def report(
    target: Annotated[float | None, typer.Option("--target", help="0-1 [the customer's]")] = None,
    customer: Annotated[str | None, typer.Option("--customer")] = None,
    site: Site = None,
    start: From = None,
    end: To = None,
    *,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Report availability, days at target, outages, repair tail, relapses and money."""
    period = read_period(start, end, site, customer)
    found = get_report(actor, period, customer=customer, site=site, target=target)
    if as_json:
        print_json(_report_object(found))
    else:
        _show_report(found)


@for_actor
def evidence(
    out: Annotated[Path, typer.Option("--out", help="A folder that is new or empty.")],
    customer: Annotated[str | None, typer.Option("--customer")] = None,
    start: From = None,
    end: To = None,
    *,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Write the evidence packet of a period: raw events, figures, tables and hashes."""
    period = read_period(start, end, None, customer)
    written = write_evidence(
        out,
        start=period.start,
        end=period.end,
        customer=customer,
        actor=actor,
        now=registry.clock.now(),
    )
    if as_json:
        print_json(written)
        return
    said = f"availability {percent(written.availability)}"
    say(f"{len(written.files)} files in {written.folder}; {said}.")
    say(f"Check it anywhere: scuderia fleet evidence-verify {written.folder}")


def evidence_verify(folder: Path, as_json: AsJson = False) -> None:
    """Rebuild every figure of a packet from its raw events, and compare."""
    found = verify_evidence(folder)
    if as_json:
        print_json({"holds": True, **_report_object(found)})
        return
    said = f"{len(found.days)} days, {found.outages} outages"
    say(f"The packet holds: {said}, availability {percent(found.availability)}, all rebuilt.")


def _report_object(found: SlaReport) -> dict[str, object]:
    """Return the report as scripts read it: the promised names on top, everything below."""
    return {
        "outages": found.outages,
        "availability": found.availability,
        "days": found.days_known,
        "days_below_target": found.days_below_target,
        "target": found.target,
        "worst_day": found.worst_day,
        "median_day": found.median_day,
        "outage_hours_p50": found.outage_hours.p50,
        "downtime_share_over_7_days": found.downtime_share_over_7d,
        "relapse_24h": found.relapse_24h,
        "relapse_7d": found.relapse_7d,
        "relapse_28d": found.relapse_28d,
        "report": found,
    }


def _show_report(found: SlaReport) -> None:
    hours = found.outage_hours
    print_facts(
        {
            "period": f"{day(found.start)} to {day(found.end)}, {found.days_known} days",
            "nodes": f"{found.nodes} ({found.gpus} GPUs)",
            "availability": _availability(found),
            "customer-days": _customer_days(found),
            **_below(found),
            "worst day": f"{percent(found.worst_day)} on {found.worst_day_on}",
            "median day": percent(found.median_day),
            "outages": f"{found.outages}, {found.outages_open} still open",
            "outage hours": f"median {_number(hours.p50)}, p95 {_number(hours.p95)}",
            "over 7 days": f"{percent(found.downtime_share_over_7d)} of all downtime",
            "back within": f"24 h {percent(found.relapse_24h)}, 7 d {percent(found.relapse_7d)}",
            "worst tenth": f"{percent(found.concentration.downtime_share)} of all downtime",
            "capacity lost": "unknown"
            if found.gpus_lost is None
            else f"{found.gpus_lost:,.1f} GPUs' worth",
            **({} if found.cents_lost is None else {"money lost": _money(found.cents_lost)}),
        }
    )
    say("")
    print_table(
        ["cause", "outages", "downtime"],
        (
            (row.cause or "(unknown)", row.outages, percent(row.share))
            for row in found.by_cause[:10]
        ),
        empty="Nothing broke in this period.",
    )
    say("")
    for change in found.promises_changed[-CHANGES_SHOWN:]:
        say(change.words)
    say(found.price_note)
    say(found.limits)


def _below(found: SlaReport) -> dict[str, object]:
    if found.days_below_target is None:
        return {"target": "nothing was promised, or not the same to all"}
    name = "days < target" if found.target is None else f"days < {found.target:.0%}"
    return {name: found.days_below_target}


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:,.1f}"


def _customer_days(found: SlaReport) -> str:
    said = f"{found.customer_days_at_target} of {found.customer_days} at target"
    bare = found.customer_days_unpromised
    return f"{said}; {bare} more with nothing promised" if bare else said


def _availability(found: SlaReport) -> str:
    return "; ".join((percent(found.availability), *beside_availability(found)))


def _money(cents: int) -> str:
    return f"${cents / 100:,.2f}"
