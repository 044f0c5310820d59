"""Now: only what needs a person, dearest first; and the loop as a whole."""

from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_safe

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.loop.nouns import ActionState, ProposalState
from scuderia.loop.pages.action_table import ACTIONS, actions_of
from scuderia.loop.pages.display import effect_of, total_of
from scuderia.loop.pages.proposal_table import PROPOSALS, proposals_of, queue_of
from scuderia.loop.queries.actions import ActionRow, list_unsettled
from scuderia.loop.queries.agents import AgentCard, list_agents
from scuderia.loop.queries.brakes import BrakeRow, list_brakes
from scuderia.loop.queries.proposals import QueueRow, total_queue
from scuderia.web.base_views import page, show
from scuderia.web.components import Tab
from scuderia.web.page_chrome import Coming, coming
from scuderia.web.request_context import request_context
from scuderia.web.svg import Effect, figure
from scuderia.web.table_csv import csv_answer
from scuderia.web.tables import DataTable, Source, TableSpec, open_table

RUNS_MAX = 100
MOVING = (ActionState.QUEUED, ActionState.RUNNING)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One proposal as it waits in the queue.

    left_s            domain seconds until it expires
    cost, cost_unit   what one day of waiting costs, as it is shown
    """

    row: QueueRow
    effect: Effect
    left_s: float
    cost: str
    cost_unit: str


@dataclass(frozen=True, slots=True)
class NowPage:
    """What needs a person, and the proof that somebody looked.

    count, cost_sum   of all that waits, not of the rows shown; the cost of a day, a part per unit
    stuck             runs that a person must give an end
    moving            runs that go on by themselves
    coming            what the rooms say soon begins or ends, or waits beside the proposals
    last_look         the latest of any agent; None before the first
    """

    as_of: AwareDatetime
    count: int
    cost_sum: str
    queue: DataTable
    stuck: tuple[ActionRow, ...]
    moving: tuple[ActionRow, ...]
    brakes: tuple[BrakeRow, ...]
    coming: tuple[Coming, ...]
    agents: tuple[AgentCard, ...]
    last_look: AwareDatetime | None

    @property
    def is_well(self) -> bool:
        """Nothing waits and nothing is stuck: the best a page can show."""
        return not self.count and not self.stuck and not self.is_asked

    @property
    def is_asked(self) -> bool:
        """Something beside the proposals waits for whoever reads."""
        return any(one.is_yours for one in self.coming)


@require_safe
@page
def now(request: HttpRequest) -> HttpResponseBase:
    """Show what needs a person."""
    asked = request_context(request)
    spec, source = _queue(asked.now), queue_of(asked.actor, asked.now)
    if sheet := csv_answer(spec, source, request):
        return sheet
    queue = open_table(spec, source, request)
    return show(request, "loop/now.html", _now(asked.actor, asked.now, queue))


def _queue(at: AwareDatetime) -> TableSpec[QueueRow]:
    def drawn(row: QueueRow) -> Waiting:
        cost, left_s = row.cost_of_delay, (row.expires_at - at).total_seconds()
        return Waiting(row, effect_of(row.rehearsal), left_s, figure(cost.amount), cost.unit)

    caption, item = "Proposals that wait for you, dearest first", "loop/proposal_item.html"
    return replace(PROPOSALS, caption=caption, facets=(), item=item, drawn=drawn)


def _now(actor: Actor, at: AwareDatetime, queue: DataTable) -> NowPage:
    runs = list_unsettled(actor, limit=RUNS_MAX)
    agents, total = list_agents(actor), total_queue(actor, at)
    return NowPage(
        as_of=at,
        count=total.count,
        cost_sum=total_of(total.costs),
        queue=queue,
        stuck=tuple(run for run in runs if run.is_stuck),
        moving=tuple(run for run in runs if run.state in MOVING),
        brakes=list_brakes(actor),
        coming=coming(actor, at),
        agents=agents,
        last_look=max((a.last_round.at for a in agents if a.last_round), default=None),
    )


@dataclass(frozen=True, slots=True)
class LoopPage:
    """Everything proposed and done, newest first."""

    as_of: AwareDatetime
    tabs: tuple[Tab, ...]
    table: DataTable


@require_safe
@page
def loop(request: HttpRequest) -> HttpResponseBase:
    """Show what was proposed, or what was done."""
    asked = request_context(request)
    view = request.GET.get("view", "")
    if view == "actions":
        return _loop(request, asked.now, ACTIONS, actions_of(asked.actor))
    if view == "pending":
        waiting = proposals_of(asked.actor, only=(ProposalState.PENDING,))
        return _loop(request, asked.now, replace(PROPOSALS, facets=()), waiting)
    return _loop(request, asked.now, PROPOSALS, proposals_of(asked.actor))


def _loop(
    request: HttpRequest, at: AwareDatetime, spec: TableSpec[Any], source: Source[Any]
) -> HttpResponseBase:
    if sheet := csv_answer(spec, source, request):
        return sheet
    view = request.GET.get("view", "")
    views = (("", "Proposals"), ("pending", "Waiting"), ("actions", "Actions"))
    tabs = tuple(
        Tab(label, f"{reverse('loop')}?view={name}" if name else reverse("loop"), view == name)
        for name, label in views
    )
    return show(request, "loop/loop.html", LoopPage(at, tabs, open_table(spec, source, request)))
