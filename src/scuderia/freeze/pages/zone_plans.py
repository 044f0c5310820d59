"""What a zone costs those who planned updates, and drafts of the calendar around it, as tables."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput
from scuderia.freeze.queries.impact_bill import BilledUpdate, BillView, SecurityDebt, get_bill
from scuderia.freeze.queries.replans import LeftOut, Move, ReplanView
from scuderia.freeze.queries.zones import ZoneRow
from scuderia.web.components import Card, Cell
from scuderia.web.svg import UNKNOWN
from scuderia.web.tables import DataTable, TableColumn, TableSpec, open_table, rows_in_memory

WITHOUT_AN_END = "An end that is open is reckoned to the horizon of planning."


@dataclass(frozen=True, slots=True)
class BillPanel:
    """A zone's bill as its page shows it."""

    cards: tuple[Card, ...]
    words: tuple[str, ...]
    moved: DataTable
    waiting: DataTable
    debt: DataTable


@dataclass(frozen=True, slots=True)
class DraftPanel:
    """The last draft, with what it moves and what it leaves out."""

    row: ReplanView
    moves: DataTable
    left_out: DataTable


def _key(row: BilledUpdate) -> Cell:
    return Cell(f"{row.key}: {row.title}" if row.title else row.key, "words")


def _late(row: BilledUpdate) -> Cell:
    if row.past_deadline is not None:
        return Cell(f"deadline {row.past_deadline:%Y-%m-%d}", "state", state="bad")
    if row.past_due is not None:
        return Cell(f"due {row.past_due:%Y-%m-%d}", "state", state="warn")
    return Cell(UNKNOWN)


def _billed(name: str, caption: str) -> TableSpec[BilledUpdate]:
    return TableSpec(
        name=name,
        caption=caption,
        columns=(
            TableColumn("update", "Update", _key, lambda row: row.key),
            TableColumn("class", "Class", lambda row: Cell(row.update_class.replace("_", " ")),
                        lambda row: row.update_class),
            TableColumn("owner", "Owner", lambda row: Cell(row.owner or UNKNOWN),
                        lambda row: row.owner),
            TableColumn("start", "Planned (UTC)", lambda row: Cell("", "instant", at=row.start),
                        lambda row: row.start),
            TableColumn("nodes", "Nodes", lambda row: Cell(f"{row.nodes:,}", "number"),
                        lambda row: row.nodes, numeric=True, first="-"),
            TableColumn("late", "Would pass its", _late,
                        lambda row: row.past_deadline or row.past_due),
        ),
        key=lambda row: row.key,
        size=25,
    )  # fmt: skip


MOVED = _billed("moved", "Planned updates that the zone moves")
WAITING = _billed("waiting", "Updates of higher rings that wait for those")
DEBT: TableSpec[SecurityDebt] = TableSpec(
    name="debt",
    caption="What stays unmended meanwhile, the worst first",
    columns=(
        TableColumn("severity", "Severity", lambda row: Cell(row.severity)),
        TableColumn("updates", "Updates", lambda row: Cell(f"{row.updates:,}", "number"),
                    numeric=True),
        TableColumn("nodes", "Nodes", lambda row: Cell(f"{row.nodes:,}", "number"), numeric=True),
        TableColumn("days", "Node-days", lambda row: Cell(f"{row.node_days:,}", "number"),
                    numeric=True),
        TableColumn("oldest", "Oldest, days", lambda row: Cell(
            UNKNOWN if row.oldest_days is None else f"{row.oldest_days:,}", "number"),
            numeric=True),
        TableColumn("deadline", "First deadline broken (UTC)",
                    lambda row: Cell("", "instant", at=row.first_deadline)),
        TableColumn("cves", "CVEs", lambda row: Cell(", ".join(row.cves[:5]) or UNKNOWN, "words")),
    ),
    key=lambda row: row.severity,
)  # fmt: skip
MOVES: TableSpec[Move] = TableSpec(
    name="moves",
    caption="What starts at another time, by its new start",
    columns=(
        TableColumn("update", "Update", lambda row: Cell(row.key, "code"), lambda row: row.key),
        TableColumn("was", "Was planned (UTC)", lambda row: Cell("", "instant", at=row.was),
                    lambda row: row.was),
        TableColumn("start", "Starts (UTC)", lambda row: Cell("", "instant", at=row.start),
                    lambda row: row.start),
    ),
    key=lambda row: row.key,
    size=25,
)  # fmt: skip


def _why(row: LeftOut) -> Cell:
    if row.waits_for:
        return Cell(f"waits for {row.waits_for}, which has no start either", "words")
    bound = ", ".join(row.binding).replace("_", " ")
    sure = "proven: no plan has a start for it" if row.certainty == "proven" else "in this plan"
    return Cell(f"bound by {bound} ({sure})", "words")


LEFT_OUT: TableSpec[LeftOut] = TableSpec(
    name="out",
    caption="What has no start, and the rules that bind it",
    columns=(
        TableColumn("update", "Update", lambda row: Cell(row.key, "code"), lambda row: row.key),
        TableColumn("why", "Why", _why),
        TableColumn("relax", "Relaxing one of these suffices", lambda row: Cell(
            ", ".join(row.relax).replace("_", " ") or UNKNOWN, "words")),
    ),
    key=lambda row: row.key,
    size=25,
)  # fmt: skip


def bill_panel(
    request: HttpRequest, actor: Actor, row: ZoneRow, now: AwareDatetime, path: str
) -> BillPanel | None:
    """Return the zone's bill; None where nothing of it is to come, or the calendar has a flaw."""
    try:
        bill = get_bill(actor, row.id, now)
    except BadInput:
        return None
    return BillPanel(
        cards=_cards(bill),
        words=_words(bill),
        moved=open_table(MOVED, rows_in_memory(MOVED, bill.moved), request, path=path),
        waiting=open_table(WAITING, rows_in_memory(WAITING, bill.waiting), request, path=path),
        debt=open_table(DEBT, rows_in_memory(DEBT, bill.debt), request, path=path),
    )


def draft_panel(request: HttpRequest, drafts: Sequence[ReplanView], path: str) -> DraftPanel | None:
    """Return the last draft, if there is any: what is adopted is one that was shown."""
    if not drafts:
        return None
    last = drafts[0]
    out = rows_in_memory(LEFT_OUT, last.left_out)
    return DraftPanel(
        row=last,
        moves=open_table(MOVES, rows_in_memory(MOVES, last.moves), request, path=path),
        left_out=open_table(LEFT_OUT, out, request, path=path),
    )


def _cards(bill: BillView) -> tuple[Card, ...]:
    names, until = ", ".join(bill.customers), f"until {bill.until:%Y-%m-%d %H:%M} UTC"
    planned = f"of {bill.planned_in_all:,}"
    idle: tuple[Card, ...] = ()
    if bill.idle_gpu_hours is not None:
        hours = f"{bill.idle_gpu_hours:,}"
        idle = (Card("Keeps idle before", hours, "GPU-hours", bill.idle_cost),)
    return (
        *idle,
        Card("Protects", f"{bill.gpu_hours:,}", "GPU-hours", until),
        Card("Updates that move", f"{bill.moved_in_all:,}", planned, "planned"),
        Card("Held up", f"{bill.waiting_in_all:,}", "", "of higher rings"),
        Card("Customers who wait", f"{bill.customers_in_all:,}", "", names),
    )  # fmt: skip


def _words(bill: BillView) -> tuple[str, ...]:
    nights = tuple(
        f"{one.site} loses {one.whole:,} nightly windows, and part of {one.part:,} more."
        for one in bill.nights
    )
    return (WITHOUT_AN_END, *nights) if bill.is_open else nights
