"""The SLA report as cards, tables and a chart; every figure as the report states it."""

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.units import HOUR_S
from scuderia.fleet.pages.display import CLASS_WORDS
from scuderia.fleet.queries.reports import SlaReport
from scuderia.web.charts import Spec, daily_line
from scuderia.web.components import Card, Cell, Column, Row, Table
from scuderia.web.page_chrome import place_of
from scuderia.web.svg import UNKNOWN

CAUSES_MAX = 12
DAYS_MAX = 370


def cards_of(report: SlaReport) -> tuple[Card, ...]:
    """Return the headline and what stands beside it."""
    met, all_days = report.customer_days_at_target, report.customer_days
    short = bool(all_days) and met < all_days
    return (
        Card("Customer-days at target", f"{met:,}", f"of {all_days:,}",
             f"{_share(met / all_days if all_days else None, 1)}; target {report.target:.2%} a day",
             "warn" if short else "ok" if all_days else ""),
        Card("Availability", _share(report.availability), "", "planned work stands apart"),
        Card("Worst day", _share(report.worst_day), "", _day(report)),
        Card("Downtime", f"{report.downtime_s / HOUR_S:,.0f}", "node-hours",
             f"{report.outages:,} outages, {report.outages_open} of them last"),
        Card("Money lost", f"${report.cents_lost / 100:,.0f}", "", report.price_note),
        Card("Repair tail", _share(report.downtime_share_over_7d, 1), "",
             "of downtime is in outages over 7 days"),
    )  # fmt: skip


def headline_table(report: SlaReport) -> Table:
    """Return one line per customer in scope."""
    columns = (
        Column("Customer"), Column("Days at target", numeric=True), Column("Of days", numeric=True),
        Column("Target", numeric=True), Column("Availability", numeric=True),
        Column("Worst day", numeric=True), Column("Lost, US$", numeric=True),
    )  # fmt: skip
    rows = tuple(
        Row((
            Cell(line.customer, href=place_of(f"customer:{line.customer}")),
            Cell(f"{line.days_at_target:,}"), Cell(f"{line.days_known:,}"),
            Cell(f"{line.target:.2%}"), Cell(_share(line.availability)),
            Cell(_share(line.worst_day)), Cell(f"{line.cents_lost / 100:,.0f}"),
        ))
        for line in report.headline
    )  # fmt: skip
    return Table("Customers, and the days each got what it was promised", columns, rows)


def days_chart(report: SlaReport) -> Spec:
    """Return availability by day with the target ruled in."""
    rows = [
        {"day": f"{entry.day}", "value": entry.availability}
        for entry in report.days[-DAYS_MAX:]
        if entry.availability is not None
    ]
    return daily_line(rows, title="availability", target=report.target)


def days_table(report: SlaReport) -> Table:
    """Return the days below target, worst first, so that each can be asked about."""
    below = sorted(
        (entry for entry in report.days
         if entry.availability is not None and entry.availability < report.target),
        key=lambda entry: (entry.availability, entry.day),
    )  # fmt: skip
    columns = (Column("Day"), Column("Availability", numeric=True), Column("Short of the target"))
    rows = tuple(
        Row((
            Cell(f"{entry.day:%d %b %Y}"),
            Cell(_share(entry.availability)),
            Cell(f"{report.target - (entry.availability or 0):.2%}", "bar", state="bad",
                 share=min(1.0, (report.target - (entry.availability or 0)) * 10)),
        ))
        for entry in below[:CAUSES_MAX]
    )  # fmt: skip
    return Table("Days below target, worst first", columns, rows)


def causes_table(report: SlaReport) -> Table:
    """Return downtime by cause, as the source worded it."""
    columns = (
        Column("Cause"), Column("Outages", numeric=True), Column("Node-hours", numeric=True),
        Column("Share of downtime"),
    )  # fmt: skip
    rows = tuple(
        Row((
            Cell(line.cause or "unknown", "words"),
            Cell(f"{line.outages:,}"),
            Cell(f"{line.downtime_s / HOUR_S:,.0f}"),
            Cell(_share(line.share, 1), "bar", state="bad", share=line.share),
        ))
        for line in report.by_cause[:CAUSES_MAX]
    )  # fmt: skip
    return Table("Downtime by cause", columns, rows)


def hours_table(report: SlaReport) -> Table:
    """Return where every node-second went."""
    total = sum(report.seconds.values()) or 1
    columns = (
        Column("Node-time"),
        Column("Node-hours", numeric=True),
        Column("Share", numeric=True),
    )
    rows = tuple(
        Row((Cell(word), Cell(f"{report.seconds.get(kind, 0) / HOUR_S:,.0f}"),
             Cell(_share(report.seconds.get(kind, 0) / total))))
        for kind, word in CLASS_WORDS.items()
    )  # fmt: skip
    return Table("Every node-second, in exactly one class", columns, rows)


def longest_table(report: SlaReport, now: AwareDatetime) -> Table:
    """Return the longest outages of the period."""
    columns = (
        Column("Node"), Column("From"), Column("To"), Column("Days", numeric=True), Column("Cause"),
    )  # fmt: skip
    rows = tuple(
        Row((
            Cell(outage.node, "code", href=place_of(f"node:{outage.node}")),
            Cell("", "instant", at=outage.start),
            Cell("", "instant", at=outage.end) if outage.end else Cell("lasts"),
            Cell(f"{((outage.end or now) - outage.start).total_seconds() / 86_400:.1f}"),
            Cell(outage.cause or "unknown", "words"),
        ))
        for outage in report.longest
    )  # fmt: skip
    return Table("The longest outages", columns, rows)


def _share(value: float | None, digits: int = 2) -> str:
    return UNKNOWN if value is None else f"{value:.{digits}%}"


def _day(report: SlaReport) -> str:
    return f"{report.worst_day_on:%d %b %Y}" if report.worst_day_on else ""
