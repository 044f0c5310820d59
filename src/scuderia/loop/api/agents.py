"""The agents that proposed, and having them look now."""

from collections.abc import Mapping, Sequence

from django.http import HttpRequest
from ninja import Field, Router, Schema

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


@router.get("/crew", response=common.answers(common.PageOut[AgentCard]))
def list_agents(
    request: HttpRequest, limit: common.Limit = 50, offset: common.Offset = 0
) -> Mapping[str, object]:
    """Return every agent with its last look and its record."""
    return common.page_of(agent_queries.list_agents(common.request_actor(request)), limit, offset)


@router.get("/crew/{name}/rounds", response=common.answers(common.PageOut[RoundRow]))
def list_rounds(
    request: HttpRequest, name: str, limit: common.Limit = 20, offset: common.Offset = 0
) -> Mapping[str, object]:
    """Return one agent's looks, newest first, with what it considered and dropped."""
    actor = common.request_actor(request)
    rows = agent_queries.list_rounds(actor, agent=name, limit=common.up_to(limit, offset))
    if name not in registry.agents and not rows:
        raise NotFound("no such agent is visible to you")
    return common.page_of(rows, limit, offset)


@router.post("/crew/run", response=common.answers(list[RoundReport]))
def run_crew(request: HttpRequest, said: RunCrewIn) -> Sequence[RoundReport]:
    """Have the named agents look now, or all of them."""
    access.require(common.request_actor(request), Power.RUN_CREW, EVERYTHING)
    return agent_operations.make_rounds(
        said.agents, actor=common.request_actor(request), now=registry.clock.now()
    )
