"""Folding the fleet's signals into findings: a customer's node is out, a repair did not hold."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from scuderia.basics.canonical import JsonObject
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import SubjectRef
from scuderia.basics.units import Quantity
from scuderia.fleet.nouns import GPU_HOURS, NodeState
from scuderia.fleet.operations.observations import NODE_DOWN, NODE_RELAPSED
from scuderia.fleet.playbook.evidence import recent_outages, repair_ages
from scuderia.fleet.queries.nodes import NodeStatus, gpus_held, node_status, node_statuses
from scuderia.loop.nouns import Evidence, FindingDraft, SignalDraft

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
    subjects = sorted({signal.subject for signal in signals if signal.kind == NODE_DOWN})
    statuses = node_statuses([subject.name for subject in subjects], now)
    ages = repair_ages([*statuses], now)
    for subject in subjects:
        status = statuses.get(subject.name)
        if status is None or status.state is NodeState.UP or not status.since or status.planned:
            continue
        holder = f", held by {status.customer}" if status.customer else ""
        cause = status.cause or "no cause given"
        yield FindingDraft(
            kind="fleet.node_out",
            subject=subject,
            claim=f"{subject.name} is {_out_of(status)}: {cause}{holder}",
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
