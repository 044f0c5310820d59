"""Turns a page of what a reader saw into facts on the books: outages, phases, holders, signals."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction

from scuderia.basics.canonical import JsonObject, JsonValue, sha256_of
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import Refused
from scuderia.basics.safe_text import plain_words
from scuderia.basics.subjects import SubjectRef
from scuderia.basics.units import HOUR_S
from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.models.columns import CAUSE_MAX
from scuderia.fleet.models.customers import Customer
from scuderia.fleet.models.inventory import Node
from scuderia.fleet.models.observations import LatestObservation, ObservationCursor
from scuderia.fleet.models.outages import KEY_MAX, Outage
from scuderia.fleet.nouns import NodeName, NodeObservation, NodeState, ObservationPage
from scuderia.fleet.operations import allocations, outages
from scuderia.fleet.queries.inventory import UnknownSubject
from scuderia.loop.nouns import SignalDraft
from scuderia.loop.operations import signals

RELAPSE_WATCH = timedelta(days=28)

NODE_DOWN = "fleet.node.down"
NODE_UP = "fleet.node.up"
NODE_RELAPSED = "fleet.node.relapsed"


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
            disputed.append(f"{seen.node}: {error.message}"[:CAUSE_MAX])
        else:
            accepted.append(seen)
    _record_latest(accepted, source=source)
    advance_cursor(source=source, cursor=page.cursor, as_of=page.as_of)
    if drafts:
        signals.record_signals(drafts, now=now)
    strangers = {str(seen.node)[:CAUSE_MAX] for seen in page.observations} - names
    return PollReport(
        pages=1,
        observations=len(page.observations),
        signals=len(drafts),
        strangers=tuple(sorted(strangers)),
        disputed=tuple(disputed),
        more=page.more,
    )


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


def _record_latest(accepted: Sequence[NodeObservation], *, source: str) -> None:
    """Keep the newest word on each node, also where two words fall in the same second."""
    spoken_of = {seen.node for seen in accepted}
    LatestObservation.objects.filter(node__name__in=spoken_of).delete()
    record_latest(accepted, source=source)


def _record_one(seen: NodeObservation, *, source: str) -> Iterator[SignalDraft]:
    """Change the books as one observation says, and yield the signals it makes."""
    _record_holder(seen)
    stay = Outage.objects.filter(node__name=seen.node, end__isnull=True).first()
    if seen.state is NodeState.UP:
        if stay is not None:
            outages.close_outage(node=seen.node, end=seen.at)
            yield _signal(NODE_UP, seen, source=source, payload={"was_out_since": stay.start})
        return
    planned = seen.state is NodeState.DRAINED
    if stay is not None and stay.planned is not planned:
        outages.close_outage(node=seen.node, end=seen.at)
        stay = None
    if stay is None:
        returned_at = _last_return(seen)
        _open_outage(seen, source=source, planned=planned)
        if not planned:
            yield from _failure_signals(seen, source=source, returned_at=returned_at)
    if seen.state in outages.PHASES:
        outages.start_phase(node=seen.node, state=seen.state, start=seen.at)
    else:
        outages.end_phase(node=seen.node, end=seen.at)


def _record_holder(seen: NodeObservation) -> None:
    held = Allocation.objects.filter(node__name=seen.node, end__isnull=True)
    holder = held.values_list("customer__name", flat=True).first()
    if holder is not None and holder != seen.customer:
        allocations.close_allocation(node=seen.node, end=seen.at)
    if seen.customer is not None and holder != seen.customer:
        allocations.open_allocation(node=seen.node, customer=seen.customer, start=seen.at)


def _open_outage(seen: NodeObservation, *, source: str, planned: bool) -> None:
    kind = "planned" if planned else "outage"
    key = f"{source}/{seen.node}/{int(seen.at.timestamp())}/{kind}"
    outages.open_outage(
        node=seen.node,
        start=seen.at,
        cause=seen.cause[:CAUSE_MAX],
        planned=planned,
        source_key=key if len(key) <= KEY_MAX else sha256_of(key),
    )


def _last_return(seen: NodeObservation) -> AwareDatetime | None:
    mended = Outage.objects.filter(node__name=seen.node, planned=False, end__lte=seen.at)
    return mended.order_by("-end").values_list("end", flat=True).first()


def _failure_signals(
    seen: NodeObservation, *, source: str, returned_at: AwareDatetime | None
) -> Iterator[SignalDraft]:
    cause: JsonObject = {"cause": seen.cause[:CAUSE_MAX]}
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


@transaction.atomic
def record_latest(observations: Sequence[NodeObservation], *, source: str) -> int:
    """Keep the source's newest word on each node; older words change nothing.

    returns  how many nodes changed
    raises   UnknownSubject
    """
    newest = {seen.node: seen for seen in sorted(observations, key=lambda seen: seen.at)}
    nodes = {row.name: row for row in Node.objects.filter(name__in=newest)}
    kept = {
        row.node_id: row for row in LatestObservation.objects.filter(node__name__in=list(newest))
    }
    customers = dict(Customer.objects.values_list("name", "id"))
    changed = 0
    for name, seen in newest.items():
        if name not in nodes:
            raise UnknownSubject(f"no node is named {name!r}")
        if seen.customer is not None and seen.customer not in customers:
            raise UnknownSubject(f"no customer is named {seen.customer!r}")
        node_id = nodes[name].pk
        row = kept.get(node_id)
        if row is not None and row.at >= seen.at.replace(microsecond=0):
            continue
        LatestObservation.objects.update_or_create(
            node_id=node_id,
            defaults={
                "at": seen.at,
                "state": seen.state.value,
                "cause": plain_words(seen.cause),
                "customer_id": customers[seen.customer] if seen.customer is not None else None,
                "spare": seen.spare,
                "source": source,
            },
        )
        changed += 1
    return changed


def read_cursor(source: str) -> str:
    """Return how far `source` has been read; "" is the beginning."""
    row = ObservationCursor.objects.filter(source=source).first()
    return "" if row is None else row.cursor


def advance_cursor(*, source: str, cursor: str, as_of: AwareDatetime) -> None:
    """Remember how far `source` has been read and until when it has spoken."""
    ObservationCursor.objects.update_or_create(
        source=source,
        defaults={"cursor": cursor, "as_of": as_of, "silent_since": None, "error": ""},
    )
