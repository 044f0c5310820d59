"""The promises of a run, each asked at the one instant at which a missing check would show."""

import json

import pytest

from scuderia.basics.canonical import sha256_of
from scuderia.basics.errors import NotFound
from scuderia.basics.subjects import SubjectRef
from scuderia.loop.engine.finding_anchors import FindingMarks
from scuderia.loop.models.actions import Action, DecisionUse
from scuderia.loop.models.audit import AuditEntry
from scuderia.loop.models.effects import Effect
from scuderia.loop.models.outcomes import Outcome
from scuderia.loop.nouns import (
    ActionState,
    BrakeScope,
    EffectState,
    Evidence,
    Measurement,
    Power,
    Step,
    StepWord,
)
from scuderia.loop.operations import (
    actions,
    brakes,
    decisions,
    findings,
    outcomes,
    people,
    proposals,
    undo,
)
from scuderia.loop.operations.effects import claim
from scuderia.loop.operations.undo import CannotUndo
from scuderia.loop.queries.actions import get_action, powers_over
from scuderia.loop.queries.agents import track_record
from scuderia.loop.queries.audit import list_audit
from scuderia.loop.queries.naming import promised_subjects
from scuderia.loop.queries.proposals import get_proposal
from tests.loop.factories import NOW, VALVES, finding_draft, later, person, valves
from tests.loop.test_acting import OMAR, approve, carry_out, digest_of, file

ACME_OP = person("acme-op")
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cast")]


def test_a_brake_that_falls_just_before_the_claim_leaves_no_claim(hall):
    action_id = approve(file("v1", to=3))
    actions.begin_action(action_id, now=NOW)
    action = Action.objects.select_related("decision", "proposal").get(pk=action_id)
    brakes.set_brake(actor=OMAR, scope=BrakeScope.ALL, value="", reason="now", now=NOW)
    assert claim(action, Step(0, "turn v1", {}), None, now=NOW) is StepWord.STOP
    assert not Effect.objects.exists()
    assert Action.objects.get().state == ActionState.HALTED


def test_what_another_worker_claimed_meanwhile_is_not_settled_by_us(hall):
    action_id = approve(file("v1", to=3))
    actions.begin_action(action_id, now=NOW)
    hall.turn.before_perform.append(
        lambda: Effect.objects.update(claimed_by="another/worker", tries=2)
    )
    assert actions.run_step(action_id, 0, now=NOW) is StepWord.UNKNOWN
    kept = Effect.objects.get()
    assert (kept.state, kept.claimed_by, kept.tries) == (
        EffectState.UNKNOWN, "another/worker", 2,
    )  # fmt: skip


def test_what_may_have_happened_is_not_undone_before_somebody_looked(hall):
    action_id = approve(file("v1", "v2", to=3))
    actions.begin_action(action_id, now=NOW)
    assert actions.run_step(action_id, 0, now=NOW) is StepWord.DONE
    hall.world.trouble = ["fail-after"]
    hall.turn.before_perform = [lambda: setattr(hall.world, "silent", True)]
    assert actions.run_step(action_id, 1, now=NOW) is StepWord.UNKNOWN
    actions.halt_action(actor=OMAR, action_id=action_id, reason="wait", now=NOW)
    hall.world.silent = False
    with pytest.raises(CannotUndo, match="not settled"):
        undo.undo_action(actor=person("omar"), action_id=action_id, now=later(1))
    actions.settle_unknown(now=later(1))
    assert undo.undo_action(actor=person("omar"), action_id=action_id, now=later(1))


def test_a_decision_that_another_action_used_serves_no_second_one(hall):
    mine, other = approve(file("v1", to=3)), approve(file("v2", to=4))
    decision = Action.objects.get(pk=mine).decision
    DecisionUse.objects.create(decision=decision, action_id=other, used_at=NOW)
    assert actions.begin_action(mine, now=NOW) == 0
    kept = Action.objects.get(pk=mine)
    assert (kept.state, kept.said) == (ActionState.HALTED, "the decision was used already")
    assert not Effect.objects.exists()


def taken_away(monkeypatch):
    """Let v1 hang under another customer from now on, as a swap does to a node."""
    monkeypatch.setitem(VALVES, "v1", "birch")


def test_who_decided_may_undo_and_halt_and_see_it_though_its_target_left_their_reach(
    hall, monkeypatch
):
    action = approve(file("v1", to=3), actor=ACME_OP)
    carry_out(action)
    taken_away(monkeypatch)
    assert powers_over(ACME_OP, action) >= {Power.UNDO, Power.BRAKE, Power.DECIDE}
    undoing = undo.undo_action(actor=ACME_OP, action_id=action, now=NOW)
    assert get_action(ACME_OP, undoing).undo_of == action, "the way back is seen too"
    actions.halt_action(actor=ACME_OP, action_id=undoing, now=NOW)
    assert not get_action(ACME_OP, action).can_undo, "an undo that is held is under way still"
    actions.resume_action(actor=ACME_OP, action_id=undoing, now=NOW)
    carry_out(undoing)
    verbs = [entry.verb for entry in list_audit(ACME_OP) if entry.subject.endswith(str(action))]
    assert "action.undone" in verbs, "and so is what came of it"


def test_what_somebody_else_decided_stays_theirs_when_its_target_left(hall, monkeypatch):
    action = approve(file("v1", to=3), actor=OMAR)
    carry_out(action)
    taken_away(monkeypatch)
    assert powers_over(ACME_OP, action) == frozenset()
    with pytest.raises(NotFound):
        undo.undo_action(actor=ACME_OP, action_id=action, now=NOW)


def test_who_decided_and_lost_the_role_may_do_nothing_more(hall, monkeypatch):
    action = approve(file("v1", to=3), actor=ACME_OP)
    carry_out(action)
    taken_away(monkeypatch)
    acme = SubjectRef("customer", "acme")
    people.take_role(actor=person("ada"), person="acme-op", scope=acme, now=NOW)
    with pytest.raises(NotFound):
        undo.undo_action(actor=ACME_OP, action_id=action, now=NOW)


def refresh(claim):
    """Have the agent make the same claim again, in other words and with other evidence."""
    drops = Evidence("drops", {"valve": "v1"}, {"count": 999}, "A flood.")
    draft = finding_draft(claim=claim, confidence=0.1, evidence=(drops,))
    findings.file_finding(draft, raised_by="plumber", now=later(1), marks=FindingMarks())


def claims(proposal):
    return [(one.claim, one.evidence[0].caption) for one in get_proposal(OMAR, proposal).findings]


LEAKS = [("v1 leaks", "Twelve drops an hour.")]
FLOOD = [("v1 floods the hall", "A flood.")]


def decided(proposal, how):
    if how == "approved":
        return approve(proposal)
    return decisions.reject_proposal(actor=OMAR, proposal_id=proposal, now=NOW)


@pytest.mark.parametrize("how", ["approved", "rejected"])
def test_what_the_decider_saw_is_what_is_shown_whatever_is_seen_later(hall, how):
    proposal = file("v1", to=3)
    decided(proposal, how)
    refresh("v1 floods the hall")
    card = get_proposal(OMAR, proposal)
    assert claims(proposal) == LEAKS
    assert (card.shown_at, card.findings[0].refreshed_at) == (NOW, NOW)
    shown = card.decisions[0].shown
    assert (shown["title"], shown["targets"], shown["rehearsal"]["expected"]) == (
        "Turn the valve", ["valve:v1"], 4,
    )  # fmt: skip
    assert shown["snapshot"] == {"v1": 0}
    entry = AuditEntry.objects.get(verb=f"proposal.{how}")
    assert json.loads(entry.detail)["shown"] == sha256_of(shown), "the chain holds what was shown"


def test_an_open_proposal_shows_its_claims_as_they_stand(hall):
    proposal = file("v1", to=3)
    refresh("v1 floods the hall")
    assert claims(proposal) == FLOOD
    assert get_proposal(OMAR, proposal).shown_at is None


def test_what_came_back_is_shown_as_it_stands_until_it_is_decided_again(hall):
    proposal = file("v1", to=3)
    approve(proposal)
    hall.world.positions["v1"] = 7
    carry_out(Action.objects.get().pk)
    refresh("v1 floods the hall")
    assert (claims(proposal), get_proposal(OMAR, proposal).shown_at) == (FLOOD, None)
    approve(proposal, now=later(1))
    refresh("v1 is dry")
    card = get_proposal(OMAR, proposal)
    assert (claims(proposal), card.shown_at) == (FLOOD, later(1))
    assert card.decisions[0].shown["findings"][0]["claim"] == "v1 leaks"


def edited(proposal, *names, to):
    """Have a person change the plan; return the digest to decide on."""
    return proposals.edit_proposal(
        actor=OMAR, proposal_id=proposal, digest=digest_of(proposal), targets=valves(*names),
        params={"to": to}, now=NOW,
    )  # fmt: skip


def test_an_edited_plan_is_named_for_what_it_would_do_now(hall):
    proposal = file("v1", to=3)
    edited(proposal, "v2", "v3", to=5)
    card = get_proposal(OMAR, proposal)
    assert card.row.title == "Turn valves: v2, v3 (to 5), edited"
    assert card.rehearsal_is_stale
    edited(proposal, "v1", "v2", to=1)
    assert get_proposal(OMAR, proposal).row.title == "Turn valves: v1, v2 (to 1), edited"


def test_an_edited_plan_is_not_scored_against_a_promise_made_of_another(hall):
    proposal = file("v1", to=3)
    edited(proposal, "v2", to=5)
    hall.turn.measured = Measurement(value=99.0, at=NOW, final=True)
    carry_out(approve(proposal))
    outcomes.measure_due(now=later(24 * 30))
    outcome = Outcome.objects.get()
    assert (outcome.verdict, outcome.value) == ("inconclusive", None)
    assert "edited after its rehearsal" in outcome.note
    record = track_record("plumber")
    assert (record.missed, record.inconclusive, record.interval_coverage) == (0, 1, None)


def test_what_was_undone_before_it_was_due_counts_for_nothing(hall):
    action = approve(file("v1", to=3))
    carry_out(action)
    hall.turn.measured = Measurement(value=99.0, at=NOW, final=False)
    outcomes.measure_due(now=later(24))
    carry_out(undo.undo_action(actor=OMAR, action_id=action, now=later(25)), now=later(25))
    record = track_record("plumber")
    assert Outcome.objects.get().value == 99.0
    assert (record.inconclusive, record.interval_coverage, record.median_error) == (1, None, None)


def test_what_was_promised_at_an_instant_is_told_of_that_instant(hall):
    action_id = approve(file("v1", to=3), now=later(1))
    assert promised_subjects(NOW) == frozenset(), "nobody had said yes"
    assert "valve:v1" in promised_subjects(later(1))
    carry_out(action_id, now=later(2))
    assert "valve:v1" in promised_subjects(later(1))
    assert promised_subjects(later(2)) == frozenset(), "it is done"
