"""An outage of some of a node's GPUs costs their share of the node, to the GPU-second."""

from dataclasses import replace

import numpy as np
import pytest

from scuderia.fleet.engine import facts
from scuderia.fleet.engine.evidence_packet import OUTAGES_TABLE, packet_of, verify_packet
from scuderia.fleet.engine.gpu_shares import UNIT_MAX, parts_of, unit_of, whole_seconds
from scuderia.fleet.engine.sla import OF_SOME_GPUS, Request, ledger_of, report_of
from scuderia.fleet.nouns import DOWNTIME, LedgerClass, Severity
from tests.fleet.promised import customer, prices

DAY, HOUR = 86_400, 3_600


def outage(start, end, gpus_lost=None, indices=(), *, node=0, planned=False, cause="gpu"):
    key = f"{node}-{start}-{end}-{gpus_lost}-{indices}"
    lost = len(indices) or gpus_lost
    return facts.OutageFact(node, start, end, None, cause, planned, key, lost, tuple(indices))


def fleet_of(*outages, phases=(), gpus=(8,)):
    """One customer holds every node; the price of a GPU-hour is 2 dollars."""
    nodes = [facts.NodeFact(f"n{row}", "s", size, "h", 0, None) for row, size in enumerate(gpus)]
    return facts.FleetFacts(
        nodes=nodes,
        customers=[customer("ada", 0.95)],
        outages=list(outages),
        phases=list(phases),
        holds=[facts.HoldFact(row, 0, 0, None) for row in range(len(nodes))],
        prices=prices(h=200),
    )


def day(*outages, **more):
    return report_of(fleet_of(*outages, **more), Request(0, DAY))


def test_one_of_eight_gpus_for_eight_hours_is_one_node_hour():
    found = day(outage(0, 8 * HOUR, 1))
    assert found.downtime_s == HOUR
    assert found.downtime_gpu_s == 8 * HOUR
    assert found.availability == pytest.approx(1 - 1 / 24)
    assert found.gpu_seconds[LedgerClass.UNPLANNED] == 8 * HOUR
    assert found.gpu_seconds[LedgerClass.SERVING] == 8 * DAY - 8 * HOUR
    assert found.seconds[LedgerClass.SERVING] == DAY - HOUR
    assert found.cents_lost == 8 * 200
    assert found.gpus_lost == pytest.approx(8 / 24)
    assert found.limits.endswith(OF_SOME_GPUS)


def test_at_its_promise_is_a_matter_of_the_share():
    assert day(outage(0, 8 * HOUR, 1)).customer_days_at_target == 1  # 95.8% of 95%
    assert day(outage(0, 8 * HOUR)).customer_days_at_target == 0


@pytest.mark.parametrize(
    ("outages", "gpu_hours"),
    [
        pytest.param([outage(0, 4 * HOUR, indices=[0]), outage(2 * HOUR, 6 * HOUR, indices=[3])],
                     8, id="distinct GPUs are united"),
        pytest.param([outage(0, 4 * HOUR, indices=[0]), outage(2 * HOUR, 6 * HOUR, indices=[0])],
                     6, id="the same GPU is lost once"),
        pytest.param([outage(0, 4 * HOUR, 1), outage(2 * HOUR, 6 * HOUR, 3)],
                     14, id="of mere counts the greatest at each instant"),
        pytest.param([outage(0, 4 * HOUR, indices=[5]), outage(0, 4 * HOUR, 2)],
                     8, id="a named GPU may be one of those counted"),
        pytest.param([outage(0, 4 * HOUR, 1), outage(2 * HOUR, 6 * HOUR)],
                     2 + 32, id="who says nothing takes the whole node"),
        pytest.param([outage(0, 4 * HOUR, 9)], 32, id="no more than the node has"),
    ],
)  # fmt: skip
def test_overlapping_outages_are_counted_once(outages, gpu_hours):
    found = day(*outages)
    assert found.downtime_gpu_s == gpu_hours * HOUR
    assert found.downtime_s == gpu_hours * HOUR // 8
    assert found.outages == 1


def test_planned_work_on_one_gpu_stands_apart_with_its_share_alone():
    work = outage(2 * HOUR, 4 * HOUR, indices=[0], planned=True)
    found = day(outage(0, 4 * HOUR, indices=[0, 1]), work)
    assert found.gpu_seconds[LedgerClass.PLANNED] == 2 * HOUR
    assert found.gpu_seconds[LedgerClass.UNPLANNED] == 4 * HOUR + 2 * HOUR
    assert found.planned_over_outage_s == 2 * HOUR // 8


def test_a_phase_of_repair_is_of_the_lost_gpus_alone():
    phase = facts.PhaseFact(0, LedgerClass.IN_REPAIR, HOUR, 3 * HOUR)
    found = day(outage(0, 4 * HOUR, 2), phases=[phase])
    assert found.gpu_seconds[LedgerClass.IN_REPAIR] == 4 * HOUR
    assert found.gpu_seconds[LedgerClass.UNPLANNED] == 4 * HOUR
    assert found.outage_hours.max == 4  # a length is a length, whatever it takes


def test_causes_count_outages_and_share_time():
    found = day(outage(0, HOUR, 1, cause="gpu"), outage(2 * HOUR, 3 * HOUR, cause="psu"))
    assert {row.cause: (row.outages, row.downtime_s) for row in found.by_cause} == {
        "psu": (1, HOUR),
        "gpu": (1, HOUR // 8),
    }
    assert found.mtbf_node_days == pytest.approx(0.5)


def test_nodes_of_different_sizes_are_weighed_by_their_own_share():
    found = day(outage(0, 9 * HOUR, 1, node=0), outage(0, 8 * HOUR, 1, node=1), gpus=(72, 8))
    assert found.downtime_s == HOUR // 8 + HOUR
    assert found.downtime_gpu_s == 17 * HOUR
    assert sum(found.seconds.values()) == 2 * DAY
    assert sum(found.gpu_seconds.values()) == 80 * DAY


def test_customers_lose_together_what_the_fleet_loses_to_the_gpu_second():
    told = fleet_of(outage(5, 5 + 1_001, 3, node=0), outage(7, 7 + 333, 1, node=1), gpus=(8, 7))
    told = replace(told, customers=[*told.customers, customer("bo")])
    told = replace(told, holds=[facts.HoldFact(0, 0, 0, None), facts.HoldFact(1, 1, 0, None)])
    found = report_of(told, Request(0, DAY))
    assert found.downtime_gpu_s == 3 * 1_001 + 333
    assert found.downtime_gpu_s == sum(row.downtime_gpu_s for row in found.headline)
    by_class = ledger_of(told, Request(0, DAY)).gpu_seconds
    assert found.downtime_gpu_s == sum(by_class[kind] for kind in DOWNTIME)


def test_rounded_seconds_sum_to_the_whole_and_favour_the_greatest_remainder():
    assert whole_seconds([7, 1, 8], 8) == [1, 0, 1]
    assert whole_seconds([4, 4], 8) == [1, 0]
    assert (whole_seconds([4], 8), whole_seconds([3], 8)) == ([1], [0])  # half up
    assert sum(whole_seconds([3, 3, 3, 7], 8)) == 2


def test_a_zoo_of_node_sizes_is_still_cut_into_parts_that_sum_to_the_whole():
    sizes = [7, 11, 13, 17, 19, 23]
    unit = unit_of(sizes)
    assert unit == UNIT_MAX
    size = np.array(sizes)
    parts = parts_of([np.ones(6, dtype=np.int64), size - 1], size, unit)
    assert (parts[0] + parts[1] == unit).all()
    assert parts[0].tolist() == [unit // size for size in sizes]


def test_a_packet_tells_the_share_and_verifies():
    told = fleet_of(outage(0, 8 * HOUR, indices=[0, 3])._replace(severity=Severity.DEGRADED))
    files = packet_of(told, Request(0, DAY))
    assert verify_packet(files).downtime_gpu_s == 16 * HOUR
    assert b',2,"0,3",degraded' in files[OUTAGES_TABLE]


def test_reports_that_touch_are_one_outage_of_all_the_gpus_that_they_name():
    merged = facts.merge_outages([outage(0, 9, indices=[0]), outage(9, 20, indices=[3])])
    assert [(fact.gpus_lost, fact.gpu_indices) for fact in merged] == [(2, (0, 3))]
    counted = facts.merge_outages([outage(0, 9, 1), outage(5, 20, 3), outage(8, 9, indices=[7])])
    assert [(fact.gpus_lost, fact.gpu_indices) for fact in counted] == [(3, ())]
    whole = facts.merge_outages([outage(0, 9, 1), outage(5, 20)])
    assert [(fact.gpus_lost, fact.gpu_indices) for fact in whole] == [(None, ())]
