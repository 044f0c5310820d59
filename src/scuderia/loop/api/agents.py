"""The agents that proposed, and having them look now."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.http import HttpRequest
from ninja import Field, Router, Schema

from scuderia.basics.errors import NotFound
from scuderia.basics.subjects import EVERYTHING
from scuderia.loop.api.common import (
    Limit,
    Name,
    Offset,
    PageOut,
    answers,
    page_of,
    request_actor,
    up_to,
)
from scuderia.loop.nouns import (
    Autonomy,
    Power,
)
from scuderia.loop.operations import access
from scuderia.loop.operations import agents as agent_operations
from scuderia.loop.ports import registry
from scuderia.loop.queries import agents as agent_queries

router = Router(tags=["crew"])


class TrackOut(Schema):
    """How an agent has fared."""

    agent: str
    kind: str
    proposals: int
    pending: int
    approved: int
    rejected: int
    edited: int
    expired: int
    withdrawn: int
    met: int
    missed: int
    inconclusive: int
    median_error: float | None
    interval_coverage: float | None


class RoundOut(Schema):
    """What one look of one agent brought back."""

    agent: str
    at: datetime
    duration_ms: int
    error: str
    considered: list[str]
    findings: int
    proposals: int
    filed: int


class AgentOut(Schema):
    """One member of the crew."""

    name: str
    title: str
    job: str
    kinds: list[str]
    last_round: RoundOut | None
    open_findings: int
    braked: bool
    track: TrackOut
    levels: dict[str, Autonomy]


class RunCrewIn(Schema):
    """Which agents look; null is all of them."""

    agents: list[Name] | None = Field(None, max_length=50)


class RoundReportOut(Schema):
    """What one agent's look changed."""

    agent: str
    error: str
    findings_open: int
    proposals_open: int
    filed: int
    superseded: int
    withdrawn: int
    refused: list[str]


@router.get("/crew", response=answers(PageOut[AgentOut]))
def list_agents(
    request: HttpRequest, limit: Limit = 50, offset: Offset = 0
) -> Mapping[str, object]:
    """Return every agent with its last look and its record."""
    return page_of(agent_queries.list_agents(request_actor(request)), limit, offset)


@router.get("/crew/{name}/rounds", response=answers(PageOut[RoundOut]))
def list_rounds(
    request: HttpRequest, name: str, limit: Limit = 20, offset: Offset = 0
) -> Mapping[str, object]:
    """Return one agent's looks, newest first, with what it considered and dropped."""
    actor = request_actor(request)
    rows = agent_queries.list_rounds(actor, agent=name, limit=up_to(limit, offset))
    if name not in registry.agents and not rows:
        raise NotFound("no such agent is visible to you")
    return page_of(rows, limit, offset)


@router.post("/crew/run", response=answers(list[RoundReportOut]))
def run_crew(request: HttpRequest, said: RunCrewIn) -> Sequence[agent_operations.RoundReport]:
    """Have the named agents look now, or all of them."""
    access.require(request_actor(request), Power.RUN_CREW, EVERYTHING)
    return agent_operations.make_rounds(
        said.agents, actor=request_actor(request), now=registry.clock.now()
    )
