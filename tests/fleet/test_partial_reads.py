"""A node short of some GPUs reads as degraded everywhere, and no agent treats it as down."""

from datetime import timedelta

import pytest

from scuderia.basics.subjects import SubjectRef
from scuderia.fleet.engine.snapshot import NodeView
from scuderia.fleet.nouns import NodeState
from scuderia.fleet.playbook.detectors import NodeOut
from scuderia.fleet.playbook.evidence import repair_ages
from scuderia.fleet.playbook.outcomes import hours_lost_while_held, node_hours_lost
from scuderia.fleet.queries.nodes import fleet_board, get_node, get_timeline, node_statuses
from scuderia.fleet.queries.outages import list_open_outages, outages_between
from scuderia.fleet.queries.reports import ledger_for, sla_report
from scuderia.fleet.queries.snapshot import fleet_snapshot
from scuderia.loop.nouns import SignalDraft
from tests.fleet.test_outage_imports import LENA, NOW, bring

__all__ = ["bring"]
pytestmark = pytest.mark.django_db
HEAD = (
    "node,start,end,cause,gpus_lost,gpu_indices,severity,planned\n"
    "g2,2026-07-01T00:00:00Z,2026-08-02T00:00:00Z,fan,,,,true\n"  # the file speaks until then
)
LASTING = "2026-07-31T16:00:00Z,"
EIGHT_H = timedelta(hours=8)


def status(bring, line):
    bring(f"{HEAD}{line}\n")
    return get_node(LENA, "g1", NOW)


@pytest.mark.parametrize(
    ("said", "state", "lost"),
    [
        ("1,,,", NodeState.DEGRADED, 1),
        (',"0,3",,', NodeState.DEGRADED, 2),
        ("1,,down,", NodeState.DEGRADED, 1),
        ("8,,,", NodeState.DOWN, 8),
        (",,,", NodeState.DOWN, 8),
        (",,degraded,", NodeState.DEGRADED, 8),  # how much serves is not known
        ("1,,,true", NodeState.DEGRADED, 1),
        (",,,true", NodeState.DRAINED, 8),
    ],
)
def test_a_node_reads_by_what_it_is_short_of(bring, said, state, lost):
    one = status(bring, f"g1,{LASTING},xid 79,{said}")
    assert (one.state, one.gpus_lost, one.gpus) == (state, lost, 8)
    assert not one.spare
    assert one.customer == "fleet"


def test_a_gpu_out_while_the_node_was_out_before_takes_the_union(bring):
    over = "g1,2026-07-31T16:00:00Z,2026-08-01T08:00:00Z,psu,,0,degraded,\n"
    bring(f"{HEAD}{over}g1,{LASTING},xid 79,,3,degraded,\n")
    one = get_node(LENA, "g1", NOW)
    assert (one.state, one.gpus_lost) == (NodeState.DEGRADED, 2)


def test_a_timeline_and_the_report_tell_the_same_hours(bring):
    bring(f"{HEAD}g1,{LASTING},xid 79,1,,,\n")
    start = NOW - timedelta(days=1)
    told = get_timeline(LENA, "g1", start, NOW)
    assert told.out_s == 3600
    (one,) = told.outages
    assert (one.gpus_lost, one.gpu_indices, told.gpus) == (1, (), 8)
    assert node_hours_lost(start, NOW, node="g1") == 1
    assert hours_lost_while_held(start, NOW, customer="fleet", nodes={"g1"}) == 1
    one = list_open_outages(LENA, NOW)[-1]
    assert (one.gpus_lost, one.gpus, one.age) == (1, 8, EIGHT_H)


def test_overlapping_reports_are_told_as_one_outage_of_all_their_gpus(bring):
    first = "g1,2026-07-01T00:00:00Z,2026-07-01T04:00:00Z,xid,,0,,\n"
    bring(f"{HEAD}{first}g1,2026-07-01T02:00:00Z,2026-07-01T06:00:00Z,xid,,3,,\n")
    (one,) = outages_between(NOW - timedelta(days=60), NOW, node="g1")
    assert (one.gpus_lost, one.gpu_indices) == (2, (0, 3))
    start = NOW - timedelta(days=31)
    assert node_hours_lost(start, NOW, node="g1") == 1
    assert hours_lost_while_held(start, NOW, customer="fleet", nodes={"g1"}) == 1
    told = sla_report(start, start + timedelta(days=1))
    assert told.downtime_gpu_s == 8 * 3600
    ledger = ledger_for("fleet", start, start + timedelta(days=1))
    assert told.gpu_seconds == ledger.gpu_seconds


def finding(name="g1"):
    signal = SignalDraft(
        kind="fleet.node.down", subject=SubjectRef("node", name), occurred_at=NOW - EIGHT_H,
        source="demo", dedup_key="1", payload={},
    )  # fmt: skip
    return NodeOut().detect([signal], now=NOW)


def test_the_finding_says_the_share_and_weighs_it(bring):
    one = status(bring, f"g1,{LASTING},xid 79,,3,,")
    (told,) = finding()
    assert told.claim.startswith("g1 is short of 1 of its 8 GPUs: xid 79")
    assert told.severity.amount == one.gpus_lost * 168
    assert repair_ages(["g1"], NOW)["g1"]["gpus_lost"] == 1


def test_the_snapshot_that_agents_read_says_the_share(bring):
    status(bring, f"g1,{LASTING},xid 79,2,,,")
    seen = {str(node.name): node for node in fleet_snapshot(NOW).nodes}
    one: NodeView = seen["g1"]
    assert (one.is_degraded, one.is_broken, one.gpus_lost) == (True, False, 2)
    assert not one.is_ready_spare


def test_the_board_counts_the_share_of_a_degraded_node(bring):
    status(bring, f"g1,{LASTING},xid 79,2,,,")
    counted = fleet_board(NOW).count_by_state()
    assert counted[NodeState.DEGRADED] == 1
    assert node_statuses(["g1"], NOW)["g1"].gpus_lost == 2
