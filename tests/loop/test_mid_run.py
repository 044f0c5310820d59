"""Before every step, and not the first alone: what others changed, what holds no more, how old."""

import pytest

from scuderia.basics.errors import NotAuthorised, NotFound
from scuderia.loop.engine.transitions import IllegalMove
from scuderia.loop.models.actions import Action
from scuderia.loop.models.audit import AuditEntry
from scuderia.loop.nouns import ActionState, StepWord
from scuderia.loop.operations import actions, audit, undo
from scuderia.loop.operations.actions import StillStopped
from scuderia.loop.queries.actions import get_action, list_unsettled
from tests.loop.factories import NOW, later, person
from tests.loop.test_acting import OMAR, approve, carry_out, file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cast")]


def begun(*names, to=3):
    """Approve turning the valves, begin, and turn the first."""
    action = approve(file(*names, to=to))
    actions.begin_action(action, now=NOW)
    assert actions.run_step(action, 0, now=NOW) is StepWord.DONE
    return action


def held():
    """Return the only run, which must stand halted for a person to resume."""
    action = Action.objects.get(undo_of=None)
    assert (action.state, action.resumable) == (ActionState.HALTED, True)
    return action


@pytest.mark.parametrize(
    ("valve", "said"),
    [
        ("v1", "somebody else changed v1: it was 3 after step 1 and is 7"),
        ("v2", "somebody else changed v2: it was 0 after step 1 and is 7"),
    ],
)
def test_what_others_changed_in_mid_run_halts_it_before_the_next_step(hall, valve, said):
    action = begun("v1", "v2")
    hall.world.positions[valve] = 7
    assert actions.run_step(action, 1, now=NOW) is StepWord.STOP
    assert held().said == said
    assert len(hall.world.happened) == 1


def test_a_run_whose_targets_were_put_right_goes_on_by_a_persons_word(hall):
    action = begun("v1", "v2")
    hall.world.positions["v2"] = 7
    actions.run_step(action, 1, now=NOW)
    actions.resume_action(actor=OMAR, action_id=action, now=NOW)
    assert carry_out(action) is ActionState.HALTED, "it is as it was, so the run halts again"
    hall.world.positions["v2"] = 0
    actions.resume_action(actor=OMAR, action_id=action, now=NOW)
    assert carry_out(action) is ActionState.DONE
    assert set(hall.world.happened.values()) == {1}


def test_a_precondition_is_asked_before_every_step_that_needs_it(hall):
    action = begun("v1", "v2", "v3")
    hall.turn.welded = {"v1"}
    assert actions.run_step(action, 1, now=NOW) is StepWord.DONE, "v1 is turned already"
    hall.turn.welded = {"v3"}
    assert actions.run_step(action, 2, now=NOW) is StepWord.STOP
    assert held().said == "v3 is welded shut"


def test_an_undo_is_held_to_what_stood_when_it_was_decided_too(hall):
    action = begun("v1", "v2")
    actions.run_step(action, 1, now=NOW)
    actions.finish_action(action, now=NOW)
    undoing = undo.undo_action(actor=OMAR, action_id=action, now=NOW)
    actions.begin_action(undoing, now=NOW)
    actions.run_step(undoing, 0, now=NOW)
    hall.world.positions["v2"] = 9
    assert actions.run_step(undoing, 1, now=NOW) is StepWord.STOP
    assert hall.world.positions == {"v1": 0, "v2": 9, "v3": 0, "v4": 0}


def test_a_halted_run_whose_decision_lapsed_never_resumes_and_is_ended(hall):
    action = begun("v1", "v2")
    actions.halt_action(actor=OMAR, action_id=action, now=NOW)
    assert actions.end_lapsed(now=later(3.9)) == 0
    with pytest.raises(StillStopped, match="the decision lapsed at") as refused:
        actions.resume_action(actor=OMAR, action_id=action, now=later(4))
    assert "Undo what was done" in refused.value.remedy
    assert held().said.startswith("halted by person:omar")
    assert actions.end_lapsed(now=later(4)) == 1
    ended = get_action(OMAR, action)
    assert (ended.state, ended.resumable, ended.finished_at) == ("halted", False, later(4))
    assert "its decision lapsed at" in ended.said
    assert ended.can_undo
    with pytest.raises(IllegalMove):
        actions.resume_action(actor=OMAR, action_id=action, now=NOW)
    assert actions.end_lapsed(now=later(5)) == 0


def test_a_halted_run_that_never_began_is_ended_when_its_decision_expires(hall):
    action = approve(file("v1", to=3))
    actions.halt_action(actor=OMAR, action_id=action, now=NOW)
    assert actions.end_lapsed(now=later(4)) == 1
    assert not get_action(OMAR, action).can_undo


def test_a_run_that_lay_without_a_worker_does_not_go_on(hall):
    action = begun("v1", "v2")
    assert actions.run_step(action, 1, now=later(4)) is StepWord.STOP
    assert "the decision lapsed" in held().said
    assert len(hall.world.happened) == 1


def test_a_long_run_that_goes_on_keeps_its_decision(hall):
    action = begun("v1", "v2", "v3")
    assert actions.run_step(action, 1, now=later(3)) is StepWord.DONE
    assert actions.run_step(action, 2, now=later(6)) is StepWord.DONE
    assert actions.finish_action(action, now=later(6)) is ActionState.DONE


def test_a_cancelled_run_is_ended_and_may_still_be_undone(hall):
    action = begun("v1", "v2")
    with pytest.raises(IllegalMove, match="running and cannot be cancelled"):
        actions.cancel_action(actor=OMAR, action_id=action, now=NOW)
    actions.halt_action(actor=OMAR, action_id=action, now=NOW)
    actions.cancel_action(actor=OMAR, action_id=action, reason="enough", now=later(1))
    ended = get_action(OMAR, action)
    assert (ended.resumable, ended.can_undo, ended.finished_at) == (False, True, later(1))
    assert "cancelled by person:omar: enough" in ended.said
    with pytest.raises(IllegalMove):
        actions.cancel_action(actor=OMAR, action_id=action, now=later(1))
    carry_out(undo.undo_action(actor=OMAR, action_id=action, now=later(1)), now=later(1))
    assert hall.world.positions["v1"] == 0
    assert audit.verify().holds


def failed(hall):
    """A run of which one step was done and the next was refused."""
    action = begun("v1", "v2")
    hall.world.trouble = ["refuse"]
    actions.run_step(action, 1, now=NOW)
    assert get_action(OMAR, action).state is ActionState.FAILED
    return action


def unsettled(who=OMAR):
    return [(run.state, run.is_stuck) for run in list_unsettled(who, limit=10)]


def test_a_failed_run_waits_for_a_person_until_one_takes_note_with_a_reason(hall):
    action = failed(hall)
    assert unsettled() == [(ActionState.FAILED, True)]
    with pytest.raises(actions.NothingSaid):
        actions.acknowledge_failure(actor=OMAR, action_id=action, reason=" ", now=later(1))
    assert unsettled() == [(ActionState.FAILED, True)]
    actions.acknowledge_failure(actor=OMAR, action_id=action, reason="welded", now=later(1))
    assert unsettled() == []
    row = get_action(OMAR, action)
    assert (row.state, row.acknowledged_at, row.can_undo) == (ActionState.FAILED, later(1), True)
    assert "acknowledged by person:omar: welded" in row.said
    entry = AuditEntry.objects.latest("seq")
    assert (entry.verb, entry.reason, entry.subject) == (
        "action.acknowledged", "welded", f"action:{action}",
    )  # fmt: skip
    with pytest.raises(IllegalMove, match="nobody"):
        actions.acknowledge_failure(actor=OMAR, action_id=action, reason="again", now=later(2))
    carry_out(undo.undo_action(actor=OMAR, action_id=action, now=later(2)), now=later(2))
    assert get_action(OMAR, action).state is ActionState.UNDONE
    assert audit.verify().holds


def test_only_what_failed_is_acknowledged(hall):
    action = begun("v1", "v2")
    assert unsettled() == [(ActionState.RUNNING, False)]
    for halt in (False, True):
        if halt:
            actions.halt_action(actor=OMAR, action_id=action, now=NOW)
        with pytest.raises(IllegalMove):
            actions.acknowledge_failure(actor=OMAR, action_id=action, reason="no", now=NOW)
    assert unsettled() == [(ActionState.HALTED, True)]
    assert unsettled(person("birch-op")) == []


@pytest.mark.parametrize(("who", "error"), [("vera", NotAuthorised), ("birch-op", NotFound)])
def test_who_may_not_decide_acknowledges_nothing(hall, who, error):
    action = failed(hall)
    with pytest.raises(error):
        actions.acknowledge_failure(actor=person(who), action_id=action, reason="x", now=NOW)
    assert unsettled() == [(ActionState.FAILED, True)]


def test_a_cancelled_undo_makes_room_for_another(hall):
    action = approve(file("v1", to=3))
    carry_out(action)
    first = undo.undo_action(actor=OMAR, action_id=action, now=NOW)
    actions.halt_action(actor=OMAR, action_id=first, now=NOW)
    with pytest.raises(undo.CannotUndo, match="under way"):
        undo.undo_action(actor=OMAR, action_id=action, now=NOW)
    actions.cancel_action(actor=OMAR, action_id=first, now=NOW)
    carry_out(undo.undo_action(actor=OMAR, action_id=action, now=NOW))
    assert hall.world.positions["v1"] == 0


@pytest.mark.parametrize(("who", "error"), [("vera", NotAuthorised), ("birch-op", NotFound)])
def test_who_may_not_decide_cancels_nothing(hall, who, error):
    action = begun("v1", "v2")
    actions.halt_action(actor=OMAR, action_id=action, now=NOW)
    with pytest.raises(error):
        actions.cancel_action(actor=person(who), action_id=action, now=NOW)
    assert held()
