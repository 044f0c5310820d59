"""A file of outages is read whole or refused, naming the record and what to do."""

import json

import pytest

from scuderia.twin.nouns import BadLog
from scuderia.twin.outage_files import BadTrace, read_outages

FAULT = {"Level": "Hardware", "Class": "Fan", "Desc": "Lost"}


def event(node: object, days: object, kind: object = "fault_start", **fault) -> dict[str, object]:
    return {"node_id": node, "event_time": days, "event_type": kind, "fault_type": FAULT | fault}


GOOD = [event("a", 1.0), event("a", 1.5, Class="GPU"), event("b", 1.5),
        event("a", 2.0, "fault_end", Class="GPU"), event("a", 2.5, "fault_end"),
        event("b", 3.2, "fault_end")]  # fmt: skip


@pytest.fixture
def read(tmp_path):
    def _read(content, n_nodes=4, name="trace.json"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_outages(path, n_nodes=n_nodes)

    return _read


def test_overlapping_faults_are_one_outage_and_only_whole_days_count(read):
    log = read(json.dumps(GOOD))
    assert log.names == ("a", "b")
    assert (log.start_s / 86_400).tolist() == [1.0, 1.5]
    assert (log.end_s / 86_400).tolist() == [2.5, pytest.approx(3.2)]
    assert (log.n_nodes, log.days) == (4, 3)


def test_the_order_of_events_means_nothing(read):
    assert read(json.dumps(GOOD[::-1])).digest == read(json.dumps(GOOD)).digest


def test_a_table_that_can_be_imported_can_be_replayed(read):
    table = (
        "node,start,end,cause,planned\n"
        "b,2026-07-03T06:00:00Z,,psu,false\n"
        "a,2026-07-01T12:00:00Z,2026-07-02T12:00:00Z,fan,false\n"
        "a,2026-07-04T12:00:00Z,2026-07-05T12:00:00Z,fan,false\n"
        "c,2026-07-01T00:00:00Z,2026-07-09T00:00:00Z,firmware,true\n"
    )
    log = read(table, name="in.csv")
    assert log.names == ("a", "b")
    assert (log.start_s / 86_400).tolist() == [0.5, 2.25, 3.5]
    assert (log.end_s / 86_400).tolist() == [1.5, 4.5, 4.5]
    assert log.days == 4


BROKEN = {
    "cut file": (json.dumps(GOOD)[:-20], 0),
    "wrong file": ('{"kind": "report"}', 0),
    "empty text": ("", 0),
    "empty list": ("[]", 0),
    "no object": ("[1]", 0),
    "NaN": (json.dumps([event("a", float("nan"))]), 1),
    "negative": (json.dumps([event("a", -1)]), 1),
    "words as time": (json.dumps([event("a", "x")]), 1),
    "true as time": (json.dumps([event("a", True)]), 1),
    "huge": (json.dumps([event("a", 1e300)]), 1),
    "beyond a float": (json.dumps([event("a", 10**400)]), 1),
    "empty node": (json.dumps([event(" ", 1)]), 1),
    "list as kind": (json.dumps([event("a", 1, [])]), 1),
    "strange kind": (json.dumps([*GOOD[:1], event("a", 2, "fault_pause")]), 2),
    "end without start": (json.dumps([event("a", 4, "fault_end")]), 1),
    "never ends": (json.dumps(GOOD[:-1]), 3),
    "deep nesting": ("[" * 100_000, 0),
    "no node": ("node,start,end\n,2026-07-01T00:00:00Z,\n", 2),
    "no zone": ("node,start,end\na,2026-07-01T00:00:00,\n", 2),
    "upside down": ("node,start,end\na,2026-07-02T00:00:00Z,2026-07-01T00:00:00Z\n", 2),
    "a short row": ("node,start,end\na\n", 2),
    "another table": ("name,age\nada,36\n", 0),
}


@pytest.mark.parametrize("claim", BROKEN)
def test_a_broken_file_is_refused_by_record(read, claim):
    text, record = BROKEN[claim]
    with pytest.raises(BadTrace) as refused:
        read(text)
    assert refused.value.record == record
    assert refused.value.remedy
    assert isinstance(refused.value, ValueError)


def test_a_fleet_smaller_than_its_file_is_refused(read):
    with pytest.raises(BadLog, match="names 2 nodes, the fleet size is 1"):
        read(json.dumps(GOOD), n_nodes=1)
