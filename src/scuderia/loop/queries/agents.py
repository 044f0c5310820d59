"""The agents: who looks, what they brought back, how they have fared."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from django.db.models import Count, OuterRef, Subquery

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import NotFound
from scuderia.basics.records import row_from
from scuderia.basics.subjects import EVERYTHING
from scuderia.loop.engine.outcomes import Kept, interval_coverage, median_error
from scuderia.loop.models.agents import AgentRound
from scuderia.loop.models.brakes import Brake
from scuderia.loop.models.decisions import Decision
from scuderia.loop.models.findings import Finding
from scuderia.loop.models.grants import Grant
from scuderia.loop.models.outcomes import Outcome
from scuderia.loop.models.proposals import Edit, Proposal
from scuderia.loop.nouns import (
    Answer,
    Autonomy,
    BrakeScope,
    FindingState,
    GrantState,
    OutcomeVerdict,
    Power,
    ProposalState,
)
from scuderia.loop.ports import registry
from scuderia.loop.queries.access import scopes_with
from scuderia.loop.queries.outcomes import promise_of


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """How an agent has fared with one kind, or with all (kind "*").

    approved, rejected  decisions: a proposal that came back may have several
    edited              proposals that a person changed, once each
    median_error        median |measured - expected| / |do nothing - expected|; None if unknown
    interval_coverage   share of final outcomes inside their 80% interval; None if there are none

    An inconclusive outcome counts for neither: what was undone, or edited, was not put to the test.
    """

    agent: str
    kind: str
    proposals: int = 0
    pending: int = 0
    approved: int = 0
    rejected: int = 0
    edited: int = 0
    expired: int = 0
    withdrawn: int = 0
    met: int = 0
    missed: int = 0
    inconclusive: int = 0
    median_error: float | None = None
    interval_coverage: float | None = None


@dataclass(frozen=True, slots=True)
class RoundRow:
    """What one look of one agent brought back.

    at                    domain time; `duration_ms` is wall time
    error                 "" when it went well; who may not read everything is told "failed" alone
    considered            what was dropped or not filed, and why; told to who may read everything
    findings, proposals   how many it claims, and how many of its own are pending after it
    filed                 how many of those proposals are new
    """

    agent: str
    at: AwareDatetime
    duration_ms: int
    error: str
    considered: tuple[str, ...]
    findings: int
    proposals: int
    filed: int


@dataclass(frozen=True, slots=True)
class AgentCard:
    """One member of the crew, its last look and its record.

    job          one sentence
    kinds        the action kinds that it proposes
    last_round   None before its first look
    braked       by its own brake or the one on all; not by one on a kind or a scope
    track        over all kinds
    levels       "KIND on SCOPE" to level, of its active grants; what is not there is the default
    """

    name: str
    title: str
    job: str
    kinds: tuple[str, ...]
    last_round: RoundRow | None
    open_findings: int
    braked: bool
    track: TrackRecord
    levels: Mapping[str, Autonomy]


def round_row(made: AgentRound) -> RoundRow:
    """Return what one look brought back."""
    return row_from(RoundRow, made, considered=tuple(made.considered))


def list_agents(actor: Actor) -> tuple[AgentCard, ...]:
    """Return every registered agent with its last look and its record."""
    scopes = _require_reader(actor)
    names = sorted(registry.agents)
    rounds = _last_rounds()
    open_findings = dict(
        Finding.objects.filter(state=FindingState.OPEN, raised_by__in=names)
        .values_list("raised_by")
        .annotate(Count("pk"))
    )
    on = Brake.objects.filter(lifted_at__isnull=True)
    braked = set(on.filter(stops=BrakeScope.AGENT).values_list("value", flat=True))
    stopped = on.filter(stops=BrakeScope.ALL).exists()
    levels = _levels()
    return tuple(
        AgentCard(
            name=name,
            title=registry.agents[name].title,
            job=registry.agents[name].job,
            kinds=tuple(registry.agents[name].kinds),
            last_round=_told(rounds.get(name), scopes),
            open_findings=open_findings.get(name, 0),
            braked=stopped or name in braked,
            track=track_record(name),
            levels=levels[name],
        )
        for name in names
    )


def get_agent(actor: Actor, name: str) -> AgentCard:
    """Return one agent with its last look and its record.

    raises   NotFound: no such agent, or the actor may read nothing
    """
    for card in list_agents(actor):
        if card.name == name:
            return card
    raise NotFound(f"no agent is named {name[:64]!r}")


def list_rounds(
    actor: Actor, *, agent: str = "", offset: int = 0, limit: int = 50
) -> tuple[RoundRow, ...]:
    """Return what was brought back, newest first."""
    scopes = _require_reader(actor)
    found = AgentRound.objects.filter(agent=agent) if agent else AgentRound.objects.all()
    told = (
        _told(round_row(made), scopes)
        for made in found.order_by("-at", "-pk")[offset : offset + limit]
    )
    return tuple(row for row in told if row is not None)


def track_record(agent: str, kind: str = "*") -> TrackRecord:
    """Return how the agent has fared with this kind ("*" for all)."""
    mine = {"agent": agent} if kind == "*" else {"agent": agent, "kind": kind}
    of_proposal = {f"proposal__{name}": value for name, value in mine.items()}
    states = dict(Proposal.objects.filter(**mine).values_list("state").annotate(Count("pk")))
    answers = dict(
        Decision.objects.filter(**of_proposal).values_list("answer").annotate(Count("pk"))
    )
    outcomes = list(
        Outcome.objects.filter(
            verdict__isnull=False,
            **{f"action__{name}": value for name, value in mine.items()},
        )
    )
    verdicts = [outcome.verdict for outcome in outcomes]
    kept = list(_kept(outcomes))
    return TrackRecord(
        agent=agent,
        kind=kind,
        proposals=sum(states.values()),
        pending=states.get(ProposalState.PENDING, 0),
        approved=answers.get(Answer.YES, 0),
        rejected=answers.get(Answer.NO, 0),
        edited=Edit.objects.filter(**of_proposal).values("proposal").distinct().count(),
        expired=states.get(ProposalState.EXPIRED, 0),
        withdrawn=states.get(ProposalState.WITHDRAWN, 0),
        met=verdicts.count(OutcomeVerdict.MET),
        missed=verdicts.count(OutcomeVerdict.MISSED),
        inconclusive=verdicts.count(OutcomeVerdict.INCONCLUSIVE),
        median_error=median_error(kept),
        interval_coverage=interval_coverage(kept),
    )


def _kept(outcomes: Iterable[Outcome]) -> Iterable[Kept]:
    for outcome in outcomes:
        if outcome.value is not None and outcome.verdict != OutcomeVerdict.INCONCLUSIVE:
            yield Kept(promise_of(outcome), outcome.value)


def _last_rounds() -> dict[str, RoundRow]:
    newest = AgentRound.objects.filter(agent=OuterRef("agent")).order_by("-at", "-pk")
    latest = AgentRound.objects.filter(pk=Subquery(newest.values("pk")[:1]))
    return {made.agent: round_row(made) for made in latest}


def _levels() -> dict[str, dict[str, Autonomy]]:
    """Return, by agent, what its open grants say: "kind on scope" to level."""
    levels: dict[str, dict[str, Autonomy]] = defaultdict(dict)
    for grant in Grant.objects.filter(state=GrantState.ACTIVE).order_by("granted_at", "pk"):
        levels[grant.agent][f"{grant.kind} on {grant.scope}"] = Autonomy(grant.level)
    return levels


def _require_reader(actor: Actor) -> frozenset[str]:
    scopes = scopes_with(actor, Power.READ)
    if not scopes:
        raise NotFound("nothing by that name is visible to you")
    return scopes


def _told(row: RoundRow | None, scopes: frozenset[str]) -> RoundRow | None:
    """Return the look; what was considered names anyone's subjects, so it needs all of reach."""
    if row is None or str(EVERYTHING) in scopes:
        return row
    return replace(row, considered=(), error="failed" if row.error else "")
