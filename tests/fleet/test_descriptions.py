"""A fleet is described by command: customers, node types, who holds what; audited, with reasons."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scuderia.basics.actors import Actor, ActorKind
from scuderia.basics.clock import parse_instant
from scuderia.basics.errors import BadInput, NotAuthorised, NotFound, ScuderiaError
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.fleet.engine.allocation_rows import Hold, overlapping
from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.models.customers import Customer
from scuderia.fleet.models.inventory import Sku
from scuderia.fleet.nouns import Inventory, NodeName, NodePlace
from scuderia.fleet.nouns import Sku as SkuNoun
from scuderia.fleet.operations.allocations import (
    NobodyHolds,
    NodeIsHeld,
    allocate_nodes,
    deallocate_nodes,
)
from scuderia.fleet.operations.customers import Promise, add_customer, edit_customer
from scuderia.fleet.operations.descriptions import (
    DescribedAlready,
    ReasonMissing,
    expand_nodes,
)
from scuderia.fleet.operations.inventory import NoSuchZone, first_price, register_inventory
from scuderia.fleet.operations.skus import SkuChanges, add_sku, edit_sku
from scuderia.fleet.queries.allocations import list_allocations
from scuderia.fleet.queries.customers import list_customers
from scuderia.fleet.queries.inventory import UnknownSubject
from scuderia.fleet.queries.reports import NotATarget
from scuderia.loop.models.audit import AuditEntry
from scuderia.loop.nouns import Role
from scuderia.loop.operations import audit, people

pytestmark = pytest.mark.django_db
T0 = parse_instant("2026-07-01T00:00:00Z", field="t")
NOW = parse_instant("2026-08-01T00:00:00Z", field="now")
DAY = timedelta(days=1)
SETUP = Actor(ActorKind.SERVICE, "setup")
LENA, OTTO, VERA = (Actor(ActorKind.PERSON, name) for name in ("lena", "otto", "vera"))
H8 = SkuChanges(gpus_per_node=8, gpu_model="H100")


@pytest.fixture
def cast():
    for name, role, scope in (
        ("lena", Role.LEAD, EVERYTHING),
        ("vera", Role.VIEWER, EVERYTHING),
        ("otto", Role.LEAD, SubjectRef("customer", "ada")),
    ):
        people.create_person(actor=SETUP, name=name, now=NOW)
        people.give_role(actor=SETUP, person=name, role=role, scope=scope, now=NOW)


@pytest.fixture
def fleet(cast):
    """Three nodes from T0 on, and two customers."""
    places = (NodePlace(NodeName(f"n{i}"), "turin", "c1", "r1", "h-8") for i in range(3))
    inventory = Inventory(tuple(places), (SkuNoun("h-8", 8, "H100", 0),), (), {})
    register_inventory(inventory, actor=SETUP, now=NOW, active_from=T0)
    for name in ("ada", "bo"):
        add_customer(actor=LENA, name=name, promise=Promise(0.9, "Europe/Rome"), now=NOW)


def allocate(*nodes, customer="ada", start=T0, end=None, actor=LENA, **more):
    return allocate_nodes(
        actor=actor, nodes=nodes, customer=customer, start=start, end=end, now=NOW, **more
    )


def deallocate(*nodes, end, actor=LENA, **more):
    return deallocate_nodes(actor=actor, nodes=nodes, end=end, now=NOW, **more)


def held():
    rows = Allocation.objects.order_by("node__name", "start")
    return [(row.node.name, row.customer.name, row.start, row.end) for row in rows]


def test_a_customer_is_added_once_and_audited(cast):
    promise = Promise(0.975, "Europe/Berlin")
    assert add_customer(actor=LENA, name="ada", promise=promise, now=NOW)
    entries = AuditEntry.objects.count()
    assert not add_customer(actor=LENA, name="ada", promise=promise, now=NOW)
    assert AuditEntry.objects.count() == entries
    (row,) = list_customers(LENA, NOW)
    assert (row.name, row.target, row.time_zone) == ("ada", 0.975, "Europe/Berlin")
    (entry,) = AuditEntry.objects.filter(verb="fleet.customer.added")
    assert (entry.subject, entry.actor) == ("customer:ada", "person:lena")
    with pytest.raises(DescribedAlready, match=r"0\.975 a day in Europe/Berlin"):
        add_customer(actor=LENA, name="ada", promise=Promise(0.9), now=NOW)


def test_a_customer_without_a_target_is_promised_nothing(cast):
    add_customer(actor=LENA, name="ada", promise=Promise(), now=NOW)
    assert list_customers(LENA, NOW)[0].target is None
    with pytest.raises(BadInput, match="promised nothing"):
        edit_customer(actor=LENA, name="ada", time_zone="UTC", reason="x", now=NOW)


@pytest.mark.parametrize(
    ("name", "promise", "error"),
    [
        ("ada", Promise(0.0), NotATarget),
        ("ada", Promise(1.01), NotATarget),
        ("ada", Promise(float("nan")), NotATarget),
        ("ada", Promise(0.9, "Mars/Olympus"), NoSuchZone),
        ("ada", Promise(0.9, "../etc"), NoSuchZone),
        ("ada", Promise(None, ""), NoSuchZone),
        ("a da", Promise(0.9), BadInput),
    ],
)
def test_what_cannot_be_promised_is_refused_and_nothing_is_kept(cast, name, promise, error):
    with pytest.raises(error):
        add_customer(actor=LENA, name=name, promise=promise, now=NOW)
    assert not Customer.objects.exists()


def test_a_promise_is_corrected_with_a_reason_and_the_audit_keeps_what_stood(fleet):
    with pytest.raises(ReasonMissing):
        edit_customer(actor=LENA, name="ada", target=0.95, reason=" ", now=NOW)
    assert not edit_customer(actor=LENA, name="ada", target=0.9, reason="", now=NOW)
    assert edit_customer(actor=LENA, name="ada", target=0.95, reason="misread", now=NOW)
    assert [row.target for row in list_customers(LENA, NOW)] == [0.95, 0.9]
    (entry,) = AuditEntry.objects.filter(verb="fleet.customer.edited")
    detail = json.loads(entry.detail)
    assert (detail["before"]["target"], detail["after"]["target"]) == ("0.9", "0.95")
    assert (entry.reason, "customer:ada" in entry.reach) == ("misread", True)


def test_a_node_type_without_a_price_states_none(cast):
    assert add_sku(actor=LENA, name="h-8", sku=H8, now=NOW)
    assert not add_sku(actor=LENA, name="h-8", sku=H8, now=NOW)
    assert first_price(Sku.objects.get()) == 0
    priced = SkuChanges(cents_per_gpu_hour=250)
    with pytest.raises(ReasonMissing):
        edit_sku(actor=LENA, name="h-8", changes=priced, reason="", now=NOW)
    assert edit_sku(actor=LENA, name="h-8", changes=priced, reason="agreed", now=NOW)
    assert first_price(Sku.objects.get()) == 250
    with pytest.raises(DescribedAlready, match="250 cents"):
        add_sku(actor=LENA, name="h-8", sku=H8, now=NOW)


@pytest.mark.parametrize(
    "sku",
    [
        SkuChanges(gpus_per_node=0, gpu_model="H100"),
        SkuChanges(gpus_per_node=8, gpu_model=" "),
        SkuChanges(gpus_per_node=8),
        SkuChanges(gpus_per_node=8, gpu_model="H100", cents_per_gpu_hour=-1),
    ],
)
def test_what_is_no_node_type_is_refused(cast, sku):
    with pytest.raises(BadInput):
        add_sku(actor=LENA, name="h-8", sku=sku, now=NOW)
    assert not Sku.objects.exists()


def test_the_gpus_of_a_type_that_nodes_are_of_stay(fleet):
    with pytest.raises(BadInput, match="8 GPUs each"):
        edit_sku(actor=LENA, name="h-8", changes=SkuChanges(gpus_per_node=4), reason="x", now=NOW)


def test_two_customers_hold_a_node_in_turn_and_touch(fleet):
    assert allocate("n0", "n1", end=T0 + DAY).added == 2
    assert allocate("n0", customer="bo", start=T0 + DAY).added == 1
    assert held() == [
        ("n0", "ada", T0, T0 + DAY),
        ("n0", "bo", T0 + DAY, None),
        ("n1", "ada", T0, T0 + DAY),
    ]
    again = allocate("n0", "n1", "n2", end=T0 + DAY)
    assert (again.added, again.unchanged) == (1, 2)
    made = AuditEntry.objects.filter(verb="fleet.allocation.made", subject="customer:ada")
    assert [json.loads(one.detail)["nodes"] for one in made.order_by("seq")] == [
        ["n0", "n1"],
        ["n2"],
    ]


@pytest.mark.parametrize("customer", ["ada", "bo"])
@pytest.mark.parametrize(("first", "last"), [(0, 2), (2, 5), (3, None), (-0.5, None), (1, 2)])
def test_a_hold_that_meets_another_is_refused_by_name_and_instants(fleet, customer, first, last):
    allocate("n0", start=T0 + DAY, end=T0 + 4 * DAY)
    end = None if last is None else T0 + last * DAY
    start = max(T0, T0 + first * DAY)
    with pytest.raises(NodeIsHeld, match=r"n0 is held by ada from 2026-07-02T00.*2026-07-05T00"):
        allocate("n1", "n0", customer=customer, start=start, end=end)
    assert len(held()) == 1


@pytest.mark.parametrize(
    ("told", "error", "words"),
    [
        ({"start": NOW + DAY}, BadInput, "--from: .* has not come yet"),
        ({"end": NOW + DAY}, BadInput, "--to: .* has not come yet"),
        ({"end": T0}, BadInput, "--to"),
        ({"start": T0 - DAY}, BadInput, "n0 is in service from 2026-07-01"),
        ({"customer": "eve"}, UnknownSubject, "eve"),
    ],
)
def test_what_cannot_be_held_is_refused_with_its_field(fleet, told, error, words):
    with pytest.raises(error, match=words) as refused:
        allocate("n0", **told)
    assert refused.value.remedy
    assert held() == []


def test_one_unknown_node_and_nothing_is_allocated(fleet):
    with pytest.raises(UnknownSubject, match="n9"):
        allocate("n0", "n9")
    assert held() == []


def test_a_dry_run_says_what_it_would_do_and_leaves_no_trace(fleet):
    entries = AuditEntry.objects.count()
    assert allocate("n0", "n1", dry_run=True).added == 2
    assert held() == []
    allocate("n0")
    assert deallocate("n0", end=T0 + DAY, dry_run=True) == 1
    assert held() == [("n0", "ada", T0, None)]
    assert AuditEntry.objects.count() == entries + 1


def test_an_end_that_stood_is_corrected_with_a_reason_alone(fleet):
    allocate("n0")
    assert deallocate("n0", end=T0 + 5 * DAY) == 1
    with pytest.raises(ReasonMissing, match="n0, held by ada from 2026-07-01"):
        deallocate("n0", end=T0 + 3 * DAY)
    assert deallocate("n0", end=T0 + 3 * DAY, reason="the mail says so") == 1
    assert held() == [("n0", "ada", T0, T0 + 3 * DAY)]
    last = AuditEntry.objects.filter(verb="fleet.allocation.ended").latest("seq")
    assert json.loads(last.detail)["end_before"] == (T0 + 5 * DAY).isoformat()
    with pytest.raises(NobodyHolds):
        deallocate("n0", end=T0 + 3 * DAY, reason="x")


def test_a_hold_that_never_was_leaves_the_books_with_a_reason(fleet):
    allocate("n0")
    with pytest.raises(ReasonMissing):
        deallocate("n0", end=T0)
    deallocate("n0", end=T0, reason="wrong node")
    assert held() == []
    assert allocate("n0", customer="bo").added == 1
    assert audit.verify().holds


@pytest.mark.parametrize(("actor", "error"), [(VERA, NotAuthorised), (OTTO, NotFound)])
def test_only_who_may_import_describes_the_fleet(fleet, actor, error):
    writes = (
        lambda: add_customer(actor=actor, name="eve", promise=Promise(), now=NOW),
        lambda: edit_customer(actor=actor, name="ada", target=0.5, reason="x", now=NOW),
        lambda: add_sku(actor=actor, name="x", sku=H8, now=NOW),
        lambda: edit_sku(actor=actor, name="h-8", changes=H8, reason="x", now=NOW),
        lambda: allocate("n0", actor=actor),
        lambda: deallocate("n0", end=T0, actor=actor),
    )
    for write in writes:
        with pytest.raises(ScuderiaError) as refused:
            write()
        assert type(refused.value) is error
    assert held() == []


def test_a_customers_reader_sees_its_own_holds_alone(fleet):
    allocate("n0", "n1", end=T0 + DAY)
    allocate("n0", customer="bo", start=T0 + DAY)
    assert len(list_allocations(LENA)) == 3
    assert {row.customer for row in list_allocations(OTTO)} == {"ada"}
    assert list_allocations(OTTO, customer="bo") == ()
    assert [row.node for row in list_allocations(OTTO, node="n0")] == ["n0"]
    people.give_role(
        actor=SETUP, person="otto", role=Role.VIEWER, scope=SubjectRef("node", "n0"), now=NOW
    )
    assert {(r.node, r.customer) for r in list_allocations(OTTO)} == {
        ("n0", "ada"), ("n1", "ada"), ("n0", "bo")
    }  # fmt: skip


def test_hostlists_name_nodes_once_and_within_bounds():
    assert expand_nodes(["n[01-03]", "n02,x1"]) == ("n01", "n02", "n03", "x1")
    for bad in (["n[3-1]"], ["n[1-99999]"], ["n["], []):
        with pytest.raises(BadInput):
            expand_nodes(bad)


spans = st.tuples(st.integers(0, 12), st.one_of(st.none(), st.integers(1, 6)))


def holds_of(spans_by, customer):
    return {
        start: Hold(customer, start, None if length is None else start + length)
        for start, length in spans_by
    }


def seconds(hold):
    return set(range(hold.start, 30 if hold.end is None else hold.end))


def are_apart(holds):
    painted = [second for hold in holds for second in seconds(hold)]
    return len(painted) == len(set(painted))


@given(st.lists(spans, max_size=5), st.lists(spans, max_size=5))
def test_what_is_left_of_a_file_never_meets_and_what_never_met_is_left(told, more):
    held_now = {}
    for start, hold in holds_of(told, "ada").items():
        if are_apart([*held_now.values(), hold]):
            held_now[start] = hold
    wanted = holds_of(more, "bo")
    against = overlapping(held_now, wanted)
    left = {start: hold for start, hold in wanted.items() if start not in against}
    assert are_apart({**held_now, **left}.values())
    if are_apart({**held_now, **wanted}.values()):
        assert against == {}
