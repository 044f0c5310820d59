"""Where two people are asked for, whoever filed or edited a proposal does not approve it."""

import pytest

from scuderia.basics.errors import NotAuthorised, NotFound
from scuderia.basics.subjects import SubjectRef
from scuderia.loop.models.actions import Action
from scuderia.loop.models.approval_rules import ApprovalRule
from scuderia.loop.nouns import ActionState
from scuderia.loop.operations import audit, proposal_filing, undo
from scuderia.loop.operations.approval_rules import (
    BadApprovalRule,
    end_approval_rule,
    set_approval_rule,
)
from scuderia.loop.operations.decisions import NoSelfApproval
from scuderia.loop.operations.proposal_review import review_proposal
from scuderia.loop.queries.approval_rules import list_approval_rules
from tests.loop.factories import NOW, later, person, proposal_draft, rehearsal
from tests.loop.test_acting import OMAR, approve, carry_out, file
from tests.loop.test_promises import edited

LENA = person("lena")
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cast")]


def ask(kind="", scope="*", cents_from=None, who=LENA, at=0.0):
    return set_approval_rule(
        actor=who, kind=kind, scope=SubjectRef.parse(scope), cents_from=cents_from,
        reason="it is dear", now=later(at),
    )  # fmt: skip


def by_hand(*names, who=OMAR, **changes):
    return proposal_filing.file_proposal(
        proposal_draft(*names, **changes), agent="", actor=who, now=NOW
    )


def forbidden(proposal, who=OMAR):
    """Say whether the approval is refused, and whether the card says so as well."""
    try:
        approve(proposal, actor=who)
    except NoSelfApproval:
        card = review_proposal(who, proposal, now=NOW)
        assert any("it needs two people" in one for one in card.objections)
        return True
    return False


def test_without_a_rule_one_person_may_do_it_all(hall):
    assert not forbidden(by_hand("v1"))


def test_who_filed_it_may_not_approve_it_and_another_may(hall):
    ask()
    proposal = by_hand("v1")
    assert forbidden(proposal)
    assert review_proposal(LENA, proposal, now=NOW).objections == ()
    assert review_proposal(LENA, proposal, now=NOW).two_people == (
        "two people for every kind of action on *, by person:lena: it is dear",
    )
    assert not forbidden(proposal, LENA)


def test_who_edited_an_agents_proposal_may_not_approve_it(hall):
    proposal = file("v1")
    edited(proposal, "v2", to=5)
    ask()
    assert forbidden(proposal), "a rule binds what is pending too"
    assert not forbidden(proposal, LENA)


def test_an_agents_proposal_that_nobody_touched_needs_one_person(hall):
    ask()
    assert not forbidden(file("v1"))


@pytest.mark.parametrize(
    ("rule", "binds"),
    [
        ({"kind": "hall.turn_valves"}, True),
        ({"kind": "hall.restore_valves"}, False),
        ({"scope": "customer:acme"}, True),
        ({"scope": "valve:v1"}, True),
        ({"scope": "customer:birch"}, False),
        ({"cents_from": 500}, True),
        ({"cents_from": 501}, False),
    ],
)
def test_a_rule_holds_for_its_kind_scope_and_cost(hall, rule, binds):
    ask(**rule)
    costly = rehearsal(inputs={"cost_cents": 500})
    assert forbidden(by_hand("v1", rehearsal=costly)) is binds


def test_a_cost_that_is_not_known_is_above_every_bound(hall):
    ask(cents_from=10**9)
    assert forbidden(by_hand("v1"))


def test_a_rule_binds_where_one_of_many_targets_hangs(hall):
    ask(scope="customer:birch")
    assert forbidden(by_hand("v1", "v3"))


def test_nobody_ends_a_rule_to_pass_it(hall):
    rule = ask()
    proposal = by_hand("v1")
    end_approval_rule(actor=LENA, rule_id=rule, reason="in the way", now=later(1))
    assert list_approval_rules(LENA) == ()
    assert forbidden(proposal)
    ended = list_approval_rules(LENA, open_only=False)
    assert (ended[0].ended_by, ended[0].ended_at) == ("person:lena", later(1))


def test_what_is_filed_after_a_rule_ended_is_free_of_it(hall):
    rule = ask(at=-2)
    end_approval_rule(actor=LENA, rule_id=rule, reason="over", now=later(-1))
    assert not forbidden(by_hand("v1"))


def test_no_rule_stands_before_an_undo(hall):
    action = approve(file("v1", to=3))
    carry_out(action)
    ask()
    undoing = undo.undo_action(actor=OMAR, action_id=action, now=NOW)
    assert carry_out(undoing) is ActionState.DONE
    assert Action.objects.get(pk=action).state == ActionState.UNDONE


@pytest.mark.parametrize(
    ("who", "scope", "error"),
    [
        ("omar", "*", NotAuthorised),
        ("birch-lead", "*", NotFound),
        ("birch-lead", "customer:acme", NotFound),
        ("vera", "*", NotAuthorised),
    ],
)
def test_who_may_not_grant_there_sets_and_ends_no_rule(hall, who, scope, error):
    rule = ask(scope=scope)
    with pytest.raises(error):
        ask(scope=scope, who=person(who))
    with pytest.raises(error):
        end_approval_rule(actor=person(who), rule_id=rule, reason="no", now=NOW)
    assert ApprovalRule.objects.filter(ended_at=None).count() == 1


def test_a_lead_of_one_customer_sees_and_sets_theirs_alone(hall):
    ask(scope="customer:acme")
    ask(scope="customer:birch", who=person("birch-lead"))
    ask()
    seen = [str(row.scope) for row in list_approval_rules(person("birch-lead"))]
    assert sorted(seen) == ["*", "customer:birch"]


def test_an_edited_four_eyes_proposal_is_refused_on_the_card_as_on_the_decision(hall):
    proposal = proposal_filing.file_proposal(
        proposal_draft("v1"), agent="", actor=OMAR, four_eyes=True, now=NOW
    )
    ask()
    assert forbidden(proposal)
    card = review_proposal(OMAR, proposal, now=NOW)
    assert card.two_people[0] == "two people, as person:omar filed it"
    assert len(card.two_people) == 2, "the rule holds as well"


@pytest.mark.parametrize(
    ("reason", "cents"), [(" ", None), ("why", -1), ("why", 10**15 + 1), ("why", 10**30)]
)
def test_a_rule_that_says_nothing_is_refused(hall, reason, cents):
    with pytest.raises(BadApprovalRule):
        set_approval_rule(
            actor=LENA, scope=SubjectRef.parse("*"), cents_from=cents, reason=reason, now=NOW
        )


def test_rules_are_in_the_audit(hall):
    rule = ask()
    with pytest.raises(BadApprovalRule):
        end_approval_rule(actor=LENA, rule_id=rule, reason="", now=NOW)
    end_approval_rule(actor=LENA, rule_id=rule, reason="over", now=NOW)
    with pytest.raises(NotFound):
        end_approval_rule(actor=LENA, rule_id=rule, reason="over", now=NOW)
    assert audit.verify().holds
