"""The world is asked once per check, and what cannot be examined is never done."""

import pytest

from scuderia.basics.errors import Unable
from scuderia.loop.models.actions import Action
from scuderia.loop.models.audit import AuditEntry
from scuderia.loop.models.decisions import Decision
from scuderia.loop.models.effects import Effect
from scuderia.loop.nouns import ActionState, Answer, Phase, ProposalId, StepWord
from scuderia.loop.operations import actions, decisions, proposals, undo
from scuderia.loop.operations.proposal_review import review_proposal
from scuderia.loop.queries.proposals import get_proposal
from tests.loop.factories import NOW, Hall, valves
from tests.loop.test_acting import OMAR, approve, digest_of, file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cast")]


def asked(hall: Hall) -> int:
    """Return how often the world was examined since the last time of asking."""
    count, hall.world.examined = hall.world.examined, 0
    return count


def test_each_check_examines_the_world_once_and_a_read_never(hall):
    proposal = file("v1", "v2", to=3)
    assert asked(hall) == 1
    get_proposal(OMAR, proposal)
    assert asked(hall) == 0
    review_proposal(OMAR, proposal, now=NOW)
    assert asked(hall) == 1
    changed = proposals.edit_proposal(
        actor=OMAR,
        proposal_id=proposal,
        digest=digest_of(proposal),
        targets=valves("v1", "v3"),
        params=None,
        now=NOW,
    )
    assert asked(hall) == 1
    action = decisions.approve_proposal(actor=OMAR, proposal_id=proposal, digest=changed, now=NOW)
    assert asked(hall) == 1
    review_proposal(OMAR, proposal, now=NOW)
    assert asked(hall) == 0, "nobody can decide any more"
    assert actions.begin_action(action, now=NOW) == 2
    assert asked(hall) == 1
    for index in range(2):
        assert actions.run_step(action, index, now=NOW) is StepWord.DONE
        assert asked(hall) == 1
    actions.finish_action(action, now=NOW)
    assert asked(hall) == 0
    undo.undo_action(actor=OMAR, action_id=action, now=NOW)
    assert asked(hall) == 1


def test_a_gate_hears_in_which_phase_it_is_asked(hall):
    action = approve(file("v1", "v2", to=3))
    actions.begin_action(action, now=NOW)
    for index in range(2):
        actions.run_step(action, index, now=NOW)
    phases = [request.phase for request in hall.gate.asked]
    assert phases == [Phase.DECIDE, Phase.BEGIN, Phase.BEGIN, Phase.STEP]


def test_an_executor_that_errs_is_a_recorded_no(hall):
    proposal = file("v1", to=3)
    hall.turn.broken = ZeroDivisionError("valves of no hall")
    card = review_proposal(OMAR, proposal, now=NOW)
    assert card.objections == (
        "the plan could not be examined: ZeroDivisionError: valves of no hall",
    )
    with pytest.raises(decisions.Objected, match="could not be examined"):
        approve(proposal)
    assert not Decision.objects.exists()
    assert AuditEntry.objects.filter(verb="proposal.approval_refused").count() == 1


def test_an_executor_that_errs_halts_a_run_that_may_be_resumed(hall):
    action = approve(file("v1", to=3))
    hall.turn.broken = ZeroDivisionError("valves of no hall")
    assert actions.begin_action(action, now=NOW) == 0
    held = Action.objects.get()
    assert (held.state, held.resumable) == (ActionState.HALTED, True)
    assert "could not be examined" in held.said
    assert not Effect.objects.exists()


def test_a_silent_world_is_shown_on_the_card_and_raised_at_the_button(hall):
    proposal = file("v1", to=3)
    hall.world.silent = True
    card = review_proposal(OMAR, proposal, now=NOW)
    assert card.objections == ("the hall does not answer",)
    assert card.row.digest == digest_of(proposal), "our own tables still speak"
    with pytest.raises(Unable):
        approve(proposal)
    assert not Decision.objects.exists()


@pytest.mark.parametrize("index", [0, 1])
def test_a_world_silent_before_a_step_is_asked_again_later(hall, index):
    action = approve(file("v1", "v2", to=3))
    actions.begin_action(action, now=NOW)
    for done in range(index):
        actions.run_step(action, done, now=NOW)
    hall.world.silent = True
    assert actions.run_step(action, index, now=NOW) is StepWord.UNKNOWN
    assert Action.objects.get().state == ActionState.RUNNING
    assert Effect.objects.count() == index
    hall.world.silent = False
    assert actions.run_step(action, index, now=NOW) is StepWord.DONE


def test_a_plan_whose_steps_changed_in_mid_run_halts(hall):
    action = approve(file("v1", "v2", to=3))
    actions.begin_action(action, now=NOW)
    actions.run_step(action, 0, now=NOW)
    Action.objects.update(steps_total=3)
    assert actions.run_step(action, 1, now=NOW) is StepWord.STOP
    held = Action.objects.get()
    assert (held.state, held.resumable) == (ActionState.HALTED, True)
    assert held.said == "the plan had 3 steps when it began and has 2 now"


def test_a_gate_that_says_no_stops_an_undo_and_leaves_nothing_filed(hall):
    action = approve(file("v1", to=3))
    actions.begin_action(action, now=NOW)
    actions.run_step(action, 0, now=NOW)
    actions.finish_action(action, now=NOW)
    hall.gate.answer = Answer.NO
    with pytest.raises(decisions.Objected, match="gate hours"):
        undo.undo_action(actor=OMAR, action_id=action, now=NOW)
    assert Action.objects.count() == 1
    assert ProposalId(Action.objects.get().proposal_id)
