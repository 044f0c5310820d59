"""One look of the crew: findings and proposals filed, refreshed, cleared and withdrawn."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction

from scuderia.basics.actors import Actor, ActorKind
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import NotFound, ScuderiaError
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.loop.engine.digest import named_by
from scuderia.loop.engine.finding_anchors import FindingMarks
from scuderia.loop.models.agents import AgentRound
from scuderia.loop.models.proposals import Proposal
from scuderia.loop.nouns import (
    Power,
    ProposalId,
    ProposalState,
    Round,
)
from scuderia.loop.operations import access, audit
from scuderia.loop.operations.findings import clear_unclaimed, file_finding, vouch
from scuderia.loop.operations.proposal_filing import file_proposal
from scuderia.loop.operations.proposals import withdraw_proposal
from scuderia.loop.ports import Agent, registry
from scuderia.loop.queries.brakes import brakes_on

CONSIDERED_MAX = 200
WORDS_MAX = 300


@dataclass(frozen=True, slots=True)
class RoundReport:
    """What one agent's look changed; `error` is "" when it went well."""

    agent: str
    error: str = ""
    findings_open: int = 0
    proposals_open: int = 0
    filed: int = 0
    superseded: int = 0
    withdrawn: int = 0
    refused: tuple[str, ...] = ()


@dataclass(slots=True)
class _Tally:
    """What is counted while one round is filed."""

    kept: list[ProposalId] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def make_rounds(
    names: Sequence[str] | None = None, *, actor: Actor, now: AwareDatetime
) -> tuple[RoundReport, ...]:
    """Have the named agents look (all by default) and file what they bring back.

    An agent that raises is recorded as a failed round; the others still look.
    """
    access.require(actor, Power.RUN_CREW, EVERYTHING)
    return tuple(_make_round(agent, now) for agent in chosen_agents(names, registry.agents))


def chosen_agents(names: Sequence[str] | None, agents: Mapping[str, Agent]) -> list[Agent]:
    """Return those agents, or all of them, by name.

    raises   NotFound: one that is named is not there
    """
    wanted = sorted(agents) if names is None else list(names)
    for name in wanted:
        if name not in agents:
            raise NotFound(f"no agent {name[:64]!r}; there are {', '.join(sorted(agents))}")
    return [agents[name] for name in wanted]


def _make_round(agent: Agent, now: AwareDatetime) -> RoundReport:
    started = time.monotonic()
    if brakes_on(agent=agent.name, kind="", targets=()):
        return RoundReport(agent.name, error="a brake is on this agent")
    try:
        seen = agent.look(now=now)
        with transaction.atomic():
            report = _file(agent.name, seen, now)
    except Exception as error:  # noqa: BLE001 - one broken agent must not stop the others
        seen = Round()
        report = RoundReport(agent.name, error=f"{type(error).__name__}: {error}"[:WORDS_MAX])
    _keep_round(report, seen, now, duration_ms=round(1000 * (time.monotonic() - started)))
    return report


def _file(name: str, seen: Round, now: AwareDatetime) -> RoundReport:
    before = _open_ids(name)
    tally = _Tally()
    marks = FindingMarks()
    for draft in seen.findings:
        file_finding(draft, raised_by=name, now=now, marks=marks)
    for proposal in seen.proposals:
        done = FindingMarks()
        try:
            with transaction.atomic():
                tally.kept.append(file_proposal(proposal, agent=name, now=now, marks=done))
        except (ScuderiaError, ValueError, TypeError) as refusal:
            tally.refused.append(f"{proposal.title[:80]}: {refusal}"[:WORDS_MAX])
            done = FindingMarks()  # what was done is undone
            for draft in proposal.findings:
                file_finding(draft, raised_by=name, now=now, marks=done)
        marks.add(done)
    between = _open_ids(name)
    wished = {draft.dedup_key for draft in seen.proposals}
    withdrawn = _withdraw_unwished(name, wished, seen.unseen, now)
    claimed = {draft.dedup_key for draft in seen.findings}
    claimed |= {draft.dedup_key for one in seen.proposals for draft in one.findings}
    clear_unclaimed(name, claimed, unseen=seen.unseen, now=now, marks=marks)
    vouch(marks, now=now)
    return RoundReport(
        agent=name,
        findings_open=len(claimed),
        proposals_open=len(_open_ids(name)),
        filed=len(between - before),
        superseded=len(before - between),
        withdrawn=withdrawn,
        refused=tuple(tally.refused),
    )


def _withdraw_unwished(
    name: str, wished: set[str], unseen: frozenset[SubjectRef], now: AwareDatetime
) -> int:
    """Withdraw what the agent no longer proposes; a person's edit stays with the person.

    So does what names a subject that could not be seen: silence is no reason to take it back.
    """
    hidden = {str(subject) for subject in unseen}
    me = Actor(ActorKind.AGENT, name)
    gone = [
        proposal
        for proposal in Proposal.objects.filter(
            agent=name, filed_by=str(me), state=ProposalState.PENDING
        )
        if proposal.dedup_key not in wished
        and proposal.plan_digest == proposal.rehearsed_for
        and hidden.isdisjoint(named_by(proposal.targets, proposal.params))
    ]
    for proposal in gone:
        withdraw_proposal(ProposalId(proposal.pk), actor=me, reason="no longer proposed", now=now)
    return len(gone)


def _open_ids(name: str) -> set[object]:
    mine = Proposal.objects.filter(agent=name, state=ProposalState.PENDING)
    return set(mine.values_list("pk", flat=True))


@transaction.atomic
def _keep_round(report: RoundReport, seen: Round, now: AwareDatetime, *, duration_ms: int) -> None:
    dropped = [*seen.considered, *(f"not filed: {one}" for one in report.refused)]
    AgentRound.objects.create(
        agent=report.agent,
        at=now,
        duration_ms=duration_ms,
        error=report.error,
        considered=[line[:WORDS_MAX] for line in dropped[:CONSIDERED_MAX]],
        findings=report.findings_open,
        proposals=report.proposals_open,
        filed=report.filed,
    )
    if report.error or report.filed or report.withdrawn or report.superseded:
        audit.record(
            Actor(ActorKind.AGENT, report.agent),
            "round.failed" if report.error else "round.made",
            subject=f"agent:{report.agent}",
            reason=report.error,
            at=now,
            detail={
                "filed": report.filed,
                "superseded": report.superseded,
                "withdrawn": report.withdrawn,
            },
        )
