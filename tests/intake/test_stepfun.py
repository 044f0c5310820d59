"""The StepFun trace: events pair by node and fault type, in any order; what cannot pair is bad."""

import json
import random
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from scuderia.intake.profiles import Profile
from scuderia.intake.records import Bad, Row
from scuderia.intake.stepfun import COLUMNS, Fault, read_faults


def event(node, day, kind, cause="a"):
    fault = {"Level": cause, "Class": "b", "Desc": "c"}
    return {"node_id": node, "event_time": day, "event_type": f"fault_{kind}", "fault_type": fault}


def rows_of(events):
    return [
        Row(
            number,
            COLUMNS,
            (e["node_id"], str(e["event_time"]), e["event_type"], *e["fault_type"].values()),
            "raw",
        )
        for number, e in enumerate(events, 1)
    ]


def test_a_trace_is_recognised_and_its_faults_are_booked(bring, kind):
    trace = json.dumps([event("g1", 1, "start"), event("g1", 2.5, "end")])
    report = bring(trace)
    (stay,) = kind.stays.values()
    assert (stay.node, stay.cause) == ("g1", "a / b / c")
    assert stay.start == datetime(2024, 3, 31, tzinfo=UTC)
    assert stay.end == datetime(2024, 4, 1, 12, tzinfo=UTC)
    assert report.shape.startswith("StepFun trace from 2024-03-30")
    bring(trace, Profile(days_from="2026-01-01T00:00:00Z"))
    assert len(kind.stays) == 2


def test_what_cannot_be_paired_or_read_is_bad_with_its_reason():
    events = [
        event("g1", 1, "end"),
        event("g2", 1, "start"),
        event("g3", 1, "start"),
        event("g3", 2, "start"),
        event("g3", 3, "end"),
        event("g4", 1_782_864_000_000, "start"),
        event("g5", 1, "begin"),
        event("g6", "nan", "start"),
    ]
    found = list(read_faults(rows_of(events)))
    said = {entry.number: entry.reason for entry in found if isinstance(entry, Bad)}
    assert said == {
        1: "this fault of g1 ends without having begun",
        2: "the fault of g2 never ends",
        4: "this fault of g3 already began in record 3",
        6: "'1782864000000' is no time",
        7: "'fault_begin' is unknown",
        8: "'nan' is no time",
    }
    assert [e.number for e in found if isinstance(e, Fault)] == [3]


@given(
    st.lists(st.tuples(st.sampled_from("xyz"), st.integers(0, 5), st.integers(0, 5))), st.randoms()
)
def test_the_order_of_events_in_the_file_means_nothing(lengths, shuffler: random.Random):
    clock: dict[str, int] = {}
    events, expected = [], []
    for node, pause, length in lengths:
        start = clock.get(node, 0) + pause
        clock[node] = start + length
        events += [event(node, start, "start"), event(node, start + length, "end")]
        expected.append((node, start * 86_400, (start + length) * 86_400))
    shuffler.shuffle(events)
    found = list(read_faults(rows_of(events)))
    assert all(isinstance(entry, Fault) for entry in found)
    assert sorted(fault[1:4] for fault in found) == sorted(expected)
