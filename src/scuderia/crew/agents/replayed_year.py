"""Plays the crew through a real year of outages, a person deciding, beside doing nothing.

At every look the agents see what had happened by then and nothing later; a person approves the
most urgent proposals, up to a number a day; an approved spare takes the slot after the hand-over
and holds it until the slot's own node is back. The twin replays the year as it was, as decided, and
as an ideal hand would have filled it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from scuderia.crew.agents.fleet_agent import FleetAgent
from scuderia.crew.agents.lemon_scout import PULL_LEMON, LemonScout
from scuderia.crew.agents.repair_chaser import SWAP_NODE, RepairChaser
from scuderia.fleet.engine.lemon import NodeHistory
from scuderia.fleet.engine.snapshot import FleetSnapshot, NodeView, SwapRecord
from scuderia.fleet.nouns import CustomerName, NodeName, NodePlace, NodeState
from scuderia.loop.nouns import ProposalDraft
from scuderia.twin.engine.outage_logs import log_of_spans
from scuderia.twin.nouns import DAY_S, HISTORY, OutageLog, Policy, ReplayResult
from scuderia.twin.replay import replay

HOUR_S = 3_600
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
CUSTOMER = CustomerName("fleet")
CLUSTER = "year"
GPUS = 8
LIMITS = (
    "A spare never fails while it holds a slot; it is free again when the slot's own node is back.",
    "A pull cures nothing here: the node is away for its overhaul, and then fails as it did.",
    "Repairs cannot be made shorter in a replay: no escalation is proposed, none is counted.",
    "An outage's end is the operator's word; bulk starts exist.",
)


@dataclass(frozen=True, slots=True)
class YearRules:
    """How the year is played.

    spares           nodes beside the fleet
    decisions_a_day  approvals that a person has time for, from midnight to midnight
    look_s           between two looks of the crew; the person decides at the look
    handover_s       from the yes to the spare at work; a node pulled in service loses as much
    overhaul_s       how long a pulled node is away, once it is repaired
    """

    spares: int = 12
    decisions_a_day: int = 12
    look_s: int = 6 * HOUR_S
    handover_s: int = HOUR_S
    overhaul_s: int = 7 * DAY_S
    target: float = 0.95


@dataclass(frozen=True, slots=True)
class DecidedSwap:
    """One approved proposal and what came of it.

    serving            whether the node was in service then: its slot is empty until `begins`
    begins_s, ends_s   the spare holds the slot within [begins, ends); a swap whose node is back
                       before the spare is at work is called off, and costs nothing
    saved_s            seconds of outage within it, less the hand-over of a serving node
    """

    kind: str
    node: int
    at_s: int
    serving: bool
    begins_s: int
    ends_s: int
    saved_s: int

    @property
    def helped(self) -> bool:
        """Say whether the slot was served longer for it."""
        return self.saved_s > 0


@dataclass(frozen=True, slots=True)
class YearScore:
    """The year as it was, as decided, and as an ideal hand would have filled it.

    ideal       every outage asks for one of the same spares the moment it begins
    proposed    different proposals: a repeat of one that still waits is not counted anew
    left_over   proposals that waited for the next look because the day's decisions were used up
    """

    rules: YearRules
    nodes: int
    days: int
    looks: int
    base: ReplayResult
    crew: ReplayResult
    ideal: ReplayResult
    decided: tuple[DecidedSwap, ...]
    proposed: int
    left_over: int
    log_digest: str

    @property
    def precision(self) -> float | None:
        """Return the share of approved proposals that helped; None where none was."""
        return sum(one.helped for one in self.decided) / len(self.decided) if self.decided else None

    @property
    def decisions_per_day(self) -> float:
        """Return the approvals a day, over all days."""
        return len(self.decided) / self.days

    def days_at_target(self, result: ReplayResult) -> float:
        """Return the share of the customer's days at or above the target."""
        return 1 - result.days_below_target / result.days


def play_year(
    log: OutageLog,
    rules: YearRules,
    *,
    agents: Sequence[FleetAgent] | None = None,
    looked: Callable[[int], None] | None = None,
) -> YearScore:
    """Play the log; the same log and rules give the same score.

    agents   Lemon Scout and Repair Chaser by default
    looked   called after every look with the seconds played
    cost     a year of 400 nodes, looked at every six hours, takes minutes
    """
    year = _Year(log, rules)
    crew = (LemonScout(), RepairChaser(kinds=(SWAP_NODE,))) if agents is None else tuple(agents)
    looks = 0
    for now in range(rules.look_s, log.horizon_s, rules.look_s):
        looks += 1
        year.take_turn(now, crew)
        if looked:
            looked(now)
    ideal = Policy(spares=rules.spares)
    return YearScore(
        rules=rules,
        nodes=log.n_nodes,
        days=log.days,
        looks=looks,
        base=replay(log, HISTORY, target=rules.target),
        crew=replay(year.as_decided(), HISTORY, target=rules.target),
        ideal=replay(log, ideal, target=rules.target),
        decided=tuple(year.decided),
        proposed=len(year.proposed),
        left_over=year.left_over,
        log_digest=log.digest,
    )


@dataclass(slots=True)
class _Year:
    """The state of the year while it is played: who holds which slot, and what was decided."""

    log: OutageLog
    rules: YearRules
    spans: list[list[tuple[int, int]]] = field(init=False)
    holds: dict[int, tuple[int, int]] = field(default_factory=dict)  # slot -> (spare, ends)
    decided: list[DecidedSwap] = field(default_factory=list)
    proposed: set[tuple[str, int, int, int]] = field(default_factory=set)
    left_over: int = 0

    def __post_init__(self) -> None:
        self.spans = [[] for _ in range(self.log.n_nodes)]
        rows = zip(
            self.log.node.tolist(), self.log.start_s.tolist(), self.log.end_s.tolist(), strict=True
        )
        for node, start, end in rows:
            self.spans[node].append((start, end))

    def take_turn(self, now: int, crew: Sequence[FleetAgent]) -> None:
        self.holds = {slot: held for slot, held in self.holds.items() if held[1] > now}
        snapshot = self.snapshot(now)
        drafts = [draft for agent in crew for draft in agent.think(snapshot).proposals]
        self.proposed |= {self.occasion_of(draft, now) for draft in drafts}
        today = now - now % DAY_S
        left = self.rules.decisions_a_day - sum(one.at_s >= today for one in self.decided)
        urgent = sorted(drafts, key=lambda draft: (-draft.cost_of_delay.amount, draft.dedup_key))
        for draft in urgent[: max(left, 0)]:
            self.decide(draft, now)
        self.left_over += max(len(urgent) - max(left, 0), 0)

    def decide(self, draft: ProposalDraft, now: int) -> None:
        slot, spare = _number(str(draft.targets[0])), _number(str(draft.params["spare"]))
        if slot in self.holds or any(spare == taken for taken, _ in self.holds.values()):
            return  # two agents proposed for one slot or one spare: the more urgent was taken
        begins = now + self.rules.handover_s
        ends = self.back_at(slot, now, pulled=draft.kind == PULL_LEMON)
        self.holds[slot] = (spare, ends)
        serving = not any(start <= now < end for start, end in self.spans[slot])
        saved = sum(max(min(end, ends) - max(start, begins), 0) for start, end in self.spans[slot])
        cost = self.rules.handover_s if serving else 0
        self.decided.append(DecidedSwap(draft.kind, slot, now, serving, begins, ends, saved - cost))

    def back_at(self, slot: int, now: int, *, pulled: bool) -> int:
        """Return when the slot's own node is back: repaired, and overhauled where it was pulled."""
        at = now
        for start, end in self.spans[slot]:
            if start <= now < end:
                at = end
        if pulled:
            at += self.rules.overhaul_s
            for start, end in self.spans[slot]:
                if start <= at < end:
                    at = end
        return at

    def occasion_of(self, draft: ProposalDraft, now: int) -> tuple[str, int, int, int]:
        """Return what tells one proposal from its repeats: a new outage or a new decision since."""
        slot = _number(str(draft.targets[0]))
        begun = sum(start <= now for start, _ in self.spans[slot])
        return draft.kind, slot, begun, sum(one.node == slot for one in self.decided)

    def as_decided(self) -> OutageLog:
        """Return the log of the slots: when nobody served them."""
        empty: list[list[tuple[int, int]]] = []
        for slot, spans in enumerate(self.spans):
            held = [(one.begins_s, one.ends_s) for one in self.decided if one.node == slot]
            handed = [
                (one.at_s, one.begins_s) for one in self.decided if one.node == slot and one.serving
            ]
            empty.append([*_without(spans, held), *handed])
        return log_of_spans(empty, horizon_s=self.log.horizon_s, names=self.log.names)

    def snapshot(self, now: int) -> FleetSnapshot:
        """Return the fleet as it was known at that second, and nothing later."""
        at = EPOCH + timedelta(seconds=now)
        taken = {spare for spare, _ in self.holds.values()}
        nodes = [self._node(slot, now) for slot in range(self.log.n_nodes)]
        nodes += [
            _view(f"spare-{spare}", NodeState.UP, CUSTOMER if spare in taken else None, None, [])
            for spare in range(self.rules.spares)
        ]
        return FleetSnapshot(
            now=at,
            epoch=EPOCH,
            nodes=tuple(nodes),
            pools=((CLUSTER, self.rules.spares),),
            months=(),
            swaps=SwapRecord(0, (0.0,) * len(self.decided)),
        )

    def _node(self, slot: int, now: int) -> NodeView:
        known = [
            (start, end if end <= now else None) for start, end in self.spans[slot] if start <= now
        ]
        out = known[-1][0] if known and known[-1][1] is None else None
        state = NodeState.UP if out is None else NodeState.DOWN
        customer = None if slot in self.holds else CUSTOMER
        return _view(f"node-{slot}", state, customer, out, known, away=slot in self.holds)


def _view(
    name: str,
    state: NodeState,
    customer: CustomerName | None,
    out: int | None,
    known: Sequence[tuple[int, int | None]],
    *,
    away: bool = False,
) -> NodeView:
    # a pulled node in its overhaul is neither broken nor ready
    return NodeView(
        place=NodePlace(NodeName(name), CLUSTER, CLUSTER, CLUSTER, "year-8"),
        gpus=GPUS,
        state=state,
        customer=customer,
        spare=customer is None and not away,
        out_since=None if out is None else EPOCH + timedelta(seconds=out),
        planned=False,
        cause="",
        history=NodeHistory(
            name,
            np.array([start / DAY_S for start, _ in known]),
            np.array([np.inf if end is None else end / DAY_S for _, end in known]),
        ),
    )


def _number(subject: str) -> int:
    return int(subject.rsplit("-", 1)[1])


def _without(
    spans: Sequence[tuple[int, int]], held: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    # what is left of the spans outside of those that are held
    for start, end in spans:
        at = start
        for begins, ends in sorted(held):
            if begins < end and ends > at:
                if at < begins:
                    yield at, begins
                at = max(at, ends)
        if at < end:
            yield at, end
