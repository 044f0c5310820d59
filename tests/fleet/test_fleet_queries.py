"""The books as pages and the crew read them: right at an instant, in constant queries."""

from datetime import date, timedelta

import pytest

from scuderia.basics.actors import IMPORTER, WORKER
from scuderia.basics.clock import parse_instant
from scuderia.basics.errors import BadInput
from scuderia.basics.subjects import SubjectRef
from scuderia.fleet.nouns import (
    CustomerName,
    Inventory,
    LedgerClass,
    NodeName,
    NodeObservation,
    NodePlace,
    NodeState,
    Sku,
    SlaDefinition,
)
from scuderia.fleet.operations.allocations import NodeIsHeld, close_allocation, open_allocation
from scuderia.fleet.operations.inventory import (
    NoSuchZone,
    PlaceConflict,
    register_inventory,
    set_spare_pool,
)
from scuderia.fleet.operations.observations import advance_cursor, read_cursor, record_latest
from scuderia.fleet.operations.outages import (
    EndsBeforeStart,
    NoOpenOutage,
    OutageAlreadyOpen,
    close_outage,
    open_outage,
    start_phase,
)
from scuderia.fleet.queries import (
    allocations,
    customers,
    inventory,
    lineage,
    nodes,
    outages,
    reports,
    spare_pools,
)
from scuderia.fleet.queries.nodes import fleet_board, node_status

pytestmark = pytest.mark.django_db
T0 = parse_instant("2026-01-01T00:00:00Z", field="t0")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SKU = Sku("h-8", 8, "H", 250)


def inventory_of(count, *, zone="Europe/Rome", racks_of=4, site="milan"):
    return Inventory(
        places=tuple(
            NodePlace(NodeName(f"n{i:03d}"), site, "c1", f"r{i // racks_of:02d}", "h-8")
            for i in range(count)
        ),
        skus=(SKU,),
        slas=(SlaDefinition(CustomerName("ada"), 0.9, zone),),
        spare_pool={"c1": 2},
    )


def register(count=4, **changes):
    return register_inventory(inventory_of(count, **changes), actor=WORKER, now=T0, active_from=T0)


@pytest.fixture
def fleet():
    """Four nodes: ada holds three; n000 is out from hour 10 to 20, n001 from hour 30 on."""
    register()
    for number in range(3):
        open_allocation(node=f"n{number:03d}", customer="ada", start=T0)
    open_outage(node="n000", start=T0 + 10 * HOUR, cause="fan", source_key="k1")
    start_phase(node="n000", state=NodeState.IN_REPAIR, start=T0 + 12 * HOUR)
    start_phase(node="n000", state=NodeState.VALIDATING, start=T0 + 18 * HOUR)
    close_outage(node="n000", end=T0 + 20 * HOUR)
    open_outage(node="n001", start=T0 + 30 * HOUR, cause="gpu\x1b[2J", source_key="k2")
    start_phase(node="n001", state=NodeState.WAITING_PARTS, start=T0 + 31 * HOUR)


def test_registering_twice_changes_nothing():
    first = register()
    assert (first.nodes_added, first.skus_changed, first.slas_changed) == (4, 1, 1)
    assert register().is_nothing
    assert register(racks_of=2).nodes_moved == 2


def test_a_rack_in_two_clusters_and_an_unknown_zone_are_refused():
    register()
    with pytest.raises(PlaceConflict):
        register(site="turin")
    with pytest.raises(NoSuchZone):
        register(zone="Mars/Olympus")


def test_the_board_shows_each_node_as_it_stood(fleet):
    def states(hours):
        return [node.state for node in fleet_board(T0 + hours * HOUR).nodes]

    up = NodeState.UP
    assert states(0) == [up, up, up, up]
    assert states(10) == [NodeState.DOWN, up, up, up]
    assert states(13) == [NodeState.IN_REPAIR, up, up, up]
    assert states(19) == [NodeState.VALIDATING, up, up, up]
    assert states(20) == [up, up, up, up]
    assert states(40) == [up, NodeState.WAITING_PARTS, up, up]
    now = fleet_board(T0 + 40 * HOUR)
    assert [node.spare for node in now.nodes] == [False, False, False, True]
    assert now.nodes[1].cause == "gpu [2J"
    assert now.nodes[1].since == T0 + 30 * HOUR
    assert now.count_by_state()[NodeState.UP] == 3
    assert len(fleet_board(T0 + 40 * HOUR, customer="ada").nodes) == 3
    assert node_status("n001", T0 + 40 * HOUR) == now.nodes[1]


def test_a_silent_source_makes_the_node_unknown(fleet):
    seen = NodeObservation(NodeName("n002"), T0 + HOUR, NodeState.UNKNOWN)
    assert record_latest([seen], source="milan") == 1
    assert record_latest([seen], source="milan") == 0
    assert node_status("n002", T0 + 2 * HOUR).state is NodeState.UNKNOWN
    assert node_status("n002", T0).state is NodeState.UP


@pytest.mark.parametrize("count", [4, 40])
def test_reads_take_the_same_number_of_queries_at_any_size(count, django_assert_num_queries):
    register(count)
    for number in range(count):
        open_allocation(node=f"n{number:03d}", customer="ada", start=T0)
        open_outage(node=f"n{number:03d}", start=T0 + HOUR, cause="x", source_key=f"k{number}")
    at = T0 + 3 * DAY
    with django_assert_num_queries(5):
        fleet_board(at)
    with django_assert_num_queries(5):
        outages.open_outages(at)
    with django_assert_num_queries(8):
        reports.sla_report(T0, at)
    with django_assert_num_queries(8):
        reports.ledger_for("ada", T0, at)
    with django_assert_num_queries(4):
        nodes.node_timeline("n001", T0, at)
    with django_assert_num_queries(3):
        customers.list_customers(IMPORTER, T0)


def test_open_outages_carry_age_phase_and_holder(fleet):
    (found,) = outages.open_outages(T0 + 40 * HOUR)
    assert (found.place.node, found.age, found.customer) == ("n001", 10 * HOUR, "ada")
    assert (found.phase, found.phase_since) == (NodeState.WAITING_PARTS, T0 + 31 * HOUR)
    assert found.outages_28d == 1


def test_outages_are_found_by_period_and_by_customer(fleet):
    def names(start, end, **narrow):
        found = outages.outages_between(T0 + start * HOUR, T0 + end * HOUR, **narrow)
        return [row.node for row in found]

    assert names(0, 48) == ["n000", "n001"]
    assert names(20, 30) == []
    assert names(19, 30) == ["n000"]
    assert names(100, 101) == ["n001"]
    assert names(0, 48, customer="ada", site="milan") == ["n000", "n001"]
    close_allocation(node="n001", end=T0 + 29 * HOUR)
    assert names(0, 48, customer="ada") == ["n000"]
    assert names(0, 48, node="n001") == ["n001"]


def test_a_timeline_holds_what_happened_to_one_node(fleet):
    found = nodes.node_timeline("n000", T0, T0 + DAY)
    assert [row.cause for row in found.outages] == ["fan"]
    assert [row.state for row in found.phases] == [NodeState.VALIDATING, NodeState.IN_REPAIR]
    assert [row.customer for row in found.allocations] == ["ada"]
    with pytest.raises(inventory.UnknownSubject):
        nodes.node_timeline("n999", T0, T0 + DAY)


def test_a_ledger_is_cut_at_the_customers_midnights(fleet):
    found = reports.ledger_for("ada", T0, T0 + 2 * DAY)
    assert found.time_zone == "Europe/Rome"
    assert [day.length_s // 3600 for day in found.days] == [23, 24, 1]
    assert found.node_seconds == 3 * 2 * 86_400
    hours = {kind: seconds // 3600 for kind, seconds in found.by_node["n000"].items() if seconds}
    assert hours == {
        LedgerClass.SERVING: 38,
        LedgerClass.UNPLANNED: 2,
        LedgerClass.IN_REPAIR: 6,
        LedgerClass.VALIDATING: 2,
    }


def test_relapses_and_the_whole_period_are_read(fleet):
    stats = outages.relapse_stats(T0, T0 + 2 * DAY)
    assert (stats.outages, stats.within_24h) == (2, 0)
    advance_cursor(source="milan", cursor="17", as_of=T0 + 2 * DAY)
    assert read_cursor("milan") == "17"
    assert reports.whole_period(now=T0 + 9 * DAY) == reports.Period(T0, T0 + 2 * DAY)


def test_nothing_on_the_books_is_said_so():
    with pytest.raises(reports.NothingOnTheBooks):
        reports.whole_period(now=T0)
    with pytest.raises(reports.NothingOnTheBooks):
        reports.sla_report(T0, T0 + DAY)


def test_strange_questions_are_refused(fleet):
    with pytest.raises(inventory.UnknownSubject):
        reports.sla_report(T0, T0 + DAY, customer="nobody")
    with pytest.raises(reports.NotAPeriod):
        reports.sla_report(T0, T0)
    with pytest.raises(reports.NotATarget):
        reports.sla_report(T0, T0 + DAY, target=95.0)


def test_a_lineage_reaches_from_the_node_to_its_holder(fleet):
    assert {str(ref) for ref in lineage.lineage(SubjectRef("node", "n001"))} == {
        "node:n001",
        "rack:r00",
        "cluster:c1",
        "site:milan",
        "customer:ada",
        "*",
    }
    assert {str(ref) for ref in lineage.lineage(SubjectRef("rack", "r00"))} == {
        "rack:r00",
        "cluster:c1",
        "site:milan",
        "*",
    }
    assert "site:milan" in {str(ref) for ref in lineage.lineage(SubjectRef("cluster", "c1"))}
    assert len(lineage.lineage(SubjectRef("customer", "ada"))) == 2
    assert len(lineage.lineage(SubjectRef("site", "milan"))) == 2
    for kind in ("node", "rack", "cluster", "site", "customer", "planet"):
        with pytest.raises(inventory.UnknownSubject):
            lineage.lineage(SubjectRef(kind, "nowhere"))


def test_writes_that_break_the_order_are_refused(fleet):
    with pytest.raises(OutageAlreadyOpen):
        open_outage(node="n001", start=T0 + 50 * HOUR, cause="", source_key="k3")
    with pytest.raises(EndsBeforeStart):
        close_outage(node="n001", end=T0)
    with pytest.raises(NoOpenOutage):
        start_phase(node="n002", state=NodeState.IN_REPAIR, start=T0)
    with pytest.raises(BadInput):
        start_phase(node="n001", state=NodeState.UP, start=T0)
    set_spare_pool(cluster="c1", target_size=3)
    assert spare_pools.list_spare_pools()[0].target_size == 3
    register(4)
    with pytest.raises(inventory.UnknownSubject):
        open_allocation(node="n001", customer="bo", start=T0)


def test_repeats_of_a_write_change_nothing(fleet):
    assert not open_outage(node="n001", start=T0, cause="", source_key="k2")
    assert not close_outage(node="n000", end=T0 + 90 * HOUR)
    assert not open_allocation(node="n000", customer="ada", start=T0 + HOUR)
    assert not start_phase(node="n001", state=NodeState.WAITING_PARTS, start=T0 + 40 * HOUR)
    assert not close_allocation(node="n003", end=T0 + HOUR)


def test_a_node_passes_from_one_customer_to_the_next_without_sharing_a_second(fleet):
    register_bo = Inventory((), (SKU,), (SlaDefinition(CustomerName("bo"), 0.9, "UTC"),), {})
    register_inventory(register_bo, actor=WORKER, now=T0, active_from=T0)
    with pytest.raises(NodeIsHeld):
        open_allocation(node="n000", customer="bo", start=T0 + 5 * HOUR)
    close_allocation(node="n000", end=T0 + 5 * HOUR)
    assert open_allocation(node="n000", customer="bo", start=T0 + 5 * HOUR)
    found = allocations.allocations_between(T0, T0 + DAY)
    assert [(row.customer, row.end) for row in found if row.node == "n000"] == [
        ("ada", T0 + 5 * HOUR),
        ("bo", None),
    ]
    assert reports.ledger_for(None, T0, T0 + DAY).node_seconds == 4 * 86_400


def test_a_customers_month_has_all_its_days_by_its_own_clocks(fleet):
    start = reports.day_begins(date(2026, 3, 1), customer="ada")
    end = reports.day_begins(date(2026, 4, 1), customer="ada")
    assert (start.isoformat(), end.isoformat()) == (
        "2026-02-28T23:00:00+00:00",
        "2026-03-31T22:00:00+00:00",
    )
    assert reports.sla_report(start, end, customer="ada").days_known == 31
    assert reports.day_begins(date(2026, 3, 1)).isoformat() == "2026-03-01T00:00:00+00:00"
