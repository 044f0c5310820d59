"""Durable runs, the crew that proposed them, and evidence run again."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Status

from scuderia.basics.actors import Actor
from scuderia.basics.errors import BadInput, NotFound, ScuderiaError
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.loop.api import shapes
from scuderia.loop.api.door import Limit, Offset, PageOut, answers, page_of, up_to, who
from scuderia.loop.nouns import ActionId, ActionState, Power
from scuderia.loop.operations import access, undo
from scuderia.loop.operations import actions as action_operations
from scuderia.loop.operations import agents as agent_operations
from scuderia.loop.ports import registry
from scuderia.loop.queries import actions
from scuderia.loop.queries import agents as agent_queries
from scuderia.loop.queries.access import scopes_with
from scuderia.loop.queries.actions import ActionRow
from scuderia.loop.queries.agents import RoundRow

router = Router(tags=["actions"])
agents = Router(tags=["crew"])


class BadEvidence(BadInput):
    """The query cannot answer for these parameters."""

    code = "WEB-009"
    remedy = "Give the parameters as the finding's evidence states them."


@router.get("/actions", response=answers(PageOut[shapes.ActionLine]))
def list_actions(
    request: HttpRequest, state: ActionState | None = None, limit: Limit = 50, offset: Offset = 0
) -> Mapping[str, object]:
    """Return runs, newest first."""
    states = (state,) if state else ()
    rows = actions.list_actions(who(request), states=states, limit=up_to(limit, offset))
    return page_of(rows, limit, offset)


@router.get("/actions/{action_id}", response=answers(shapes.ActionOut))
def get_action(request: HttpRequest, action_id: UUID) -> ActionRow:
    """Return one run with its effects."""
    return actions.get_action(who(request), ActionId(action_id))


@router.post("/actions/{action_id}/undo", response=answers(shapes.ActionIdOut, status=202))
def undo_action(
    request: HttpRequest, action_id: UUID, said: shapes.ReasonIn
) -> Status[dict[str, ActionId]]:
    """Queue the action that undoes this one; no brake stops it."""
    queued = undo.undo_action(
        actor=who(request),
        action_id=ActionId(action_id),
        reason=said.reason,
        now=registry.clock.now(),
    )
    return Status(202, {"action_id": queued})


@router.post("/actions/{action_id}/resume", response=answers(None, status=204))
def resume_action(request: HttpRequest, action_id: UUID, said: shapes.ReasonIn) -> Status[None]:
    """Let a halted run go on."""
    action_operations.resume_action(
        actor=_reader(request, action_id),
        action_id=ActionId(action_id),
        reason=said.reason,
        now=registry.clock.now(),
    )
    return Status(204, None)


@router.post("/actions/{action_id}/halt", response=answers(None, status=204))
def halt_action(request: HttpRequest, action_id: UUID, said: shapes.ReasonIn) -> Status[None]:
    """Stop one run before its next step."""
    action_operations.halt_action(
        actor=_reader(request, action_id),
        action_id=ActionId(action_id),
        reason=said.reason,
        now=registry.clock.now(),
    )
    return Status(204, None)


@agents.get("/crew", response=answers(PageOut[shapes.AgentOut]))
def list_agents(
    request: HttpRequest, limit: Limit = 50, offset: Offset = 0
) -> Mapping[str, object]:
    """Return every agent with its last look and its record."""
    actor = who(request)
    cards = [
        replace(card, last_round=_told(actor, [card.last_round])[0] if card.last_round else None)
        for card in agent_queries.list_agents(actor)
    ]
    return page_of(cards, limit, offset)


@agents.get("/crew/{name}/rounds", response=answers(PageOut[shapes.RoundOut]))
def list_rounds(
    request: HttpRequest, name: str, limit: Limit = 20, offset: Offset = 0
) -> Mapping[str, object]:
    """Return one agent's looks, newest first, with what it considered and dropped."""
    actor = who(request)
    rows = agent_queries.list_rounds(actor, agent=name, limit=up_to(limit, offset))
    if name not in registry.agents and not rows:
        raise NotFound("no such agent is visible to you")
    return page_of(_told(actor, rows), limit, offset)


@agents.post("/crew/run", response=answers(list[shapes.RoundReportOut]))
def run_crew(
    request: HttpRequest, said: shapes.RunCrewIn
) -> Sequence[agent_operations.RoundReport]:
    """Have the named agents look now, or all of them."""
    access.require(who(request), Power.RUN_CREW, EVERYTHING)
    return agent_operations.make_rounds(said.agents, actor=who(request), now=registry.clock.now())


@agents.post("/evidence/{query}", response=answers(shapes.EvidenceAgainOut))
def run_evidence(request: HttpRequest, query: str, said: shapes.EvidenceIn) -> dict[str, object]:
    """Run a registered query again; every subject that it names must be readable."""
    actor, now = who(request), registry.clock.now()
    found = registry.evidence.get(query)
    if found is None or not scopes_with(actor, Power.READ):
        raise NotFound("no such query is visible to you")
    for subject in _subjects(said.params) or [EVERYTHING]:
        access.require(actor, Power.READ, subject)
    try:
        value = found.run(said.params)
    except ScuderiaError:
        raise
    except (KeyError, TypeError, ValueError, OverflowError):
        raise BadEvidence(f"{query[:64]} cannot answer for these parameters") from None
    return {"query": query, "params": said.params, "value": value, "asked_at": now}


def _subjects(params: Mapping[str, object]) -> list[SubjectRef]:
    """Return every subject that the parameters name, as `node: r01` or as `of: node:r01`."""
    named = []
    for name, value in params.items():
        text = str(value)
        if name in registry.lineages:
            named.append(SubjectRef.parse(f"{name}:{text.removeprefix(f'{name}:')}"))
        elif text.partition(":")[0] in registry.lineages:
            named.append(SubjectRef.parse(text))
    return named


def _told(actor: Actor, rows: Sequence[RoundRow]) -> list[RoundRow]:
    """Return the looks; what was considered names anyone's nodes, so it needs all of reach."""
    if str(EVERYTHING) in scopes_with(actor, Power.READ):
        return list(rows)
    return [replace(row, considered=(), error="failed" if row.error else "") for row in rows]


def _reader(request: HttpRequest, action_id: UUID) -> Actor:
    """Return who asks, once it is sure that the run is visible to them."""
    actions.get_action(who(request), ActionId(action_id))
    return who(request)
