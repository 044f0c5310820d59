"""`scuderia fleet`: import outages, report what every customer got, and prove it."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from scuderia.basics.actors import IMPORTER, Actor, ActorKind
from scuderia.basics.clock import AwareDatetime, parse_instant
from scuderia.basics.units import format_duration
from scuderia.fleet.nouns import NodeState
from scuderia.fleet.operations.evidence_packet import verify_evidence, write_evidence
from scuderia.fleet.operations.import_outages import ImportRequest, OnError, import_outages
from scuderia.fleet.queries import reports
from scuderia.fleet.queries.customers import list_customers
from scuderia.fleet.queries.lemons import PolicyResult, lemon_board
from scuderia.fleet.queries.nodes import fleet_board, node_status, node_timeline
from scuderia.loop.commands.shown import print_facts, print_json, print_table, say
from scuderia.loop.ports import registry

app = typer.Typer(
    no_args_is_help=True,
    help="Import outages; report what every customer got; prove it with an evidence packet.",
)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Site = Annotated[str | None, typer.Option("--site", help="Only this site.")]
From = Annotated[str | None, typer.Option("--from", help="First day, or an instant.")]
To = Annotated[str | None, typer.Option("--to", help="The day after the last, or an instant.")]
EVIDENCE_SERVICE = Actor(ActorKind.SERVICE, "evidence")


@app.command("import-faults")
def import_faults(
    file: Annotated[Path, typer.Argument(help="StepFun JSON, or CSV or JSONL of outages.")],
    fleet_size: Annotated[int, typer.Option("--fleet-size", help="Nodes in the whole fleet.")],
    site: Annotated[str, typer.Option("--site", help="Where the nodes stand.")] = "imported",
    customer: Annotated[str, typer.Option("--customer", help="Who holds new nodes.")] = "fleet",
    on_error: Annotated[OnError, typer.Option("--on-error")] = OnError.ABORT,
    starts_at: Annotated[
        str | None, typer.Option("--starts-at", help="Day 0 [StepFun: 2024-03-30T00:00:00Z].")
    ] = None,
    ends_at: Annotated[
        str | None, typer.Option("--ends-at", help="Until when the file speaks [last record].")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Import a file of outages, all of it or nothing; the same file again changes nothing."""
    request = ImportRequest(
        path=file,
        fleet_size=fleet_size,
        site=site,
        customer=customer,
        on_error=on_error,
        starts_at=_instant(starts_at, "--starts-at"),
        ends_at=_instant(ends_at, "--ends-at"),
    )
    bar = Progress(
        TextColumn("importing"), BarColumn(), TimeRemainingColumn(), console=Console(stderr=True)
    )
    with bar:
        task = bar.add_task("importing", total=None)

        def show(done: int, whole: int) -> None:
            bar.update(task, completed=done, total=whole)

        done = import_outages(request, actor=IMPORTER, now=registry.clock.now(), on_progress=show)
    if as_json:
        print_json(done)
        return
    if not done.changed:
        say(f"{done.file} is on the books already; nothing changed.")
        return
    say(f"Imported {done.outages} outages from {done.records} records of {done.file}.")
    say(f"{done.fleet_size} nodes at {done.site}, {_day(done.starts_at)} to {_day(done.ends_at)}.")
    if done.known_before:
        say(f"{done.known_before} outages were on the books before.")
    if done.quarantine_file:
        say(f"{done.quarantined} bad records, with reasons: {done.quarantine_file}")
    say("Next: scuderia fleet report")


@app.command()
def report(
    target: Annotated[float | None, typer.Option("--target", help="0-1 [the customer's]")] = None,
    customer: Annotated[str | None, typer.Option("--customer")] = None,
    site: Site = None,
    start: From = None,
    end: To = None,
    as_json: AsJson = False,
) -> None:
    """Report availability, days at target, outages, repair tail, relapses and money."""
    period = _period(start, end, site, customer)
    found = reports.sla_report(
        period.start, period.end, customer=customer, site=site, target=target
    )
    if as_json:
        print_json(_report_object(found))
    else:
        _show_report(found)


@app.command()
def nodes(
    site: Site = None,
    at: Annotated[str | None, typer.Option("--at")] = None,
    as_json: AsJson = False,
) -> None:
    """List every node: where it stands, its state and who holds it."""
    board = fleet_board(_instant(at, "--at") or registry.clock.now(), site=site)
    if as_json:
        print_json(board.nodes)
        return
    print_table(
        ["node", "rack", "state", "customer", "since", "cause"],
        (
            (row.place.node, row.place.rack, row.state, row.customer, row.since, row.cause)
            for row in board.nodes
        ),
        empty="No node is on the books yet. Import a trace: scuderia fleet import-faults FILE",
    )


@app.command()
def node(name: str, start: From = None, end: To = None, as_json: AsJson = False) -> None:
    """Show one node: its state, and what happened to it."""
    period = _period(start, end, None)
    status = node_status(name, registry.clock.now())
    timeline = node_timeline(name, period.start, period.end)
    if as_json:
        print_json({"status": status, "timeline": timeline})
        return
    print_facts(
        {
            "node": name,
            "stands": f"{status.place.site} / {status.place.cluster} / {status.place.rack}",
            "state": "records ended" if status.state is NodeState.UNKNOWN else status.state,
            "held by": status.customer or "nobody",
        }
    )
    print_table(
        ["out from", "to", "for", "planned", "cause"],
        (
            (
                row.start,
                row.end,
                format_duration((row.end or period.end) - row.start),
                row.planned,
                row.cause,
            )
            for row in timeline.outages
        ),
        empty="It was never out in this period.",
    )


@app.command()
def lemons(
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many nodes.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Rank the nodes by lemon score, and show beside it what the score was worth."""
    found = lemon_board(registry.clock.now(), limit=limit)
    if as_json:
        print_json(found)
        return
    print_table(
        ["node", "held by", "score", "28 d", "90 d", "driven most by"],
        (
            (
                row.place.node,
                row.customer or "nobody",
                f"{row.score.probability:.0%}",
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
                f"{rule.avoided} of {rule.outages}: {rule.avoided_share:.1%}",
            )
            for rule in (worth.naive, worth.score_matched, worth.score)
        ),
        empty="",
    )
    say(
        f"Brier score, lower is better: {worth.brier:.4f}; 2 outages in 28 days as a forecast "
        f"{worth.brier_of_naive:.4f}; base rate in hindsight {worth.brier_of_base_rate:.4f}."
    )
    say(
        f"The scores' weights come from {found.weights}; the back-test fitted its own before day "
        f"{worth.split_day:.0f} and counted after it."
    )


@app.command()
def customers(as_json: AsJson = False) -> None:
    """List the customers, what each was promised, and the nodes each holds."""
    found = list_customers()
    if as_json:
        print_json(found)
        return
    print_table(
        ["customer", "target", "zone", "nodes"],
        ((row.name, _percent(row.target), row.time_zone, row.nodes_held) for row in found),
        empty="No customer is on the books yet.",
    )


@app.command()
def evidence(
    out: Annotated[Path, typer.Option("--out", help="A folder that is new or empty.")],
    customer: Annotated[str | None, typer.Option("--customer")] = None,
    start: From = None,
    end: To = None,
    as_json: AsJson = False,
) -> None:
    """Write the evidence packet of a period: raw events, figures, tables and hashes."""
    period = _period(start, end, None, customer)
    written = write_evidence(
        out,
        start=period.start,
        end=period.end,
        customer=customer,
        actor=EVIDENCE_SERVICE,
        now=registry.clock.now(),
    )
    if as_json:
        print_json(written)
        return
    said = f"availability {_percent(written.availability)}"
    say(f"{len(written.files)} files in {written.folder}; {said}.")
    say(f"Check it anywhere: scuderia fleet evidence-verify {written.folder}")


@app.command("evidence-verify")
def evidence_verify(folder: Path, as_json: AsJson = False) -> None:
    """Rebuild every figure of a packet from its raw events, and compare."""
    found = verify_evidence(folder)
    if as_json:
        print_json({"holds": True, **_report_object(found)})
        return
    said = f"{len(found.days)} days, {found.outages} outages"
    say(f"The packet holds: {said}, availability {_percent(found.availability)}, all rebuilt.")


def _precision(rule: PolicyResult) -> str:
    edges = f"{rule.precision_low:.0%} to {rule.precision_high:.0%}"
    return f"{rule.failed_again} of {rule.pulled}: {rule.precision:.0%}, {edges}"


def _report_object(found: reports.SlaReport) -> dict[str, object]:
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


def _show_report(found: reports.SlaReport) -> None:
    hours = found.outage_hours
    print_facts(
        {
            "period": f"{_day(found.start)} to {_day(found.end)}, {found.days_known} days",
            "nodes": f"{found.nodes} ({found.gpus} GPUs)",
            "availability": _percent(found.availability),
            "customer-days": f"{found.customer_days_at_target} of {found.customer_days} at target",
            f"days < {found.target:.0%}": found.days_below_target,
            "worst day": f"{_percent(found.worst_day)} on {found.worst_day_on}",
            "median day": _percent(found.median_day),
            "outages": f"{found.outages}, {found.outages_open} still open",
            "outage hours": f"median {_number(hours.p50)}, p95 {_number(hours.p95)}",
            "over 7 days": f"{_percent(found.downtime_share_over_7d)} of all downtime",
            "back within": f"24 h {_percent(found.relapse_24h)}, 7 d {_percent(found.relapse_7d)}",
            "worst tenth": f"{_percent(found.concentration.downtime_share)} of all downtime",
            "money lost": f"${found.cents_lost / 100:,.2f}",
        }
    )
    say("")
    print_table(
        ["cause", "outages", "downtime"],
        (
            (row.cause or "(unknown)", row.outages, _percent(row.share))
            for row in found.by_cause[:10]
        ),
        empty="Nothing broke in this period.",
    )
    say("")
    say(found.price_note)
    say(found.limits)


def _period(
    start: str | None, end: str | None, site: str | None, customer: str | None = None
) -> reports.Period:
    begins, ends = _edge(start, "--from", customer), _edge(end, "--to", customer)
    if begins is not None and ends is not None:
        return reports.Period(begins, ends)
    whole = reports.whole_period(now=registry.clock.now(), site=site)
    return reports.Period(begins or whole.start, ends or whole.end)


def _edge(text: str | None, field: str, customer: str | None) -> AwareDatetime | None:
    """Read an instant; a bare date is midnight by the customer's clocks."""
    at = _instant(text, field)
    if at is None or text is None or len(text) > len("2026-07-24"):
        return at
    return reports.day_begins(at.date(), customer=customer)


def _instant(text: str | None, field: str) -> AwareDatetime | None:
    return None if text is None else parse_instant(text, field=field)


def _day(at: AwareDatetime) -> str:
    return at.date().isoformat()


def _percent(share: float | None) -> str:
    return "unknown" if share is None else f"{share:.2%}"


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:,.1f}"
