"""The SLA report as cards, tables and a chart; every figure as the report states it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.units import HOUR_S, percent
from scuderia.fleet.nouns import GpuShare, LedgerClass
from scuderia.fleet.pages.display import CLASS_WORDS
from scuderia.fleet.queries.reports import (
    CustomerDays,
    ReportDay,
    SlaReport,
    beside_availability,
)
from scuderia.web.charts import Spec, daily_line
from scuderia.web.components import Card, Cell
from scuderia.web.page_chrome import place_of
from scuderia.web.svg import UNKNOWN
from scuderia.web.tables import Source, TableColumn, TableSpec, rows_in_memory

DAYS_MAX = 370
DAY_S = 86_400
WHOLE_NODE_SORTED = 1_025  # after any count of GPUs
AnyTable = tuple[TableSpec[Any], Source[Any]]


def cards_of(report: SlaReport) -> tuple[Card, ...]:
    """Return the headline and what stands beside it."""
    met, all_days = report.customer_days_at_target, report.customer_days
    short = bool(all_days) and met < all_days
    return (
        Card("Customer-days at target", f"{met:,}", f"of {all_days:,}",
             f"{_share(met / all_days if all_days else None, 1)}; {target_words(report)}",
             "warn" if short else "ok" if all_days else ""),
        Card("Availability", _share(report.availability), "", _apart_words(report)),
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


def target_words(report: SlaReport) -> str:
    """Return what was promised a day, and how many days nothing was promised for."""
    if report.target is not None:
        said = f"target {report.target:.2%} a day"
    elif report.customer_days:
        said = "by the targets of the day" if report.customer else "each by its own target"
    else:
        said = "no target"
    bare = report.customer_days_unpromised
    return f"{said}; {bare:,} more days with nothing promised" if bare else said


def _apart_words(report: SlaReport) -> str:
    return "; ".join(beside_availability(report)) or "planned work stands apart"


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


def chart_words(report: SlaReport) -> str:
    """Return what the chart of the days shows."""
    if report.target is None:
        return f"Availability by day; no one target held: {target_words(report)}."
    return f"Availability by day; the dashed line is the target of {percent(report.target, 1)}."


def cause_words(report: SlaReport) -> str:
    """Return what the hours by cause add up to, where it is not the downtime beside it."""
    unknown = f"{_share(report.unknown_cause_share, 0)} of outages have no cause on the books"
    whole_s = sum(line.downtime_s for line in report.by_cause)
    if whole_s == report.downtime_s:
        return f"{unknown}."
    over = f"{report.downtime_s / HOUR_S:,.0f} of these {whole_s / HOUR_S:,.0f} node-hours"
    return f"{unknown}. {over} lie in whole days of the period, which the downtime above counts."


def tables_of(report: SlaReport, now: AwareDatetime) -> dict[str, AnyTable]:
    """Return every table of the report by its name in the address; open outages last until now."""
    below = [(entry, short) for entry in report.days if (short := _short_of(entry)) > 0]
    worst_first = [
        entry for entry, _ in sorted(below, key=lambda one: (one[0].availability, one[0].day))
    ]
    rows: dict[str, tuple[TableSpec[Any], Sequence[Any]]] = {
        "causes": (_causes(), report.by_cause),
        "days": (_days(), worst_first),
        "hours": (_hours(report), list(CLASS_WORDS.items())),
        "headline": (_headline(), lines_of(report)),
        "longest": (_longest(now), report.longest),
    }
    return {name: (spec, rows_in_memory(spec, found)) for name, (spec, found) in rows.items()}


UNHELD, TOTAL = "Held by nobody", "The whole fleet"


@dataclass(frozen=True, slots=True)
class _Row:
    """A line as it is shown, under its name; `is_customer` where the name is a customer's."""

    name: str
    figures: CustomerDays
    is_customer: bool


def lines_of(report: SlaReport) -> tuple[_Row, ...]:
    """Return a row per customer; of a fleet also what nobody held, and their sum last."""
    rows = [_Row(entry.customer, entry, is_customer=True) for entry in report.headline]
    if report.customer is None:
        if report.unheld is not None:
            rows.append(_Row(UNHELD, report.unheld, is_customer=False))
        rows.append(_Row(TOTAL, _total(report), is_customer=False))
    return tuple(rows)


def _total(report: SlaReport) -> CustomerDays:
    """Return the report's own figures as the line below the others."""
    return CustomerDays(
        customer="",
        target=report.target,
        time_zone=report.time_zone,
        nodes=report.nodes,
        node_seconds=sum(report.seconds.values()),
        availability=report.availability,
        days_known=report.customer_days + report.customer_days_unpromised,
        days_promised=report.customer_days,
        days_at_target=report.customer_days_at_target,
        worst_day=report.worst_day,
        planned_s=report.seconds.get(LedgerClass.PLANNED, 0),
        downtime_s=report.downtime_s,
        downtime_gpu_s=report.downtime_gpu_s,
        excluded_s=report.excluded_s,
        availability_after_exclusions=report.availability_after_exclusions,
        cents_lost=report.cents_lost,
    )


def _headline() -> TableSpec[Any]:
    """Return one line per customer in scope, and the sum of the lines below them."""
    return TableSpec(
        name="headline",
        caption="Who got what was promised: the lines sum to the fleet's",
        columns=(
            TableColumn("customer", "Customer", _holder_cell, lambda row: row.name),
            _figure("met", "Days at target", _days_met, "{:,}"),
            _figure("known", "Of days", _days_of, "{:,}"),
            _share_column("target", "Target", lambda row: row.figures.target),
            _share_column("availability", "Availability", lambda row: row.figures.availability),
            _figure("hours", "Node-hours", lambda row: row.figures.node_seconds / HOUR_S,
                    "{:,.1f}"),
            _figure("down", "Down, hours", lambda row: row.figures.downtime_s / HOUR_S, "{:,.1f}"),
            _figure("lost", "Lost, US$", _dollars, "{:,.2f}"),
        ),
        key=lambda row: row.name,
        size=25,
    )  # fmt: skip


def _holder_cell(row: _Row) -> Cell:
    return Cell(row.name, href=place_of(f"customer:{row.name}") if row.is_customer else "")


def _days_met(row: _Row) -> int | None:
    return None if row.name == UNHELD else row.figures.days_at_target


def _days_of(row: _Row) -> int | None:
    return None if row.name == UNHELD else row.figures.days_promised


def _dollars(row: _Row) -> float | None:
    return None if row.figures.cents_lost is None else row.figures.cents_lost / 100


def _short_of(day: ReportDay) -> float:
    """Return how much of its target a day lacks; at most 0 where it met it, or has none."""
    counting = day.availability_after_exclusions
    return 0.0 if day.target is None or counting is None else day.target - counting


def _days() -> TableSpec[Any]:
    """Return the days below target, worst first, so that each can be asked about."""
    return TableSpec(
        name="days",
        caption="Days below target, worst first",
        columns=(
            TableColumn("day", "Day", lambda row: Cell(f"{row.day:%d %b %Y}", "name"),
                        lambda row: row.day.isoformat(), plain=lambda row: row.day.isoformat()),
            _share_column("availability", "Availability", lambda row: row.availability),
            TableColumn("short", "Short of the target",
                        lambda row: Cell(percent(_short_of(row)), "bar", state="bad",
                                         share=min(1.0, _short_of(row) * 10)),
                        _short_of, first="-", plain=_short_of),
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
            TableColumn("share", "GPUs out",
                        lambda row: Cell(str(GpuShare(row.gpus_lost, row.gpu_indices))),
                        lambda row: row.gpus_lost or WHOLE_NODE_SORTED, first="-"),
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
