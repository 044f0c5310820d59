"""The options that several commands of the fleet share, and how they are read."""

from typing import Annotated

import typer

from scuderia.basics.clock import AwareDatetime, parse_instant
from scuderia.fleet.queries.reports import Period, day_begins, whole_period
from scuderia.loop.ports import registry

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Site = Annotated[str | None, typer.Option("--site", help="Only this site.")]
FirstDay = Annotated[
    str | None, typer.Option("--from", help="The first day; else from the beginning.")
]
From = Annotated[str | None, typer.Option("--from", help="First day, or an instant.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what it would do, and do nothing.")]
Nodes = Annotated[
    list[str], typer.Argument(metavar="NODE...", help="Nodes, or hostlists: node[001-128].")
]
WhyCorrected = Annotated[
    str, typer.Option("--reason", help="Why, where a fact is corrected; kept in the audit.")
]
To = Annotated[str | None, typer.Option("--to", help="The day after the last, or an instant.")]


def read_period(
    start: str | None, end: str | None, site: str | None, customer: str | None = None
) -> Period:
    """Return the period that --from and --to name; what is left out is all that is on the books.

    raises   BadInput: an instant that cannot be read; NothingOnTheBooks
    """
    begins, ends = _edge(start, "--from", customer), _edge(end, "--to", customer)
    if begins is not None and ends is not None:
        return Period(begins, ends)
    whole = whole_period(now=registry.clock.now(), site=site)
    return Period(begins or whole.start, ends or whole.end)


def _edge(text: str | None, field: str, customer: str | None) -> AwareDatetime | None:
    """Read an instant; a bare date is midnight by the customer's clocks."""
    at = read_instant(text, field)
    if at is None or text is None or len(text) > len("2026-07-24"):
        return at
    return day_begins(at.date(), customer=customer)


def read_instant(text: str | None, field: str) -> AwareDatetime | None:
    """Return the instant that an option names; None where it was left out.

    raises   BadInput: it cannot be read
    """
    return None if text is None else parse_instant(text, field=field)
