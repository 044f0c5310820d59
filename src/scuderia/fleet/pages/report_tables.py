"""The SLA report as cards, tables and a chart; every figure as the report states it."""

from collections.abc import Callable, Sequence
from typing import Any

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.units import HOUR_S, percent
from scuderia.fleet.pages.display import CLASS_WORDS
from scuderia.fleet.queries.reports import SlaReport
from scuderia.web.charts import Spec, daily_line
from scuderia.web.components import Card, Cell
from scuderia.web.page_chrome import place_of
from scuderia.web.svg import UNKNOWN
from scuderia.web.tables import Source, TableColumn, TableSpec, rows_in_memory

DAYS_MAX = 370
DAY_S = 86_400
AnyTable = tuple[TableSpec[Any], Source[Any]]


def cards_of(report: SlaReport) -> tuple[Card, ...]:
    """Return the headline and what stands beside it."""
    met, all_days = report.customer_days_at_target, report.customer_days
    short = bool(all_days) and met < all_days
    return (
        Card("Customer-days at target", f"{met:,}", f"of {all_days:,}",
             f"{_share(met / all_days if all_days else None, 1)}; target {report.target:.2%} a day",
             "warn" if short else "ok" if all_days else ""),
        Card("Availability", _share(report.availability), "", _planned_words(report)),
        Card("Worst day", _share(report.worst_day), "", _day(report)),
        Card("Downtime", f"{report.downtime_s / HOUR_S:,.0f}", "node-hours",
             f"{report.outages:,} outages, {report.outages_open} of them last"),
        Card("Capacity lost",
             UNKNOWN if report.gpus_lost is None else f"{report.gpus_lost:,.1f}",
             f"of {report.gpus:,} GPUs",
             "GPUs\u2019 worth of time that a gain in availability would buy back"),
        *_money(report),
        Card("Repair tail", _share(report.downtime_share_over_7d, 1), "",
             "of downtime is in outages over 7 days"),
    )  # fmt: skip


def _planned_words(report: SlaReport) -> str:
    if not report.planned_over_outage_s:
        return "planned work stands apart"
    hours = report.planned_over_outage_s / HOUR_S
    return (
        f"{_share(report.availability_if_counted)} with {hours:,.0f} node-hours of planned work "
        "over outages that began before it"
    )


def _money(report: SlaReport) -> tuple[Card, ...]:
    if report.cents_lost is None:
        return ()
    return (Card("Money lost", f"${report.cents_lost / 100:,.0f}", "", report.price_note),)


def days_chart(report: SlaReport) -> Spec:
    """Return availability by day with the target ruled in."""
    rows = [
        {"day": f"{entry.day}", "value": entry.availability}
        for entry in report.days[-DAYS_MAX:]
        if entry.availability is not None
    ]
    return daily_line(rows, title="availability", target=report.target)


def tables_of(report: SlaReport, now: AwareDatetime) -> dict[str, AnyTable]:
    """Return every table of the report by its name in the address; open outages last until now."""
    below = [
        entry for entry in report.days
        if entry.availability is not None and entry.availability < report.target
    ]  # fmt: skip
    worst_first = sorted(below, key=lambda entry: (entry.availability, entry.day))
    rows: dict[str, tuple[TableSpec[Any], Sequence[Any]]] = {
        "causes": (_causes(), report.by_cause),
        "days": (_days(report.target), worst_first),
        "hours": (_hours(report), list(CLASS_WORDS.items())),
        "headline": (_headline(), report.headline),
        "longest": (_longest(now), report.longest),
    }
    return {name: (spec, rows_in_memory(spec, found)) for name, (spec, found) in rows.items()}


def _headline() -> TableSpec[Any]:
    """Return one line per customer in scope."""
    return TableSpec(
        name="headline",
        caption="Customers, and the days each got what it was promised",
        columns=(
            TableColumn("customer", "Customer",
                        lambda row: Cell(row.customer, href=place_of(f"customer:{row.customer}")),
                        lambda row: row.customer),
            _figure("met", "Days at target", lambda row: row.days_at_target, "{:,}"),
            _figure("known", "Of days", lambda row: row.days_known, "{:,}"),
            _share_column("target", "Target", lambda row: row.target),
            _share_column("availability", "Availability", lambda row: row.availability),
            _share_column("worst", "Worst day", lambda row: row.worst_day),
            _figure("lost", "Lost, US$", _dollars, "{:,.0f}"),
        ),
        key=lambda row: str(row.customer),
        size=25,
    )  # fmt: skip


def _dollars(row: Any) -> float | None:
    return None if row.cents_lost is None else row.cents_lost / 100


def _days(target: float) -> TableSpec[Any]:
    """Return the days below target, worst first, so that each can be asked about."""

    def short(row: Any) -> float:
        return target - float(row.availability or 0)

    return TableSpec(
        name="days",
        caption="Days below target, worst first",
        columns=(
            TableColumn("day", "Day", lambda row: Cell(f"{row.day:%d %b %Y}", "name"),
                        lambda row: row.day.isoformat(), plain=lambda row: row.day.isoformat()),
            _share_column("availability", "Availability", lambda row: row.availability),
            TableColumn("short", "Short of the target",
                        lambda row: Cell(percent(short(row)), "bar", state="bad",
                                         share=min(1.0, short(row) * 10)),
                        short, first="-", plain=short),
        ),
        key=lambda row: row.day.isoformat(),
        size=10,
    )  # fmt: skip


def _causes() -> TableSpec[Any]:
    """Return downtime by cause, as the source worded it."""
    return TableSpec(
        name="causes",
        caption="Downtime by cause",
        columns=(
            TableColumn("cause", "Cause", lambda row: Cell(row.cause or "unknown", "words"),
                        lambda row: row.cause or None),
            _figure("outages", "Outages", lambda row: row.outages, "{:,}"),
            _figure("hours", "Node-hours", lambda row: row.downtime_s / HOUR_S, "{:,.0f}"),
            TableColumn("share", "Share of downtime",
                        lambda row: Cell(percent(row.share, 1), "bar", state="bad",
                                         share=row.share),
                        lambda row: row.share, first="-", plain=lambda row: row.share),
        ),
        key=lambda row: str(row.cause),
        size=10,
    )  # fmt: skip


def _hours(report: SlaReport) -> TableSpec[Any]:
    """Return where every node-second went; a row is a class and its words."""
    total = sum(report.seconds.values()) or 1

    def seconds(row: Any) -> int:
        return report.seconds.get(row[0], 0)

    return TableSpec(
        name="hours",
        caption="Every node-second, in exactly one class",
        columns=(
            TableColumn("class", "Node-time", lambda row: Cell(row[1]), lambda row: row[1]),
            _figure("hours", "Node-hours", lambda row: seconds(row) / HOUR_S, "{:,.0f}"),
            _share_column("share", "Share", lambda row: seconds(row) / total),
        ),
        key=lambda row: row[0].value,
        size=10,
    )


def _longest(now: AwareDatetime) -> TableSpec[Any]:
    """Return the longest outages of the period."""

    def length_days(row: Any) -> float:
        return float(((row.end or now) - row.start).total_seconds()) / DAY_S

    return TableSpec(
        name="longest",
        caption="The longest outages",
        columns=(
            TableColumn("node", "Node",
                        lambda row: Cell(row.node, "code", href=place_of(f"node:{row.node}")),
                        lambda row: row.node),
            TableColumn("from", "From", lambda row: Cell("", "instant", at=row.start),
                        lambda row: row.start),
            TableColumn("to", "To",
                        lambda row: Cell("", "instant", at=row.end) if row.end else Cell("lasts"),
                        lambda row: row.end),
            _figure("days", "Days", length_days, "{:.1f}"),
            TableColumn("cause", "Cause", lambda row: Cell(row.cause or "unknown", "words"),
                        lambda row: row.cause or None),
        ),
        key=lambda row: row.source_key,
        size=25,
    )  # fmt: skip


def _figure(
    name: str, label: str, value: Callable[[Any], float | None], form: str
) -> TableColumn[Any]:
    """Return a column of figures, greatest first when asked; unknown is a dash."""

    def cell(row: Any) -> Cell:
        found = value(row)
        return Cell(UNKNOWN if found is None else form.format(found))

    return TableColumn(name, label, cell, value, numeric=True, first="-")


def _share_column(name: str, label: str, value: Callable[[Any], float | None]) -> TableColumn[Any]:
    return TableColumn(
        name, label, lambda row: Cell(_share(value(row))), value, numeric=True, first="-"
    )


def _share(value: float | None, digits: int = 2) -> str:
    return UNKNOWN if value is None else percent(value, digits)


def _day(report: SlaReport) -> str:
    return f"{report.worst_day_on:%d %b %Y}" if report.worst_day_on else ""
