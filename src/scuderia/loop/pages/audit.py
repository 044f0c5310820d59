"""The audit: who did what to what, when and why; verified in one press, exported in another."""

import io
from dataclasses import dataclass
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import EVERYTHING
from scuderia.loop.nouns import Power
from scuderia.loop.operations import access, audit_heads
from scuderia.loop.operations import audit as chain
from scuderia.loop.operations.audit_heads import OutsideVerdict
from scuderia.loop.pages.audit_table import AUDIT, audit_of
from scuderia.loop.ports import registry
from scuderia.loop.queries.access import may, may_somewhere
from scuderia.loop.queries.audit import get_head
from scuderia.loop.queries.audit_heads import HeadStoreRow, list_head_stores
from scuderia.web.base_views import page, show
from scuderia.web.request_context import request_context
from scuderia.web.table_csv import csv_answer
from scuderia.web.tables import DataTable, open_table

SUBJECT_MAX = 161


@dataclass(frozen=True, slots=True)
class Verified:
    """What reading the whole chain found.

    entries   how many were read
    said      what is wrong, in words; where all hold, what none of it can vouch for, or ""
    against   how many heads from outside the chain was held against
    unread    places outside whose heads could not be read back, and why
    """

    holds: bool
    entries: int
    said: str
    against: int
    unread: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AuditPage:
    """A page of the chain, and its head.

    subject      the one that every row is about, spelled `kind:name`; "" for all
    head_hash    SHA-256 in hex; with `head_seq` what to keep elsewhere
    outside      what is known of every place outside that keeps heads
    verified     None where nobody asked for the whole chain to be read
    may_export   the whole chain, so the power must stand on everything
    """

    as_of: AwareDatetime
    table: DataTable
    subject: str
    head_seq: int
    head_hash: str
    outside: tuple[HeadStoreRow, ...]
    verified: Verified | None
    may_verify: bool
    may_export: bool


@require_safe
@page
def audit(request: HttpRequest) -> HttpResponseBase:
    """Show the audit, newest first; `?verify=1` reads the whole chain."""
    asked = request_context(request)
    subject = request.GET.get("subject", "").strip()[:SUBJECT_MAX]
    found = None
    if request.GET.get("verify"):
        found = audit_heads.verify_for(asked.actor, wall=registry.wall.now())
    _say_plainly(request)
    source = audit_of(asked.actor, subject=subject)
    if sheet := csv_answer(AUDIT, source, request):
        return sheet
    head = get_head()
    context = AuditPage(
        as_of=asked.now,
        table=open_table(AUDIT, source, request),
        subject=subject,
        head_seq=head.seq,
        head_hash=head.hash,
        outside=found.stores if found else list_head_stores(asked.actor, wall=registry.wall.now()),
        verified=_verified(found) if found else None,
        may_verify=may_somewhere(asked.actor, Power.VERIFY_AUDIT),
        may_export=may(asked.actor, Power.VERIFY_AUDIT, frozenset({EVERYTHING})),
    )
    return show(request, "loop/audit.html", context)


def _say_plainly(request: HttpRequest) -> None:
    """Read the old `before=` as the table's own; a link of the table does not verify again."""
    query = request.GET.copy()
    query.pop("verify", None)
    before = query.pop("before", [])
    if before:
        query.setdefault("after", before[-1])
    request.GET = cast("Any", query)


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


def _verified(found: OutsideVerdict) -> Verified:
    verdict = found.verdict
    return Verified(verdict.holds, verdict.entries, verdict.said, found.against, found.unread)
