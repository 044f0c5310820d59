"""One action: what was done step by step, what it brought, and the way back."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from scuderia.basics.clock import AwareDatetime
from scuderia.loop.nouns import ActionId, ActionState, Power
from scuderia.loop.operations import actions, undo
from scuderia.loop.pages.display import action_look, track_of
from scuderia.loop.pages.effect_table import EFFECTS
from scuderia.loop.pages.forms import carry_out
from scuderia.loop.queries.actions import ActionRow, get_action, powers_over
from scuderia.loop.queries.proposals import ProposalCard, get_proposal
from scuderia.web.base_views import page, show
from scuderia.web.components import Crumb, Step, facts
from scuderia.web.request_context import request_context
from scuderia.web.svg import Effect, effect
from scuderia.web.table_csv import csv_answer
from scuderia.web.tables import DataTable, open_table, rows_in_memory


@dataclass(frozen=True, slots=True)
class ActionPage:
    """One durable run.

    card                the proposal that it carries out
    state, state_word   the mark's look and its word
    track               the loop's six steps
    measured            what was promised until there is a verdict, then what was measured; None
                        where nothing is to be measured
    may_undo            and likewise for the other verbs: the run allows it and the person may
    """

    as_of: AwareDatetime
    run: ActionRow
    card: ProposalCard
    crumbs: tuple[Crumb, ...]
    state: str
    state_word: str
    track: tuple[Step, ...]
    effects: DataTable
    no_step: tuple[str, str]
    params: tuple[tuple[str, str], ...]
    measured: Effect | None
    may_undo: bool
    may_resume: bool
    may_halt: bool
    may_acknowledge: bool


@require_safe
@page
def action(request: HttpRequest, action_id: UUID) -> HttpResponseBase:
    """Show one action."""
    actor = request_context(request).actor
    effects = rows_in_memory(EFFECTS, lambda: get_action(actor, ActionId(action_id)).effects)
    return csv_answer(EFFECTS, effects, request) or _shown(request, action_id)


def _changing(operation: Callable[..., object], words: str) -> Callable[..., HttpResponseBase]:
    """Return the view that changes one action for who asks, and the words it says once it did."""

    @require_POST
    @page
    def changed(request: HttpRequest, action_id: UUID) -> HttpResponse:
        there = reverse("action", args=[action_id])
        again = partial(_shown, request, action_id)
        return carry_out(
            request, operation, words, then=there, again=again, action_id=ActionId(action_id)
        )

    return changed


undo_it = _changing(undo.undo_action, "The undo is queued.")
resume = _changing(actions.resume_action, "The run goes on.")
halt = _changing(actions.halt_action, "The run stops before its next step.")
cancel = _changing(actions.cancel_action, "The run is ended; nothing further is done.")
acknowledge = _changing(actions.acknowledge_failure, "Noted; the run waits for nobody any more.")


def _shown(request: HttpRequest, action_id: UUID) -> HttpResponse:
    asked = request_context(request)
    run = get_action(asked.actor, ActionId(action_id))
    effects = rows_in_memory(EFFECTS, run.effects)
    card = get_proposal(asked.actor, run.proposal_id)
    powers = powers_over(asked.actor, run.id)
    look, word = action_look(run)
    context = ActionPage(
        as_of=asked.now,
        run=run,
        card=card,
        crumbs=(
            Crumb("Now", reverse("now")),
            Crumb("Actions", f"{reverse('loop')}?view=actions"),
            Crumb(run.title),
        ),
        state=look,
        state_word=word,
        track=track_of(card, run),
        effects=open_table(EFFECTS, effects, request, path=reverse("action", args=[action_id])),
        no_step=_no_step(run),
        params=facts(run.params),
        measured=_measured(run),
        may_undo=run.can_undo and Power.UNDO in powers,
        may_resume=run.resumable and Power.DECIDE in powers,
        may_halt=run.state in (ActionState.QUEUED, ActionState.RUNNING) and Power.BRAKE in powers,
        may_acknowledge=run.is_unanswered and Power.DECIDE in powers,
    )
    return show(request, "loop/action.html", context)


def _no_step(run: ActionRow) -> tuple[str, str]:
    """Return what is said in place of steps where none was taken."""
    if run.resumable:
        return "No step was taken", "It halted before its first step; a person may resume it."
    if run.state in (ActionState.QUEUED, ActionState.RUNNING):
        soon = "The worker takes it up within seconds; every step checks brake, grant and digest."
        return "No step yet", soon
    return "Nothing was done", "It ended before its first step, so there is nothing to put back."


def _measured(run: ActionRow) -> Effect | None:
    outcome = run.outcome
    if outcome is None:
        return None
    value = outcome.expected if outcome.verdict is None or outcome.value is None else outcome.value
    return effect(
        do_nothing=outcome.do_nothing, expected=value, low=outcome.low, high=outcome.high,
        unit=outcome.unit, better=outcome.better,
    )  # fmt: skip
