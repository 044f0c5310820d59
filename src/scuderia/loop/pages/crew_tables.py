"""The crew's lists as tables: the grants, and what each look of an agent brought back."""

from scuderia.basics.actors import Actor
from scuderia.loop.queries.agents import RoundRow, list_rounds
from scuderia.loop.queries.grants import GrantRow
from scuderia.web.components import Cell
from scuderia.web.page_chrome import place_of
from scuderia.web.tables import Ask, Source, TableColumn, TableSpec, pages_of

GRANT_LOOKS = {"active": "ok", "suspended": "hold"}

GRANTS: TableSpec[GrantRow] = TableSpec(
    name="grants",
    caption="Grants, and how far each lets an agent go",
    columns=(
        TableColumn("agent", "Agent",
                    lambda row: Cell(row.agent, "name", href=place_of(f"agent:{row.agent}")),
                    lambda row: row.agent),
        TableColumn("kind", "Kind of action", lambda row: Cell(row.kind, "code"),
                    lambda row: row.kind),
        TableColumn("scope", "Where",
                    lambda row: Cell(str(row.scope), "code", href=place_of(str(row.scope))),
                    lambda row: str(row.scope)),
        TableColumn("level", "Level", lambda row: Cell(str(row.level.value)),
                    lambda row: row.level.value, numeric=True),
        TableColumn("state", "State",
                    lambda row: Cell(row.state.value.capitalize(), "state",
                                     state=GRANT_LOOKS.get(row.state.value, "unknown")),
                    lambda row: row.state.value),
        TableColumn("until", "Until", lambda row: Cell("", "instant", at=row.expires_at),
                    lambda row: row.expires_at),
        TableColumn("by", "Given by", lambda row: Cell(row.granted_by, "name"),
                    lambda row: row.granted_by),
        TableColumn("why", "Why", lambda row: Cell(row.reason, "words")),
    ),
    key=lambda row: str(row.id),
    version=lambda row: row.state.value,
    size=25,
)  # fmt: skip

ROUNDS: TableSpec[RoundRow] = TableSpec(
    caption="Looks, newest first",
    columns=(
        TableColumn("at", "At", lambda row: Cell("", "instant", at=row.at)),
        TableColumn("findings", "Findings", lambda row: Cell(str(row.findings)), numeric=True,
                    plain=lambda row: row.findings),
        TableColumn("proposals", "Proposals", lambda row: Cell(str(row.proposals)), numeric=True,
                    plain=lambda row: row.proposals),
        TableColumn("filed", "New", lambda row: Cell(str(row.filed)), numeric=True,
                    plain=lambda row: row.filed),
        TableColumn("took", "Took, ms", lambda row: Cell(str(row.duration_ms)), numeric=True,
                    plain=lambda row: row.duration_ms),
        TableColumn("considered", "Dropped", lambda row: Cell("; ".join(row.considered), "words")),
        TableColumn("error", "Error", lambda row: Cell(row.error, "words")),
    ),
    key=lambda row: row.at.isoformat(),
    sorts=False,
    searched="",
    size=25,
    item="loop/round_item.html",
)  # fmt: skip


def rounds_of(actor: Actor, agent: str) -> Source[RoundRow]:
    """Return what one agent's looks brought back, as far as the actor may read."""

    def read(ask: Ask) -> tuple[RoundRow, ...]:
        return list_rounds(actor, agent=agent, offset=ask.offset, limit=ask.limit)

    return pages_of(read)
