"""`scuderia freeze occurrences`: what a recurrence comes to, as instants in UTC."""

from typing import Annotated

import typer

from scuderia.freeze.nouns import LOCAL_TIMES
from scuderia.freeze.queries.occurrences import OccurrencesAsked, list_occurrences
from scuderia.loop.commands.output import print_json, print_table, say

app = typer.Typer(help="Expand a recurrence into instants.")


@app.command("freeze occurrences")
def occurrences(
    *,
    dtstart: Annotated[str, typer.Option(help="First start: 20260724T000000, or with Z for UTC.")],
    tzid: Annotated[str, typer.Option(help="IANA zone of every time without Z.")] = "",
    rrule: Annotated[str, typer.Option(help="RFC 5545 rule: FREQ=WEEKLY;BYDAY=FR;COUNT=10.")] = "",
    dtend: Annotated[str, typer.Option(help="First end; each lasts as many seconds.")] = "",
    duration: Annotated[
        str, typer.Option(help="RFC 5545: P1D (a day of the wall clock), PT8H (8 hours).")
    ] = "",
    exdate: Annotated[
        list[str] | None, typer.Option(help="Starts left out; commas or again.")
    ] = None,
    rdate: Annotated[list[str] | None, typer.Option(help="Starts beside the rule.")] = None,
    since: Annotated[str, typer.Option("--from", help="Window's start: an instant.")] = "",
    before: Annotated[str, typer.Option("--to", help="Window's end, not in it.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="A list of start and end.")] = False,
) -> None:
    """List each occurrence as [start, end) in UTC; local times are read by RFC 5545 3.3.5."""
    rows = list_occurrences(
        OccurrencesAsked(
            dtstart=dtstart,
            tzid=tzid,
            rrule=rrule,
            dtend=dtend,
            duration=duration,
            exdates=tuple(exdate or ()),
            rdates=tuple(rdate or ()),
            since=since,
            before=before,
        )
    )
    if as_json:
        print_json(rows)
        return
    cells = ((f"{row.start:%Y-%m-%dT%H:%M:%SZ}", f"{row.end:%Y-%m-%dT%H:%M:%SZ}") for row in rows)
    print_table(["start", "end"], cells, empty="Nothing occurs in that window.")
    if rows:
        say(f"{len(rows)} in all, UTC; skipped and repeated local times by {LOCAL_TIMES}.")
