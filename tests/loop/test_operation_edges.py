"""Edges of the loop's operations: the last instant, the last cent, and who was first."""

from datetime import timedelta

import pytest

from scuderia.basics.subjects import EVERYTHING
from scuderia.basics.units import Quantity
from scuderia.loop.engine.finding_anchors import FindingMarks
from scuderia.loop.models.actions import Action
from scuderia.loop.models.audit import AuditEntry
from scuderia.loop.models.outcomes import Outcome
from scuderia.loop.nouns import ActionState, Autonomy, Measurement, OutcomeVerdict
from scuderia.loop.operations import actions, findings, grants, outcomes
from scuderia.loop.operations.decisions import TooLate
from tests.loop.factories import NOW, finding_draft, later, person, rehearsal
from tests.loop.test_acting import approve, carry_out, file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cast")]
LENA = person("lena")


def give(hours=48, **budget):
    return grants.give_grant(
        actor=LENA, agent="plumber", kind="hall.turn_valves", scope=EVERYTHING,
        level=Autonomy.ACT_ONCE_APPROVED, expires_at=later(hours), budget=grants.Budget(**budget),
        reason="a trial", now=NOW,
    )  # fmt: skip


def test_a_proposal_may_be_approved_until_the_instant_at_which_it_expires(hall):
    with pytest.raises(TooLate):
        approve(file("v1", expires_after_h=1.0), now=later(1))
    assert approve(file("v2", expires_after_h=1.0), now=later(1) - timedelta(seconds=1))


def test_a_run_that_goes_on_after_a_halt_began_when_it_first_began(hall):
    action_id = approve(file())
    actions.begin_action(action_id, now=NOW)
    assert Action.objects.get(pk=action_id).started_at == NOW
    actions.halt_action(actor=LENA, action_id=action_id, now=NOW)
    actions.resume_action(actor=LENA, action_id=action_id, now=later(0.5))
    assert actions.begin_action(action_id, now=later(0.5)) == 1
    assert Action.objects.get(pk=action_id).started_at == NOW
    assert carry_out(action_id, now=later(0.5)) is ActionState.DONE


@pytest.mark.parametrize(
    "bad",
    [{"confidence": 1.01}, {"confidence": -0.01}, {"severity": Quantity(float("inf"), "litres")}],
)
def test_a_finding_is_refused_for_its_confidence_and_for_its_severity_alone(hall, bad):
    with pytest.raises(findings.BadFinding):
        findings.file_finding(
            finding_draft(**bad), raised_by="plumber", now=NOW, marks=FindingMarks()
        )


@pytest.mark.parametrize("sure", [0.0, 1.0])
def test_a_finding_may_be_wholly_sure_or_not_at_all(hall, sure):
    assert findings.file_finding(
        finding_draft(confidence=sure), raised_by="plumber", now=NOW, marks=FindingMarks()
    )


def test_the_last_cent_of_a_days_budget_may_be_spent_and_not_one_more(hall):
    give(cents_per_day=100)
    assert approve(file("v1", rehearsal=rehearsal(inputs={"cost_cents": 60})))
    with pytest.raises(grants.BudgetSpent, match="100 cents a day"):
        approve(file("v2", rehearsal=rehearsal(inputs={"cost_cents": 41})))
    assert approve(file("v3", rehearsal=rehearsal(inputs={"cost_cents": 40})))


@pytest.mark.parametrize("ended", ["revoked", "expired"])
def test_a_halted_run_says_how_the_grant_ended_under_which_it_was_decided(hall, ended):
    grant_id = give(hours=2)
    action_id = approve(file())
    if ended == "revoked":
        grants.revoke_grant(actor=LENA, grant_id=grant_id, now=NOW)
    assert carry_out(action_id, now=later(1 if ended == "revoked" else 2)) is ActionState.HALTED
    said = Action.objects.get(pk=action_id).said
    assert f"the grant it was decided under is {ended}" in said


def test_an_outcome_that_another_worker_closed_meanwhile_is_recorded_once(hall, monkeypatch):
    carry_out(approve(file()))
    last = Measurement(5.0, later(200), final=True)
    counted = []

    def measure(*_asked, **_at):
        monkeypatch.setattr(hall.turn, "measure", lambda *_asked, **_at: last)
        counted.append(outcomes.measure_due(now=later(200)))  # the other worker comes by
        return last

    monkeypatch.setattr(hall.turn, "measure", measure)
    counted.append(outcomes.measure_due(now=later(200)))
    assert counted == [1, 0]
    assert Outcome.objects.get().verdict == OutcomeVerdict.MET
    assert AuditEntry.objects.filter(verb="outcome.measured").count() == 1
