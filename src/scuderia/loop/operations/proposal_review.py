"""The card beside its preflight: everything that a person sees before the button."""

from dataclasses import dataclass, fields

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import Refused, Unable
from scuderia.loop.models.proposals import Proposal
from scuderia.loop.nouns import Autonomy, GateVerdict, Phase, Plan, ProposalId, ProposalState
from scuderia.loop.operations.preflight import check_plan
from scuderia.loop.ports import registry
from scuderia.loop.queries.approval_rules import TwoPeople, two_people
from scuderia.loop.queries.brakes import brake_words, brakes_on
from scuderia.loop.queries.grants import level_for
from scuderia.loop.queries.proposals import ProposalCard, get_proposal


@dataclass(frozen=True, slots=True)
class ProposalReview(ProposalCard):
    """A proposal's card, and what stands in its way at this moment.

    gates        every gate's verdict as of now, an error shown as NO
    objections   what forbids approving it now, in words; empty means go
    level        how far the proposing agent may go here
    two_people   the rules that keep who filed or edited it from approving it, in words
    """

    gates: tuple[GateVerdict, ...] = ()
    objections: tuple[str, ...] = ()
    level: Autonomy = Autonomy.ACT_ONCE_APPROVED
    two_people: tuple[str, ...] = ()


def review_proposal(actor: Actor, proposal_id: ProposalId, *, now: AwareDatetime) -> ProposalReview:
    """Return the card beside its preflight: the one call of page, API and command.

    The world is asked once, and only where somebody may still decide; its silence is shown as
    an objection, never raised.

    raises   NotFound: no such proposal within the actor's reach
    """
    card = get_proposal(actor, proposal_id)
    gates, objections, level = _preflight(card, actor, now)
    known = {one.name: getattr(card, one.name) for one in fields(ProposalCard)}
    hands = _two_people(card)
    barred = hands.objection_to(actor)
    return ProposalReview(
        **known,
        gates=gates,
        objections=(*objections, barred) if barred else objections,
        level=level,
        two_people=hands.asked,
    )


def _preflight(
    card: ProposalCard, actor: Actor, now: AwareDatetime
) -> tuple[tuple[GateVerdict, ...], tuple[str, ...], Autonomy]:
    level = Autonomy.ACT_ONCE_APPROVED
    if card.row.kind not in registry.executors:
        return (), ("no executor is registered for this kind",), level
    if card.row.state is not ProposalState.PENDING:
        return (), (), level
    row = card.row
    plan = Plan(row.kind, row.targets, card.params)
    safe = card.safe_direction
    try:
        report = check_plan(plan, by=actor, phase=Phase.DECIDE, safe_direction=safe, now=now)
        level, _ = level_for(row.agent, row.kind, row.targets, at=now)
    except (Refused, Unable) as refusal:  # a target is gone, or the world is silent
        return (), (refusal.message,), level
    return report.gates, (*report.objections, *_our_objections(card, level)), level


def _two_people(card: ProposalCard) -> TwoPeople:
    if card.row.state is not ProposalState.PENDING:
        return TwoPeople(frozenset(), ())
    filed = Proposal.objects.get(pk=card.row.id)
    return two_people(filed, safe_direction=card.safe_direction)


def _our_objections(card: ProposalCard, level: Autonomy) -> list[str]:
    row = card.row
    brakes = brakes_on(agent=row.agent, kind=row.kind, targets=row.targets)
    said = [brake_words(brakes)] if brakes and not card.safe_direction else []
    if level < Autonomy.ACT_ONCE_APPROVED:
        said.append(f"{row.agent} may only advise here (level {level.value})")
    return said
