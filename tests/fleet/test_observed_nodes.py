"""A page heard at once leaves what its words leave one by one; its cost knows no history."""

import json
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import Phase, given
from hypothesis import strategies as st

from scuderia.basics.actors import WORKER
from scuderia.basics.clock import parse_instant
from scuderia.basics.subjects import SubjectRef
from scuderia.fleet.engine.facts import as_record
from scuderia.fleet.engine.observed_nodes import Contradiction, Hold, ObservedNode
from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.models.amendments import OutageAmendment
from scuderia.fleet.models.inventory import Node
from scuderia.fleet.models.outages import Outage
from scuderia.fleet.models.repairs import Repair
from scuderia.fleet.nouns import (
    CustomerName,
    GpuShare,
    Inventory,
    NodeName,
    NodeObservation,
    NodePlace,
    NodeState,
    ObservationPage,
    Sku,
    SlaDefinition,
)
from scuderia.fleet.operations import inventory, observations
from scuderia.fleet.queries import outages
from scuderia.loop.engine.finding_anchors import FindingMarks
from scuderia.loop.models.findings import Finding, FindingScope
from scuderia.loop.models.signals import Signal
from scuderia.loop.nouns import SignalDraft
from scuderia.loop.operations.findings import file_finding
from scuderia.loop.ports import registry
from tests.examples import examples
from tests.fleet import one_by_one

pytestmark = pytest.mark.django_db
T0 = parse_instant("2026-06-01T00:00:00Z", field="t0")
SECOND = timedelta(seconds=1)
STATES = [state for state in NodeState if state is not NodeState.UNKNOWN]
KINDS = {
    observations.NODE_UP: "up",
    observations.NODE_DOWN: "down",
    observations.NODE_RELAPSED: "relapsed",
}


def stand_up(nodes):
    inventory.register_inventory(
        Inventory(
            tuple(NodePlace(NodeName(f"n{n}"), "s", "c", f"r{n // 16}", "k") for n in range(nodes)),
            (Sku("k", one_by_one.GPUS, "gpu", 100),),
            tuple(SlaDefinition(CustomerName(name), 0.9, "UTC") for name in ("ada", "bo")),
            {},
        ),
        actor=WORKER,
        now=T0,
        active_from=T0 - timedelta(days=400),
    )


def history(node, count, *, until=T0):
    """Book outages of an hour, a day apart, that have ended."""
    row = Node.objects.get(name=node)
    days = [until - timedelta(days=place + 1) for place in range(count)]
    Outage.objects.bulk_create(
        Outage(node=row, start=at, end=at + timedelta(hours=1), source_key=f"old/{node}/{at}")
        for at in days
    )


shares = st.sampled_from(
    [GpuShare()] * 3
    + [GpuShare(1), GpuShare(1, (3,)), GpuShare(2, (0, 3)), GpuShare(4), GpuShare(5)]
    + [GpuShare(2, (1,)), GpuShare(1, (4,)), GpuShare(None, (0,)), GpuShare(2, (3, 0)), GpuShare(0)]
)
words = st.builds(
    lambda node, second, part, state, customer, share, stray: NodeObservation(
        NodeName(f"n{node}"),
        T0 + second * SECOND + timedelta(milliseconds=part),
        state,
        f"cause {second}",
        customer,
        share=share if state is NodeState.DEGRADED or stray else GpuShare(),
    ),
    st.integers(0, 1),
    st.integers(0, 4),
    st.sampled_from((0, 0, 0, 300)),
    st.sampled_from([*STATES, NodeState.DEGRADED, NodeState.DEGRADED]),
    st.sampled_from((None, "ada", "ada", "bo", "nobody-knows")),
    shares,
    st.sampled_from((False, False, False, True)),
)
before = st.lists(
    st.tuples(st.integers(0, 1), st.integers(-4, 8), st.integers(0, 5), st.booleans()), max_size=4
)


def on_the_books():
    return {
        "outages": set(
            Outage.objects.values_list(
                *("source_key", "start", "end", "cause", "planned"),
                *("gpus_lost", "gpu_indices", "severity"),
            )
        ),
        "phases": sorted(
            Repair.objects.values_list("outage__source_key", "state", "start", "end"), key=str
        ),
        "holds": sorted(
            Allocation.objects.values_list("node__name", "customer__name", "start", "end"), key=str
        ),
    }


def prepare(past, gone):
    stand_up(2)
    for place, (node, start, length, planned) in enumerate(past):
        begun = T0 + start * SECOND
        Outage.objects.create(
            node=Node.objects.get(name=f"n{node}"),
            start=begun,
            end=begun + length * SECOND,
            planned=planned,
            source_key=f"trace:{place}",
        )
    for node, second in gone:
        key = f"src/n{node}/{int((T0 + second * SECOND).timestamp())}/outage"
        OutageAmendment.objects.create(
            source_key=key, node=Node.objects.get(name=f"n{node}"), before={}, after=None,
            reason="never was", amended_by="ada", amended_at=T0,
        )  # fmt: skip


def told_of(signal):
    kind = KINDS[signal.kind]
    node = NodeName(signal.subject.partition(":")[2])
    word = {
        "up": "was_out_since",
        "down": "cause",
        "relapsed": "hours_since_return",
    }[kind]
    return kind, node, signal.occurred_at, str(signal.payload[word])


@examples(100, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(
    st.lists(words, min_size=4, max_size=24),
    before,
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 4)), max_size=5),
    st.sampled_from((24, 24, 24, 3)),
)
def test_a_page_leaves_what_its_words_leave_one_by_one(heard, past, gone, size):
    ordered = sorted(heard, key=lambda seen: seen.at.replace(microsecond=0))
    with transaction.atomic():
        prepare(past, gone)
        with transaction.atomic():
            told, disputed = one_by_one.record(ordered, source="src")
            expected = on_the_books()
            transaction.set_rollback(True)
        left_out = []
        for place in range(0, len(ordered), size):
            page = ObservationPage(
                tuple(ordered[place : place + size]), str(place), more=False, as_of=T0
            )
            report = observations.record_observations(page, source="src", now=T0)
            left_out += [said.partition(":")[0] for said in report.disputed]
        if size >= len(ordered):  # words of one second over two pages: the second drops repeats
            assert left_out == disputed
            assert on_the_books() == expected
            first = {(kind, node, int(at.timestamp())): str(word)
                     for kind, node, at, word in reversed(told)}  # fmt: skip
            kept = {(kind, node, int(at.timestamp())): word
                    for kind, node, at, word in map(told_of, Signal.objects.all())}  # fmt: skip
            assert kept == first
        transaction.set_rollback(True)


def mass_failure(nodes, at):
    found = tuple(
        NodeObservation(NodeName(f"n{n}"), at, NodeState.DOWN, "pdu", CustomerName("ada"))
        for n in range(nodes)
    )
    return ObservationPage(found, str(at), more=False, as_of=at)


def test_a_mass_failure_opens_every_outage_with_its_signal_and_finding():
    stand_up(40)
    report = observations.record_observations(mass_failure(40, T0), source="src", now=T0)
    assert (report.observations, report.signals, report.disputed) == (40, 40, ())
    assert Outage.objects.filter(end__isnull=True, cause="pdu").count() == 40
    assert Finding.objects.filter(kind="fleet.node_out").count() == 40
    assert Finding.objects.get(subject="node:n7").evidence[0]["value"]["customer"] == "ada"


def cost_of(nodes, past):
    """Return what a mass failure of nodes with a past costs: questions asked, steps of SQLite."""
    stand_up(nodes)
    for number in range(nodes):
        history(f"n{number}", past)
    steps = [0]

    def step():
        steps[0] += 1

    connection.ensure_connection()
    if connection.vendor == "sqlite":
        connection.connection.set_progress_handler(step, 10)
    with CaptureQueriesContext(connection) as asked:
        observations.record_observations(mass_failure(nodes, T0), source="src", now=T0)
    if connection.vendor == "sqlite":
        connection.connection.set_progress_handler(None, 0)
    assert Outage.objects.filter(end__isnull=True).count() == nodes
    transaction.set_rollback(True)
    return len(asked), steps[0]


def test_a_mass_failure_costs_the_same_on_any_history():
    with transaction.atomic():
        asked, steps = cost_of(12, 40)
    with transaction.atomic():
        asked_later, steps_later = cost_of(12, 1000)
    assert asked_later == asked
    assert steps_later <= 1.1 * steps


def relapse(nodes, *, bridged):
    """Return what a mass failure asks where as many nodes were out when the 28 days began."""
    stand_up(nodes)
    for number in range(nodes):
        history(f"n{number}", 3)
    for number in range(bridged):
        Outage.objects.create(
            node=Node.objects.get(name=f"n{number}"), start=T0 - timedelta(days=28, hours=number),
            end=T0 - timedelta(days=27), source_key=f"bridge/{number}",
        )  # fmt: skip
    with CaptureQueriesContext(connection) as asked:
        observations.record_observations(mass_failure(nodes, T0), source="src", now=T0)
    assert Finding.objects.filter(kind="fleet.bad_return").count() == nodes
    transaction.set_rollback(True)
    return len(asked)


def test_nodes_that_were_out_when_the_look_back_began_are_asked_for_together():
    counts = []
    for bridged in (0, 2, 12):
        with transaction.atomic():
            counts.append(relapse(12, bridged=bridged))
    none, two, all_of_them = counts
    assert two == all_of_them == none + 1


spans = st.lists(st.tuples(st.integers(0, 2), st.integers(-80, 1), st.integers(0, 40)), max_size=24)


@examples(60, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(spans)
def test_outages_asked_for_together_are_those_of_each_node(spans):
    with transaction.atomic():
        stand_up(4)
        ids = dict(Node.objects.values_list("name", "id"))
        Outage.objects.bulk_create(
            Outage(
                node_id=ids[f"n{node}"], start=(at := T0 + timedelta(days=day)),
                end=at + timedelta(days=length), source_key=f"span/{place}",
                cause=f"cause {place}", planned=place % 5 == 0,
            )
            for place, (node, day, length) in enumerate(spans)
        )  # fmt: skip
        start = T0 - outages.RECENT
        together = outages.facts_by_node([*ids, "nobody"], start, T0)
        assert together.pop("nobody") == []
        for name, found in together.items():
            told = tuple(as_record(fact, [SimpleNamespace(name=name)]) for fact in found)
            assert told == outages.outages_between(start, T0, node=name)
        transaction.set_rollback(True)


def test_a_thousand_nodes_ask_as_much_as_five_hundred_twice():
    def asked(nodes):
        stand_up(nodes)
        ids = dict(Node.objects.values_list("name", "id")[:nodes])
        with CaptureQueriesContext(connection) as found:
            observations.load_nodes(ids, (0, 10))
        return len(found)

    assert asked(40) == asked(400)


def test_a_disputed_word_leaves_the_node_as_it_stood():
    node = ObservedNode("n0", hold=Hold("ada", 0, None, 7))
    seen = NodeObservation(NodeName("n0"), T0, NodeState.IN_REPAIR, "", CustomerName("bo"))
    with pytest.raises(Contradiction, match="not out of service"):
        node.hear(seen, key="gone", cause="", taken={"gone"})
    assert node.changed() == ([], [], [])
    assert node.hold == Hold("ada", 0, None, 7)


def test_a_relapse_is_backed_by_what_its_evidence_answers_when_asked_again():
    stand_up(3)
    history("n0", 3)
    history("n1", 40)
    Outage.objects.create(  # lasts when the 28 days begin, and touches one that was over by then
        node=Node.objects.get(name="n1"), start=T0 - timedelta(days=30, hours=12),
        end=T0 - timedelta(days=27, hours=12), source_key="long",
    )  # fmt: skip
    observations.record_observations(mass_failure(3, T0), source="src", now=T0)
    found = Finding.objects.filter(kind="fleet.bad_return")
    assert sorted(found.values_list("subject", flat=True)) == ["node:n0", "node:n1"]
    for one in found:
        (told,) = one.evidence
        again = registry.evidence["node_outages"].run(told["params"])
        assert json.dumps(told["value"], sort_keys=True) == json.dumps(again, sort_keys=True)


def test_findings_filed_together_are_those_filed_one_by_one():
    stand_up(3)
    history("n0", 3)
    history("n1", 70)
    observations.record_observations(mass_failure(3, T0), source="src", now=T0)
    together = as_filed()
    drafts = [
        draft
        for detector in registry.detectors.values()
        for draft in detector.detect([told_as_draft(one) for one in Signal.objects.all()], now=T0)
    ]
    Finding.objects.all().delete()
    for draft in drafts:
        file_finding(draft, raised_by=draft.kind, now=T0, marks=FindingMarks())
    assert len(together) == 5
    assert together == as_filed()


def as_filed():
    """Return all that is kept of the findings but their ids, the order of evidence included."""
    return {
        one["dedup_key"]: (
            {name: value for name, value in one.items() if name != "id"},
            set(FindingScope.objects.filter(finding=one["id"]).values_list("scope", flat=True)),
        )
        for one in Finding.objects.values()
    }


def told_as_draft(signal):
    return SignalDraft(
        kind=signal.kind, subject=SubjectRef.parse(signal.subject), occurred_at=signal.occurred_at,
        source=signal.source, dedup_key=signal.dedup_key, payload=signal.payload,
    )  # fmt: skip
