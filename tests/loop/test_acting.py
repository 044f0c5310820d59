"""From a filed proposal to an effect in the world, and every way it may not happen."""

from datetime import timedelta

import pytest

from scuderia.basics.errors import NotAuthorised, Unable
from scuderia.basics.subjects import SubjectRef
from scuderia.loop.engine.transitions import IllegalMove
from scuderia.loop.models.actions import Action, RunRequest
from scuderia.loop.models.decisions import Decision
from scuderia.loop.models.effects import Effect
from scuderia.loop.models.proposals import Proposal
from scuderia.loop.nouns import ActionState, Answer, EffectState, ProposalState, StepWord
from scuderia.loop.operations import actions, brakes, decisions, proposal_filing, proposals, undo
from scuderia.loop.operations.decisions import Objected
from scuderia.loop.operations.proposals import StaleDigest
from scuderia.loop.queries.actions import get_action, last_action_on
from tests.loop.factories import NOW, Crash, later, person, proposal_draft, valves

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cast")]
OMAR = person("omar")


def file(*names, **changes):
    return proposal_filing.file_proposal(
        proposal_draft(*names, **changes), agent="plumber", now=NOW
    )


def digest_of(proposal_id):
    return Proposal.objects.get(pk=proposal_id).digest


def approve(proposal_id, actor=OMAR, now=NOW):
    return decisions.approve_proposal(
        actor=actor, proposal_id=proposal_id, digest=digest_of(proposal_id), now=now
    )


def carry_out(action_id, now=NOW):
    """Do what the runner's workflow does."""
    for index in range(actions.begin_action(action_id, now=now)):
        word = StepWord.UNKNOWN
        for _ in range(10):
            word = actions.run_step(action_id, index, now=now)
            if word is not StepWord.UNKNOWN:
                break
        if word is not StepWord.DONE:
            break
    return actions.finish_action(action_id, now=now)


def test_an_approved_proposal_is_carried_out_once_and_verified(hall):
    action_id = approve(file("v1", "v2", to=3))
    assert carry_out(action_id) is ActionState.DONE
    assert hall.world.positions == {"v1": 3, "v2": 3, "v3": 0, "v4": 0}
    assert carry_out(action_id) is ActionState.DONE
    assert set(hall.world.happened.values()) == {1}
    assert RunRequest.objects.get().action_id == action_id


def test_a_decision_stores_every_gates_verdict(hall):
    approve(file())
    assert Decision.objects.get().gate_verdicts == [
        {"gate": "hours", "answer": "yes", "reasons": [], "not_before": None}
    ]


def test_a_stale_digest_is_refused_and_the_current_one_named(hall):
    proposal_id = file()
    shown = digest_of(proposal_id)
    hall.world.positions["v1"] = 7
    with pytest.raises(StaleDigest) as refused:
        decisions.approve_proposal(actor=OMAR, proposal_id=proposal_id, digest=shown, now=NOW)
    assert refused.value.facts["digest"] == digest_of(proposal_id) != shown
    assert not Action.objects.exists()
    approve(proposal_id)


def test_drift_after_the_decision_sends_the_proposal_back_undone(hall):
    proposal_id = file()
    action_id = approve(proposal_id)
    hall.world.positions["v1"] = 7
    assert carry_out(action_id) is ActionState.HALTED
    proposal = Proposal.objects.get(pk=proposal_id)
    assert proposal.state == ProposalState.PENDING
    assert "no longer what was decided" in proposal.returned_reason
    assert not hall.world.happened
    assert not Action.objects.get(pk=action_id).resumable
    again = approve(proposal_id)
    assert carry_out(again) is ActionState.DONE
    assert actions.begin_action(action_id, now=NOW) == 0


def test_drift_between_begin_and_the_first_step_is_seen_too(hall):
    action_id = approve(file())
    assert actions.begin_action(action_id, now=NOW) == 1
    hall.world.positions["v1"] = 7
    assert actions.run_step(action_id, 0, now=NOW) is StepWord.STOP
    assert not hall.world.happened


def test_an_expired_decision_does_nothing(hall):
    action_id = approve(file())
    assert carry_out(action_id, now=later(4)) is ActionState.HALTED
    assert not hall.world.happened


def test_a_decision_from_the_future_is_not_believed(hall):
    action_id = approve(file(expires_after_h=72), now=later(5))
    assert carry_out(action_id, now=NOW) is ActionState.HALTED
    assert not hall.world.happened


def test_a_plan_edited_behind_the_loop_cannot_run(hall):
    proposal_id = file(to=1)
    action_id = approve(proposal_id)
    hall.turn.kind = hall.turn.kind.__class__(
        **{name: getattr(hall.turn.kind, name) for name in hall.turn.kind.__slots__}
        | {"version": 2}
    )
    assert carry_out(action_id) is ActionState.HALTED
    assert not hall.world.happened


def test_edit_then_approve_carries_out_the_edit_and_records_it(hall):
    proposal_id = file("v1", to=1)
    shown = digest_of(proposal_id)
    fresh = proposals.edit_proposal(
        actor=OMAR, proposal_id=proposal_id, digest=shown, targets=valves("v2"),
        params={"to": 5}, reason="v1 is fine", now=NOW,
    )  # fmt: skip
    with pytest.raises(StaleDigest):
        decisions.approve_proposal(actor=OMAR, proposal_id=proposal_id, digest=shown, now=NOW)
    action_id = decisions.approve_proposal(
        actor=OMAR, proposal_id=proposal_id, digest=fresh, now=NOW
    )
    assert carry_out(action_id) is ActionState.DONE
    assert hall.world.positions["v2"] == 5
    proposal = Proposal.objects.get(pk=proposal_id)
    assert proposal.rehearsed_for != proposal.plan_digest
    assert proposal.edits.get().edited_by == "person:omar"


def test_an_edit_may_not_pass_the_blast_bound(hall):
    proposal_id = file("v1")
    with pytest.raises(proposals.BlastTooWide):
        proposals.edit_proposal(
            actor=OMAR, proposal_id=proposal_id, digest=digest_of(proposal_id),
            targets=valves("v1", "v2", "v3", "v4"), params=None, now=NOW,
        )  # fmt: skip


def test_an_erroring_gate_is_a_no_at_decide_and_at_execute(hall):
    proposal_id = file()
    hall.gate.error = RuntimeError("down")
    with pytest.raises(Objected, match="the gate failed: RuntimeError: down"):
        approve(proposal_id)
    hall.gate.error = None
    action_id = approve(proposal_id)
    hall.gate.error = RuntimeError("down")
    assert carry_out(action_id) is ActionState.HALTED
    assert not hall.world.happened
    assert Action.objects.get(pk=action_id).resumable


def test_a_gate_that_says_no_between_steps_halts_the_run(hall):
    action_id = approve(file("v1", "v2"))
    actions.begin_action(action_id, now=NOW)
    assert actions.run_step(action_id, 0, now=NOW) is StepWord.DONE
    hall.gate.answer = Answer.NO
    assert actions.run_step(action_id, 1, now=NOW) is StepWord.STOP
    hall.gate.answer = Answer.YES
    actions.resume_action(actor=OMAR, action_id=action_id, now=NOW)
    assert carry_out(action_id) is ActionState.DONE
    assert set(hall.world.happened.values()) == {1}


def test_a_welded_valve_objects_at_decide_and_at_execute(hall):
    proposal_id = file()
    hall.turn.welded.add("v1")
    with pytest.raises(Objected, match="welded"):
        approve(proposal_id)
    hall.turn.welded.clear()
    action_id = approve(proposal_id)
    hall.turn.welded.add("v1")
    assert carry_out(action_id) is ActionState.HALTED
    assert not hall.world.happened


@pytest.mark.parametrize(
    ("trouble", "ends"),
    [
        ("fail-before", ActionState.DONE),
        ("fail-after", ActionState.DONE),
        ("unknown", ActionState.DONE),
        ("not-done", ActionState.DONE),
        ("bug", ActionState.DONE),
        ("refuse", ActionState.FAILED),
    ],
)
def test_whatever_goes_wrong_is_settled_by_looking(hall, trouble, ends):
    action_id = approve(file("v1", "v2"))
    hall.world.trouble = ["", trouble]
    assert carry_out(action_id) is ends
    assert set(hall.world.happened.values()) == {1}
    assert not Effect.objects.filter(state=EffectState.UNKNOWN).exists()


@pytest.mark.parametrize("trouble", ["crash-before", "crash-after"])
def test_a_crash_in_mid_effect_is_looked_into_and_never_repeated(hall, trouble):
    action_id = approve(file("v1", "v2"))
    hall.world.trouble = [trouble]
    with pytest.raises(Crash):
        carry_out(action_id)
    assert Effect.objects.get().state == EffectState.UNKNOWN
    assert carry_out(action_id) is ActionState.DONE
    assert set(hall.world.happened.values()) == {1}


def test_what_a_look_finds_undone_is_done_in_the_same_call(hall):
    action_id = approve(file())
    actions.begin_action(action_id, now=NOW)
    hall.world.trouble = ["crash-before"]
    with pytest.raises(Crash):
        actions.run_step(action_id, 0, now=NOW)
    assert not hall.world.happened
    assert actions.run_step(action_id, 0, now=NOW) is StepWord.DONE
    assert set(hall.world.happened.values()) == {1}


def test_an_unknown_stays_unknown_while_the_world_is_silent(hall):
    action_id = approve(file())
    actions.begin_action(action_id, now=NOW)
    hall.world.trouble = ["fail-after"]
    hall.turn.before_perform.append(lambda: setattr(hall.world, "silent", True))
    for _ in range(5):
        assert actions.run_step(action_id, 0, now=NOW) is StepWord.UNKNOWN
    assert set(hall.world.happened.values()) == {1}
    hall.world.silent = False
    assert actions.settle_unknown(now=NOW) == 1
    assert carry_out(action_id) is ActionState.DONE
    assert set(hall.world.happened.values()) == {1}


def test_a_silent_world_at_begin_is_asked_again_later(hall):
    action_id = approve(file())
    hall.world.silent = True
    with pytest.raises(Unable):
        actions.begin_action(action_id, now=NOW)
    hall.world.silent = False
    assert carry_out(action_id) is ActionState.DONE


def test_a_second_worker_in_mid_effect_keeps_its_hands_off(hall):
    action_id = approve(file())
    actions.begin_action(action_id, now=NOW)
    words = []
    hall.turn.before_perform.append(lambda: words.append(actions.run_step(action_id, 0, now=NOW)))
    assert actions.run_step(action_id, 0, now=NOW) is StepWord.DONE
    assert words == [StepWord.UNKNOWN]
    assert set(hall.world.happened.values()) == {1}


def test_a_step_out_of_turn_does_nothing(hall):
    action_id = approve(file("v1", "v2"))
    assert actions.run_step(action_id, 0, now=NOW) is StepWord.STOP
    actions.begin_action(action_id, now=NOW)
    assert actions.run_step(action_id, 1, now=NOW) is StepWord.STOP
    assert actions.run_step(action_id, 5, now=NOW) is StepWord.STOP
    assert not hall.world.happened


def test_a_failed_probe_fails_the_action(hall):
    action_id = approve(file())
    actions.begin_action(action_id, now=NOW)
    actions.run_step(action_id, 0, now=NOW)
    hall.world.positions["v1"] = 9
    assert actions.finish_action(action_id, now=NOW) is ActionState.FAILED


def test_undo_puts_the_world_back_and_says_so(hall):
    hall.world.positions["v1"] = 4
    action_id = approve(file(to=1))
    assert carry_out(action_id) is ActionState.DONE
    undo_id = undo.undo_action(actor=OMAR, action_id=action_id, reason="it hissed", now=NOW)
    assert carry_out(undo_id) is ActionState.DONE
    assert hall.world.positions["v1"] == 4
    assert Action.objects.get(pk=action_id).state == ActionState.UNDONE
    assert Decision.objects.get(action=undo_id).decided_by == "person:omar"
    with pytest.raises(undo.CannotUndo):
        undo.undo_action(actor=OMAR, action_id=undo_id, now=NOW)


def test_undo_is_offered_after_a_half_done_failure(hall):
    action_id = approve(file("v1", "v2", to=6))
    hall.world.trouble = ["", "refuse"]
    assert carry_out(action_id) is ActionState.FAILED
    undo_id = undo.undo_action(actor=OMAR, action_id=action_id, now=NOW)
    assert carry_out(undo_id) is ActionState.DONE
    assert hall.world.positions["v1"] == 0


def test_a_digest_is_decided_once(hall):
    proposal_id = file()
    shown = digest_of(proposal_id)
    approve(proposal_id)
    with pytest.raises(IllegalMove):
        decisions.approve_proposal(actor=OMAR, proposal_id=proposal_id, digest=shown, now=NOW)
    with pytest.raises(IllegalMove):
        decisions.reject_proposal(actor=OMAR, proposal_id=proposal_id, now=NOW)
    assert Action.objects.count() == 1


def test_a_braked_action_is_halted_before_the_next_step_and_resumed_by_a_person(hall):
    action_id = approve(file("v1", "v2"))
    actions.begin_action(action_id, now=NOW)
    actions.run_step(action_id, 0, now=NOW)
    brake = {"scope": brakes.BrakeScope.SCOPE, "value": "hall:hall-acme"}
    brakes.set_brake(actor=OMAR, **brake, reason="smoke", now=NOW)
    assert actions.run_step(action_id, 1, now=NOW) is StepWord.STOP
    with pytest.raises(actions.StillStopped):
        actions.resume_action(actor=OMAR, action_id=action_id, now=NOW)
    with pytest.raises(NotAuthorised):
        brakes.lift_brake(actor=OMAR, **brake, reason="over", now=NOW)
    brakes.lift_brake(actor=person("lena"), **brake, reason="over", now=NOW)
    actions.resume_action(actor=OMAR, action_id=action_id, now=NOW)
    assert RunRequest.objects.filter(started_at__isnull=True).count() == 2
    assert carry_out(action_id) is ActionState.DONE


def test_no_brake_stops_the_safe_direction(hall):
    action_id = approve(file(to=2))
    carry_out(action_id)
    for scope, value in [("all", ""), ("kind", "hall.restore_valves"), ("scope", "valve:v1")]:
        brakes.set_brake(
            actor=OMAR, scope=brakes.BrakeScope(scope), value=value, reason="drill", now=NOW
        )
    undo_id = undo.undo_action(actor=OMAR, action_id=action_id, now=NOW)
    assert carry_out(undo_id) is ActionState.DONE
    assert hall.world.positions["v1"] == 0


def test_the_newest_run_on_a_very_target_is_told_within_its_time(hall):
    action = approve(file())
    carry_out(action)
    row = get_action(OMAR, action)
    begun, target = row.started_at, row.targets[0]
    hour = timedelta(hours=1)
    assert last_action_on(target, since=begun, until=begun) == (row.kind, begun)
    assert last_action_on(target, since=begun - 2 * hour, until=begun - hour) is None
    assert last_action_on(target, since=begun + hour, until=begun + 2 * hour) is None
    other = SubjectRef(target.kind, "another")
    assert last_action_on(other, since=begun - hour, until=begun + hour) is None
