"""The fleet's action kinds against a living demo fleet, alone and through the whole loop."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scuderia.basics.actors import Actor, ActorKind
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import Refused, Unable
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.connectors.embedded.fault_injection import InjectedFault, inject_fault
from scuderia.connectors.embedded.layout import CLUSTER
from scuderia.crew.playbook import roster
from scuderia.fleet import ports as fleet_ports
from scuderia.fleet.nouns import CapacityHold, ControlVerb, CustomerName, NodeState
from scuderia.fleet.operations import sources
from scuderia.fleet.playbook import catalogue
from scuderia.fleet.queries.nodes import fleet_board
from scuderia.loop.engine.action_kinds import refuse_incomplete
from scuderia.loop.models.findings import Finding
from scuderia.loop.models.proposals import Proposal
from scuderia.loop.nouns import (
    ActionId,
    ActionState,
    BlastRadius,
    EffectState,
    Plan,
    Rehearsal,
    Role,
    StepWord,
)
from scuderia.loop.operations import (
    actions,
    agents,
    audit,
    decisions,
    findings,
    outcomes,
    people,
    undo,
)
from scuderia.loop.ports import Executor, registry
from tests.connectors.embedded.conftest import NOW, Bench, make_bench

pytestmark = pytest.mark.django_db

AURORA = "customer:demo-aurora"
LEMON = "r03-n02"
REHEARSAL = Rehearsal(
    "node_hours_lost", "node-hours", 7, 100, 10, 0, 20, "lower", "by hand", "a test"
)


def register(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Register this fleet and the fleet's playbook into the loop, for one test."""
    for name in ("executors", "evidence", "detectors", "lineages", "agents"):
        monkeypatch.setattr(registry, name, {})
    monkeypatch.setattr(registry, "gates", [])
    monkeypatch.setattr(registry, "runner", None)
    monkeypatch.setattr(registry, "clock", bench.clock)
    monkeypatch.setattr(fleet_ports.registry, "readers", {"embedded": bench.reader})
    monkeypatch.setattr(fleet_ports.registry, "controls", {CLUSTER: bench.control})
    catalogue.register(registry)
    return bench


def poll(bench: Bench) -> Bench:
    sources.poll(bench.reader, now=bench.clock.now())
    return bench


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Bench:
    """A demo fleet, registered."""
    return register(make_bench(tmp_path / "world.sqlite3"), monkeypatch)


@pytest.fixture
def booked(registered: Bench) -> Bench:
    """A demo fleet, registered, its history on the books."""
    return poll(registered)


def crew_looks(bench: Bench) -> Actor:
    """Sign an admin up, register the crew in and let it look."""
    roster.register(registry)
    setup, now = Actor(ActorKind.SERVICE, "setup"), bench.clock.now()
    ada = people.create_person(actor=setup, name="ada", password="a-long-enough-word", now=now)
    people.give_role(actor=setup, person="ada", role=Role.ADMIN, scope=EVERYTHING, now=now)
    told = agents.make_rounds(actor=ada, now=now)
    assert [report.error for report in told] == [""] * len(told)
    return ada


def carry_through(action: ActionId) -> None:
    """Run an action as the runner would."""
    for index in range(actions.begin_action(action, now=NOW)):
        assert actions.run_step(action, index, now=NOW) is StepWord.DONE
    assert actions.finish_action(action, now=NOW) is ActionState.DONE


def executor(name: str) -> Executor:
    return registry.executors[f"fleet.{name}"]


def plan(kind: str, target: str, **params: Any) -> Plan:
    return Plan(f"fleet.{kind}", (SubjectRef.parse(target),), params)


def carry_out(wish: Plan, *, run: str = "a") -> None:
    hand = registry.executors[wish.kind]
    assert hand.examine(wish, now=NOW).objections == ()
    for step in hand.examine(wish, now=NOW).steps:
        assert hand.perform(step, key=f"{run}:{step.index}").state is EffectState.DONE
    assert hand.probe(wish).passed, hand.probe(wish).seen


def broken_and_spare(bench: Bench) -> tuple[str, str]:
    return bench.one(NodeState.WAITING_PARTS), bench.one(NodeState.UP, held=False, spare=True)


def some_plan(bench: Bench, kind: str) -> Plan:
    broken, spare = broken_and_spare(bench)
    return {
        "swap_node": plan(kind, f"node:{broken}", spare=f"node:{spare}", customer=AURORA),
        "pull_lemon": plan(kind, f"node:{LEMON}", spare=f"node:{spare}", customer=AURORA),
        "escalate_repair": plan(kind, f"node:{broken}"),
        "drain_node": plan(kind, f"node:{LEMON}"),
        "resize_spare_pool": plan(kind, "cluster:paddock", size=7),
    }[kind]


KINDS = ("swap_node", "pull_lemon", "escalate_repair", "drain_node", "resize_spare_pool")


def test_every_kind_is_fully_declared_and_every_undo_kind_exists(registered: Bench) -> None:
    assert len(registry.executors) == 8
    for hand in registry.executors.values():
        refuse_incomplete(hand.kind)
        assert hand.kind.undo_kind in {"", *registry.executors}
    assert set(registry.evidence) >= {
        "node_outages",
        "repair_age",
        "spare_pool_state",
        "customer_month",
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_plan_takes_hold_and_its_undo_puts_the_snapshot_back(
    registered: Bench, kind: str
) -> None:
    wish = some_plan(registered, kind)
    hand = registry.executors[wish.kind]
    before = hand.examine(wish, now=NOW).snapshot
    assert not hand.probe(wish).passed
    carry_out(wish)
    assert hand.examine(wish, now=NOW).snapshot != before, "drift is seen"
    inverse = hand.undo_plan(wish, before)
    assert inverse is not None
    registered.clock.advance(timedelta(minutes=5))
    carry_out(inverse, run="b")
    if kind != "escalate_repair":  # an escalation is granted once per outage
        assert hand.examine(wish, now=NOW).snapshot == before


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_plan_gives_the_same_steps_before_and_after(registered: Bench, kind: str) -> None:
    wish = some_plan(registered, kind)
    before = registry.executors[wish.kind].examine(wish, now=NOW).steps
    carry_out(wish)
    assert registry.executors[wish.kind].examine(wish, now=NOW).steps == before
    assert [step.index for step in before] == list(range(len(before)))


@pytest.mark.parametrize("kind", KINDS)
def test_every_step_leaves_of_the_snapshot_what_it_says(registered: Bench, kind: str) -> None:
    wish = some_plan(registered, kind)
    hand = registry.executors[wish.kind]
    undoing = hand.undo_plan(wish, hand.examine(wish, now=NOW).snapshot)
    assert undoing is not None
    for run, one in (("a", wish), ("b", undoing)):
        hand = registry.executors[one.kind]
        before = hand.examine(one, now=NOW)
        left = dict(before.snapshot)
        for step in before.steps:
            assert hand.examine(one, now=NOW, done=step.index).objections == ()
            hand.perform(step, key=f"{run}:{step.index}")
            left |= step.leaves
            if step.index + 1 < len(before.steps):
                assert hand.examine(one, now=NOW).snapshot == left, step.name
        registered.clock.advance(timedelta(minutes=5))


@pytest.mark.parametrize("kind", KINDS)
def test_a_plan_done_once_is_objected_to_the_second_time(registered: Bench, kind: str) -> None:
    wish = some_plan(registered, kind)
    carry_out(wish)
    assert registry.executors[wish.kind].examine(wish, now=NOW).objections


def test_a_swap_objects_to_a_serving_node_a_stranger_and_a_spare_that_is_none(
    registered: Bench,
) -> None:
    _, spare = broken_and_spare(registered)
    hand = executor("swap_node")
    serving = plan("swap_node", f"node:{LEMON}", spare=f"node:{spare}", customer=AURORA)
    assert "not out of service" in hand.examine(serving, now=NOW).objections[0]
    broken, _ = broken_and_spare(registered)
    stranger = plan(
        "swap_node", f"node:{broken}", spare=f"node:{spare}", customer="customer:demo-borealis"
    )
    assert "no longer holds" in hand.examine(stranger, now=NOW).objections[0]
    unsold = plan("swap_node", f"node:{broken}", spare="node:r16-n08", customer=AURORA)
    assert "does not stand ready" in hand.examine(unsold, now=NOW).objections[0]
    with pytest.raises(Refused, match="knows no node"):
        hand.examine(
            plan("swap_node", "node:r99-n01", spare="node:r16-n08", customer=AURORA), now=NOW
        )


def test_a_spare_that_is_kept_for_a_run_takes_nobodys_place(
    registered: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Kept:
        def holds_at(self, at: AwareDatetime) -> dict[str, CapacityHold]:
            _, spare = broken_and_spare(registered)
            begins = at + timedelta(days=2)
            return {spare: CapacityHold("zone:z", CustomerName("demo-borealis"), begins)}

    for kind in ("swap_node", "pull_lemon"):
        wish = some_plan(registered, kind)
        assert executor(kind).examine(wish, now=NOW).objections == ()
        monkeypatch.setitem(fleet_ports.registry.capacity, "kept", Kept())
        (objection,) = executor(kind).examine(wish, now=NOW).objections
        assert "is kept for a run from" in objection
        assert "borealis" not in objection  # whose run it is, is nobody else's business
        assert executor(kind).examine(wish, now=NOW, done=1).objections[:1] != (objection,)
        monkeypatch.delitem(fleet_ports.registry.capacity, "kept")


def test_a_spare_that_breaks_after_the_check_costs_the_customer_nothing(registered: Bench) -> None:
    wish = some_plan(registered, "swap_node")
    hand = executor("swap_node")
    assert hand.examine(wish, now=NOW).objections == ()
    spare = str(wish.params["spare"]).removeprefix("node:")
    registered.do(ControlVerb.DRAIN, spare)
    with pytest.raises(Refused):
        hand.perform(hand.examine(wish, now=NOW).steps[0], key="k")
    assert registered.node(wish.targets[0].name).customer == "demo-aurora"


def test_a_swap_that_stopped_half_way_is_put_back(registered: Bench) -> None:
    wish = some_plan(registered, "pull_lemon")
    hand = executor("pull_lemon")
    before = hand.examine(wish, now=NOW).snapshot
    for step in hand.examine(wish, now=NOW).steps[:2]:
        hand.perform(step, key=f"a:{step.index}")
    inverse = hand.undo_plan(wish, before)
    assert inverse is not None
    carry_out(inverse, run="b")
    assert hand.examine(wish, now=NOW).snapshot == before


def _blast(bench: Bench, kind: str) -> BlastRadius:
    return executor(kind).examine(some_plan(bench, kind), now=NOW).blast


def test_blast_radius_divides_by_the_nodes_it_could_touch(registered: Bench) -> None:
    swap = _blast(registered, "swap_node")
    assert (swap.count, swap.denominator_count, swap.details) == (1, 72, ("8 GPUs",))
    assert swap.affected == ("demo-aurora",)
    pool = _blast(registered, "resize_spare_pool")
    assert (pool.count, pool.denominator_count, pool.details) == (5, 128, ("40 GPUs",))


def test_an_unanswered_effect_is_unknown_until_the_cluster_tells(
    registered: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    wish = some_plan(registered, "drain_node")
    hand = executor("drain_node")
    step = hand.examine(wish, now=NOW).steps[0]
    assert hand.observe(step, key="k").state is EffectState.NOT_DONE
    inject_fault(registered.path, InjectedFault.UNABLE_AFTER)
    with pytest.raises(Unable):
        hand.perform(step, key="k")
    assert hand.observe(step, key="k").state is EffectState.DONE
    gone = replace(registered.control, path=registered.path.with_name("gone.sqlite3"))
    monkeypatch.setattr(fleet_ports.registry, "controls", {CLUSTER: gone})
    assert hand.observe(step, key="k").state is EffectState.UNKNOWN
    monkeypatch.setattr(fleet_ports.registry, "controls", {})
    assert hand.observe(step, key="k").state is EffectState.UNKNOWN


def test_the_effect_is_measured_from_the_books(booked: Bench) -> None:
    wish = some_plan(booked, "swap_node")
    carry_out(wish)
    hand = executor("swap_node")
    assert hand.measure(wish, REHEARSAL, acted_at=NOW, now=NOW) is None
    partial = hand.measure(wish, REHEARSAL, acted_at=NOW - timedelta(days=3), now=NOW)
    assert partial is not None
    assert (partial.value, partial.final) == (72.0, False), "three days lost before the swap"
    booked.days(7)
    sources.poll(booked.reader, now=booked.clock.now())
    told = hand.measure(wish, REHEARSAL, acted_at=NOW, now=booked.clock.now())
    assert told is not None
    assert (told.value, told.final) == (0.0, True), "the spare served all week"


def test_evidence_gives_the_same_value_for_the_same_instant(booked: Bench) -> None:
    params = {"node": LEMON, "days": 28, "at": NOW.isoformat()}
    found = registry.evidence["node_outages"].run(params)
    assert found["outages"] == 6
    broken, _ = broken_and_spare(booked)
    age = registry.evidence["repair_age"].run({"node": f"node:{broken}", "at": NOW.isoformat()})
    assert age["out"] is True
    pool = registry.evidence["spare_pool_state"].run({"cluster": "paddock", "at": NOW.isoformat()})
    assert (pool["target"], pool["ready"], pool["held_by_nobody"]) == (2, 2, 16)
    month = registry.evidence["customer_month"].run(
        {"customer": "demo-aurora", "at": NOW.isoformat()}
    )
    assert isinstance(month["availability"], float)
    assert month["availability"] < 0.975
    booked.days(5)
    sources.poll(booked.reader, now=booked.clock.now())
    assert registry.evidence["node_outages"].run(params) == found
    for query in ("node_outages", "repair_age", "spare_pool_state", "customer_month"):
        with pytest.raises(Refused):
            registry.evidence[query].run({"at": NOW.isoformat()})


def test_detectors_claim_what_still_stands_and_propose_nothing(booked: Bench) -> None:
    kinds = list(Finding.objects.values_list("kind", flat=True))
    out = {
        status.place.node
        for status in fleet_board(NOW).nodes
        if status.state not in (NodeState.UP, NodeState.DRAINED)
    }
    said = Finding.objects.filter(kind="fleet.node_out").values_list("subject", flat=True)
    assert {subject.removeprefix("node:") for subject in said} <= out
    assert set(kinds) <= {"fleet.node_out", "fleet.bad_return"}
    assert not Proposal.objects.exists()


def test_findings_are_cleared_once_their_nodes_have_returned(booked: Bench) -> None:
    opened = Finding.objects.filter(kind="fleet.node_out", state="open").count()
    assert opened > 0
    assert findings.clear_settled(now=NOW) == 0
    booked.days(200)
    poll(booked)
    later = booked.clock.now()
    findings.clear_settled(now=later)
    assert findings.clear_settled(now=later) == 0
    out = {
        str(status.place.ref)
        for status in fleet_board(later).nodes
        if status.state is not NodeState.UP
    }
    standing = set(
        Finding.objects.filter(kind="fleet.node_out", state="open").values_list(
            "subject", flat=True
        )
    )
    assert standing <= out
    assert Finding.objects.filter(kind="fleet.node_out", state="cleared").count() > 0


def test_from_a_real_history_to_a_measured_outcome(booked: Bench) -> None:
    """Signal, finding, proposal, decision, action, outcome: the crew's own, on the demo fleet."""
    ada = crew_looks(booked)
    kinds = set(Proposal.objects.values_list("kind", flat=True))
    assert {"fleet.pull_lemon", "fleet.escalate_repair", "fleet.resize_spare_pool"} & kinds
    proposal = Proposal.objects.exclude(kind="fleet.resize_spare_pool").order_by("id").first()
    assert proposal is not None
    action = decisions.approve_proposal(
        actor=ada, proposal_id=proposal.pk, digest=proposal.digest, reason="a test", now=NOW
    )
    inject_fault(booked.path, InjectedFault.UNABLE_AFTER)
    carry_through(action)
    poll(booked)
    booked.days(29)
    poll(booked)
    assert outcomes.measure_due(now=booked.clock.now()) >= 1
    assert audit.verify().holds


def test_an_approved_swap_is_undone_through_the_loop(booked: Bench) -> None:
    ada = crew_looks(booked)
    proposal = Proposal.objects.filter(kind__in=["fleet.swap_node", "fleet.pull_lemon"]).first()
    assert proposal is not None
    node = str(proposal.targets[0]).removeprefix("node:")
    holder = booked.node(node).customer
    action = decisions.approve_proposal(
        actor=ada, proposal_id=proposal.pk, digest=proposal.digest, reason="test", now=NOW
    )
    carry_through(action)
    assert booked.node(node).customer is None
    carry_through(undo.undo_action(actor=ada, action_id=action, reason="test", now=NOW))
    assert booked.node(node).customer == holder
    assert booked.node(node).state is not NodeState.DRAINED


def test_a_healthy_fleet_gives_the_crew_nothing_to_propose(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    crew_looks(poll(register(make_bench(tmp_path / "well.sqlite3", healthy=True), monkeypatch)))
    assert not Proposal.objects.exists()
    assert not Finding.objects.exists()


def test_the_demo_gives_every_agent_work(booked: Bench) -> None:
    crew_looks(booked)
    proposing = set(Proposal.objects.values_list("agent", flat=True))
    finding = set(Finding.objects.values_list("raised_by", flat=True))
    assert proposing >= {"lemon-scout", "repair-chaser", "spare-planner"}
    assert "sla-watch" in proposing | {name.removeprefix("agent:") for name in finding}
