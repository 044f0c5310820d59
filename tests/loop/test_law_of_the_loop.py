"""Tables: legal moves, powers, levels, verdicts; and that raw SQL cannot break them."""

import itertools

import pytest
from django.db import DatabaseError, connection, transaction

from scuderia.basics.actors import ActorKind
from scuderia.basics.errors import BadInput
from scuderia.loop.engine.blast_radius import blast_objections
from scuderia.loop.engine.digest import BadParams, canonical_params, digest_of
from scuderia.loop.engine.grants import Given, grant_in_force
from scuderia.loop.engine.outcomes import Promise, verdict_of
from scuderia.loop.engine.powers import ACTING, POWERS_OF_MACHINES, POWERS_OF_ROLE
from scuderia.loop.engine.transitions import FIRST, MOVES, IllegalMove, is_legal
from scuderia.loop.models.actions import Action
from scuderia.loop.models.audit import AuditEntry
from scuderia.loop.models.decisions import Decision
from scuderia.loop.models.proposals import Proposal
from scuderia.loop.models.signals import Signal
from scuderia.loop.nouns import (
    Autonomy,
    BlastRadius,
    OutcomeVerdict,
    Plan,
    Power,
    ProposalState,
    Role,
    SignalDraft,
)
from scuderia.loop.operations import brakes, decisions, proposal_filing, signals
from scuderia.loop.operations.transitions import move
from tests.loop.factories import (
    NOW,
    ValveLineage,
    kind_named,
    later,
    person,
    proposal_draft,
    valves,
)

LEGAL = {
    "proposal": "pending>approved pending>rejected pending>expired pending>superseded"
    " pending>withdrawn approved>pending",
    "action": "queued>running queued>halted running>done running>failed running>halted"
    " halted>queued halted>running halted>undone done>undone failed>undone",
    "grant": "active>expired active>revoked active>suspended"
    " suspended>active suspended>expired suspended>revoked",
    "finding": "open>cleared",
    "effect": "unknown>done unknown>not_done not_done>unknown",
}
PAIRS = [
    (noun, before, after)
    for noun, moves in MOVES.items()
    for before, after in itertools.product(moves, repeat=2)
]


@pytest.mark.parametrize(("noun", "before", "after"), PAIRS)
def test_exactly_the_written_moves_are_legal(noun, before, after):
    assert is_legal(noun, before, after) is (f"{before}>{after}" in LEGAL[noun].split())


def test_every_noun_says_how_it_is_born():
    assert set(FIRST) == set(MOVES) == set(LEGAL)


def test_machines_hold_no_acting_power():
    for kind in (ActorKind.AGENT, ActorKind.SERVICE):
        assert not POWERS_OF_MACHINES[kind] & ACTING


def test_each_role_holds_the_powers_of_the_ones_before():
    ladder = [POWERS_OF_ROLE[role] for role in Role]
    assert all(lower < higher for lower, higher in itertools.pairwise(ladder))
    assert {role: sorted(p.value for p in POWERS_OF_ROLE[role] - before) for role, before in zip(
        Role, [frozenset(), *ladder], strict=False
    )} == {
        Role.VIEWER: ["read"],
        Role.OPERATOR: ["brake", "decide", "run_crew", "undo", "verify_audit"],
        Role.LEAD: ["decide_irreversible", "grant", "import", "release_brake"],
        Role.ADMIN: ["manage_people"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("params", "fault"),
    [
        ({}, "to is missing"),
        ({"to": 1, "x": 1}, "x is not a parameter"),
        ({"to": 10}, "to is above 9"),
        ({"to": -1}, "to is below 0"),
        ({"to": True}, "to must be int"),
        ({"to": "1"}, "to must be int"),
        ({"to": 1.0}, "to must be int"),
        ({"to": 1, "why": "fun"}, "why is none of drill, leak"),
    ],
)
def test_parameters_outside_the_declaration_are_refused(params, fault):
    with pytest.raises(BadParams, match=fault):
        canonical_params(kind_named("hall.turn_valves"), params)


def test_the_digest_names_every_part():
    plan = Plan("hall.turn_valves", valves("v1"), {"to": 1})
    parts = {"kind_version": 1, "snapshot": {"v1": 0}, "policy": "p"}
    digests = {
        digest_of(plan, **parts),
        digest_of(Plan(plan.kind, valves("v2"), plan.params), **parts),
        digest_of(Plan(plan.kind, plan.targets, {"to": 2}), **parts),
        digest_of(Plan("hall.other", plan.targets, plan.params), **parts),
        digest_of(plan, **{**parts, "kind_version": 2}),
        digest_of(plan, **{**parts, "snapshot": {"v1": 1}}),
        digest_of(plan, **{**parts, "policy": "q"}),
    }
    assert len(digests) == 7


@pytest.mark.parametrize(
    ("count", "of", "targets", "objects"),
    [(3, 4, 3, 0), (4, 10, 4, 1), (3, 3, 3, 1), (1, 0, 1, 1), (1, 10, 4, 1), (-1, 10, 1, 2)],
)
def test_both_blast_bounds_hold_and_fail_closed(count, of, targets, objects):
    radius = BlastRadius(count, of, "valves")
    assert len(blast_objections(kind_named("a.b"), radius, targets=targets)) == objects


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        (1, OutcomeVerdict.MET),
        (6, OutcomeVerdict.MET),
        (6.1, OutcomeVerdict.MISSED),
        (12, OutcomeVerdict.MISSED),
        (float("nan"), OutcomeVerdict.INCONCLUSIVE),
    ],
)
def test_a_promise_is_kept_in_its_interval_or_better(value, verdict):
    lower = Promise(better="lower", do_nothing=10, expected=4, low=2, high=6)
    higher = Promise(better="higher", do_nothing=-10, expected=-4, low=-6, high=-2)
    assert verdict_of(lower, value) is verdict
    assert verdict_of(higher, -value) is verdict


def test_an_interval_as_wide_as_doing_nothing_proves_nothing():
    wide = Promise(better="lower", do_nothing=10, expected=4, low=2, high=12)
    assert verdict_of(wide, 11) is OutcomeVerdict.INCONCLUSIVE


def test_the_most_specific_grant_decides_and_of_equals_the_most_cautious():
    def given(scope, level, kind="*", depth=0):
        from scuderia.basics.subjects import SubjectRef

        return Given(None, kind, SubjectRef.parse(scope), Autonomy(level), later(1), depth)

    lineage = ValveLineage().lineage(valves("v1")[0])
    wide, hall = given("*", 0), given("hall:hall-acme", 1, depth=3)
    named, other = given("*", 2, kind="a.b"), given("customer:acme", 0, depth=3)
    ask = {"kind": "a.b", "lineage": lineage, "at": NOW}
    assert grant_in_force([wide, hall], **ask) is hall
    assert grant_in_force([wide, hall, named], **ask) is named
    assert grant_in_force([hall, other], **ask) is other
    assert grant_in_force([wide, hall], **{**ask, "at": later(1)}) is None


@pytest.fixture
def filled(hall, cast):
    proposal_id = proposal_filing.file_proposal(proposal_draft(), agent="plumber", now=NOW)
    decisions.approve_proposal(
        actor=person("omar"),
        proposal_id=proposal_id,
        digest=Proposal.objects.get().digest,
        now=NOW,
    )
    signals.record_signals([SignalDraft("drop", valves("v1")[0], NOW, "ear", "drop:1")], now=NOW)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE loop_proposal SET state = 'rejected'",
        "UPDATE loop_action SET state = 'done'",
        "UPDATE loop_action SET state = 'nonsense'",
        "UPDATE loop_action SET digest = 'x'",
        "UPDATE loop_action SET params = '{\"to\": 9}'",
        "DELETE FROM loop_action",
        "DELETE FROM loop_proposal",
        "UPDATE loop_decision SET digest = 'x'",
        "DELETE FROM loop_decision",
        "UPDATE loop_auditentry SET reason = 'x'",
        "DELETE FROM loop_auditentry",
        "UPDATE loop_signal SET source = 'x'",
        "DELETE FROM loop_signal",
    ],
)
def test_raw_sql_cannot_make_an_illegal_move_or_rewrite_the_past(filled, sql):
    with (
        pytest.raises(DatabaseError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)


def test_no_machine_can_be_written_down_as_the_decider(filled):
    yes = Decision.objects.get()
    with pytest.raises(DatabaseError), transaction.atomic():
        Decision.objects.create(
            proposal=yes.proposal, serial=99, digest=yes.digest, answer="yes",
            decided_by="agent:plumber", decided_at=NOW, expires_at=later(1),
        )  # fmt: skip


def test_a_proposal_has_one_live_action(filled):
    one = Action.objects.get()
    yes = Decision.objects.create(
        proposal=one.proposal, serial=99, digest=one.digest, answer="yes",
        decided_by="person:omar", decided_at=NOW, expires_at=later(1),
    )  # fmt: skip
    with pytest.raises(DatabaseError), transaction.atomic():
        Action.objects.create(
            proposal=one.proposal, decision=yes, kind=one.kind, targets=one.targets,
            digest=one.digest, targets_count=1, queued_at=NOW,
        )  # fmt: skip


def test_the_slower_of_two_writers_changes_nothing(filled):
    slow = Proposal.objects.get()
    slow.state = "pending"
    with pytest.raises(IllegalMove):
        move(slow, "proposal", ProposalState.REJECTED)
    assert Proposal.objects.get().state == "approved"


def test_the_same_fact_is_stored_once(filled):
    again = SignalDraft("drop", valves("v1")[0], NOW, "ear", "drop:1")
    assert signals.record_signals([again, again], now=NOW) == 0
    assert Signal.objects.count() == 1


def test_every_write_left_its_entry(filled):
    verbs = list(AuditEntry.objects.order_by("seq").values_list("verb", flat=True))
    assert verbs[-4:] == [
        "proposal.filed",
        "findings.recorded",
        "proposal.approved",
        "signals.recorded",
    ]


@pytest.mark.django_db
def test_a_brake_says_what_it_stops(hall, cast):
    for scope, value in [("all", "x"), ("agent", ""), ("scope", "nonsense")]:
        with pytest.raises(BadInput):
            brakes.set_brake(
                actor=person("omar"),
                scope=brakes.BrakeScope(scope),
                value=value,
                reason="drill",
                now=NOW,
            )


def test_power_table_names_every_power():
    assert frozenset().union(*POWERS_OF_ROLE.values()) == frozenset(Power)
