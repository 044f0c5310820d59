"""Looks at past instants, kept: made once, by one worker, read by each as far as they may."""

import pytest

from scuderia.basics.actors import Actor, ActorKind
from scuderia.basics.errors import NotAuthorised, NotFound
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.models.customers import Customer
from scuderia.fleet.models.inventory import Node
from scuderia.fleet.models.outages import Outage
from scuderia.fleet.queries.lineage import FleetLineage
from scuderia.loop.models.agents import AgentRound
from scuderia.loop.models.audit import AuditEntry
from scuderia.loop.models.findings import Finding
from scuderia.loop.models.past_looks import PastLook
from scuderia.loop.models.proposals import Proposal
from scuderia.loop.nouns import Role, WorkerHeartbeat
from scuderia.loop.operations import past_looks, people
from scuderia.loop.operations.past_looks import (
    BeyondAllRecords,
    TooManyPastLooks,
    ask_past_look,
    look_back,
    make_next,
)
from scuderia.loop.ports import registry
from scuderia.loop.queries.past_looks import get_past_look, list_past_looks
from tests.crew.test_past_looks import (
    AT,
    BEGINS,
    ENDS,
    HOUR,
    NOW,
    break_down,
    crew,
    hold,
    node_ids,
    year,
)

__all__ = ["crew", "year"]
pytestmark = pytest.mark.django_db


def person(name, role, scope):
    ada = Actor(ActorKind.PERSON, "ada")
    people.create_person(actor=ada, name=name, now=NOW)
    people.give_role(actor=ada, person=name, role=role, scope=SubjectRef.parse(scope), now=NOW)
    return Actor(ActorKind.PERSON, name)


def ask(actor, at=AT, *, again=False, now=NOW):
    return ask_past_look(actor=actor, at=at, again=again, now=now)


def make(now=NOW):
    return make_next(now=now, wall=NOW)


def test_a_look_is_made_once_and_says_what_the_crew_would_have_said(year):
    asked = ask(year)
    waiting = get_past_look(year, asked)
    assert (waiting.row.is_pending, waiting.told, waiting.row.done) == (True, None, 0)
    assert make()
    assert not make(), "nothing waits any more"
    kept = get_past_look(year, asked)
    assert kept.told == look_back(at=AT, actor=year, now=NOW)
    assert any(look.proposals for look in kept.told.looks)
    assert (kept.row.done, kept.row.agents, kept.row.is_pending) == (4, 4, False)
    assert ask(year) == asked
    assert not make()
    for table in (Proposal, Finding, AgentRound):
        assert table.objects.count() == 0, table


def test_looking_again_replaces_what_was_told_and_the_digest_says_whether_it_changed(year):
    asked = ask(year)
    make()
    before = get_past_look(year, asked)
    assert ask(year, again=True, now=NOW + HOUR) == asked
    between = get_past_look(year, asked)
    assert between.row.is_pending
    assert between.told == before.told, "what was told stands until there is a newer word"
    make(NOW + HOUR)
    same = get_past_look(year, asked)
    assert (same.row.digest, same.row.made_at) == (before.row.digest, NOW + HOUR)
    Outage.objects.filter(source_key="long").delete()
    ask(year, again=True, now=NOW + 2 * HOUR)
    make(NOW + 2 * HOUR)
    assert get_past_look(year, asked).row.digest != before.row.digest


@pytest.mark.parametrize("at", [BEGINS - HOUR, ENDS, NOW])
def test_an_instant_outside_the_books_is_refused_and_nothing_is_kept(year, at):
    entries = AuditEntry.objects.count()
    with pytest.raises(BeyondAllRecords):
        ask(year, at)
    assert not PastLook.objects.exists()
    assert AuditEntry.objects.count() == entries


def test_who_asked_is_on_the_record(year):
    asked = ask(year)
    entry = AuditEntry.objects.latest("seq")
    assert (entry.verb, entry.subject) == ("past_look.asked", f"past_look:{asked}")
    assert entry.actor == "person:ada"


def test_an_operator_of_one_customer_is_told_of_what_was_theirs_then(year):
    bo = Customer.objects.create(name="bo")
    n0, n1 = node_ids()[:2]
    Allocation.objects.filter(node_id=n0).update(end=AT + 100 * HOUR)
    Allocation.objects.create(customer=bo, node_id=n0, start=AT + 100 * HOUR)  # theirs later
    Allocation.objects.filter(node_id=n1).delete()
    Allocation.objects.create(customer=bo, node_id=n1, start=BEGINS, end=AT + 100 * HOUR)
    break_down(n1, 292, 200, key="theirs then")
    hold(n1, 400, None)
    of_ada = person("otto", Role.OPERATOR, "customer:ada")
    of_bo = person("britt", Role.OPERATOR, "customer:bo")
    whole = look_back(at=AT, actor=year, now=NOW)
    asked = ask(of_bo)
    make()
    names = dict(Node.objects.values_list("id", "name"))
    for actor, theirs, others in ((of_ada, n0, n1), (of_bo, n1, n0)):
        for told in (look_back(at=AT, actor=actor, now=NOW), get_past_look(actor, asked).told):
            named = {str(one) for look in told.looks for p in look.proposals for one in p.targets}
            named |= {str(claim.subject) for look in told.looks for claim in look.claims}
            assert f"node:{names[theirs]}" in named
            assert f"node:{names[others]}" not in named
            assert not [look for look in told.looks if look.considered]
            assert sum(len(look.proposals) for look in told.looks) < sum(
                len(look.proposals) for look in whole.looks
            )


def test_viewers_read_and_do_not_ask_and_strangers_do_neither(year):
    vera = person("vera", Role.VIEWER, "*")
    asked = ask(year)
    make()
    assert get_past_look(vera, asked).told.looks == look_back(at=AT, actor=year, now=NOW).looks
    with pytest.raises(NotAuthorised):
        ask(vera)
    olaf = Actor(ActorKind.PERSON, "olaf")
    for reading in (lambda: list_past_looks(olaf), lambda: get_past_look(olaf, asked)):
        with pytest.raises(NotFound):
            reading()


def test_an_agent_that_breaks_does_not_stop_the_others_and_is_told_scoped_readers_as_failed(
    year, monkeypatch
):
    def broken(**_named):
        raise ValueError("of customer bo")

    monkeypatch.setattr(registry.past_agents["spare-planner"], "look", broken)
    asked = ask(year)
    make()
    looks = {one.agent: one for one in get_past_look(year, asked).told.looks}
    assert looks["spare-planner"].error == "ValueError: of customer bo"
    assert looks["repair-chaser"].proposals
    otto = person("otto", Role.OPERATOR, "customer:ada")
    scoped = {one.agent: one.error for one in get_past_look(otto, asked).told.looks}
    assert scoped["spare-planner"] == "failed"


def test_a_dead_workers_look_is_taken_over_and_a_living_ones_is_left(year):
    asked = ask(year)
    PastLook.objects.update(state="looking", claimed_by="other/1")
    registry.heartbeats.record(WorkerHeartbeat("other", "1", NOW))
    assert not make_next(now=NOW, wall=NOW)
    assert make_next(now=NOW, wall=NOW + HOUR), "it beats no more"
    assert get_past_look(year, asked).told is not None


def test_a_worker_whose_look_was_taken_over_writes_nothing(year, monkeypatch):
    asked = ask(year)
    told = past_looks.chosen_agents

    def taken_meanwhile(names, agents):
        PastLook.objects.update(claimed_by="other/2")
        return told(names, agents)

    monkeypatch.setattr(past_looks, "chosen_agents", taken_meanwhile)
    make()
    assert get_past_look(year, asked).told is None


def test_few_wait_and_few_are_kept(year, monkeypatch):
    for number in range(past_looks.PENDING_MAX):
        ask(year, AT + number * HOUR)
    with pytest.raises(TooManyPastLooks):
        ask(year, AT + 99 * HOUR)
    PastLook.objects.update(state="made", made_at=NOW)
    monkeypatch.setattr(past_looks, "KEPT_MAX", 3)
    newest = ask(year, AT + 99 * HOUR, now=NOW + HOUR)
    kept = list_past_looks(year)
    assert (len(kept), kept[0].id) == (3, newest)


def test_a_node_hung_under_who_held_it_at_that_instant(year):
    holds = [(0, 100, "ada"), (100, 200, "bo"), (250, None, "ada")]
    Customer.objects.create(name="bo")
    node = Node.objects.order_by("name").first()
    Allocation.objects.filter(node=node).delete()
    for start, end, name in holds:
        Allocation.objects.create(
            node=node, customer=Customer.objects.get(name=name), start=BEGINS + start * HOUR,
            end=None if end is None else BEGINS + end * HOUR,
        )  # fmt: skip
    ref = SubjectRef("node", node.name)
    for hour in range(0, 300, 10):
        holders = {n for start, end, n in holds if start <= hour and (end is None or hour < end)}
        found = FleetLineage().lineage_at(ref, BEGINS + hour * HOUR)
        assert {one.name for one in found if one.kind == "customer"} == holders
        assert {ref, EVERYTHING} <= found
    assert FleetLineage().lineage_at(ref, BEGINS + 280 * HOUR) == FleetLineage().lineage(ref)
    with pytest.raises(NotFound):
        FleetLineage().lineage_at(SubjectRef("node", "ghost"), AT)
