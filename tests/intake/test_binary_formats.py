"""Parquet and workbooks are read in a guarded child; what is hostile ends the child alone."""

import io
import zipfile
from datetime import UTC, datetime

import openpyxl
import pyarrow as pa
import pytest
from pyarrow import parquet

from scuderia.intake.instants import TimeRules
from scuderia.intake.pipeline import RecordRefused
from scuderia.intake.profiles import Profile
from scuderia.intake.readers.guarded import GuardedReader
from scuderia.intake.records import FileUnreadable, Limits

START, END = datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 7, 2, tzinfo=UTC)
UTC_TIMES = Profile(times=TimeRules(time_zone="UTC"))


def parquet_bytes(columns):
    packed = io.BytesIO()
    parquet.write_table(pa.table(columns), packed)
    return packed.getvalue()


def workbook_bytes(*sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets):
        sheet = book.create_sheet(f"sheet{number}")
        for row in rows:
            sheet.append(row)
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def test_parquet_is_read_with_its_types(bring, kind):
    content = parquet_bytes(
        {
            "node": ["g1", "g2"],
            "start": pa.array([START, START], pa.timestamp("us", "UTC")),
            "end": pa.array([END, None], pa.timestamp("ns", "Europe/Rome")),
            "labels": [{"why": "fan"}, {"why": None}],
            "planned": [True, None],
        }
    )
    report = bring(content, Profile(columns={"cause": "labels.why"}), name="stays.parquet")
    assert [(s.start, s.end, s.cause, s.planned) for s in kind.stays.values()] == [
        (START, END, "fan", True),
        (START, None, "", None),
    ]
    assert report.shape == "Parquet"


def test_a_bad_row_of_parquet_keeps_its_cells(bring):
    content = parquet_bytes({"node": ["g1"], "start": ["soon"], "end": [None]})
    with pytest.raises(RecordRefused, match="record 1, field start: 'soon'"):
        bring(content)
    report = bring(content, quarantine=True, dry_run=True)
    assert report.bad[0].raw == '{"node": "g1", "start": "soon", "end": null}'


def test_a_workbook_is_read_by_its_true_rows(bring, kind):
    naive = START.replace(tzinfo=None)
    rows = [[], ["node", "start", "end", "cause"], ["g1", naive, None, 79.0], [], ["g2", "x", None]]
    content = workbook_bytes(rows)
    with pytest.raises(RecordRefused, match=r"record 3, field start: .* has no time zone"):
        bring(content, name="stays.xlsx")
    report = bring(content, UTC_TIMES, quarantine=True, accept_bad=1)
    assert [(s.node, s.start, s.end, s.cause) for s in kind.stays.values()] == [
        ("g1", START, None, "79")
    ]
    assert [bad.number for bad in report.bad] == [5]


def test_one_sheet_of_several_is_chosen_by_name(bring, kind):
    rows = [["node", "start", "end"], ["g1", "2026-07-01T00:00:00Z", None]]
    content = workbook_bytes([["nothing"]], rows)
    with pytest.raises(FileUnreadable, match="its sheets are sheet0, sheet1") as refused:
        bring(content)
    assert "--sheet" in refused.value.remedy
    bring(content, Profile(sheet="sheet1"))
    assert len(kind.stays) == 1


def test_a_formula_that_was_never_calculated_is_refused(bring):
    rows = [["node", "start", "end"], ['="g"&1', "2026-07-01T00:00:00Z", None]]
    with pytest.raises(FileUnreadable, match="never calculated"):
        bring(workbook_bytes(rows))


def test_a_row_wider_than_the_header_is_bad(bring):
    rows = [["node", "start", "end"], ["g1", "2026-07-01T00:00:00Z", None, "more"]]
    report = bring(workbook_bytes(rows), quarantine=True, dry_run=True)
    assert report.bad[0].reason == "4 cells, the header has 3"


def test_a_cell_at_the_far_corner_is_refused_by_its_width(bring):
    book = openpyxl.Workbook()
    book.active["XFD1048576"] = "far"
    packed = io.BytesIO()
    book.save(packed)
    with pytest.raises(FileUnreadable, match="16384 columns"):
        bring(packed.getvalue())


def test_a_child_that_takes_too_much_is_ended_and_named(bring):
    content = parquet_bytes({"node": ["g1"] * 100, "start": ["x"] * 100, "end": [None] * 100})
    for limits in (Limits(child_memory_bytes=64 << 20), Limits(child_cpu_s=0)):
        with pytest.raises(FileUnreadable, match="or broke off"):
            bring(content, limits=limits)


def test_a_workbook_with_a_huge_part_is_refused_before_it_is_opened(bring):
    packed = io.BytesIO(workbook_bytes([["node", "start", "end"]]))
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/spaces.xml", b" " * (2 << 20))
    with pytest.raises(FileUnreadable, match="unpacks to more than 1048576"):
        bring(packed.getvalue(), limits=Limits(workbook_part_bytes=1 << 20))


@pytest.mark.parametrize("last", ["", '{"end": 2}\n', '{"end": 0}\n', "[]\n"])
def test_a_child_that_does_not_end_with_its_count_is_not_believed(last):
    lines = io.BytesIO(b'{"columns": ["a"], "shape": "x"}\n[7, ["b"]]\n' + last.encode())
    reader = GuardedReader(lines, file="f", limits=Limits())
    with pytest.raises(FileUnreadable, match="or broke off"):
        list(reader)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PAR1" + bytes(100) + b"PAR1", "it is broken"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old kind"),
        (parquet_bytes({"node": ["g1"]})[:-30], "it is broken"),
    ],
)
def test_a_broken_binary_file_says_so(bring, content, said):
    with pytest.raises(FileUnreadable, match=said):
        bring(content)
