"""The steps of one run as a table: what each did, and how it stands."""

from scuderia.loop.nouns import EffectState
from scuderia.loop.queries.effects import EffectRow
from scuderia.web.components import Cell, facts
from scuderia.web.tables import TableColumn, TableSpec

_LOOKS = {
    EffectState.DONE: ("ok", "Done"),
    EffectState.NOT_DONE: ("bad", "Not done"),
    EffectState.UNKNOWN: ("unknown", "Unknown: observed next"),
}


def _state(row: EffectRow) -> Cell:
    look, word = _LOOKS[row.state]
    return Cell(word, "state", state=look)


def _arguments(row: EffectRow) -> Cell:
    return Cell(", ".join(f"{name} {value}" for name, value in facts(row.arguments)), "words")


EFFECTS: TableSpec[EffectRow] = TableSpec(
    caption="Steps, in order",
    columns=(
        TableColumn("step", "Step", lambda row: Cell(f"{row.step + 1}. {row.name}", "name"),
                    lambda row: row.step),
        TableColumn("state", "State", _state, lambda row: row.state.value),
        TableColumn("arguments", "Arguments", _arguments),
        TableColumn("tries", "Tries", lambda row: Cell(str(row.tries)), lambda row: row.tries,
                    numeric=True),
        TableColumn("looks", "Looks", lambda row: Cell(str(row.looks)), lambda row: row.looks,
                    numeric=True),
        TableColumn("claimed", "Claimed", lambda row: Cell("", "instant", at=row.claimed_at),
                    lambda row: row.claimed_at),
        TableColumn("settled", "Settled", lambda row: Cell("", "instant", at=row.settled_at),
                    lambda row: row.settled_at),
    ),
    key=lambda row: row.key,
    version=lambda row: row.state.value,
)  # fmt: skip
