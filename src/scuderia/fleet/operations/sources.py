"""Polls each reader page by page; a source that falls silent leaves its own nodes unknown.

A page and the cursor that follows it are one transaction, so a kill between pages loses nothing
and repeats nothing.
"""

import time
from collections.abc import Callable
from functools import partial

from django.db import transaction

from scuderia.basics.actors import WORKER
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import Unable
from scuderia.basics.subjects import EVERYTHING
from scuderia.fleet.models.columns import CAUSE_MAX
from scuderia.fleet.models.observations import LatestObservation, ObservationCursor
from scuderia.fleet.nouns import Inventory, NodeState, ObservationPage
from scuderia.fleet.operations import inventory
from scuderia.fleet.operations.observations import (
    PollReport,
    read_cursor,
    record_latest,
    record_observations,
)
from scuderia.fleet.ports import FleetReader
from scuderia.loop.nouns import SignalDraft
from scuderia.loop.operations import signals
from scuderia.loop.operations.write_turns import take_turn

PAGE_LIMIT = 1000
PAGE_FIRST, PAGE_LEAST = 500, 250  # each page asks the same questions: small ones cost more in all
PAGE_S = 0.25  # about as long the books are held for a page, whatever its words cost
PAGES_MAX = 200
PAUSE_SHARE = 1 / 8  # shorter than an import's: nodes that fail are news


SOURCE_SILENT = "fleet.source.silent"


def poll(
    reader: FleetReader,
    *,
    now: AwareDatetime,
    page_limit: int = PAGE_LIMIT,
    pages_max: int = PAGES_MAX,
) -> PollReport:
    """Read what is new from a cluster, page by page, and put it on the books.

    Never raises for a silent source: the silence is a fact too, and is recorded as one.
    """
    total, limit = PollReport(), min(page_limit, PAGE_FIRST)
    try:
        for turn in range(pages_max):
            page = reader.observe(cursor=read_cursor(reader.source), limit=limit)
            listed = _unregistered(reader) if turn == 0 else None
            book = partial(_book, page, listed, source=reader.source, now=now)
            done, took_s = take_turn(partial(_timed, book), pause_share=PAUSE_SHARE)
            total, limit = _sum(total, done), _next_limit(limit, page_limit, took_s)
            if not page.more:
                _break_silence(reader)
                break
    except Unable as error:
        return _sum(total, record_silence(reader.source, error=str(error), now=now))
    return total


@transaction.atomic
def record_silence(source: str, *, error: str, now: AwareDatetime) -> PollReport:
    """Note since when it is silent; its nodes alone become unknown, and nothing is cleared.

    What was true when the source last spoke is no longer known; what others say still is.
    """
    kept, _ = ObservationCursor.objects.get_or_create(source=source)
    ObservationCursor.objects.filter(pk=kept.pk).update(
        silent_since=kept.silent_since or now, error=error[:CAUSE_MAX]
    )
    spoken = LatestObservation.objects.filter(source=source)
    spoken.exclude(state=NodeState.UNKNOWN).update(state=NodeState.UNKNOWN)
    last_word = kept.as_of.isoformat() if kept.as_of else "never"
    draft = SignalDraft(
        kind=SOURCE_SILENT,
        subject=EVERYTHING,
        occurred_at=now,
        source=source,
        dedup_key=f"{source}/silent-since/{last_word}",
        payload={"last_word": last_word, "error": error[:CAUSE_MAX]},
    )
    signals.record_signals([draft], now=now)
    return PollReport(signals=1, silent=error[:CAUSE_MAX])


def _timed(book: Callable[[], PollReport]) -> tuple[PollReport, float]:
    # the wait for the lock is left out: it says nothing of the page's size
    begun = time.monotonic()
    return book(), time.monotonic() - begun


def _next_limit(limit: int, most: int, took_s: float) -> int:
    """Return how many words the next page may have: twice as many at most, and as fit PAGE_S."""
    fitting = int(min(2.0, PAGE_S / max(took_s, PAGE_S / 2)) * limit)
    return min(most, max(PAGE_LEAST, fitting))


def _unregistered(reader: FleetReader) -> Inventory | None:
    """Return what the source lists, None where the books say all of it: asked without the lock."""
    listed = reader.inventory()
    return None if inventory.is_registered(listed) else listed


def _book(
    page: ObservationPage, listed: Inventory | None, *, source: str, now: AwareDatetime
) -> PollReport:
    """Bring what the source lists onto the books; its history begins with its first word."""
    if listed is not None:
        active_from = min([seen.at for seen in page.observations] or [page.as_of])
        inventory.register_inventory(listed, actor=WORKER, now=now, active_from=active_from)
    return record_observations(page, source=source, now=now)


def _break_silence(reader: FleetReader) -> None:
    """After a silence, take the source's present word for the nodes that it left unknown."""
    silenced = LatestObservation.objects.filter(state=NodeState.UNKNOWN, source=reader.source)
    names = set(silenced.values_list("node__name", flat=True))
    if names:
        with transaction.atomic():
            current = reader.current()
            silenced.filter(node__name__in=current).delete()
            again = tuple(current[name] for name in sorted(names & set(current)))
            record_latest(again, source=reader.source)


def _sum(one: PollReport, other: PollReport) -> PollReport:
    return PollReport(
        pages=one.pages + other.pages,
        observations=one.observations + other.observations,
        signals=one.signals + other.signals,
        strangers=tuple(sorted({*one.strangers, *other.strangers})),
        disputed=one.disputed + other.disputed,
        silent=other.silent,
        more=other.more,
    )
