"""What the search finds in the loop: proposals, actions, findings and agents within reach."""

from collections.abc import Iterator

from django.urls import reverse

from scuderia.basics.actors import Actor
from scuderia.loop.nouns import Power
from scuderia.loop.ports import registry
from scuderia.loop.queries.access import scopes_with
from scuderia.loop.queries.actions import list_actions
from scuderia.loop.queries.findings import list_findings
from scuderia.loop.queries.proposals import list_proposals
from scuderia.web.page_chrome import place_of
from scuderia.web.search import SearchHit, holds


def search_loop(actor: Actor, text: str, limit: int) -> tuple[SearchHit, ...]:
    """Return what the actor may read of the loop: agents first, then a share of each other kind."""
    agents = tuple(_agents(actor, text))
    each = max(1, (limit - len(agents)) // 3)
    proposals = tuple(
        SearchHit(row.title, "proposal", reverse("proposal", args=[row.id]),
                  f"{row.state.value}, filed by {row.agent or row.filed_by}")
        for row in list_proposals(actor, words=text, limit=each)
    )  # fmt: skip
    actions = tuple(
        SearchHit(run.title, "action", reverse("action", args=[run.id]),
                  f"{run.state.value}, decided by {run.decided_by}")
        for run in list_actions(actor, words=text, limit=each)
    )  # fmt: skip
    return (*agents, *proposals, *actions, *_findings(actor, text, each))[:limit]


def _agents(actor: Actor, text: str) -> Iterator[SearchHit]:
    if not scopes_with(actor, Power.READ):
        return
    for name, agent in sorted(registry.agents.items()):
        if holds(text, name, agent.title):
            yield SearchHit(agent.title, "agent", reverse("agent", args=[name]), agent.job)


def _findings(actor: Actor, text: str, limit: int) -> Iterator[SearchHit]:
    for row in list_findings(actor, words=text, open_only=False, limit=limit):
        if there := place_of(str(row.subject)):  # a claim is shown where its subject is
            yield SearchHit(row.claim, "finding", there, f"{row.state.value}, {row.raised_by}")
