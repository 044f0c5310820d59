"""Facts seen from outside."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema

from scuderia.loop.api.common import (
    Facts,
    Limit,
    Offset,
    PageOut,
    Subject,
    Wanted,
    answers,
    page_of,
    request_actor,
    subject_named,
    up_to,
)
from scuderia.loop.queries import signals

router = Router(tags=["signals"])


class SignalOut(Schema):
    """A fact seen from outside."""

    id: UUID
    kind: str
    subject: Subject
    occurred_at: datetime
    received_at: datetime
    source: str
    payload: Facts


@router.get("/signals", response=answers(PageOut[SignalOut]))
def list_signals(
    request: HttpRequest, subject: Wanted = "", limit: Limit = 50, offset: Offset = 0
) -> Mapping[str, object]:
    """Return facts seen from outside, newest first; a scoped reader names the subject."""
    rows = signals.list_signals(
        request_actor(request), subject=subject_named(subject), limit=up_to(limit, offset)
    )
    return page_of(rows, limit, offset)
