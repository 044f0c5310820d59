"""The audit: listed, verified, exported."""

import io
import tempfile
from typing import IO, Annotated, cast

from django.http import FileResponse, HttpRequest
from ninja import Query, Router, Schema

from scuderia.basics.subjects import EVERYTHING
from scuderia.loop.api import common
from scuderia.loop.api.row_schemas import RowOf
from scuderia.loop.nouns import (
    Power,
)
from scuderia.loop.operations import access, audit_heads
from scuderia.loop.operations import audit as chain
from scuderia.loop.ports import registry
from scuderia.loop.queries import audit
from scuderia.loop.queries.audit import AuditRow
from scuderia.loop.queries.audit_heads import HeadStoreRow

router = Router(tags=["audit"])


class AuditPageOut(Schema):
    """A page of the chain, newest first; pass `next_before` back for older entries."""

    items: list[RowOf[AuditRow]]
    next_before: int | None
    head_seq: int
    head_hash: str


class VerifiedOut(Schema):
    """What reading the whole chain found, and what is kept of it outside.

    outside_age_s   seconds since the newest head was taken outside; null where none ever was
    held_against    how many heads from outside the chain was held against
    unread          places whose heads could not be read back, and why
    """

    holds: bool
    entries: int
    broken_at: int | None
    said: str
    outside: list[RowOf[HeadStoreRow]]
    outside_age_s: int | None
    held_against: int
    unread: list[str]


Before = Annotated[int | None, Query(ge=1, le=common.SEQ_MAX)]
HeadText = Annotated[str, Query(max_length=200, pattern=common.NO_NUL)]
IN_MEMORY_BYTES_MAX = 4 * 1024 * 1024
JSON_LINES = "application/x-ndjson"


@router.get("/audit", response=common.answers(AuditPageOut))
def list_audit(
    request: HttpRequest,
    subject: common.Wanted = "",
    before: Before = None,
    limit: common.Limit = 50,
) -> dict[str, object]:
    """Return entries, newest first, below number `before`."""
    rows = audit.list_audit(
        common.request_actor(request), subject=subject, before=before, limit=limit + 1
    )
    shown, head = rows[:limit], audit.get_head()
    return {
        "items": shown,
        "next_before": shown[-1].seq if len(rows) > limit else None,
        "head_seq": head.seq,
        "head_hash": head.hash,
    }


@router.get("/audit/verify", response=common.answers(VerifiedOut))
def verify_audit(request: HttpRequest, head: HeadText = "") -> object:
    """Read the whole chain; with a head (`seq:hash`) kept from earlier a cut tail is found too."""
    return audit_heads.verify_for(
        common.request_actor(request),
        chain.read_head(head) if head else None,
        wall=registry.wall.now(),
    ).told()


@router.get(
    "/audit/export",
    response={401: common.RefusalOut, 403: common.RefusalOut, 404: common.RefusalOut},
    openapi_extra=common.file_answer(JSON_LINES, "One entry a line, the head last"),
)
def export_audit(request: HttpRequest) -> FileResponse:
    """Give the whole chain as JSON lines, its head last; docs/verify_audit.py checks it."""
    access.require(common.request_actor(request), Power.VERIFY_AUDIT, EVERYTHING)
    spool = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES_MAX)  # noqa: SIM115 - sent later
    written = io.TextIOWrapper(cast("IO[bytes]", spool), encoding="utf-8", newline="\n")
    chain.export(written)
    written.flush()
    written.detach()
    spool.seek(0)
    response = FileResponse(spool, content_type=JSON_LINES, filename="scuderia-audit.jsonl")
    response.headers["Cache-Control"] = "private, no-store"
    return response
