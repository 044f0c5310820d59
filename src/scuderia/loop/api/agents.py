"""The agents that proposed, and having them look now."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from scuderia.basics.errors import NotFound
from scuderia.basics.subjects import EVERYTHING
from scuderia.loop.api import common
from scuderia.loop.nouns import (
    Power,
)
from scuderia.loop.operations import access
from scuderia.loop.operations import agents as agent_operations
from scuderia.loop.operations.agents import RoundReport
from scuderia.loop.ports import registry
from scuderia.loop.queries import agents as agent_queries
from scuderia.loop.queries.agents import AgentCard, RoundRow

router = Router(tags=["crew"])


class RunCrewIn(Schema):
    """Which agents look; null is all of them."""

    agents: list[common.Name] | None = Field(None, max_length=50)


class RoundsAsked(common.PageAsked):
    """Which page of an agent's looks is wanted."""

    limit: Annotated[int, Field(ge=1, le=common.LIMIT_MAX)] = 20


@router.get("/crew", response=common.answers(common.PageOut[AgentCard]))
def list_agents(request: HttpRequest, *, page: common.Page) -> Mapping[str, object]:
    """Return every agent with its last look and its record."""
    return page.of(agent_queries.list_agents(common.request_actor(request)))


@router.get("/crew/{name}/rounds", response=common.answers(common.PageOut[RoundRow]))
def list_rounds(
    request: HttpRequest, name: str, *, page: Annotated[RoundsAsked, Query()]
) -> Mapping[str, object]:
    """Return one agent's looks, newest first, with what it considered and dropped."""
    actor = common.request_actor(request)
    rows = agent_queries.list_rounds(actor, agent=name, limit=page.rows_max)
    if name not in registry.agents and not rows:
        raise NotFound("no such agent is visible to you")
    return page.of(rows)


@router.post("/crew/run", response=common.answers(list[RoundReport]))
def run_crew(request: HttpRequest, said: RunCrewIn) -> Sequence[RoundReport]:
    """Have the named agents look now, or all of them."""
    access.require(common.request_actor(request), Power.RUN_CREW, EVERYTHING)
    return agent_operations.make_rounds(
        said.agents, actor=common.request_actor(request), now=registry.clock.now()
    )
