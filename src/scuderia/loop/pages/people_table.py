"""People as a table: who may come in, in which roles, and the tokens that open for them."""

from django.urls import reverse

from scuderia.loop.queries.people import PersonRow, TokenRow
from scuderia.web.components import Cell
from scuderia.web.svg import UNKNOWN
from scuderia.web.tables import Facet, TableColumn, TableSpec


def _open_tokens(row: PersonRow) -> list[TokenRow]:
    return [token for token in row.tokens if token.revoked_at is None]


def _name(row: PersonRow) -> Cell:
    return Cell(row.name, "name", href=reverse("person", args=[row.name]))


def _state(row: PersonRow) -> Cell:
    look, word = ("ok", "Active") if row.active else ("unknown", "Deactivated")
    return Cell(word, "state", state=look)


def _roles(row: PersonRow) -> Cell:
    held = (f"{one.role.value} on {one.scope}" for one in row.roles)
    return Cell(", ".join(held) or "none", "words")


def _tokens(row: PersonRow) -> Cell:
    return Cell(", ".join(token.name for token in _open_tokens(row)) or "none", "words")


def _used(row: PersonRow) -> Cell:
    used = [token.last_used_at for token in row.tokens if token.last_used_at]
    return Cell("", "instant", at=max(used, default=None))


PEOPLE: TableSpec[PersonRow] = TableSpec(
    caption="People",
    columns=(
        TableColumn("name", "Name", _name, lambda row: row.name),
        TableColumn("full_name", "Full name", lambda row: Cell(row.full_name or UNKNOWN),
                    lambda row: row.full_name),
        TableColumn("state", "State", _state, lambda row: not row.active),
        TableColumn("roles", "Roles", _roles),
        TableColumn("tokens", "Tokens", _tokens),
        TableColumn("used", "A token last used", _used, lambda row: _used(row).at, first="-"),
    ),
    key=lambda row: row.name,
    version=lambda row: f"{row.active} {_roles(row).text} {_tokens(row).text}",
    facets=(
        Facet("state", "State", (("active", "Active"), ("deactivated", "Deactivated")),
              lambda row: "active" if row.active else "deactivated"),
    ),
    searched="Name, role or token",
)  # fmt: skip
