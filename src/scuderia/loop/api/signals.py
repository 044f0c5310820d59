"""Facts seen from outside."""

from collections.abc import Mapping

from django.http import HttpRequest
from ninja import Router

from scuderia.loop.api import common
from scuderia.loop.queries import signals
from scuderia.loop.queries.signals import SignalRow

router = Router(tags=["signals"])


@router.get("/signals", response=common.answers(common.PageOut[SignalRow]))
def list_signals(
    request: HttpRequest,
    subject: common.Wanted = "",
    *,
    page: common.Page,
) -> Mapping[str, object]:
    """Return facts seen from outside, newest first; a scoped reader names the subject."""
    rows = signals.list_signals(
        common.request_actor(request),
        subject=common.subject_named(subject),
        limit=page.rows_max,
    )
    return page.of(rows)
