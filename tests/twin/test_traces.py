"""A trace is read whole or refused, naming the record and what to do."""

import json

import pytest

from scuderia.twin.engine.traces import BadTrace
from scuderia.twin.nouns import BadLog
from scuderia.twin.replay import read_stepfun


def event(node: str, days: object, kind: str = "fault_start") -> dict[str, object]:
    return {"node_id": node, "event_time": days, "event_type": kind}


GOOD = [event("a", 1.0), event("a", 1.5), event("b", 1.5), event("a", 2.0, "fault_end"),
        event("a", 2.5, "fault_end"), event("b", 3.2, "fault_end")]  # fmt: skip


def test_overlapping_faults_are_one_outage_and_only_whole_days_count():
    log = read_stepfun(json.dumps(GOOD), n_nodes=4)
    assert log.names == ("a", "b")
    assert (log.start_s / 86_400).tolist() == [1.0, 1.5]
    assert (log.end_s / 86_400).tolist() == [2.5, pytest.approx(3.2)]
    assert (log.n_nodes, log.days) == (4, 3)


BROKEN = {
    "cut file": (json.dumps(GOOD)[:-20], 0),
    "wrong file": ('{"kind": "report"}', 0),
    "empty text": ("", 0),
    "empty list": ("[]", 0),
    "no object": ("[1]", 1),
    "NaN": ('[{"node_id": "a", "event_time": NaN, "event_type": "fault_start"}]', 1),
    "negative": (json.dumps([event("a", -1)]), 1),
    "text as time": (json.dumps([event("a", "1")]), 1),
    "true as time": (json.dumps([event("a", True)]), 1),
    "huge": (json.dumps([event("a", 1e300)]), 1),
    "beyond a float": (json.dumps([event("a", 10**400)]), 1),
    "empty node": (json.dumps([event(" ", 1)]), 1),
    "list as kind": (json.dumps([{**event("a", 1), "event_type": []}]), 1),
    "strange kind": (json.dumps([*GOOD[:1], event("a", 2, "fault_pause")]), 2),
    "out of order": (json.dumps([event("a", 5), event("a", 4, "fault_end")]), 2),
    "end without start": (json.dumps([event("a", 4, "fault_end")]), 0),
    "never ends": (json.dumps(GOOD[:-1]), 0),
    "deep nesting": ("[" * 100_000, 0),
}


@pytest.mark.parametrize("claim", BROKEN)
def test_a_broken_trace_is_refused_by_record(claim):
    text, record = BROKEN[claim]
    with pytest.raises(BadTrace) as refused:
        read_stepfun(text, n_nodes=4)
    assert refused.value.record == record
    assert refused.value.remedy
    assert isinstance(refused.value, ValueError)


def test_a_fleet_smaller_than_its_trace_is_refused():
    with pytest.raises(BadLog, match="names 2 nodes, the fleet size is 1"):
        read_stepfun(json.dumps(GOOD), n_nodes=1)
