"""Each way in which a trace can be wrong is named with its record, field and remedy."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scuderia.fleet.engine.traces.records import RecordRefused, TraceUnreadable, refuse_first
from scuderia.fleet.engine.traces.stepfun import parse_stepfun
from scuderia.fleet.engine.traces.tables import LINE_BYTES_MAX, Line, parse_csv, parse_jsonl

FAULT = {"Level": "Hardware Failure", "Class": "Fan", "Desc": "Lost"}


def event(node="n1", day=1.0, kind="fault_start", fault=None):
    return {"node_id": node, "event_time": day, "event_type": kind, "fault_type": fault or FAULT}


def pair(node="n1", first=1.0, last=2.0):
    return [event(node, first), event(node, last, "fault_end")]


def read(events, **changes):
    return parse_stepfun(json.dumps(events), starts_at=0, **changes)


def lines(text):
    return [Line(number, row) for number, row in enumerate(text.splitlines(), 1)]


def test_a_pair_of_events_is_an_outage():
    trace = read(pair(first=1.5, last=2.0))
    assert trace.bad == []
    (outage,) = trace.outages
    assert (outage.node, outage.start, outage.end) == ("n1", 129_600, 172_800)
    assert outage.cause == "Hardware Failure / Fan / Lost"


def test_two_faults_of_one_node_may_overlap():
    other = FAULT | {"Class": "GPU"}
    trace = read(
        [
            event(day=1),
            event(day=2, fault=other),
            event(day=3, kind="fault_end"),
            event(day=4, kind="fault_end", fault=other),
        ]
    )
    assert trace.bad == []
    assert [(o.start, o.end) for o in trace.outages] == [(86_400, 259_200), (172_800, 345_600)]


BAD_EVENTS = {
    "unordered": ([*pair("n1", 2, 3), *pair("n2", 1, 4)], 3, "event_time", "comes after"),
    "negative length": ([event(day=3), event(day=2, kind="fault_end")], 2, "event_time", "after"),
    "never ends": ([event()], 1, "event_type", "never ends"),
    "never began": ([event(kind="fault_end")], 1, "event_type", "without having begun"),
    "began twice": ([event(), event(day=2)], 2, "event_type", "already began"),
    "doubled": ([event(), event()], 2, "record", "twice"),
    "NaN": ([event(day=math.nan)], 1, "event_time", "no time"),
    "infinite": ([event(day=math.inf)], 1, "event_time", "no time"),
    "negative time": ([event(day=-1)], 1, "event_time", "no time"),
    "time as text": ([event(day="1")], 1, "event_time", "not a number"),
    "time as truth": ([event(day=True)], 1, "event_time", "not a number"),
    "no node": ([event(node="")], 1, "node_id", "no node name"),
    "node of markup": ([event(node="<b>x</b>")], 1, "node_id", "no node name"),
    "node too long": ([event(node="n" * 129)], 1, "node_id", "no node name"),
    "unknown event": ([event(kind="reboot")], 1, "event_type", "unknown"),
    "fault without class": ([event(fault={"Level": "x"})], 1, "fault_type", "not {Level"),
    "missing field": ([{"node_id": "n1"}], 1, "event_time", "missing"),
    "no object": ([7], 1, "record", "not an object"),
}


@pytest.mark.parametrize("case", sorted(BAD_EVENTS))
def test_a_bad_event_is_named(case):
    events, record, field, words = BAD_EVENTS[case]
    trace = read(events)
    found = [bad for bad in trace.bad if bad.record == record]
    assert [bad.field for bad in found] == [field]
    assert words in found[0].reason
    assert found[0].remedy


def test_a_field_that_stands_twice_is_refused():
    text = '[{"node_id": "a", "node_id": "b", "event_time": 1}]'
    (bad,) = parse_stepfun(text, starts_at=0).bad
    assert (bad.record, bad.field) == (1, "node_id")


@pytest.mark.parametrize("cut", [0.2, 0.5, 0.9, 0.999])
def test_a_file_that_was_cut_short_says_where(cut):
    text = json.dumps([*pair("n1", 1, 2), *pair("n2", 3, 4)])
    trace = parse_stepfun(text[: int(len(text) * cut)], starts_at=0)
    assert any("cut short" in bad.reason for bad in trace.bad) or trace.bad[0].field == "record"
    with pytest.raises(RecordRefused, match=r"year\.json, record \d"):
        refuse_first(trace.bad, file="year.json")


def test_good_records_before_the_cut_are_kept():
    text = json.dumps([*pair("n1", 1, 2), *pair("n2", 3, 4)])
    trace = parse_stepfun(text[:-40], starts_at=0)
    assert [outage.node for outage in trace.outages] == ["n1"]


def test_deep_nesting_is_a_bad_record_not_a_crash():
    trace = parse_stepfun("[" * 100_000, starts_at=0)
    assert trace.outages == []
    assert len(trace.bad) == 1


def test_text_after_the_list_is_refused():
    trace = parse_stepfun(json.dumps(pair()) + "x", starts_at=0)
    assert [bad.reason for bad in trace.bad] == ["text follows the list"]


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text):
    trace = parse_stepfun("[" + text, starts_at=0)
    assert trace.outages == [] or not trace.bad


HEAD = "node,start,end,cause,planned\n"
GOOD = "n1,2026-01-01T00:00:00Z,2026-01-02T00:00:00Z,fan,no\n"
BAD_ROWS = {
    "negative length": ("n1,2026-01-02,2026-01-01,,", "end", "before the start"),
    "no offset": ("n1,2026-01-01T00:00:00,2026-01-02,,", "start", "no time zone"),
    "no instant": ("n1,yesterday,2026-01-02,,", "start", "not an ISO 8601"),
    "no start": ("n1,,2026-01-02,,", "start", "not an ISO 8601"),
    "far future": ("n1,2026-01-01,9999-01-02,,", "end", "outside 1970 to 2200"),
    "NaN": ("n1,NaN,2026-01-02,,", "start", "not an ISO 8601"),
    "columns": ("n1,2026-01-01", "record", "2 columns"),
    "open quote": ('"n1,2026-01-01,2026-01-02,,', "record", "not CSV"),
    "node": ("=cmd(),2026-01-01,2026-01-02,,", "node", "no node name"),
    "planned": ("n1,2026-01-01,2026-01-02,,maybe", "planned", "neither true nor false"),
}


@pytest.mark.parametrize("case", sorted(BAD_ROWS))
def test_a_bad_row_is_named(case):
    row, field, words = BAD_ROWS[case]
    trace = parse_csv(lines(HEAD + row + "\n"))
    (bad,) = trace.bad
    assert (bad.record, bad.field) == (2, field)
    assert words in bad.reason
    assert trace.outages == []


def test_rows_out_of_order_doubled_or_lasting_twice_are_named():
    text = HEAD + GOOD + GOOD + "n2,2025-01-01,2025-01-02,,\n"
    text += "n3,2026-02-01,,,\nn3,2026-02-02,,,\n"
    trace = parse_csv(lines(text))
    assert [(bad.record, bad.field) for bad in trace.bad] == [
        (3, "record"),
        (4, "start"),
        (6, "end"),
    ]
    assert [outage.node for outage in trace.outages] == ["n1", "n3"]


def test_a_table_without_its_header_is_the_wrong_file():
    with pytest.raises(TraceUnreadable, match="does not name the column 'node'"):
        parse_csv(lines("name,age\nada,36\n"))


def test_an_over_long_line_is_refused_alone():
    feed = [*lines(HEAD + GOOD), Line(3, "x" * LINE_BYTES_MAX, too_long=True)]
    trace = parse_csv(feed)
    assert [bad.record for bad in trace.bad] == [3]
    assert len(trace.outages) == 1


def test_causes_are_kept_as_one_bounded_line_without_control_marks():
    row = {"node": "n", "start": "2026-01-01", "end": "2026-01-02", "cause": "a\u202eb\x1b[2J" * 99}
    (outage,) = parse_jsonl([Line(1, json.dumps(row))]).outages
    assert len(outage.cause) <= 200
    assert outage.cause.isprintable()


def test_jsonl_names_each_bad_line():
    trace = parse_jsonl(lines('{"node": 7, "start": "2026-01-01", "end": null}\n[1]\n{"node"\n{}'))
    assert [(bad.record, bad.field) for bad in trace.bad] == [
        (1, "node"),
        (2, "record"),
        (3, "record"),
        (4, "node"),
    ]


def test_a_lasting_planned_and_detected_outage_is_read():
    row = {
        "node": "n1",
        "start": "2026-01-01T00:00:00+01:00",
        "end": None,
        "planned": True,
        "detected": "2026-01-01T00:05:00+01:00",
    }
    (outage,) = parse_jsonl([Line(1, json.dumps(row))]).outages
    assert (outage.end, outage.planned, outage.detected - outage.start) == (None, True, 300)
