"""Approval rules as tables: those that hold, each with its end, and those that were ended."""

from dataclasses import dataclass

from scuderia.loop.queries.approval_rules import ApprovalRuleRow
from scuderia.web.components import Cell
from scuderia.web.page_chrome import place_of
from scuderia.web.tables import TableColumn, TableSpec


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule that holds, as its line shows it."""

    row: ApprovalRuleRow
    cost: str
    may_end: bool


def cost_words(row: ApprovalRuleRow) -> str:
    """Return from which cost on the rule asks, in dollars, cents where there are any."""
    if row.cents_from is None:
        return "whatever it costs"
    dollars, cents = divmod(row.cents_from, 100)
    return f"from ${dollars:,}" + (f".{cents:02}" if cents else "") + " on"


def _scope(row: ApprovalRuleRow) -> Cell:
    return Cell(str(row.scope), "code", href=place_of(str(row.scope)))


_COLUMNS: tuple[TableColumn[ApprovalRuleRow], ...] = (
    TableColumn("kind", "Kind of action", lambda row: Cell(row.kind or "every kind", "code"),
                lambda row: row.kind),
    TableColumn("scope", "Where", _scope, lambda row: str(row.scope)),
    TableColumn("cost", "Cost", lambda row: Cell(cost_words(row)), lambda row: row.cents_from),
    TableColumn("by", "Set by", lambda row: Cell(row.set_by, "name"), lambda row: row.set_by),
    TableColumn("set", "Set", lambda row: Cell("", "instant", at=row.set_at),
                lambda row: row.set_at, first="-"),
    TableColumn("why", "Why", lambda row: Cell(row.reason, "words")),
)  # fmt: skip

RULES: TableSpec[ApprovalRuleRow] = TableSpec(
    caption="Rules that hold, newest first",
    columns=_COLUMNS,
    key=lambda row: str(row.id),
    size=25,
    item="loop/approval_rule_item.html",
)

PAST_RULES: TableSpec[ApprovalRuleRow] = TableSpec(
    name="past",
    caption="Rules that were ended, newest first",
    columns=(
        *_COLUMNS,
        TableColumn("ended", "Ended", lambda row: Cell("", "instant", at=row.ended_at),
                    lambda row: row.ended_at, first="-"),
        TableColumn("ended_by", "Ended by", lambda row: Cell(row.ended_by, "name"),
                    lambda row: row.ended_by),
    ),
    key=lambda row: str(row.id),
    size=25,
)  # fmt: skip
