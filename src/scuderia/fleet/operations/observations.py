"""Turns a page of what a reader saw into facts on the books: outages, phases, holders, signals."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction

from scuderia.basics.canonical import JsonObject, sha256_of
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.safe_text import plain_words
from scuderia.basics.subjects import SubjectRef
from scuderia.basics.units import HOUR_S
from scuderia.fleet.engine.facts import instant_of, seconds_of
from scuderia.fleet.engine.gpu_words import WHOLE_NODE
from scuderia.fleet.engine.observed_nodes import CameBack, Contradiction, Happened, ObservedNode
from scuderia.fleet.models.columns import CAUSE_MAX
from scuderia.fleet.models.customers import Customer
from scuderia.fleet.models.inventory import Node
from scuderia.fleet.models.observations import LatestObservation, ObservationCursor
from scuderia.fleet.models.outages import KEY_MAX
from scuderia.fleet.nouns import NodeName, NodeObservation, NodeState, ObservationPage
from scuderia.fleet.operations.observed_nodes import (
    load_nodes,
    row_ids,
    taken_keys,
    write_nodes,
)
from scuderia.fleet.queries.inventory import UnknownSubject, gpus_of
from scuderia.loop.nouns import SignalDraft
from scuderia.loop.operations import signals
from scuderia.loop.operations.bulk_writes import insert_rows
from scuderia.loop.queries.questions import Question

RELAPSE_WATCH = timedelta(days=28)

_LATEST = Question(
    lambda names: LatestObservation.objects.filter(node__name__among=names).values_list(
        "node__name", "at", "state", "cause", "customer__name", "spare"
    )
)

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
    """Put one page on the books, its cursor with it; the same page again changes nothing.

    Its cost grows with the page, not with the history. A word that contradicts the books is left
    out whole, its signals with it.
    """
    ids = row_ids(Node, [str(seen.node) for seen in page.observations])
    heard = _Page(source, ids, [seen for seen in page.observations if seen.node in ids])
    heard.hear()
    heard.write()
    advance_cursor(source=source, cursor=page.cursor, as_of=page.as_of)
    if heard.drafts:
        signals.record_signals(heard.drafts, now=now)
    strangers = {str(seen.node)[:CAUSE_MAX] for seen in page.observations} - ids.keys()
    return PollReport(
        pages=1,
        observations=len(page.observations),
        signals=len(heard.drafts),
        strangers=tuple(sorted(strangers)),
        disputed=tuple(heard.disputed),
        more=page.more,
    )


class _Page:
    """The words of one page about known nodes, heard in their order."""

    def __init__(
        self, source: str, ids: Mapping[str, int], observations: Iterable[NodeObservation]
    ) -> None:
        self._source = source
        self._ids = ids
        self._fresh = [
            seen for seen in _fresh(list(observations)) if seen.state is not NodeState.UNKNOWN
        ]
        self._nodes: dict[str, ObservedNode] = {}
        self._customers: dict[str, int] = {}
        self._gpus: dict[str, int] = {}
        self._accepted: list[NodeObservation] = []
        self.drafts: list[SignalDraft] = []
        self.disputed: list[str] = []

    def hear(self) -> None:
        """Change the nodes in memory, word by word."""
        if not self._fresh:
            return
        seconds = [seconds_of(seen.at) for seen in self._fresh]
        spoken_of = {str(seen.node): self._ids[seen.node] for seen in self._fresh}
        self._nodes = load_nodes(spoken_of, (min(seconds), max(seconds)))
        self._customers = _customers(self._fresh)
        shared = {str(seen.node) for seen in self._fresh if seen.share != WHOLE_NODE}
        self._gpus = gpus_of(shared) if shared else {}
        keys = [_key(seen, self._source) for seen in self._fresh]
        out = [
            k for k, seen in zip(keys, self._fresh, strict=True) if seen.state is not NodeState.UP
        ]
        taken = taken_keys(out)
        for seen, key in zip(self._fresh, keys, strict=True):
            if seen.customer is not None and seen.customer not in self._customers:
                self._dispute(seen, f"no customer is named {seen.customer!r}")
            elif said := _no_share(seen, self._gpus):
                self._dispute(seen, said)
            else:
                self._hear_one(seen, key, taken)

    def _hear_one(self, seen: NodeObservation, key: str, taken: set[str]) -> None:
        cause = plain_words(seen.cause[:CAUSE_MAX])
        try:
            happened = self._nodes[seen.node].hear(seen, key=key, cause=cause, taken=taken)
        except Contradiction as error:
            self._dispute(seen, str(error))
            return
        self._accepted.append(seen)
        for one in happened:
            self.drafts += _signals(one, seen, source=self._source)

    def _dispute(self, seen: NodeObservation, said: str) -> None:
        self.disputed.append(f"{seen.node}: {said}"[:CAUSE_MAX])

    def write(self) -> None:
        """Write what the words came to, and the newest of them on each node."""
        write_nodes(self._nodes.values(), self._ids)
        _keep_latest(self._accepted, self._ids, self._customers, source=self._source)


def _fresh(observations: Sequence[NodeObservation]) -> list[NodeObservation]:
    """Drop what the books have already: older words, and a page that comes a second time."""
    known: dict[str, tuple[int, list[object]]] = {}
    for name, at, state, cause, customer, spare in _LATEST.rows(
        dict.fromkeys(seen.node for seen in observations)
    ):
        known[name] = (at, [state, cause, customer, bool(spare)])
    fresh: dict[NodeName, list[NodeObservation]] = {}
    for seen in observations:
        kept = fresh.setdefault(seen.node, [])
        if seen.node not in known:
            kept.append(seen)
            continue
        at, word = known[seen.node]
        second = seconds_of(seen.at)
        if second >= at:
            kept.append(seen)
        if second == at and _word(seen) == word:
            kept.clear()  # everything up to the latest known word came before
    wanted = {id(seen) for kept in fresh.values() for seen in kept}
    return [seen for seen in observations if id(seen) in wanted]


def _word(seen: NodeObservation) -> list[object]:
    return [seen.state.value, plain_words(seen.cause), seen.customer, seen.spare]


def _no_share(seen: NodeObservation, gpus: Mapping[str, int]) -> str:
    """Return why the share cannot be; "" if it can."""
    share = seen.share
    if share == WHOLE_NODE:
        return ""
    if seen.state is not NodeState.DEGRADED:
        return f"{seen.state.value} is of the whole node, not of {share}"
    whole = gpus.get(seen.node, 0)
    counts = share.gpus is not None and 1 <= share.gpus <= whole
    named = share.indices
    listed = list(named) == sorted(set(named)) and all(0 <= one < whole for one in named)
    if counts and listed and len(named) in (0, share.gpus):
        return ""
    return f"{share} are not of its {whole} GPUs"


def _key(seen: NodeObservation, source: str) -> str:
    kind = "planned" if seen.state is NodeState.DRAINED else "outage"
    if seen.state is NodeState.DEGRADED:
        kind = f"degraded {seen.share}"
    key = f"{source}/{seen.node}/{int(seen.at.timestamp())}/{kind}"
    return key if len(key) <= KEY_MAX else sha256_of(key)


def _signals(one: Happened, seen: NodeObservation, *, source: str) -> Iterator[SignalDraft]:
    if isinstance(one, CameBack):
        since: JsonObject = {"was_out_since": str(instant_of(one.out_since))}
        yield _signal(NODE_UP, seen, source=source, payload=since)
        return
    cause: JsonObject = {"cause": seen.cause[:CAUSE_MAX]}
    if seen.share.gpus is not None:
        cause = {**cause, "gpus_lost": seen.share.gpus}
    yield _signal(NODE_DOWN, seen, source=source, payload=cause)
    if one.returned_at is None:
        return
    gone_by = seen.at - instant_of(one.returned_at)
    if gone_by <= RELAPSE_WATCH:
        hours = round(gone_by.total_seconds() / HOUR_S, 2)
        relapse: JsonObject = {**cause, "hours_since_return": hours}
        yield _signal(NODE_RELAPSED, seen, source=source, payload=relapse)


def _signal(kind: str, seen: NodeObservation, *, source: str, payload: JsonObject) -> SignalDraft:
    return SignalDraft(
        kind=kind,
        subject=SubjectRef("node", seen.node),
        occurred_at=seen.at,
        source=source,
        dedup_key=f"{source}/{kind}/{seen.node}/{int(seen.at.timestamp())}",
        payload=payload,
    )


@transaction.atomic
def record_latest(observations: Sequence[NodeObservation], *, source: str) -> int:
    """Keep the source's newest word on each node; older words change nothing.

    returns  how many nodes changed
    raises   UnknownSubject
    """
    known = row_ids(Node, [str(seen.node) for seen in observations])
    customers = _customers(observations)
    for seen in observations:
        if seen.node not in known:
            raise UnknownSubject(f"no node is named {seen.node!r}")
        if seen.customer is not None and seen.customer not in customers:
            raise UnknownSubject(f"no customer is named {seen.customer!r}")
    rows = LatestObservation.objects.filter(node__name__among=known)
    kept: dict[str, AwareDatetime] = dict(rows.values_list("node__name", "at"))
    newer = [
        seen
        for seen in observations
        if seen.node not in kept or seen.at.replace(microsecond=0) > kept[seen.node]
    ]
    return _keep_latest(newer, known, customers, source=source)


def _keep_latest(
    accepted: Sequence[NodeObservation],
    nodes: Mapping[str, int],
    customers: Mapping[str, int],
    *,
    source: str,
) -> int:
    """Keep the newest of these words on each node, whatever was kept; return how many nodes."""
    newest = {str(seen.node): seen for seen in sorted(accepted, key=lambda seen: seen.at)}
    insert_rows(
        LatestObservation,
        ("node", "at", "state", "cause", "customer", "spare", "source"),
        (
            (
                nodes[name],
                seconds_of(seen.at),
                seen.state.value,
                plain_words(seen.cause),
                None if seen.customer is None else customers[seen.customer],
                seen.spare,
                source,
            )
            for name, seen in newest.items()
        ),
        over="node",
    )
    return len(newest)


def _customers(words: Iterable[NodeObservation]) -> dict[str, int]:
    return row_ids(Customer, [str(seen.customer) for seen in words if seen.customer])


def read_cursor(source: str) -> str:
    """Return how far `source` has been read; "" is the beginning."""
    row = ObservationCursor.objects.filter(source=source).first()
    return "" if row is None else row.cursor


def advance_cursor(*, source: str, cursor: str, as_of: AwareDatetime) -> None:
    """Remember how far `source` has been read and until when it has spoken."""
    insert_rows(
        ObservationCursor,
        ("source", "cursor", "as_of", "silent_since", "error"),
        [(source, cursor, seconds_of(as_of), None, "")],
        over="source",
    )
