"""The audit as a table: the chain, newest first, paged by the number of its entries."""

from scuderia.basics.actors import Actor
from scuderia.loop.queries.audit import AuditRow, list_audit
from scuderia.web.components import Cell
from scuderia.web.page_chrome import place_of
from scuderia.web.svg import UNKNOWN
from scuderia.web.tables import Ask, Slice, Source, TableColumn, TableSpec

UUID_CHARACTERS = 36


def _who(row: AuditRow) -> Cell:
    return Cell(f"{row.actor} via {row.via}" if row.via else row.actor)


def _subject(row: AuditRow) -> Cell:
    """Return a subject in few characters: of an id, its last eight, which differ."""
    kind, _, name = row.subject.partition(":")
    short = f"{kind}:...{name[-8:]}" if len(name) == UUID_CHARACTERS else row.subject
    return Cell(short, "code", href=place_of(row.subject))


AUDIT: TableSpec[AuditRow] = TableSpec(
    caption="Audit entries, newest first",
    columns=(
        TableColumn("number", "Number", lambda row: Cell(str(row.seq)), numeric=True,
                    plain=lambda row: row.seq),
        TableColumn("when", "When", lambda row: Cell("", "instant", at=row.at)),
        TableColumn("who", "Who", _who),
        TableColumn("did", "Did", lambda row: Cell(row.verb, "name")),
        TableColumn("subject", "To what", _subject, plain=lambda row: row.subject),
        TableColumn("why", "Why", lambda row: Cell(row.reason or UNKNOWN, "words"),
                    plain=lambda row: row.reason),
        TableColumn("hash", "Hash", lambda row: Cell(row.hash[:12], "code"),
                    plain=lambda row: row.hash),
        TableColumn("detail", "Detail", lambda row: Cell(row.detail, "words"), shown=False),
    ),
    key=lambda row: str(row.seq),
    version=lambda row: row.hash[:12],
    sorts=False,
    searched="Who, did what, to what or why",
)  # fmt: skip


def audit_of(actor: Actor, *, subject: str) -> Source[AuditRow]:
    """Return the entries that the actor may read, of one subject alone if it is named."""

    def source(ask: Ask) -> Slice[AuditRow]:
        rows = list_audit(
            actor,
            subject=subject,
            words=ask.state.words,
            before=_number(ask.state.cursor),
            limit=ask.limit + 1,
        )
        shown, more = rows[: ask.limit], len(rows) > ask.limit
        return Slice(shown, more=more, cursor=str(shown[-1].seq) if more else "")

    return source


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None  # noqa: PLR2004 - a 64-bit number
