"""Folding the fleet's signals into findings: a customer's node is out, a repair did not hold."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from scuderia.basics.canonical import JsonObject
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import SubjectRef
from scuderia.basics.units import Quantity
from scuderia.fleet.nouns import GPU_HOURS, NodeState
from scuderia.fleet.operations.observations import NODE_DOWN, NODE_RELAPSED
from scuderia.fleet.playbook.evidence import recent_outages, repair_ages
from scuderia.fleet.queries.nodes import NodeStatus, gpus_held, node_status, node_statuses
from scuderia.fleet.queries.outages import open_outages
from scuderia.fleet.queries.planned_work import faults_kept_back
from scuderia.loop.nouns import Evidence, FindingDraft, SignalDraft
from scuderia.loop.operations.findings import file_findings
from scuderia.loop.queries.findings import open_among

_WEEK_H = 168.0
_RELAPSE_FRESH = timedelta(days=7)
_RELAPSE_HOURS_LOST = 36.0  # median outage twice over; a rough word for ranking, not a forecast


class NodeOut:
    """Claims that a node is out of service, while it is."""

    name = "fleet.node_out"

    def detect(
        self, signals: Sequence[SignalDraft], *, now: AwareDatetime
    ) -> Sequence[FindingDraft]:
        """Return one finding for each node that went down and has not returned."""
        return list(_out(signals, now=now))

    def still_stands(
        self,
        subject: SubjectRef,
        *,
        now: AwareDatetime,
        opened_at: AwareDatetime,  # noqa: ARG002 - the port's
    ) -> bool:
        """Say whether the node is still out, whatever became of the reason."""
        return node_status(subject.name, now).state is not NodeState.UP


def look_again(now: AwareDatetime) -> int:
    """File what broke inside planned work that is over, and still is out; return how many."""
    lasting = (one for one in open_outages(now, counted=False) if not one.planned)
    began = {str(one.place.node): one.start for one in lasting}
    over = {
        node: work for node, work in faults_kept_back(began, now).items() if not work.holds(now)
    }
    drafts = {one.dedup_key: one for one in _out_now(over, now)}
    known = open_among(drafts)
    due = [(NodeOut.name, one) for key, one in drafts.items() if key not in known]
    file_findings(due, now=now)
    return len(due)


class BadReturn:
    """Claims that a node broke again soon after its return: the repair did not hold."""

    name = "fleet.bad_return"

    def detect(
        self, signals: Sequence[SignalDraft], *, now: AwareDatetime
    ) -> Sequence[FindingDraft]:
        """Return one finding for each relapse of the last seven days."""
        return list(_relapsed(signals, now=now))

    def still_stands(
        self, subject: SubjectRef, *, now: AwareDatetime, opened_at: AwareDatetime
    ) -> bool:
        """Say whether the relapse is fresh, or the node still out because of it."""
        fresh = now - opened_at <= _RELAPSE_FRESH
        return fresh or node_status(subject.name, now).state is not NodeState.UP


def _out(signals: Sequence[SignalDraft], *, now: AwareDatetime) -> Iterator[FindingDraft]:
    yield from _out_now({one.subject.name for one in signals if one.kind == NODE_DOWN}, now)


def _out_now(names: Iterable[str], now: AwareDatetime) -> Iterator[FindingDraft]:
    """Claim of those of the nodes that are out, and of no work that goes on, that they are."""
    statuses = node_statuses(names, now)
    out = {name: one.since for name, one in statuses.items() if one.since and not one.planned}
    work = faults_kept_back(out, now)
    ages = repair_ages([*statuses], now)
    for name in sorted(out):
        subject, status, kept_back = SubjectRef("node", name), statuses[name], work.get(name)
        if status.state is NodeState.UP or not status.since:
            continue
        if kept_back is not None and kept_back.holds(now):
            continue
        within = (
            f"; it went out at {status.since:%Y-%m-%d %H:%M} UTC, in {kept_back.words}"
            if kept_back
            else ""
        )
        holder = f", held by {status.customer}" if status.customer else ""
        cause = status.cause or "no cause given"
        yield FindingDraft(
            kind="fleet.node_out",
            subject=subject,
            claim=f"{subject.name} is {_out_of(status)}: {cause}{holder}{within}",
            confidence=1.0,
            severity=Quantity(_severity(status, _WEEK_H), GPU_HOURS),
            evidence=(
                Evidence(
                    query="repair_age",
                    params=_params(subject, now),
                    value=ages[subject.name],
                    caption="How long it has been out",
                ),
            ),
            dedup_key=f"fleet.node_out/{subject}/{status.since.isoformat()}",
        )


def _relapsed(signals: Sequence[SignalDraft], *, now: AwareDatetime) -> Iterator[FindingDraft]:
    fresh = [
        signal
        for signal in signals
        if signal.kind == NODE_RELAPSED and now - signal.occurred_at <= _RELAPSE_FRESH
    ]
    broke = {signal.subject.name: signal.occurred_at for signal in fresh}
    of_work = faults_kept_back(broke, now)  # if it is a fault, it still is out when the work ends
    fresh = [signal for signal in fresh if signal.subject.name not in of_work]
    gpus = gpus_held({signal.subject.name for signal in fresh}, now)
    told = recent_outages([*gpus], now)
    for signal in fresh:
        subject = signal.subject
        hours = signal.payload.get("hours_since_return")
        yield FindingDraft(
            kind="fleet.bad_return",
            subject=subject,
            claim=f"{subject.name} broke again {hours} h after its return to service",
            confidence=1.0,
            severity=Quantity(gpus[subject.name] * _RELAPSE_HOURS_LOST, GPU_HOURS),
            evidence=(
                Evidence(
                    query="node_outages",
                    params=_params(subject, now),
                    value=told[subject.name],
                    caption="Its outages in 28 days",
                ),
            ),
            dedup_key=f"fleet.bad_return/{subject}/{signal.occurred_at.isoformat()}",
        )


def _severity(status: NodeStatus, hours: float) -> float:
    return status.gpus_lost * hours if status.customer else 0.0


def _out_of(status: NodeStatus) -> str:
    if status.gpus_lost < status.gpus:
        return f"short of {status.gpus_lost} of its {status.gpus} GPUs"
    return "out of service"


def _params(subject: SubjectRef, now: AwareDatetime) -> JsonObject:
    return {"node": subject.name, "at": now.isoformat()}
