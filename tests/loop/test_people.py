"""Who may do what where: the cast, the outsider, machines, and API tokens."""

from datetime import timedelta

import pytest

from scuderia.basics.actors import BY_COMMAND_LINE, Actor, ActorKind
from scuderia.basics.errors import NotAuthorised, NotFound
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.loop.models.people import ApiToken
from scuderia.loop.models.proposals import Proposal
from scuderia.loop.nouns import Autonomy, BrakeScope, Power, Reversibility, Role
from scuderia.loop.operations import access as access_operations
from scuderia.loop.operations import actions as action_operations
from scuderia.loop.operations import (
    agents,
    brakes,
    decisions,
    grants,
    people,
    proposal_filing,
    proposals,
    undo,
)
from scuderia.loop.queries import access, actions, audit, findings
from scuderia.loop.queries import people as people_read
from scuderia.loop.queries import proposals as proposal_queries
from scuderia.loop.queries.lineage import lineage_of
from tests.loop.factories import NOW, kind_named, later, person, proposal_draft, valves

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cast")]
AGENT = Actor(ActorKind.AGENT, "plumber")
SERVICE = Actor(ActorKind.SERVICE, "worker")
ACME = SubjectRef("customer", "acme")


@pytest.fixture
def acme_proposal(hall):
    return proposal_filing.file_proposal(proposal_draft("v1"), agent="plumber", now=NOW)


def digest():
    return Proposal.objects.get().digest


@pytest.mark.parametrize("who", ["oscar", "birch-op"])
def test_a_stranger_is_told_there_is_nothing(acme_proposal, who):
    stranger = person(who)
    assert proposal_queries.list_queue(stranger, NOW) == ()
    assert findings.list_findings(stranger) == ()
    for call in (
        lambda: proposal_queries.get_proposal(stranger, acme_proposal),
        lambda: decisions.approve_proposal(
            actor=stranger, proposal_id=acme_proposal, digest=digest(), now=NOW
        ),
        lambda: decisions.reject_proposal(actor=stranger, proposal_id=acme_proposal, now=NOW),
        lambda: proposals.withdraw_proposal(acme_proposal, actor=stranger, now=NOW),
    ):
        with pytest.raises(NotFound):
            call()


def test_a_viewer_reads_and_does_nothing(acme_proposal):
    vera = person("vera")
    assert len(proposal_queries.list_queue(vera, NOW)) == 1
    for call in (
        lambda: decisions.approve_proposal(
            actor=vera, proposal_id=acme_proposal, digest=digest(), now=NOW
        ),
        lambda: brakes.set_brake(actor=vera, scope=BrakeScope.ALL, reason="x", now=NOW),
        lambda: agents.make_rounds(actor=vera, now=NOW),
    ):
        with pytest.raises(NotAuthorised):
            call()


def test_a_scoped_operator_decides_only_what_lies_wholly_within(hall, acme_proposal):
    both = proposal_filing.file_proposal(proposal_draft("v1", "v3"), agent="plumber", now=NOW)
    acme = person("acme-op")
    assert [row.id for row in proposal_queries.list_queue(acme, NOW)] == [acme_proposal]
    with pytest.raises(NotFound):
        decisions.approve_proposal(
            actor=acme, proposal_id=both, digest=Proposal.objects.get(pk=both).digest, now=NOW
        )
    assert decisions.approve_proposal(
        actor=acme,
        proposal_id=acme_proposal,
        digest=Proposal.objects.get(pk=acme_proposal).digest,
        now=NOW,
    )
    assert len(actions.list_actions(acme)) == 1
    assert actions.list_actions(person("birch-op")) == ()
    assert any(row.verb == "proposal.approved" for row in audit.list_audit(acme))
    seen = audit.list_audit(person("birch-op"))
    assert not any(row.subject.startswith("proposal:") for row in seen)


@pytest.mark.parametrize("machine", [AGENT, SERVICE])
def test_machines_decide_nothing_ever(acme_proposal, machine):
    action_id = decisions.approve_proposal(
        actor=person("omar"), proposal_id=acme_proposal, digest=digest(), now=NOW
    )
    for call in (
        lambda: decisions.approve_proposal(
            actor=machine, proposal_id=acme_proposal, digest=digest(), now=NOW
        ),
        lambda: decisions.reject_proposal(actor=machine, proposal_id=acme_proposal, now=NOW),
        lambda: brakes.lift_brake(actor=machine, scope=BrakeScope.ALL, reason="over", now=NOW),
        lambda: undo.undo_action(actor=machine, action_id=action_id, now=NOW),
        lambda: action_operations.resume_action(actor=machine, action_id=action_id, now=NOW),
        lambda: give(actor=machine),
        lambda: people.create_person(actor=machine, name="bob", now=NOW),
    ):
        with pytest.raises(NotAuthorised):
            call()


def give(actor=None, level=Autonomy.ACT_ONCE_APPROVED, scope=EVERYTHING, **budget):
    return grants.give_grant(
        actor=actor or person("lena"), agent="plumber", kind="hall.turn_valves", scope=scope,
        level=level, expires_at=later(48), budget=grants.Budget(**budget), reason="drill", now=NOW,
    )  # fmt: skip


def test_grants_are_a_leads_to_give_on_their_scope():
    with pytest.raises(NotAuthorised):
        give(actor=person("omar"))
    with pytest.raises(NotFound):
        give(actor=person("birch-lead"), scope=ACME)
    assert give(actor=person("birch-lead"), scope=SubjectRef("customer", "birch"))


def test_an_irreversible_kind_needs_a_lead(hall):
    hall.turn.kind = kind_named(
        "hall.turn_valves", reversibility=Reversibility.IRREVERSIBLE, undo="", undo_kind=""
    )
    proposal_id = proposal_filing.file_proposal(proposal_draft("v1"), agent="plumber", now=NOW)
    approve = {"proposal_id": proposal_id, "digest": digest(), "now": NOW}
    with pytest.raises(NotAuthorised):
        decisions.approve_proposal(actor=person("omar"), **approve)
    assert decisions.approve_proposal(actor=person("lena"), **approve)


def test_four_eyes_are_two_people(hall):
    omar = person("omar")
    proposal_id = proposal_filing.file_proposal(
        proposal_draft("v1"), agent="", actor=omar, four_eyes=True, now=NOW
    )
    approve = {"proposal_id": proposal_id, "digest": digest(), "now": NOW}
    with pytest.raises(decisions.NoSelfApproval):
        decisions.approve_proposal(actor=omar, **approve)
    assert decisions.approve_proposal(actor=person("lena"), **approve)


def test_an_operator_of_one_customer_brakes_there_alone():
    acme = person("acme-op")
    brakes.set_brake(
        actor=acme, scope=BrakeScope.SCOPE, value="customer:acme", reason="smoke", now=NOW
    )
    with pytest.raises(NotFound):
        brakes.set_brake(
            actor=acme, scope=BrakeScope.SCOPE, value="customer:birch", reason="x", now=NOW
        )
    with pytest.raises(NotFound):
        brakes.set_brake(actor=acme, scope=BrakeScope.ALL, reason="x", now=NOW)


def test_set_up_makes_the_first_admin_and_then_nobody_else():
    setup = Actor(ActorKind.SERVICE, "setup")
    with pytest.raises(NotAuthorised):
        people.create_person(actor=setup, name="mallory", now=NOW)
    with pytest.raises(NotAuthorised):
        people.give_role(actor=setup, person="oscar", role=Role.ADMIN, scope=EVERYTHING, now=NOW)
    people.create_person(actor=person("ada"), name="new", now=NOW)
    people.give_role(actor=person("ada"), person="new", role=Role.VIEWER, scope=EVERYTHING, now=NOW)
    people.take_role(actor=person("ada"), person="new", scope=EVERYTHING, now=NOW)
    with pytest.raises(NotFound):
        access_operations.require(person("new"), Power.READ, EVERYTHING)


def test_only_who_manages_people_sees_everyone():
    assert len(people_read.list_people(person("ada"))) == 8
    assert [one.name for one in people_read.list_people(person("omar"))] == ["omar"]


# --- tokens ---------------------------------------------------------------------------------


def issue(who="omar", powers=(Power.READ, Power.DECIDE), scope=ACME, name="laptop", hours=24):
    return people.issue_token(
        actor=person(who), person=who, name=name, powers=powers, scope=scope,
        expires_at=later(hours), now=NOW,
    )  # fmt: skip


def test_a_token_speaks_for_its_person_within_its_powers_and_scope(hall):
    token = issue()
    omar = people.authenticate_token(token.secret, now=later(1))
    assert omar == Actor(ActorKind.PERSON, "omar", via="laptop")
    access_operations.require(omar, Power.DECIDE, lineage_of(valves("v1")[0]))
    with pytest.raises(NotFound):
        access_operations.require(omar, Power.DECIDE, lineage_of(valves("v3")[0]))
    with pytest.raises(NotAuthorised):
        access_operations.require(omar, Power.UNDO, lineage_of(valves("v1")[0]))


def test_a_token_never_widens_its_person(hall):
    token = issue(who="acme-op", powers=tuple(Power), scope=EVERYTHING)
    acme = people.authenticate_token(token.secret, now=NOW)
    access_operations.require(acme, Power.DECIDE, lineage_of(valves("v1")[0]))
    for power, valve in [(Power.GRANT, "v1"), (Power.DECIDE, "v3")]:
        with pytest.raises((NotAuthorised, NotFound)):
            access_operations.require(acme, power, lineage_of(valves(valve)[0]))


def test_the_secret_is_kept_only_as_a_hash():
    secret = issue().secret
    kept = ApiToken.objects.get()
    assert secret.rpartition("_")[2] not in str(kept.__dict__)
    assert len(bytes.fromhex(secret.rpartition("_")[2])) * 8 == 256


def test_wrong_expired_and_revoked_tokens_open_nothing(hall):
    token = issue()
    assert people.authenticate_token(token.secret[:-1] + "x", now=NOW) is None
    assert people.authenticate_token("", now=NOW) is None
    assert people.authenticate_token("scd_none_x", now=NOW) is None
    assert people.authenticate_token(token.secret, now=later(24)) is None
    live = people.authenticate_token(token.secret, now=NOW)
    people.revoke_token(actor=person("omar"), person="omar", name="laptop", now=NOW)
    assert people.authenticate_token(token.secret, now=NOW) is None
    with pytest.raises(NotFound):
        access_operations.require(live, Power.READ, EVERYTHING)


def test_nobody_issues_a_token_for_another_or_with_a_token():
    with pytest.raises(NotAuthorised):
        people.issue_token(
            actor=person("omar"), person="lena", name="x", powers=[Power.READ], scope=EVERYTHING,
            expires_at=later(1), now=NOW,
        )  # fmt: skip
    issue(who="ada", powers=tuple(Power), scope=EVERYTHING)
    with pytest.raises(NotAuthorised):
        people.issue_token(
            actor=person("ada", via="laptop"), person="ada", name="y", powers=[Power.READ],
            scope=EVERYTHING, expires_at=later(1), now=NOW,
        )  # fmt: skip
    with pytest.raises(people.BadToken):
        issue(name="late", hours=24 * 400)


def test_the_command_line_is_no_token_and_no_token_bears_its_name(hall):
    at_the_desk = Actor(ActorKind.PERSON, "omar", via=BY_COMMAND_LINE)
    assert access.scopes_with(at_the_desk, Power.DECIDE) == access.scopes_with(
        person("omar"), Power.DECIDE
    )
    with pytest.raises(people.BadToken):
        people.issue_token(
            actor=person("omar"),
            person="omar",
            name=BY_COMMAND_LINE,
            powers=[Power.READ],
            scope=EVERYTHING,
            expires_at=NOW + timedelta(days=1),
            now=NOW,
        )
