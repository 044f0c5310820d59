"""Turning what a cluster's reader saw into facts on the books: outages, phases, holders, signals.

A page and the cursor that follows it are one transaction, so a kill between pages loses nothing
and repeats nothing. A source that falls silent leaves every node unknown, never healthy.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction

from scuderia.basics.actors import WORKER
from scuderia.basics.canonical import JsonObject, JsonValue, sha256_of
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import Refused, Unable
from scuderia.basics.safe_text import plain_words
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.basics.units import HOUR_S
from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.models.columns import CAUSE_MAX
from scuderia.fleet.models.inventory import Node
from scuderia.fleet.models.observations import LatestObservation, ObservationCursor
from scuderia.fleet.models.outages import KEY_MAX, Outage
from scuderia.fleet.nouns import NodeName, NodeObservation, NodeState, ObservationPage
from scuderia.fleet.operations import books
from scuderia.fleet.ports import FleetReader
from scuderia.loop.nouns import SignalDraft
from scuderia.loop.operations import signals

PAGE_LIMIT = 1_000
PAGES_MAX = 100
RELAPSE_WATCH = timedelta(days=28)

NODE_DOWN = "fleet.node.down"
NODE_UP = "fleet.node.up"
NODE_RELAPSED = "fleet.node.relapsed"
SOURCE_SILENT = "fleet.source.silent"

_PHASES = frozenset({NodeState.IN_REPAIR, NodeState.WAITING_PARTS, NodeState.VALIDATING})
_TEXT_MAX = CAUSE_MAX


@dataclass(frozen=True, slots=True)
class PollReport:
    """What one poll brought: pages and observations read, signals raised.

    strangers   nodes the source speaks of but does not list; nothing is recorded of them
    disputed    words that contradict the books; each is left out, and the rest is recorded
    silent      the source's own error, "" when it answered
    more        pages still wait; poll again
    """

    pages: int = 0
    observations: int = 0
    signals: int = 0
    strangers: tuple[str, ...] = ()
    disputed: tuple[str, ...] = ()
    silent: str = ""
    more: bool = False


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
    total = PollReport()
    try:
        for turn in range(pages_max):
            page = reader.observe(cursor=books.read_cursor(reader.source), limit=page_limit)
            with transaction.atomic():
                if turn == 0:
                    _register(reader, page, now=now)
                one = record_observations(page, source=reader.source, now=now)
            total = _sum(total, one)
            if not page.more:
                _break_silence(reader)
                break
    except Unable as error:
        return _sum(total, record_silence(reader.source, error=str(error), now=now))
    return total


@transaction.atomic
def record_observations(page: ObservationPage, *, source: str, now: AwareDatetime) -> PollReport:
    """Put one page on the books, its cursor with it; the same page again changes nothing."""
    names = set(Node.objects.values_list("name", flat=True))
    fresh = tuple(
        seen
        for seen in _fresh(page.observations)
        if seen.node in names and seen.state is not NodeState.UNKNOWN
    )
    drafts: list[SignalDraft] = []
    disputed: list[str] = []
    accepted: list[NodeObservation] = []
    for seen in fresh:
        try:
            with transaction.atomic():
                drafts += _record_one(seen, source=source)
        except Refused as error:
            disputed.append(f"{seen.node}: {error.message}"[:_TEXT_MAX])
        else:
            accepted.append(seen)
    _record_latest(accepted)
    books.advance_cursor(source=source, cursor=page.cursor, as_of=page.as_of)
    if drafts:
        signals.record_signals(drafts, now=now)
    strangers = {str(seen.node)[:_TEXT_MAX] for seen in page.observations} - names
    return PollReport(
        pages=1,
        observations=len(page.observations),
        signals=len(drafts),
        strangers=tuple(sorted(strangers)),
        disputed=tuple(disputed),
        more=page.more,
    )


@transaction.atomic
def record_silence(source: str, *, error: str, now: AwareDatetime) -> PollReport:
    """Mark every node unknown: what was true when the source last spoke is no longer known."""
    spoke = ObservationCursor.objects.filter(source=source).first()
    LatestObservation.objects.exclude(state=NodeState.UNKNOWN).update(state=NodeState.UNKNOWN)
    last_word = spoke.as_of.isoformat() if spoke else "never"
    draft = SignalDraft(
        kind=SOURCE_SILENT,
        subject=EVERYTHING,
        occurred_at=now,
        source=source,
        dedup_key=f"{source}/silent-since/{last_word}",
        payload={"last_word": last_word, "error": error[:_TEXT_MAX]},
    )
    signals.record_signals([draft], now=now)
    return PollReport(signals=1, silent=error[:_TEXT_MAX])


def _register(reader: FleetReader, page: ObservationPage, *, now: AwareDatetime) -> None:
    """Bring what the source lists onto the books; its history begins with its first word."""
    active_from = min([seen.at for seen in page.observations] or [page.as_of])
    books.register_inventory(reader.inventory(), actor=WORKER, now=now, active_from=active_from)


def _break_silence(reader: FleetReader) -> None:
    """After a silence, take the source's present word for the nodes that it left unknown."""
    silenced = LatestObservation.objects.filter(state=NodeState.UNKNOWN)
    names = set(silenced.values_list("node__name", flat=True))
    if names:
        with transaction.atomic():
            current = reader.current()
            silenced.filter(node__name__in=current).delete()
            books.record_latest(tuple(current[name] for name in sorted(names & set(current))))


def _fresh(observations: Iterable[NodeObservation]) -> list[NodeObservation]:
    """Drop what the books have already: older words, and a page that comes a second time."""
    known = {
        NodeName(name): (at, word)
        for name, at, *word in LatestObservation.objects.values_list(
            "node__name", "at", "state", "cause", "customer__name", "spare"
        )
    }
    fresh: dict[NodeName, list[NodeObservation]] = {}
    for seen in observations:
        kept = fresh.setdefault(seen.node, [])
        at, word = known.get(seen.node, (None, []))
        if at is None or seen.at.replace(microsecond=0) >= at:
            kept.append(seen)
        if seen.at.replace(microsecond=0) == at and _word(seen) == word:
            kept.clear()  # everything up to the latest known word came before
    wanted = {id(seen) for kept in fresh.values() for seen in kept}
    return [seen for seen in observations if id(seen) in wanted]


def _word(seen: NodeObservation) -> list[object]:
    return [seen.state.value, plain_words(seen.cause), seen.customer, seen.spare]


def _record_latest(accepted: Sequence[NodeObservation]) -> None:
    """Keep the newest word on each node, also where two words fall in the same second."""
    spoken_of = {seen.node for seen in accepted}
    LatestObservation.objects.filter(node__name__in=spoken_of).delete()
    books.record_latest(accepted)


def _record_one(seen: NodeObservation, *, source: str) -> Iterator[SignalDraft]:
    """Change the books as one observation says, and yield the signals it makes."""
    _record_holder(seen)
    stay = Outage.objects.filter(node__name=seen.node, end__isnull=True).first()
    if seen.state is NodeState.UP:
        if stay is not None:
            books.close_outage(node=seen.node, end=seen.at)
            yield _signal(NODE_UP, seen, source=source, payload={"was_out_since": stay.start})
        return
    planned = seen.state is NodeState.DRAINED
    if stay is not None and stay.planned is not planned:
        books.close_outage(node=seen.node, end=seen.at)
        stay = None
    if stay is None:
        returned_at = _last_return(seen)
        _open_outage(seen, source=source, planned=planned)
        if not planned:
            yield from _failure_signals(seen, source=source, returned_at=returned_at)
    if seen.state in _PHASES:
        books.start_phase(node=seen.node, state=seen.state, start=seen.at)
    else:
        books.end_phase(node=seen.node, end=seen.at)


def _record_holder(seen: NodeObservation) -> None:
    held = Allocation.objects.filter(node__name=seen.node, end__isnull=True)
    holder = held.values_list("customer__name", flat=True).first()
    if holder is not None and holder != seen.customer:
        books.close_allocation(node=seen.node, end=seen.at)
    if seen.customer is not None and holder != seen.customer:
        books.open_allocation(node=seen.node, customer=seen.customer, start=seen.at)


def _open_outage(seen: NodeObservation, *, source: str, planned: bool) -> None:
    kind = "planned" if planned else "outage"
    key = f"{source}/{seen.node}/{int(seen.at.timestamp())}/{kind}"
    books.open_outage(
        node=seen.node,
        start=seen.at,
        cause=seen.cause[:_TEXT_MAX],
        planned=planned,
        source_key=key if len(key) <= KEY_MAX else sha256_of(key),
    )


def _last_return(seen: NodeObservation) -> AwareDatetime | None:
    mended = Outage.objects.filter(node__name=seen.node, planned=False, end__lte=seen.at)
    return mended.order_by("-end").values_list("end", flat=True).first()


def _failure_signals(
    seen: NodeObservation, *, source: str, returned_at: AwareDatetime | None
) -> Iterator[SignalDraft]:
    cause: JsonObject = {"cause": seen.cause[:_TEXT_MAX]}
    yield _signal(NODE_DOWN, seen, source=source, payload=cause)
    if returned_at is not None and seen.at - returned_at <= RELAPSE_WATCH:
        hours = round((seen.at - returned_at).total_seconds() / HOUR_S, 2)
        relapse: JsonObject = {**cause, "hours_since_return": hours}
        yield _signal(NODE_RELAPSED, seen, source=source, payload=relapse)


def _signal(
    kind: str, seen: NodeObservation, *, source: str, payload: Mapping[str, object]
) -> SignalDraft:
    return SignalDraft(
        kind=kind,
        subject=SubjectRef("node", seen.node),
        occurred_at=seen.at,
        source=source,
        dedup_key=f"{source}/{kind}/{seen.node}/{int(seen.at.timestamp())}",
        payload={name: _plain(value) for name, value in payload.items()},
    )


def _plain(value: object) -> JsonValue:
    return value if isinstance(value, (int, float)) else str(value)


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
