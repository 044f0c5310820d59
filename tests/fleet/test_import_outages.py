"""An import books all of a file, or its good records, or nothing; twice changes nothing."""

import json
from pathlib import Path

import pytest

from scuderia.basics.actors import IMPORTER, Actor, ActorKind
from scuderia.basics.clock import parse_instant
from scuderia.basics.errors import BadInput, NotAuthorised, NotFound
from scuderia.fleet.engine.facts import is_unknown
from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.models.inventory import Gpu, Node, Site
from scuderia.fleet.models.outages import ImportBatch, Outage
from scuderia.fleet.operations.import_outages import (
    ImportedOtherwise,
    ImportRequest,
    OnError,
    QuarantineUnwritable,
    RecordRefused,
    TooManyNodes,
    TraceUnreadable,
    import_outages,
)
from scuderia.fleet.queries.reports import sla_report
from scuderia.loop.operations import audit

pytestmark = pytest.mark.django_db
NOW = parse_instant("2026-03-01T00:00:00Z", field="now")
HEAD = "node,start,end,cause,planned\n"
JANUARY = (
    HEAD + "n1,2026-01-02T00:00:00Z,2026-01-03T00:00:00Z,fan,\nn2,2026-01-05,2026-01-06,,true\n"
)


@pytest.fixture
def write(tmp_path):
    def written(text, name="outages.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return written


def bring(path, **changes):
    wanted = {"fleet_size": 4} | changes
    return import_outages(ImportRequest(path, **wanted), actor=IMPORTER, now=NOW)


def on_the_books():
    tables = (Site, Node, Gpu, Outage, Allocation, ImportBatch)
    return [table.objects.count() for table in tables]


def test_an_import_stands_the_whole_fleet_and_records_who_did_it(write):
    done = bring(write(JANUARY))
    assert (done.outages, done.records, done.changed) == (2, 2, True)
    assert on_the_books() == [1, 4, 32, 2, 4, 1]
    assert list(Node.objects.order_by("name").values_list("name", flat=True)) == [
        "imported-quiet-0001",
        "imported-quiet-0002",
        "n1",
        "n2",
    ]
    assert audit.verify().entries == 1
    assert (done.starts_at.isoformat(), done.ends_at.isoformat()) == (
        "2026-01-02T00:00:00+00:00",
        "2026-01-06T00:00:01+00:00",
    )


def test_the_same_file_again_changes_nothing_and_says_so(write):
    path = write(JANUARY)
    bring(path)
    before = on_the_books()
    again = bring(path)
    assert again.changed is False
    assert on_the_books() == before
    assert audit.verify().entries == 1


def test_the_same_file_with_another_fleet_size_is_refused(write):
    path = write(JANUARY)
    bring(path)
    with pytest.raises(ImportedOtherwise, match="--fleet-size 4"):
        bring(path, fleet_size=5)


def test_the_same_file_for_another_customer_is_refused(write):
    path = write(JANUARY)
    bring(path)
    with pytest.raises(ImportedOtherwise, match="--customer fleet"):
        bring(path, customer="other")


def test_the_same_file_with_a_later_end_moves_what_it_speaks_of(write):
    path = write(HEAD + "n1,2026-01-02T00:00:00Z,,fan,\n")
    bring(path, ends_at=parse_instant("2026-01-05", field="x"))
    later = parse_instant("2026-01-11", field="x")
    done = bring(path, ends_at=later)
    assert (done.changed, done.outages, done.ends_at) == (True, 0, later)
    assert set(Node.objects.values_list("active_to", flat=True)) == {later}
    assert bring(path, ends_at=later).changed is False


def test_a_later_file_gives_names_to_quiet_nodes_and_closes_what_lasted(write):
    bring(write(HEAD + "n1,2026-01-02,,fan,\n"))
    later = HEAD + "n1,2026-01-02,2026-01-09,fan,\nn3,2026-01-10,2026-01-11,,\n"
    done = bring(write(later, "later.csv"))
    assert (done.outages, done.known_before) == (1, 1)
    assert Outage.objects.get(node__name="n1").end.isoformat() == "2026-01-09T00:00:00+00:00"
    assert Node.objects.count() == 4
    assert Allocation.objects.count() == 4


def test_a_name_spelled_in_several_ways_is_told_by_the_import_that_books_it(write):
    rows = "rig7,2026-01-02,2026-01-03,,\nRIG07.hall.example,2026-01-04,2026-01-05,,\n"
    done = bring(write(HEAD + rows))
    assert [odd for odd in done.odd if "spellings" in odd] == [
        "2 spellings of what may be one node: RIG07.hall.example, rig7"
    ]
    assert bring(write(JANUARY, "other.csv"), site="elsewhere").odd == ()


@pytest.mark.parametrize("spelled", ["GPU-3", "gpu3.hall.example", "gpu_003"])
def test_a_new_name_that_may_stand_on_the_books_already_is_told(write, spelled):
    bring(write(HEAD + "gpu3,2026-01-02,2026-01-03,,\nn9,2026-01-02,2026-01-03,,\n"))
    row = f"{spelled},2026-01-04,2026-01-05,,\n"
    path = write(HEAD + row + "gpu4,2026-01-04,2026-01-05,,\n", "later.csv")
    told = f"the new node {spelled} may be gpu3, which is on the books, in another spelling"
    assert [odd for odd in bring(path).odd if "gpu3" in odd] == [told]
    assert not [odd for odd in bring(path).odd if "gpu3" in odd], "nothing of it is new any more"


def test_one_bad_record_and_nothing_is_imported(write):
    path = write(JANUARY + "n3,2026-01-07,2026-01-06,,\n")
    with pytest.raises(RecordRefused, match=r"outages\.csv, record 4, field end") as caught:
        bring(path)
    assert "quarantine" in caught.value.remedy
    assert on_the_books() == [0] * 6


def test_quarantine_keeps_the_good_records_and_writes_the_bad_with_reasons(write):
    path = write(JANUARY + "n3,2026-01-07,2026-01-06,,\nn4,NaN,,,\n")
    done = bring(path, on_error=OnError.QUARANTINE)
    assert (done.outages, done.quarantined) == (2, 2)
    written = Path(done.quarantine_file).read_text(encoding="utf-8")
    rows = [json.loads(line) for line in written.splitlines()]
    assert [(row["record"], row["field"]) for row in rows] == [(4, "end"), (5, "start")]
    assert all(row["reason"] and row["remedy"] for row in rows)
    assert bring(path, on_error=OnError.QUARANTINE).changed is False


def test_an_unwritable_quarantine_imports_nothing(write, monkeypatch):
    path = write(JANUARY + "n3,NaN,,,\n")

    def refuse(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.replace", refuse)
    with pytest.raises(QuarantineUnwritable):
        bring(path, on_error=OnError.QUARANTINE)
    assert on_the_books() == [0] * 6


def test_a_file_with_no_good_record_is_not_imported_even_into_quarantine(write):
    with pytest.raises(TraceUnreadable, match="none of its 1 records"):
        bring(write(HEAD + "n3,NaN,,,\n"), on_error=OnError.QUARANTINE)
    assert on_the_books() == [0] * 6


def test_more_nodes_than_the_fleet_has_are_refused(write):
    with pytest.raises(TooManyNodes, match="names 2 nodes, the fleet has 1"):
        bring(write(JANUARY), fleet_size=1, on_error=OnError.QUARANTINE)
    assert on_the_books() == [0] * 6


def test_a_node_that_a_complete_site_does_not_have_is_unknown(write):
    bring(write(JANUARY), fleet_size=2)
    strange = HEAD + "n9,2026-02-01,2026-02-02,,\nn1,2026-02-03,2026-02-04,,\n"
    with pytest.raises(RecordRefused, match=r"record 2, field node: no node 'n9'"):
        bring(write(strange, "b.csv"), fleet_size=2)
    done = bring(write(strange, "b.csv"), fleet_size=2, on_error=OnError.QUARANTINE)
    assert (done.outages, done.quarantined) == (1, 1)


def test_of_rows_that_contradict_each_other_quarantine_keeps_the_first(write):
    later = JANUARY + "n1,2026-01-02T00:00:00Z,2026-01-04T00:00:00Z,fan,\n"
    done = bring(write(later), on_error=OnError.QUARANTINE)
    assert (done.outages, done.quarantined) == (2, 1)
    assert Outage.objects.get(node__name="n1").end.day == 3
    row = json.loads(Path(done.quarantine_file).read_text(encoding="utf-8"))
    assert (row["record"], "as record 2" in row["reason"]) == (4, True)


def test_a_second_outage_that_lasts_on_one_node_is_refused(write):
    bring(write(HEAD + "n1,2026-01-02,,fan,\n"))
    with pytest.raises(RecordRefused, match="already has an outage that lasts"):
        bring(write(HEAD + "n1,2026-01-20,,gpu,\n", "b.csv"))


UNREADABLE = {
    "empty": b"",
    "blank": b" \n\n",
    "NUL bytes": b"node,start,end\nn1,\0,\n",
    "late NUL bytes": HEAD.encode() + b" " * 2_000_000 + b"\0\n",
    "UTF-16": "node,start,end\n".encode("utf-16"),
    "latin-1": HEAD.encode() + b"n1,2026-01-01,2026-01-02,caf\xe9,\n",
    "a picture": b"\x89PNG\r\n\x1a\n\0\0",
    "another table": b"name,age\nada,36\n",
    "a JSON of something else": b"[]",
}


@pytest.mark.parametrize("case", sorted(UNREADABLE))
def test_a_file_that_is_no_trace_is_refused_by_name(write, case):
    with pytest.raises(TraceUnreadable, match=r"outages\.csv") as caught:
        bring(write(UNREADABLE[case]), on_error=OnError.QUARANTINE)
    assert caught.value.remedy
    assert on_the_books() == [0] * 6


def test_an_absent_file_or_a_folder_is_refused(tmp_path):
    for path in (tmp_path / "nowhere.csv", tmp_path):
        with pytest.raises(TraceUnreadable):
            bring(path)


def test_a_line_of_megabytes_is_one_bad_record(write):
    long = HEAD + "n1," + "x" * 3_000_000 + "\nn2,2026-01-05,2026-01-06,,\n"
    done = bring(write(long), on_error=OnError.QUARANTINE)
    assert (done.outages, done.quarantined) == (1, 1)


def test_a_byte_order_mark_of_utf_8_is_no_part_of_the_header(write):
    assert bring(write(b"\xef\xbb\xbf" + JANUARY.encode())).outages == 2


def test_outages_outside_the_stated_period_are_refused(write):
    early = parse_instant("2026-01-03", field="x")
    with pytest.raises(RecordRefused, match="outside the stated period"):
        bring(write(JANUARY), starts_at=early)
    with pytest.raises(RecordRefused, match="outside the stated period"):
        bring(write(JANUARY), ends_at=early)


@pytest.mark.parametrize("changes", [{"fleet_size": 0}, {"site": "../x"}, {"customer": ""}])
def test_settings_that_make_no_sense_are_refused(write, changes):
    with pytest.raises(BadInput):
        bring(write(JANUARY), **changes)


@pytest.mark.parametrize("kind", [ActorKind.PERSON, ActorKind.AGENT])
def test_a_stranger_and_an_agent_may_not_import(write, kind):
    path = write(JANUARY)
    with pytest.raises((NotAuthorised, NotFound)):
        import_outages(ImportRequest(path, 4), actor=Actor(kind, "mallory"), now=NOW)
    assert on_the_books() == [0] * 6


@pytest.mark.parametrize(
    "cause",
    [
        "", "unknown", "Unknown Error", "N/A", "n/a", "NA", "None", "null", "-", "?", "Other",
        "Undetermined", "TBD", "not known", "Unspecified", "no reason", "Node / unknown", "#N/A",
        "(null)", "Hardware / N/A", "n.a.", "--", "<none>", "to be determined", "GPU unknow error",
    ],
)  # fmt: skip
def test_a_word_for_not_knowing_is_no_cause(cause):
    assert is_unknown(cause)


@pytest.mark.parametrize(
    "cause",
    ["fan", "NIC", "nan0 link", "Unknown / PSU", "none of the fans turn", "Other / HBM", "pin/a"],
)
def test_a_cause_that_names_something_is_one(cause):
    assert not is_unknown(cause)


def test_every_word_for_not_knowing_is_one_class_in_the_report(write):
    words = ["", "N/A", "null", "TBD", "Undetermined", "?", "#N/A", "fan"]
    rows = (
        f"n{day},2026-01-0{day}T00:00:00Z,2026-01-0{day}T01:00:00Z,{word},false\n"
        for day, word in enumerate(words, 1)
    )
    done = bring(write(HEAD + "".join(rows)), fleet_size=8)
    report = sla_report(done.starts_at, done.ends_at)
    assert [(row.cause, row.outages) for row in report.by_cause] == [("", 7), ("fan", 1)]
    assert report.unknown_cause_share == 7 / 8
