"""Facts seen from outside."""

from collections.abc import Mapping

from django.http import HttpRequest
from ninja import Router

from scuderia.loop.api.common import (
    Limit,
    Offset,
    PageOut,
    Wanted,
    answers,
    page_of,
    request_actor,
    subject_named,
    up_to,
)
from scuderia.loop.queries import signals
from scuderia.loop.queries.signals import SignalRow

router = Router(tags=["signals"])


@router.get("/signals", response=answers(PageOut[SignalRow]))
def list_signals(
    request: HttpRequest, subject: Wanted = "", limit: Limit = 50, offset: Offset = 0
) -> Mapping[str, object]:
    """Return facts seen from outside, newest first; a scoped reader names the subject."""
    rows = signals.list_signals(
        request_actor(request), subject=subject_named(subject), limit=up_to(limit, offset)
    )
    return page_of(rows, limit, offset)
