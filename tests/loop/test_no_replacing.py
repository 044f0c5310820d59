"""No row takes another's place unseen, and the books say what the chain says."""

from dataclasses import replace
from uuid import UUID

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction

from scuderia.basics.subjects import SubjectRef
from scuderia.loop.models import triggers
from scuderia.loop.models.decisions import Decision
from scuderia.loop.models.grants import Grant
from scuderia.loop.models.people import Membership
from scuderia.loop.models.proposals import Proposal
from scuderia.loop.nouns import Autonomy, Role
from scuderia.loop.operations import actions, audit, decisions, grants, people, proposals
from tests.loop.factories import NOW, drop_guards, later, person
from tests.loop.test_acting import OMAR, approve, carry_out, file
from tests.loop.test_law_of_the_loop import filled  # noqa: F401 - a fixture
from tests.loop.test_promises import edited

LENA, ADA = person("lena"), person("ada")
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cast")]
sqlite_only = pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite has REPLACE")


def give(level=Autonomy.ADVISE):
    return grants.give_grant(
        actor=LENA, agent="plumber", kind="*", scope=SubjectRef.parse("*"), level=level,
        expires_at=later(24), budget=grants.Budget(), reason="trial", now=NOW,
    )  # fmt: skip


def refused(sql):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@sqlite_only
@pytest.mark.parametrize(
    "table",
    ["loop_auditentry", "loop_decision", "loop_signal", "loop_proposal", "loop_action",
     "loop_grant", "loop_membership"],
)  # fmt: skip
def test_no_row_is_replaced(filled, table):  # noqa: F811
    give()
    refused(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")  # noqa: S608 - ours


@sqlite_only
def test_no_row_is_replaced_by_way_of_another_key(filled):  # noqa: F811
    fields = "kind, subject, occurred_at, received_at, source, dedup_key, payload"
    taken = f"SELECT '{'f' * 32}', {fields} FROM loop_signal"  # noqa: S608 - ours
    refused(f"INSERT OR REPLACE INTO loop_signal (id, {fields}) {taken}")
    file("v2", dedup_key="one")
    other = file("v3", dedup_key="two").hex
    refused(f"UPDATE OR REPLACE loop_proposal SET dedup_key = 'one' WHERE id = '{other}'")  # noqa: S608 - ours


@sqlite_only
def test_a_move_that_would_push_another_row_out_is_refused(filled):  # noqa: F811
    give()
    second = Grant.objects.create(
        agent="baker", kind="*", scope="*", level=0, granted_by="person:lena", reason="x",
        granted_at=NOW, expires_at=later(1),
    )  # fmt: skip
    refused(f"UPDATE OR REPLACE loop_grant SET agent = 'plumber' WHERE id = '{second.pk.hex}'")  # noqa: S608 - ours
    assert Grant.objects.count() == 2


def _unique_in(model):
    """Return every set of columns that Django keeps unique in the model's table."""
    meta = model._meta
    alone = {(one.column,) for one in meta.local_fields if one.unique}
    sets = {
        tuple(meta.get_field(name).column for name in one.fields)
        for one in meta.constraints
        if isinstance(one, models.UniqueConstraint)
    }
    return alone | sets


@pytest.mark.parametrize("table", sorted(triggers.UNIQUE))
def test_every_way_of_being_unique_is_guarded(table):
    (model,) = (one for one in apps.get_models() if one._meta.db_table == table)
    guarded = {columns for columns, _ in triggers.UNIQUE[table]}
    assert _unique_in(model) == guarded


def test_every_table_that_loses_no_row_is_guarded():
    assert set(triggers.UNIQUE) >= {*triggers.KEPT_FOR_EVER, *triggers.NEVER_REMOVED}


@pytest.fixture
def history(hall, cast):
    """A little of everything, then whoever owns the file drops the guards."""
    done, halted = approve(file("v1", to=3)), approve(file("v2", to=4, dedup_key="two"))
    carry_out(done)
    actions.begin_action(halted, now=NOW)
    hall.world.positions["v2"] = 9
    actions.run_step(halted, 0, now=NOW)  # drift: it went back as a proposal
    decisions.reject_proposal(actor=OMAR, proposal_id=file("v3", dedup_key="three"), now=NOW)
    edited(file("v4", dedup_key="four"), "v3", to=5)
    proposals.expire_due(now=later(80))
    first = give()
    give(Autonomy.WATCH)
    grants.suspend_grant(actor=LENA, grant_id=Grant.objects.exclude(pk=first).get().pk, now=NOW)
    people.give_role(
        actor=ADA, person="oscar", role=Role.VIEWER, scope=SubjectRef.parse("*"), now=NOW
    )
    people.take_role(actor=ADA, person="oscar", scope=SubjectRef.parse("*"), now=NOW)
    assert audit.verify() == audit.verify(audit.verify().head)
    assert audit.verify().holds, audit.verify().said
    drop_guards()


def said():
    verdict = audit.verify()
    assert not verdict.holds
    return verdict.said


@pytest.mark.usefixtures("history")
class TestWhatWasWrittenPastTheLoop:
    def test_a_forged_admin_is_found(self):
        oscar = Membership.objects.filter(taken_at__isnull=False).first().person
        Membership.objects.create(
            person=oscar, role="admin", scope="*", given_by="person:ada", given_at=NOW
        )
        assert said() == "role oscar on *: the books hold admin, and no entry tells of it"

    @pytest.mark.parametrize("name", ["birch-op", "acme-op", "birch-lead"])
    def test_who_may_verify_in_one_place_is_told_that_it_differs_and_not_whose(self, name):
        Membership.objects.filter(person__username="vera").update(role="admin")
        assert audit.verify_for(person(name)) == replace(audit.verify(), said=audit.DIFFERS)
        assert "role vera" in audit.verify_for(LENA).said

    def test_a_role_that_was_raised_is_found(self):
        Membership.objects.filter(person__username="vera").update(role="admin")
        assert said() == "role vera on *: the chain says viewer, the books admin"

    def test_a_role_that_is_gone_is_found(self):
        Membership.objects.filter(person__username="vera").delete()
        assert "the chain tells of viewer, and the books hold none" in said()

    def test_an_erased_proposal_is_found(self):
        erased = Proposal.objects.get(dedup_key="three")
        erased.decisions.all().delete()
        erased.scopes.all().delete()
        erased.findings.clear()
        erased.delete()
        assert "the chain tells of rejected, and the books hold none" in said()

    def test_a_forged_proposal_is_found(self):
        forged = Proposal.objects.get(dedup_key="three")
        forged.pk = UUID(int=7)
        forged.state, forged.dedup_key = "pending", "forged"
        forged.save(force_insert=True)
        assert "the books hold pending, and no entry tells of it" in said()

    @pytest.mark.parametrize("state", ["approved", "withdrawn", "pending"])
    def test_a_state_that_nobody_brought_about_is_found(self, state):
        Proposal.objects.filter(dedup_key="three").update(state=state)
        assert f"the chain says rejected, the books {state}" in said()

    def test_a_grant_that_was_widened_is_found(self):
        Grant.objects.filter(state="suspended").update(level=2)
        assert "the books plumber, *, *, 2, suspended" in said()

    def test_a_grant_that_was_let_loose_is_found(self):
        Grant.objects.filter(state="suspended").update(state="active")
        assert "the books plumber, *, *, 0, active" in said()

    def test_a_decision_whose_evidence_was_rewritten_is_found(self):
        yes = Decision.objects.filter(answer="yes", proposal__dedup_key="turn:v1").get()
        Decision.objects.filter(pk=yes.pk).update(shown={**yes.shown, "title": "Nothing at all"})
        assert said().startswith("decision on action")


def test_a_home_from_before_what_was_shown_was_kept_still_holds(hall):
    approve(file("v1", to=3))
    drop_guards()
    Decision.objects.update(shown={})
    assert audit.verify().holds
