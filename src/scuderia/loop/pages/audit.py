"""The audit: who did what to what, when and why; verified in one press, exported in another."""

import io
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import EVERYTHING
from scuderia.loop.nouns import Power
from scuderia.loop.operations import access
from scuderia.loop.operations import audit as chain
from scuderia.loop.queries.access import may, may_somewhere
from scuderia.loop.queries.audit import AuditRow, get_head, list_audit
from scuderia.web.base_views import page, show
from scuderia.web.components import Cell, Column, Field, Row, Table
from scuderia.web.page_chrome import place_of
from scuderia.web.request_context import request_context

PAGE_ROWS = 50
UUID_CHARACTERS = 36


@dataclass(frozen=True, slots=True)
class Verified:
    """What reading the whole chain found."""

    holds: bool
    entries: int
    said: str


@dataclass(frozen=True, slots=True)
class AuditPage:
    """A page of the chain, and its head."""

    as_of: AwareDatetime
    table: Table
    fields: tuple[Field, ...]
    filtered: bool
    head_seq: int
    head_hash: str
    verified: Verified | None
    may_verify: bool
    may_export: bool
    older: str
    newest: str


@require_safe
@page
def audit(request: HttpRequest) -> HttpResponse:
    """Show the audit, newest first; `?verify=1` reads the whole chain."""
    asked = request_context(request)
    subject = request.GET.get("subject", "").strip()[:161]
    before = _number(request.GET.get("before", ""))
    rows = list_audit(asked.actor, subject=subject, before=before, limit=PAGE_ROWS + 1)
    shown = rows[:PAGE_ROWS]
    head = get_head()
    query = {"subject": subject} if subject else {}
    older = query | {"before": str(shown[-1].seq)} if len(rows) > PAGE_ROWS else {}
    context = AuditPage(
        as_of=asked.now,
        table=_table(shown),
        fields=(Field("subject", "Subject", "search", value=subject, longest=161,
                      help="e.g. proposal:id, or person:name"),),
        filtered=bool(subject),
        head_seq=head.seq,
        head_hash=head.hash,
        verified=_verified(asked.actor) if request.GET.get("verify") else None,
        may_verify=may_somewhere(asked.actor, Power.VERIFY_AUDIT),
        may_export=may(asked.actor, Power.VERIFY_AUDIT, frozenset({EVERYTHING})),
        older=f"{reverse('audit')}?{urlencode(older)}" if older else "",
        newest=f"{reverse('audit')}?{urlencode(query)}" if before else "",
    )  # fmt: skip
    return show(request, "loop/audit.html", context)


@require_safe
@page
def export(request: HttpRequest) -> HttpResponse:
    """Give the whole chain as JSON lines, its head last."""
    asked = request_context(request)
    access.require(asked.actor, Power.VERIFY_AUDIT, EVERYTHING)
    stream = io.StringIO()
    head = chain.export(stream)
    name = f'attachment; filename="scuderia-audit-{head.seq}.jsonl"'
    return HttpResponse(
        stream.getvalue(), content_type="application/x-ndjson",
        headers={"Content-Disposition": name},
    )  # fmt: skip


def _verified(actor: Actor) -> Verified:
    access.require_somewhere(actor, Power.VERIFY_AUDIT)
    verdict = chain.verify()
    return Verified(verdict.holds, verdict.entries, verdict.said)


def _table(rows: tuple[AuditRow, ...]) -> Table:
    columns = (
        Column("Number", numeric=True), Column("When"), Column("Who"), Column("Did"),
        Column("To what"), Column("Why"), Column("Hash"),
    )  # fmt: skip
    return Table("Audit entries, newest first", columns, tuple(_row(row) for row in rows))


def _row(row: AuditRow) -> Row:
    who = f"{row.actor} via {row.via}" if row.via else row.actor
    return Row(
        (
            Cell(str(row.seq)),
            Cell("", "instant", at=row.at),
            Cell(who),
            Cell(row.verb),
            Cell(_short(row.subject), "code", href=place_of(row.subject)),
            Cell(row.reason or "\u2013", "words"),
            Cell(row.hash[:12], "code"),
        ),
        key=str(row.seq),
        version=row.hash[:12],
    )


def _short(subject: str) -> str:
    """Return a subject in few characters: of an id, its last eight, which differ."""
    kind, _, name = subject.partition(":")
    return f"{kind}:...{name[-8:]}" if len(name) == UUID_CHARACTERS else subject


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None  # noqa: PLR2004 - a 64-bit number
