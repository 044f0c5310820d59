"""Rounds, levels and budgets, outcomes and records, the outbox and the heartbeats."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from scuderia.basics.actors import Actor, ActorKind
from scuderia.basics.units import Quantity
from scuderia.loop.engine.grants import LevelNotBuilt
from scuderia.loop.models.actions import Action, RunRequest
from scuderia.loop.models.agents import AgentRound
from scuderia.loop.models.findings import Finding
from scuderia.loop.models.outcomes import Outcome
from scuderia.loop.models.proposals import Proposal
from scuderia.loop.nouns import (
    ActionState,
    Autonomy,
    BrakeScope,
    Measurement,
    OutcomeVerdict,
    ProposalState,
    Round,
)
from scuderia.loop.operations import (
    actions,
    brakes,
    decisions,
    grants,
    outbox,
    outcomes,
    proposals,
    workers,
)
from scuderia.loop.operations import agents as agent_operations
from scuderia.loop.operations.proposal_review import review_proposal
from scuderia.loop.ports import registry
from scuderia.loop.queries import agents
from scuderia.loop.queries import audit as audit_read
from scuderia.loop.queries import grants as grant_queries
from scuderia.loop.queries import proposals as proposal_queries
from tests.loop.factories import (
    NOW,
    FakeAgent,
    finding_draft,
    later,
    person,
    proposal_draft,
    rehearsal,
)
from tests.loop.test_acting import approve, carry_out, file
from tests.loop.test_people import give

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cast")]
OMAR = person("omar")


def make_round(hall, *brought, now=NOW, **more):
    hall.agent.brings = Round(proposals=brought, **more)
    return agent_operations.make_rounds(actor=OMAR, now=now)[0]


def test_a_round_files_findings_and_proposals_and_says_what_it_dropped(hall):
    report = make_round(hall, proposal_draft(), considered=("v2: dry",))
    assert (report.filed, report.error) == (1, "")
    assert Finding.objects.get().raised_by == "plumber"
    card = agents.list_agents(OMAR)[0]
    assert card.last_round.considered == ("v2: dry",)
    assert (card.open_findings, card.track.pending) == (1, 1)


def test_the_same_wish_again_changes_nothing(hall):
    make_round(hall, proposal_draft())
    shown = Proposal.objects.get().digest
    assert make_round(hall, proposal_draft(), now=later(1)).filed == 0
    assert Proposal.objects.get().digest == shown


def test_another_plan_supersedes_and_silence_withdraws_and_clears(hall):
    make_round(hall, proposal_draft(to=1))
    report = make_round(hall, proposal_draft(to=2))
    assert (report.filed, report.superseded) == (1, 1)
    report = make_round(hall)
    assert report.withdrawn == 1
    assert {one.state for one in Proposal.objects.all()} == {"superseded", "withdrawn"}
    assert Finding.objects.get().state == "cleared"
    assert make_round(hall).filed == 0


def test_a_persons_edit_survives_the_next_round(hall):
    make_round(hall, proposal_draft(to=1))
    one = Proposal.objects.get()
    proposals.edit_proposal(
        actor=OMAR, proposal_id=one.pk, digest=one.digest, targets=None, params={"to": 4}, now=NOW
    )
    make_round(hall, proposal_draft(to=1))
    assert Proposal.objects.get().params == {"to": 4}


def test_a_broken_agent_fails_alone_and_is_shown(hall):
    registry.agents["broken"] = FakeAgent(name="broken", error=ValueError("no data"))
    hall.agent.brings = Round(proposals=(proposal_draft(),))
    broken, plumber = agent_operations.make_rounds(actor=OMAR, now=NOW)
    assert broken.error == "ValueError: no data"
    assert plumber.filed == 1
    assert AgentRound.objects.get(agent="broken").error == "ValueError: no data"
    assert any(row.verb == "round.failed" for row in audit_read.list_audit(OMAR))


def test_a_bad_draft_is_refused_and_the_others_are_filed(hall):
    bad = [
        proposal_draft("v2", to=99),
        proposal_draft("v1", "v2", "v3", "v4"),
        proposal_draft("v3", rehearsal=rehearsal(low=5)),
        proposal_draft("v4", rehearsal=rehearsal(limits=" ")),
    ]
    report = make_round(hall, *bad, proposal_draft("v1"))
    assert report.filed == 1
    assert len(report.refused) == 4


def test_an_agent_may_propose_only_its_own_kinds(hall):
    report = make_round(hall, proposal_draft(kind="hall.restore_valves", params={"back": "v1=0"}))
    assert report.filed == 0


def test_a_rejected_wish_stays_away_for_three_days_unless_it_grew(hall):
    proposal_id = file()
    decisions.reject_proposal(actor=OMAR, proposal_id=proposal_id, now=NOW)
    assert make_round(hall, proposal_draft(), now=later(1)).filed == 0
    assert (
        make_round(hall, proposal_draft(cost_of_delay=Quantity(4.0, "litres")), now=later(1)).filed
        == 1
    )
    decisions.reject_proposal(actor=OMAR, proposal_id=Proposal.objects.last().pk, now=later(1))
    assert make_round(hall, proposal_draft(), now=later(24 * 5)).filed == 1


def test_what_is_under_way_is_not_proposed_again(hall):
    approve(file())
    assert make_round(hall, proposal_draft(to=2)).filed == 0


def test_a_braked_agent_does_not_look(hall):
    brakes.set_brake(actor=OMAR, scope=BrakeScope.AGENT, value="plumber", reason="noise", now=NOW)
    assert make_round(hall, proposal_draft()).error
    assert not Proposal.objects.exists()


def test_the_queue_is_ranked_by_regret_in_constant_queries(hall, django_assert_num_queries):
    for name, regret in [("v1", 1.0), ("v2", 9.0), ("v3", 4.0)]:
        file(name, cost_of_delay=Quantity(regret, "litres"))
    with django_assert_num_queries(2):
        rows = proposal_queries.list_queue(OMAR, NOW)
    assert [row.targets[0].name for row in rows] == ["v2", "v3", "v1"]
    assert proposal_queries.list_queue(OMAR, later(73)) == ()
    card = review_proposal(OMAR, rows[0].id, now=NOW)
    assert (card.objections, card.gates[0].gate, card.findings[0].claim) == (
        (),
        "hours",
        "v1 leaks",
    )


def test_proposals_expire(hall):
    file()
    assert proposals.expire_due(now=later(72)) == 1
    assert Proposal.objects.get().state == ProposalState.EXPIRED


# --- levels, grants, budgets --------------------------------------------------------------


@pytest.mark.parametrize("level", [Autonomy.ACT_UNLESS_VETOED, Autonomy.ACT_AND_REPORT])
def test_levels_three_and_four_are_refused_until_built(level):
    with pytest.raises(LevelNotBuilt):
        give(level=level)


def test_level_zero_keeps_findings_and_files_no_proposal(hall):
    give(level=Autonomy.WATCH)
    assert make_round(hall, proposal_draft()).filed == 0
    assert Finding.objects.filter(state="open").count() == 1


def test_level_one_files_advice_that_nobody_can_have_carried_out(hall):
    give(level=Autonomy.ADVISE)
    proposal_id = file()
    assert proposal_queries.list_queue(OMAR, NOW)[0].advice
    with pytest.raises(decisions.AdviceOnly):
        approve(proposal_id)


@pytest.mark.parametrize("turn", [grants.revoke_grant, grants.suspend_grant])
def test_taking_a_grant_back_stops_queued_work_until_a_person_resumes_it(hall, turn):
    grant_id = give()
    action_id = approve(file())
    turn(actor=person("lena"), grant_id=grant_id, now=NOW)
    assert carry_out(action_id) is ActionState.HALTED
    assert not hall.world.happened


def test_bringing_an_agent_down_stops_its_queued_work(hall):
    action_id = approve(file())
    give(level=Autonomy.ADVISE)
    assert carry_out(action_id) is ActionState.HALTED
    assert not hall.world.happened


def test_budgets_hold_for_a_day_of_fleet_time(hall):
    give(actions_per_day=1)
    approve(file("v1"))
    second = file("v2")
    with pytest.raises(grants.BudgetSpent):
        approve(second)
    assert approve(second, now=later(25))
    row = grant_queries.list_grants(OMAR, now=NOW)[0]
    assert (row.actions_per_day, row.targets_today) == (1, 2)


def test_a_target_budget_counts_targets(hall):
    give(targets_per_day=1)
    with pytest.raises(grants.BudgetSpent):
        approve(file("v1", "v2"))


def test_a_money_budget_refuses_an_unknown_cost(hall):
    give(cents_per_day=100)
    with pytest.raises(grants.BudgetSpent):
        approve(file("v1"))
    assert approve(file("v2", rehearsal=rehearsal(inputs={"cost_cents": 100})))


def test_grants_end_by_themselves(hall):
    give()
    assert grants.expire_due(now=later(48)) == 1
    assert grant_queries.list_grants(OMAR, now=NOW)[0].state.value == "expired"


# --- outcomes -----------------------------------------------------------------------------


def test_the_measured_effect_stands_beside_the_expected_one(hall):
    carry_out(approve(file()))
    hall.turn.measured = Measurement(8.0, later(24), final=False)
    assert outcomes.measure_due(now=later(24)) == 0
    assert Outcome.objects.get().value == 8.0
    hall.turn.measured = Measurement(5.0, later(200), final=True)
    assert outcomes.measure_due(now=later(200)) == 1
    assert Outcome.objects.get().verdict == OutcomeVerdict.MET
    assert outcomes.measure_due(now=later(300)) == 0
    record = agents.track_record("plumber", "hall.turn_valves")
    assert (record.approved, record.met, record.interval_coverage) == (1, 1, 1.0)
    assert record.median_error == pytest.approx(1 / 6)


def test_what_cannot_be_measured_is_inconclusive_in_the_end(hall):
    carry_out(approve(file()))
    assert outcomes.measure_due(now=later(24 * 13)) == 0
    assert outcomes.measure_due(now=later(24 * 15)) == 1
    assert Outcome.objects.get().verdict == OutcomeVerdict.INCONCLUSIVE


# --- outbox and heartbeats ----------------------------------------------------------------


@dataclass
class FakeRunner:
    executor_id: str = "live"
    words: dict = field(default_factory=dict)
    calls: list = field(default_factory=list)

    def start(self, action_id):
        self.calls.append(("start", action_id))
        self.words.setdefault(action_id, "pending")

    def cancel(self, action_id):
        self.words[action_id] = "cancelled"

    def resume(self, action_id):
        self.calls.append(("resume", action_id))
        self.words[action_id] = "pending"

    def status(self, action_id):
        return self.words.get(action_id, "absent")


def test_the_outbox_starts_each_run_once_even_after_a_crash(hall):
    runner, action_id = FakeRunner(), approve(file())
    assert outbox.sweep(now=NOW, runner=runner) == 1
    RunRequest.objects.update(started_at=None)  # the crash came before the record
    outbox.sweep(now=NOW, runner=runner)
    assert outbox.sweep(now=NOW, runner=runner) == 0
    assert set(runner.calls) == {("start", action_id)}


def test_a_run_that_ended_before_its_action_is_asked_for_again(hall):
    runner, action_id = FakeRunner(), approve(file())
    outbox.sweep(now=NOW, runner=runner)
    assert outbox.requeue_ended(runner=runner) == 0
    runner.words[action_id] = "error"
    assert outbox.requeue_ended(runner=runner) == 1
    carry_out(action_id)
    runner.words[action_id] = "success"
    assert outbox.requeue_ended(runner=runner) == 0


def test_the_runs_of_a_dead_worker_are_taken_over(hall, monkeypatch):
    monkeypatch.setitem(workers._self, "executor_id", "unnamed")
    workers.record_heartbeat("old", wall=NOW)
    action_id = approve(file())
    actions.begin_action(action_id, now=NOW)
    runner = FakeRunner()
    assert workers.recover_dead_workers(wall=NOW + timedelta(seconds=5), runner=runner) == 0
    assert workers.recover_dead_workers(wall=NOW + timedelta(seconds=60), runner=runner) == 1
    assert runner.calls == [("resume", action_id)]
    assert Action.objects.get().worker == "live"
    assert workers.list_dead(wall=NOW + timedelta(seconds=60)) == []


def test_a_living_workers_claim_is_respected(hall, monkeypatch):
    action_id = approve(file())
    actions.begin_action(action_id, now=NOW)
    monkeypatch.setitem(workers._self, "executor_id", "other")
    workers.record_heartbeat("other", wall=registry.wall.now())
    hall.world.trouble = ["unknown"]
    hall.turn.before_perform.append(lambda: setattr(hall.world, "silent", True))
    actions.run_step(action_id, 0, now=NOW)
    hall.world.silent = False
    monkeypatch.setattr(workers, "_INCARNATION", "a-new-process")
    assert actions.run_step(action_id, 0, now=NOW).value == "unknown"
    workers.record_heartbeat("other", wall=registry.wall.now())  # the restart under the same name
    assert actions.run_step(action_id, 0, now=NOW).value == "done"


def test_machines_may_have_the_crew_look(hall):
    worker = Actor(ActorKind.SERVICE, "worker")
    hall.agent.brings = Round(findings=(finding_draft(),))
    assert agent_operations.make_rounds(["plumber"], actor=worker, now=NOW)[0].findings_open == 1
