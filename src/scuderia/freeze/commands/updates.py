"""`scuderia freeze updates`: the calendar of planned updates, its windows and its caps."""

from typing import Annotated

import typer

from scuderia.basics.actors import Actor
from scuderia.basics.errors import BadInput
from scuderia.basics.subjects import SubjectRef
from scuderia.freeze.nouns import DAYS_OF_WEEK
from scuderia.freeze.operations import updates
from scuderia.freeze.queries.asked_updates import read_bound, read_first
from scuderia.freeze.queries.update_example import example_calendar
from scuderia.freeze.queries.update_feed import calendar_feed
from scuderia.freeze.queries.updates import UpdateRowView, list_caps, list_updates, list_windows
from scuderia.loop.commands.command_actor import AsJson, for_actor, now
from scuderia.loop.commands.output import print_done, print_rows

app = typer.Typer(no_args_is_help=True, help="The calendar of planned updates.")
window_app = typer.Typer(no_args_is_help=True, help="When a site may be worked on.")
cap_app = typer.Typer(no_args_is_help=True, help="How many nodes may be down together.")
app.add_typer(window_app, name="window")
app.add_typer(cap_app, name="cap")

Under = Annotated[str, typer.Option(help="Of what hangs there alone, e.g. site:rome.")]
Since = Annotated[str, typer.Option("--from", help="Starts from then on: date, time and zone.")]
Before = Annotated[str, typer.Option("--to", help="Starts before then.")]


@app.command("list")
@for_actor
def list_command(
    *,
    under: Under = "",
    since: Since = "",
    before: Before = "",
    past: Annotated[bool, typer.Option("--past", help="Those done or cancelled too.")] = False,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """List what is planned, the first to start first."""
    rows = list_updates(
        actor,
        now(),
        since=read_bound(since, "--from"),
        before=read_bound(before, "--to"),
        under=under,
        past=past,
    )
    print_rows(
        rows,
        {
            "update": lambda row: row.key,
            "class": lambda row: row.update_class,
            "start (UTC)": lambda row: row.start,
            "takes": lambda row: f"{row.p95_s // 60} min",
            "nodes": lambda row: row.nodes,
            "campaign": _ring,
            "severity": lambda row: row.severity or None,
            "owner": lambda row: row.owner or None,
            "state": lambda row: f"{row.state}: {row.binding}" if row.binding else row.state,
        },
        empty="nothing is planned. Import a calendar: scuderia freeze updates import FILE",
        as_json=as_json,
    )


@app.command("example")
@for_actor
def example_command(
    *,
    first: Annotated[
        str, typer.Option("--from", help='The first start, e.g. "2027-07-20 01:00 UTC".')
    ],
    actor: Actor,
) -> None:
    """Print an example of a calendar over this fleet, as CSV: to try, or to copy."""
    typer.echo(example_calendar(actor, now(), first=read_first(first)), nl=False)


@app.command("cancel")
@for_actor
def cancel_command(
    key: Annotated[str, typer.Argument(metavar="UPDATE", help="The update's key.")],
    *,
    reason: Annotated[str, typer.Option(help="Why; it is kept.")],
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Take an update off the calendar."""
    updates.cancel_update(actor=actor, key=key, reason=reason, now=now())
    print_done({"key": key}, f"update {key} is cancelled", as_json=as_json)


@app.command("export")
@for_actor
def export_command(
    *,
    under: Annotated[str, typer.Option(help="E.g. customer:aurora or site:rome.")] = "",
    actor: Actor,
) -> None:
    """Print what is planned, and the zones, as iCalendar (RFC 5545)."""
    typer.echo(calendar_feed(actor, now(), under=under), nl=False)


@window_app.command("set")
@for_actor
def set_window_command(
    site: Annotated[str, typer.Argument(help="The site.")],
    *,
    opens: Annotated[str, typer.Option(help="HH:MM on the site's clocks.")],
    closes: Annotated[str, typer.Option(help="HH:MM; no later than --opens: the next day.")],
    time_zone: Annotated[str, typer.Option("--tz", help="IANA zone, e.g. Europe/Rome.")],
    days: Annotated[str, typer.Option(help="On which it opens, e.g. MO,TU,WE,TH.")] = ",".join(
        DAYS_OF_WEEK
    ),
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Have a site worked on at these hours alone."""
    updates.set_window(
        actor=actor, site=site, time_zone=time_zone, opens=opens, closes=closes,
        weekdays=_weekdays(days), now=now(),
    )  # fmt: skip
    words = f"{site} may be worked on from {opens} to {closes}, {time_zone}, {days}"
    print_done({"site": site}, words, as_json=as_json)


@window_app.command("list")
@for_actor
def list_windows_command(*, actor: Actor, as_json: AsJson = False) -> None:
    """List when sites may be worked on."""
    print_rows(
        list_windows(actor),
        {
            "site": lambda row: row.site,
            "opens": lambda row: row.opens,
            "closes": lambda row: row.closes,
            "zone": lambda row: row.time_zone,
            "days": lambda row: ",".join(DAYS_OF_WEEK[day] for day in row.weekdays),
        },
        empty="no site has a window: each may always be worked on",
        as_json=as_json,
    )


@cap_app.command("set")
@for_actor
def set_cap_command(
    subject: Annotated[str, typer.Argument(help="E.g. customer:aurora, cluster:c1, rack:r01.")],
    nodes: Annotated[int, typer.Argument(help="How many nodes may be down together.")],
    *,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Let updates have no more nodes down together there."""
    updates.set_cap(actor=actor, subject=SubjectRef.parse(subject), nodes=nodes, now=now())
    words = f"updates may have {nodes} nodes of {subject} down together"
    print_done({"subject": subject, "nodes": nodes}, words, as_json=as_json)


@cap_app.command("list")
@for_actor
def list_caps_command(*, actor: Actor, as_json: AsJson = False) -> None:
    """List the caps that were set."""
    print_rows(
        list_caps(actor),
        {"of": lambda row: row.subject, "nodes": lambda row: row.nodes},
        empty="none was set: a quarter of a cluster's, and of a customer's, nodes at once",
        as_json=as_json,
    )


def _ring(row: UpdateRowView) -> str | None:
    return f"{row.campaign}, ring {row.ring}" if row.campaign else None


def _weekdays(text: str) -> list[int]:
    names = [part.strip().upper() for part in text.split(",") if part.strip()]
    strange = [name for name in names if name not in DAYS_OF_WEEK]
    if strange:
        raise BadInput(
            f"--days {strange[0][:20]!r} is no day", remedy=f"Write {','.join(DAYS_OF_WEEK)}."
        )
    return [DAYS_OF_WEEK.index(name) for name in names]
