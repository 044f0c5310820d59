"""One proposal: the claim, its evidence, what is expected, and the three answers a person has."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import NotFound
from scuderia.loop.nouns import Power, ProposalId, ProposalState
from scuderia.loop.operations import decisions, proposals
from scuderia.loop.operations.evidence import run_evidence
from scuderia.loop.operations.proposal_review import ProposalReview, review_proposal
from scuderia.loop.pages.display import (
    PROPOSAL_LOOKS,
    blast_of,
    effect_of,
    evidence_of,
    gates_of,
    quantity_words,
    track_of,
)
from scuderia.loop.pages.forms import carry_out, field_for, read_param, read_targets
from scuderia.loop.ports import registry
from scuderia.loop.queries.access import may
from scuderia.loop.queries.actions import get_action
from scuderia.loop.queries.lineage import common_lineage
from scuderia.loop.queries.proposals import ProposalCard, get_proposal
from scuderia.web.base_views import page, show
from scuderia.web.components import Blast, Crumb, Evidence, Field, GateLine, Step, facts
from scuderia.web.request_context import RequestContext, form_value, request_context
from scuderia.web.svg import Effect

PIECES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class ProposalPage:
    """Everything a person sees before the button, and the forms behind it.

    state, state_word         the mark's look and its word
    track                     the loop's six steps
    evidence, more_evidence   the first PIECES_SHOWN, and those behind a fold
    inputs                    what a reader needs to run the rehearsal again
    params, snapshot          as facts for people, bounded: the whole of them is in `card`
    left_s                    domain seconds until it expires; negative once it has
    is_open                   it still waits for a yes or a no
    fields                    of the form that edits it
    """

    as_of: AwareDatetime
    card: ProposalReview
    crumbs: tuple[Crumb, ...]
    state: str
    state_word: str
    track: tuple[Step, ...]
    evidence: tuple[Evidence, ...]
    more_evidence: tuple[Evidence, ...]
    effect: Effect
    inputs: tuple[tuple[str, str], ...]
    cost_of_delay: str
    blast: Blast
    gates: tuple[GateLine, ...]
    params: tuple[tuple[str, str], ...]
    snapshot: tuple[tuple[str, str], ...]
    left_s: float
    is_open: bool
    may_decide: bool
    fields: tuple[Field, ...]


@require_safe
@page
def proposal(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """Show one proposal."""
    return _shown(request, proposal_id)


@require_POST
@page
def approve(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """Approve exactly the digest that was shown."""
    words = "Approved. The run starts within seconds; its steps show here."
    approve_it = partial(decisions.approve_proposal, digest=form_value(request, "digest"))
    return _acted(request, proposal_id, approve_it, words)


@require_POST
@page
def reject(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """Say no."""
    words = "Rejected. The agent sees the reason in its record."
    return _acted(request, proposal_id, decisions.reject_proposal, words)


@require_POST
@page
def edit(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """Change what would be done; the new digest is what can then be approved."""
    words = "Edited. What stands here now is what an approval would bind."
    return _acted(request, proposal_id, partial(_edit, request), words)


def _edit(request: HttpRequest, *, actor: Actor, proposal_id: ProposalId, **asked: Any) -> None:
    specs = _specs(get_proposal(actor, proposal_id).row.kind)
    read = {spec.name: read_param(spec, form_value(request, f"param_{spec.name}"))
            for spec in specs}  # fmt: skip
    proposals.edit_proposal(
        actor=actor, proposal_id=proposal_id, digest=form_value(request, "digest"),
        targets=read_targets(form_value(request, "targets")),
        params={name: value for name, value in read.items() if value is not None},
        **asked,
    )  # fmt: skip


def _acted(
    request: HttpRequest, proposal_id: UUID, operation: Callable[..., object], words: str
) -> HttpResponse:
    again = partial(_shown, request, proposal_id)
    return carry_out(
        request, operation, words, then=reverse("proposal", args=[proposal_id]), again=again,
        proposal_id=ProposalId(proposal_id),
    )  # fmt: skip


def _shown(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    asked = request_context(request)
    card = review_proposal(asked.actor, ProposalId(proposal_id), now=asked.now)
    return show(request, "loop/proposal.html", _page(asked, card, request.GET.get("again", "")))


def _page(asked: RequestContext, card: ProposalReview, again: str) -> ProposalPage:
    row = card.row
    path = reverse("proposal", args=[row.id])
    number = int(again) if again.isdigit() and len(again) < 4 else None  # noqa: PLR2004 - bounded
    fresh = _run_again(asked.actor, card, number)
    pieces = evidence_of(card.findings, path=path, again=number, fresh=fresh)
    action = get_action(asked.actor, card.action_ids[-1]) if card.action_ids else None
    look, word = PROPOSAL_LOOKS[row.state]
    return ProposalPage(
        as_of=asked.now,
        card=card,
        crumbs=(
            Crumb("Now", reverse("now")),
            Crumb("Proposals", reverse("loop")),
            Crumb(row.title),
        ),
        state=look,
        state_word=word,
        track=track_of(card, action),
        evidence=pieces[:PIECES_SHOWN],
        more_evidence=pieces[PIECES_SHOWN:],
        effect=effect_of(row.rehearsal),
        inputs=facts(row.rehearsal.inputs),
        cost_of_delay=quantity_words(row.cost_of_delay),
        blast=blast_of(card),
        gates=gates_of(card.gates),
        params=facts(card.params),
        snapshot=facts(card.snapshot),
        left_s=(row.expires_at - asked.now).total_seconds(),
        is_open=row.state is ProposalState.PENDING,
        may_decide=_may_decide(asked.actor, card),
        fields=_fields(card),
    )


def _may_decide(actor: Actor, card: ProposalCard) -> bool:
    return may(actor, Power.DECIDE, common_lineage(card.row.targets))


def _specs(kind: str) -> tuple:
    executor = registry.executors.get(kind)
    return executor.kind.params if executor else ()


def _fields(card: ProposalCard) -> tuple[Field, ...]:
    targets = " ".join(str(target) for target in card.row.targets)
    return (
        Field("targets", "Targets", value=targets, required=True, longest=2000,
              help="Subjects parted by spaces, e.g. crate:a1."),
        *(field_for(spec, card.params.get(spec.name)) for spec in _specs(card.row.kind)),
    )  # fmt: skip


def _run_again(actor: Actor, card: ProposalCard, number: int | None) -> object:
    """Run one piece of this proposal's own evidence again; nothing else can be asked for."""
    pieces = [piece for finding in card.findings for piece in finding.evidence]
    if number is None or number >= len(pieces):
        return None
    try:
        return dict(run_evidence(actor, pieces[number].query, pieces[number].params))
    except NotFound:
        return {"note": "that query is gone, or names what is not yours to read"}
