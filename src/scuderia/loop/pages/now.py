"""Now: only what needs a person, dearest first; and the loop as a whole."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.loop.nouns import ActionState, ProposalState
from scuderia.loop.pages.display import (
    ACTION_LOOKS,
    PROPOSAL_LOOKS,
    effect_of,
    quantity_words,
    total_of,
)
from scuderia.loop.queries.actions import ActionRow, list_actions
from scuderia.loop.queries.agents import AgentCard, list_agents
from scuderia.loop.queries.brakes import BrakeRow, list_brakes
from scuderia.loop.queries.proposals import QueueRow, list_proposals, list_queue
from scuderia.web.base_views import page, show
from scuderia.web.components import Cell, Column, Row, Tab, Table
from scuderia.web.page_chrome import place_of
from scuderia.web.request_context import request_context
from scuderia.web.svg import Effect, figure

QUEUE_MAX = 100
STUCK = (ActionState.HALTED, ActionState.FAILED)
MOVING = (ActionState.QUEUED, ActionState.RUNNING)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One proposal as it waits in the queue."""

    row: QueueRow
    effect: Effect
    left_s: float
    cost: str
    cost_unit: str


@dataclass(frozen=True, slots=True)
class NowPage:
    """What needs a person, and the proof that somebody looked."""

    as_of: AwareDatetime
    waiting: tuple[Waiting, ...]
    stuck: tuple[ActionRow, ...]
    moving: tuple[ActionRow, ...]
    brakes: tuple[BrakeRow, ...]
    agents: tuple[AgentCard, ...]
    cost_sum: str
    last_look: AwareDatetime | None

    @property
    def is_well(self) -> bool:
        """Nothing waits and nothing is stuck: the best a page can show."""
        return not self.waiting and not self.stuck


@require_safe
@page
def now(request: HttpRequest) -> HttpResponse:
    """Show what needs a person."""
    asked = request_context(request)
    return show(request, "loop/now.html", _now(asked.actor, asked.now))


def _now(actor: Actor, at: AwareDatetime) -> NowPage:
    queue = list_queue(actor, at, limit=QUEUE_MAX)
    runs = list_actions(actor, states=(*STUCK, *MOVING), limit=QUEUE_MAX)
    agents = list_agents(actor)
    return NowPage(
        as_of=at,
        waiting=tuple(
            Waiting(row, effect_of(row.rehearsal), (row.expires_at - at).total_seconds(),
                    figure(row.cost_of_delay.amount), row.cost_of_delay.unit)
            for row in queue
        ),
        stuck=tuple(run for run in runs if run.state in STUCK and run.undo_of is None),
        moving=tuple(run for run in runs if run.state in MOVING),
        brakes=list_brakes(actor),
        agents=agents,
        cost_sum=total_of([row.cost_of_delay for row in queue]),
        last_look=max((a.last_round.at for a in agents if a.last_round), default=None),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class LoopPage:
    """Everything proposed and done, newest first."""

    as_of: AwareDatetime
    tabs: tuple[Tab, ...]
    table: Table
    shown: int
    limit: int


@require_safe
@page
def loop(request: HttpRequest) -> HttpResponse:
    """Show what was proposed, or what was done."""
    asked = request_context(request)
    view = request.GET.get("view", "")
    actions = view == "actions"
    table = _actions(asked.actor) if actions else _proposals(asked.actor, view)
    views = (("", "Proposals"), ("pending", "Waiting"), ("actions", "Actions"))
    tabs = tuple(
        Tab(label, f"{reverse('loop')}?view={name}" if name else reverse("loop"), view == name)
        for name, label in views
    )
    context = LoopPage(asked.now, tabs, table, len(table.rows), QUEUE_MAX)
    return show(request, "loop/loop.html", context)


def _proposals(actor: Actor, view: str) -> Table:
    states = (ProposalState.PENDING,) if view == "pending" else ()
    columns = (
        Column("Proposal"), Column("State"), Column("Agent"),
        Column("Costs a day of waiting", numeric=True), Column("Filed"), Column("Expires"),
    )  # fmt: skip
    rows = tuple(
        Row(
            (
                Cell(row.title, href=reverse("proposal", args=[row.id])),
                Cell(PROPOSAL_LOOKS[row.state][1], "state", state=PROPOSAL_LOOKS[row.state][0]),
                Cell(row.agent or row.filed_by),
                Cell(quantity_words(row.cost_of_delay)),
                Cell("", "instant", at=row.filed_at),
                Cell("", "instant", at=row.expires_at),
            ),
            key=str(row.id),
            version=row.state.value,
        )
        for row in list_proposals(actor, states=states, limit=QUEUE_MAX)
    )
    return Table("Proposals, newest first", columns, rows)


def _actions(actor: Actor) -> Table:
    columns = (
        Column("Action"), Column("State"), Column("What"), Column("Decided by"),
        Column("Queued"), Column("Finished"), Column("Outcome"),
    )  # fmt: skip
    rows = tuple(
        Row(
            (
                Cell(run.title, href=reverse("action", args=[run.id])),
                Cell(ACTION_LOOKS[run.state][1], "state", state=ACTION_LOOKS[run.state][0]),
                _target(run),
                Cell(run.decided_by),
                Cell("", "instant", at=run.queued_at),
                Cell("", "instant", at=run.finished_at),
                Cell(run.outcome.verdict or "open" if run.outcome else "\u2013"),
            ),
            key=str(run.id),
            version=run.state.value,
        )
        for run in list_actions(actor, limit=QUEUE_MAX)
    )
    return Table("Actions, newest first", columns, rows)


def _target(run: ActionRow) -> Cell:
    if not run.targets:
        return Cell("\u2013")
    first = str(run.targets[0])
    return Cell(run.targets[0].name, "code", href=place_of(first))
