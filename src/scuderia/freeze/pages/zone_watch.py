"""What the watch saw of a zone's machines, and what the gate answered about them, as tables."""

from dataclasses import dataclass
from typing import Any, TypeAlias

from django.http import HttpRequest

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.freeze.nouns import ZoneState
from scuderia.freeze.queries.zone_decisions import ZoneDecisionRow, list_zone_decisions
from scuderia.freeze.queries.zones import BreachRow, LetThroughRow, ZoneView
from scuderia.web.components import Cell
from scuderia.web.svg import UNKNOWN
from scuderia.web.tables import (
    DataTable,
    Source,
    TableColumn,
    TableSpec,
    is_csv_asked,
    open_table,
    rows_in_memory,
)

AnyTable: TypeAlias = tuple[TableSpec[Any], Source[Any]]
HIDDEN = "one that is not yours to read"
DECISIONS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class WatchPanel:
    """What is known of a zone's machines, and of what was asked about them.

    words     how many were seen lately, in words
    kind, title, quiet   of the empty state: what is said where no change was seen
    unasked   what is said where the gate was not asked
    """

    words: str
    kind: str
    title: str
    quiet: str
    breaches: DataTable
    let_through: DataTable
    decisions: DataTable
    unasked: str


def machine(name: str) -> Cell:
    """Return a machine's name, or that it is not told."""
    return Cell(name, "name") if name else Cell(HIDDEN, "words")


BREACHES: TableSpec[BreachRow] = TableSpec(
    name="breaches",
    caption="What changed on its machines that nobody was let through for, all times in UTC",
    columns=(
        TableColumn("machine", "Machine", lambda row: machine(row.node), lambda row: row.node),
        TableColumn("changed", "Changed", lambda row: Cell(row.kind.replace("_", " ")),
                    lambda row: row.kind),
        TableColumn("was", "Was", lambda row: Cell(row.was, "code")),
        TableColumn("is", "Is", lambda row: Cell(row.value, "code")),
        TableColumn("last", "Last seen as it was (UTC)",
                    lambda row: Cell("", "instant", at=row.last_seen), lambda row: row.last_seen),
        TableColumn("seen", "First seen changed (UTC)",
                    lambda row: Cell("", "instant", at=row.seen), lambda row: row.seen),
    ),
    key=lambda row: f"{row.node} {row.kind} {row.seen}",
    size=25,
)  # fmt: skip
LET_THROUGH: TableSpec[LetThroughRow] = TableSpec(
    name="let",
    caption="What a break-glass let through, all times in UTC",
    columns=(
        TableColumn("machine", "Machine", lambda row: machine(row.node), lambda row: row.node),
        TableColumn("changed", "Changed", lambda row: Cell(
            f"{row.kind.replace('_', ' ')}: {row.was} to {row.value}", "words")),
        TableColumn("seen", "First seen changed (UTC)",
                    lambda row: Cell("", "instant", at=row.seen), lambda row: row.seen),
        TableColumn("by", "Asked for by", lambda row: Cell(row.asked_by), lambda row: row.asked_by),
        TableColumn("approved", "Approved by", lambda row: Cell(row.approved_by),
                    lambda row: row.approved_by),
        TableColumn("why", "Why", lambda row: Cell(f"{row.ticket}: {row.reason}", "words")),
    ),
    key=lambda row: f"{row.node} {row.kind} {row.seen}",
    size=25,
)  # fmt: skip


def _answer(row: ZoneDecisionRow) -> Cell:
    if not row.allowed:
        return Cell("Refused", "state", state="hold")
    return Cell("Let through" if row.break_glass else "Allowed", "state",
                state="warn" if row.break_glass else "ok")  # fmt: skip


def _machines(row: ZoneDecisionRow) -> Cell:
    more = len(row.nodes) - 1
    return Cell(f"{row.nodes[0]} and {more:,} more" if more else row.nodes[0], "words")


DECISIONS: TableSpec[ZoneDecisionRow] = TableSpec(
    name="asked",
    caption="What the gate answered about its machines, the last first, all times in UTC",
    columns=(
        TableColumn("at", "Asked (UTC)", lambda row: Cell("", "instant", at=row.at),
                    lambda row: row.at, first="-"),
        TableColumn("answer", "Answer", _answer, lambda row: row.allowed),
        TableColumn("by", "By", lambda row: Cell(row.asked_by), lambda row: row.asked_by),
        TableColumn("class", "Update", lambda row: Cell(row.update_class.replace("_", " ")),
                    lambda row: row.update_class),
        TableColumn("machines", "Machines", _machines, lambda row: len(row.nodes), first="-"),
        TableColumn("from", "From (UTC)", lambda row: Cell("", "instant", at=row.starts_at),
                    lambda row: row.starts_at),
        TableColumn("to", "To (UTC)", lambda row: Cell("", "instant", at=row.ends_at),
                    lambda row: row.ends_at),
        TableColumn("ground", "Ground", lambda row: Cell(row.ground.replace("_", " ") or UNKNOWN),
                    lambda row: row.ground, shown=False),
    ),
    key=lambda row: str(row.id),
    size=10,
)  # fmt: skip


def is_sheet_of_watch(request: HttpRequest) -> bool:
    """Say whether the address asks for one of these tables as a sheet."""
    specs: tuple[TableSpec[Any], ...] = (BREACHES, LET_THROUGH, DECISIONS)
    return any(is_csv_asked(spec, request.GET) for spec in specs)


def watch_tables(view: ZoneView, actor: Actor, now: AwareDatetime) -> tuple[AnyTable, ...]:
    """Return the tables of a zone's page that tell what was seen and asked, in that order."""
    decisions = list_zone_decisions(actor, view.zone.id, now, limit=DECISIONS_SHOWN)
    return (
        (BREACHES, rows_in_memory(BREACHES, view.breaches)),
        (LET_THROUGH, rows_in_memory(LET_THROUGH, view.let_through)),
        (DECISIONS, rows_in_memory(DECISIONS, decisions)),
    )


def watch_panel(
    request: HttpRequest, actor: Actor, view: ZoneView, now: AwareDatetime, path: str
) -> WatchPanel:
    """Return what is known of the zone's machines; where nothing was seen that is said."""
    breaches, let_through, decisions = (
        open_table(spec, source, request, path=path)
        for spec, source in watch_tables(view, actor, now)
    )
    kind, title, quiet = _quiet(view)
    return WatchPanel(
        words=_words(view),
        kind=kind,
        title=title,
        quiet=quiet,
        breaches=breaches,
        let_through=let_through,
        decisions=decisions,
        unasked="No update of its machines that reaches into it was asked for, as far as you may "
        "read. Batches are kept by their root and not by machine.",
    )


def _words(view: ZoneView) -> str:
    nodes, watched = view.zone.nodes, view.watched
    if view.zone.state in (ZoneState.ENDED, ZoneState.REJECTED):
        return "It is not watched any more; how far the watch saw stands in its report."
    told = f"{watched:,} of its {nodes:,} machines were seen in the last 5 minutes."
    unseen = nodes - watched
    return f"{told} Of the other {unseen:,} it is not known what they run now." if unseen else told


def _quiet(view: ZoneView) -> tuple[str, str, str]:
    """Return what is said where no change was seen: silence is no proof of quiet."""
    state = view.zone.state
    if state is ZoneState.REJECTED:
        return "nothing", "Nothing was watched", "The zone was rejected and stopped nothing."
    if state in (ZoneState.REQUESTED, ZoneState.SCHEDULED):
        return "nothing", "Not in force yet", "From its beginning on every change is told here."
    if state is ZoneState.ACTIVE and view.watched < view.zone.nodes:
        words = "Of machines that were not seen lately nothing is known: this is no proof of quiet."
        return "cannot_know", "No change was seen", words
    if state is ZoneState.ENDED:
        words = "Whether every machine was seen to the end stands in the report."
        return "nothing", "No change was seen", words
    return "well", "No change was seen", "Every machine of it was seen in the last 5 minutes."
