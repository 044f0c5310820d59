"""Looks at a past instant: nothing later leaks, nothing is filed; other instants are refused."""

import json
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import example, given
from hypothesis import strategies as st
from typer.testing import CliRunner

from scuderia.basics.actors import WORKER, Actor, ActorKind
from scuderia.basics.clock import FixedClock, parse_instant
from scuderia.basics.errors import NotFound
from scuderia.crew.playbook import roster
from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.models.customers import Customer
from scuderia.fleet.models.inventory import Node
from scuderia.fleet.models.outages import Outage
from scuderia.fleet.models.repairs import Repair
from scuderia.fleet.nouns import (
    CustomerName,
    Inventory,
    NodeName,
    NodePlace,
    NodeState,
    Sku,
    SlaDefinition,
)
from scuderia.fleet.operations.inventory import register_inventory
from scuderia.fleet.playbook import catalogue
from scuderia.fleet.queries.snapshot import fleet_snapshot
from scuderia.loop.commands.agents import app
from scuderia.loop.models.agents import AgentRound
from scuderia.loop.models.findings import Finding
from scuderia.loop.models.proposals import Proposal
from scuderia.loop.operations.past_looks import BeyondAllRecords, look_back
from scuderia.loop.ports import registry
from tests.examples import examples
from tests.fleet.typing_person import acts_as_admin

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
BEGINS = parse_instant("2026-01-20T00:00:00Z", field="begins")
ENDS = BEGINS + 600 * HOUR
NOW = ENDS + 24 * HOUR
AT = BEGINS + 300 * HOUR
NODES = 6
PHASES = (NodeState.WAITING_PARTS, NodeState.IN_REPAIR, NodeState.VALIDATING)


def stand_up(count: int = NODES) -> None:
    """Register an imported year: three nodes are ada's all along, the rest stand by."""
    names = [NodeName(f"n{number}") for number in range(count)]
    told = Inventory(
        places=tuple(NodePlace(name, "milan", "c1", "r1", "h-8") for name in names),
        skus=(Sku("h-8", 8, "H", 250),),
        slas=(SlaDefinition(CustomerName("ada"), 0.97, "Europe/Rome"),),
        spare_pool={"c1": 2},
    )
    register_inventory(told, actor=WORKER, now=BEGINS, active_from=BEGINS)
    Node.objects.update(active_to=ENDS)


def node_ids() -> list[int]:
    return list(Node.objects.order_by("name").values_list("id", flat=True))


def hold(node: int, start: int, end: int | None) -> None:
    ada, _ = Customer.objects.get_or_create(name="ada")
    ends = None if end is None else BEGINS + end * HOUR
    Allocation.objects.create(customer=ada, node_id=node, start=BEGINS + start * HOUR, end=ends)


def break_down(node: int, start: int, hours: int, *, planned: bool = False, key: str) -> Outage:
    begins = BEGINS + start * HOUR
    return Outage.objects.create(
        node_id=node, start=begins, end=begins + hours * HOUR, planned=planned, source_key=key
    )


stays = st.tuples(
    st.integers(0, NODES - 1), st.integers(0, 500), st.integers(0, 300), st.booleans(),
    st.lists(st.tuples(st.sampled_from(PHASES), st.integers(1, 90)), max_size=3),
)  # fmt: skip


def live_through(year, held) -> None:
    ids = node_ids()
    for number, (node, start, hours, planned, phases) in enumerate(year):
        stay = break_down(ids[node], start, hours, planned=planned, key=f"k{number}")
        begins = stay.start
        for state, length in phases:
            Repair.objects.create(
                outage=stay, state=state.value, start=begins, end=begins + length * HOUR
            )
            begins += length * HOUR
    for node, (start, length) in enumerate(held):
        hold(ids[node], start, start + length)
        hold(ids[node], start + length + 10, None)


def forget_what_came_after(at) -> None:
    """Leave the books as they would stand had they been written down at `at`, and no later."""
    for rows in (Repair.objects, Allocation.objects, Outage.objects):
        rows.filter(start__gt=at).delete()
    lasts: set[int] = set()
    for stay in Outage.objects.filter(end__gt=at).order_by("start"):
        one_is_open = stay.node_id in lasts  # a node has one open outage at most
        stay.end = at + 900 * HOUR if one_is_open else None
        lasts.add(stay.node_id)
        stay.save()
    Allocation.objects.filter(end__gt=at).update(end=None)
    Repair.objects.filter(end__gt=at).update(end=None)
    Node.objects.update(active_to=at + HOUR)


def as_plain(seen) -> object:
    return [
        seen.epoch, seen.pools, seen.months, seen.swaps,
        [(n.place, n.state, n.customer, n.spare, n.out_since, n.planned, n.cause, n.silent,
          n.history.starts.tolist(), n.history.ends.tolist()) for n in seen.nodes],
    ]  # fmt: skip


@examples(40)
@given(
    st.lists(stays, max_size=10),
    st.lists(st.tuples(st.integers(0, 300), st.integers(1, 300)), max_size=NODES),
    st.integers(1, 599),
)
@example([(0, 100, 200, False, [])], [], 200)
def test_a_past_instant_looks_the_same_in_books_that_end_there(year, held, hours):
    at = BEGINS + hours * HOUR
    with transaction.atomic():
        stand_up()
        live_through(year, held)
        whole = as_plain(fleet_snapshot(at))
        forget_what_came_after(at)
        assert as_plain(fleet_snapshot(at)) == whole
        transaction.set_rollback(True)


@pytest.fixture
def crew(monkeypatch):
    for name in ("executors", "evidence", "detectors", "agents", "past_agents", "snapshots",
                 "spans", "lineages", "silences", "worths"):  # fmt: skip
        monkeypatch.setattr(registry, name, {})
    monkeypatch.setattr(registry, "clock", FixedClock(NOW))
    catalogue.register(registry)
    roster.register(registry)
    for executor in registry.executors.values():
        monkeypatch.setattr(type(executor), "examine", _ask_nobody)
    acts_as_admin(monkeypatch)
    return Actor(ActorKind.PERSON, "ada")


def _ask_nobody(*_args, **_named):
    raise AssertionError("the present was asked about the past")


@pytest.fixture
def year(crew):
    """Forty nodes, four spare: n0 is out for five weeks around AT, n1 fails five times before."""
    stand_up(40)
    ids = node_ids()
    for node in ids[:36]:
        hold(node, 0, None)
    break_down(ids[0], 290, 300, key="long")
    for number in range(5):
        break_down(ids[1], 40 + 40 * number, 6, key=f"lemon{number}")
    break_down(ids[2], 400, 90, key="later")
    return crew


def test_what_the_crew_would_have_proposed_is_told_and_not_filed(year):
    told = look_back(at=AT, actor=year, now=NOW)
    assert (told.begins, told.ends) == (BEGINS, ENDS)
    assert [look.agent for look in told.looks] == sorted(registry.agents)
    assert not [look.error for look in told.looks if look.error]
    wished = [proposal for look in told.looks for proposal in look.proposals]
    n0 = Node.objects.order_by("name").first()
    assert any(f"node:{n0.name}" in map(str, wish.targets) for wish in wished)
    assert all(wish.rehearsal.low <= wish.rehearsal.high for wish in wished)
    assert all(look.considered or look.proposals or look.claims for look in told.looks)
    assert "Nobody was asked" in told.limits
    for table in (Proposal, Finding, AgentRound):
        assert table.objects.count() == 0, table


def test_the_crew_says_the_same_from_books_that_end_there(year):
    whole = look_back(at=AT, actor=year, now=NOW).looks
    forget_what_came_after(AT)
    assert look_back(at=AT, actor=year, now=NOW).looks == whole


@pytest.mark.parametrize("at", [BEGINS - HOUR, ENDS, NOW])
def test_an_instant_that_no_book_tells_of_is_refused_with_their_bounds(year, at):
    with pytest.raises(BeyondAllRecords) as refused:
        look_back(at=at, actor=year, now=NOW)
    assert BEGINS.isoformat() in refused.value.message
    assert ENDS.isoformat() in refused.value.message


def test_empty_books_and_strangers_are_refused(crew):
    with pytest.raises(BeyondAllRecords, match="nothing is on the books"):
        look_back(at=AT, actor=crew, now=NOW)
    with pytest.raises(NotFound, match="no agent 'ghost'; there are lemon-scout"):
        look_back(["ghost"], at=AT, actor=crew, now=NOW)
    with pytest.raises(NotFound):
        look_back(at=AT, actor=Actor(ActorKind.PERSON, "nobody"), now=NOW)


def test_the_command_shows_both_courses_and_what_was_dropped(year):
    runner = CliRunner()
    shown = runner.invoke(app, ["run", "repair-chaser", "--as-of", AT.isoformat()])
    assert shown.exit_code == 0, shown.output
    for words in ("repair-chaser: ", "proposed: ", "do it", "80%", "waiting costs", "Nothing was"):
        assert words in shown.stdout, words
    told = json.loads(runner.invoke(app, ["run", "--as-of", "2026-02-01", "--json"]).stdout)
    assert [look["agent"] for look in told["looks"]] == sorted(registry.agents)
    assert told["as_of"] == "2026-02-01T00:00:00+00:00"
