"""Each way of writing the same records as text is read alike; each fault is named."""

import gzip
import io
import json
import zipfile

import pytest
import zstandard

from scuderia.intake.archives import Source, open_source
from scuderia.intake.mapping import ColumnsMissing
from scuderia.intake.pipeline import ANY_NUMBER, RecordRefused
from scuderia.intake.profiles import Profile
from scuderia.intake.readers.open_records import open_records
from scuderia.intake.records import FileUnreadable, Limits

START, END = "2026-07-01T00:00:00Z", "2026-07-02T00:00:00Z"
PLAIN = f"node,start,end,cause\ng1,{START},{END},Lüfter\ng2,{START},,fan\n"
OBJECTS = [
    {"node": "g1", "start": START, "end": END, "cause": "Lüfter"},
    {"node": "g2", "start": START, "end": None, "cause": "fan"},
]


def zipped(**files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return packed.getvalue()


WAYS = {
    "plain": PLAIN,
    "semicolons": PLAIN.replace(",", ";"),
    "tabs": PLAIN.replace(",", "\t"),
    "bars": PLAIN.replace(",", "|"),
    "crlf": PLAIN.replace("\n", "\r\n"),
    "cr": PLAIN.replace("\n", "\r"),
    "bom": b"\xef\xbb\xbf" + PLAIN.encode(),
    "utf-16": PLAIN.encode("utf-16"),
    "utf-16 without its mark": PLAIN.encode("utf-16-le"),
    "capitals": PLAIN.replace("node,start", "Node, START "),
    "excel's sep line": "sep=,\n" + PLAIN,
    "comment above": "# exported today\n\n" + PLAIN,
    "no line end": PLAIN.rstrip(),
    "blank lines": PLAIN.replace("g2", "\n   \ng2"),
    "gzip": gzip.compress(PLAIN.encode(), mtime=0),
    "zstd": zstandard.compress(PLAIN.encode()),
    "zstd of two frames": zstandard.compress(PLAIN[:30].encode())
    + zstandard.compress(PLAIN[30:].encode()),
    "zip": zipped(**{"a.csv": PLAIN}),
    "quoted": PLAIN.replace("Lüfter", '"Lüfter"').replace("g1", '"g1"'),
    "json lines": "\n".join(json.dumps(entry) for entry in OBJECTS),
    "json array": json.dumps(OBJECTS, indent=1),
    "wrapped": json.dumps({"outages": OBJECTS}),
    "pretty wrapped": json.dumps({"outages": OBJECTS}, indent=2, ensure_ascii=False),
}


@pytest.mark.parametrize("way", WAYS)
def test_each_way_of_writing_is_read_alike(way, bring, kind):
    bring(WAYS[way])
    read = [(stay.node, stay.end is None, stay.cause) for stay in kind.stays.values()]
    assert read == [("g1", False, "Lüfter"), ("g2", True, "fan")]


def test_another_encoding_is_read_only_when_it_is_named(bring, kind):
    latin = PLAIN.encode("cp1252")
    with pytest.raises(RecordRefused, match=r"record 2, .* byte 0xFC is not UTF-8") as refused:
        bring(latin)
    assert "--encoding" in refused.value.remedy
    bring(latin, Profile(encoding="latin-1"))
    assert next(iter(kind.stays.values())).cause == "Lüfter"


def test_an_unknown_or_dangerous_encoding_is_refused(bring):
    for name in ("klingon", "rot13", "zip", "utf-7", "unicode_escape"):
        with pytest.raises(FileUnreadable, match="no encoding"):
            bring(PLAIN, Profile(encoding=name))


def test_a_new_line_within_quotes_belongs_to_its_cell_and_lines_stay_true(bring, kind):
    lines = f'node,start,end,cause\ng1,{START},,"one\ntwo, ""three"""\ng2,x,,\n'
    with pytest.raises(RecordRefused, match="record 4, field start"):
        bring(lines)
    bring(lines, quarantine=True, accept_bad=1)
    assert next(iter(kind.stays.values())).cause == 'one\ntwo, "three"'


def test_an_unclosed_quote_costs_its_own_row_and_no_other(bring, kind):
    rows = [f"g{n},{START},,psu\n" for n in range(200)]
    rows[50] = f'g50,{START},,"psu\n'
    report = bring("node,start,end,cause\n" + "".join(rows), quarantine=True)
    assert [(bad.number, bad.raw) for bad in report.bad] == [(52, rows[50])]
    assert len(kind.stays) == 199


def test_lines_within_a_broken_quote_are_not_taken_for_rows(bring):
    broken = f'g9,{START},,"one\npart,{START},,two\nthree" x\n'
    report = bring(PLAIN + broken + f"g3,{START},,fan\n", quarantine=True, dry_run=True)
    assert [(bad.number, bad.reason.partition(",")[0]) for bad in report.bad] == [
        (4, "a quote is opened and never closed"),
        (5, "it follows a quote that never closes"),
        (6, "1 fields"),
    ]
    assert report.good_records == 3


def test_a_row_of_another_width_is_bad_and_says_how_many_fields(bring):
    report = bring(PLAIN + "g3,x\ng4,a,b,c,d\n", quarantine=True, accept_bad=2)
    assert [bad.reason for bad in report.bad] == [
        "2 fields, the header has 4",
        "5 fields, the header has 4",
    ]
    assert "in double quotes" in report.bad[1].remedy


def test_an_over_long_line_is_bad_wherever_it_stands(bring, kind):
    limits = Limits(line_characters=100)
    long = f"g9,{START},,{'x' * 200}\n"
    report = bring(PLAIN + long, quarantine=True, accept_bad=1, limits=limits)
    assert [bad.reason for bad in report.bad] == ["the line has 226 characters"]
    assert report.bad[0].raw == long[:100]
    early = PLAIN.replace("g2", long + "g2")
    bring(early, quarantine=True, accept_bad=1, limits=limits)
    assert len(kind.stays) == 2
    many = PLAIN + "".join(f"n{n},{START},,\n" for n in range(80)) + long
    assert bring(many, quarantine=True, accept_bad=1, limits=limits).bad[0].number == 84


def test_nul_bytes_are_bad(bring):
    report = bring(PLAIN + f"g3,{START},,a\0b\n", quarantine=True, accept_bad=1)
    assert report.bad[0].reason == "it holds a NUL byte"


@pytest.mark.parametrize(
    ("content", "said", "remedy"),
    [
        ("", "it is empty", "Give a file"),
        ("\n \n", "it is empty", "Give a file"),
        (gzip.compress(PLAIN.encode(), mtime=0)[:-9], "gzip stream is broken", "again"),
        (zstandard.compress(PLAIN.encode())[:-5], "zstd stream is broken", "again"),
        (gzip.compress(WAYS["gzip"], mtime=0), "packed twice", "Unpack it once"),
        (zipped(a="x", b="y"), "it holds 2 files: a, b", "--member"),
        (b"PK\x05\x06" + bytes(18), "it holds 0 files", "one file"),
        ('[{"node": "g1"}, {"node"', "record 2: the file breaks off", "whole file"),
        ("[1 2]", "after record 1, a comma is missing", "whole file"),
        ("[{}] x", "text follows its list", "Remove it"),
        (
            '{"status": 1, "data": {"result": [{"node": 1}]}}',
            "status, data",
            "--records data.result",
        ),
        ('{"outages": [{"node": 1}], "of": 1}', "outages, of", "--records outages"),
        ("[" * 200_000, "nested too deeply", ""),
        ('{"a":' * 200_000, "nested too deeply", ""),
    ],
)
def test_a_file_that_cannot_be_read_says_why(bring, content, said, remedy):
    with pytest.raises(FileUnreadable) as refused:
        bring(content)
    assert said in refused.value.message
    assert remedy in refused.value.remedy


@pytest.mark.parametrize(
    ("content", "said", "remedy"),
    [
        ("hostname,start,end\n", "no column 'node'; it has hostname", "--map node="),
        (f"g1,{START},{END}\n", "first line looks like a row", "--header node,start,end"),
        ("Node,NODE,start,end\n", "both 'node'", "--map node=Node"),
        ("node,node,start,end\n", "2 columns are named 'node'", "a name of its own"),
        ("node,start,duration\n", "no column 'end'", "--duration end=COLUMN"),
        ('[{"node": "g1", "start": "x"}]', "no column 'end'", "--map end="),
    ],
)
def test_a_file_without_its_columns_is_refused_as_a_whole(bring, content, said, remedy):
    with pytest.raises(ColumnsMissing) as refused:
        bring(content, quarantine=True, accept_bad=ANY_NUMBER)
    assert said in refused.value.message
    assert remedy in refused.value.remedy


def test_bombs_are_refused_before_they_fill_anything(bring):
    limits = Limits(unpack_free_bytes=1 << 20, unpack_ratio=100, unpacked_bytes=64 << 20)
    zeros = bytes(32 << 20)
    for bomb in (gzip.compress(zeros), zstandard.compress(zeros)):
        with pytest.raises(FileUnreadable, match="more than 100 times"):
            bring(bomb, limits=limits)
    with pytest.raises(FileUnreadable, match="more than 1000 bytes"):
        bring(PLAIN * 100, limits=Limits(unpacked_bytes=1_000))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"node":"g1","node":"g2"}', "the key 'node' stands twice"),
        ('{"a":{"b":1},"a.b":2}', "the key 'a.b' stands twice"),
        ('["g1"]', "it is no JSON object"),
        ('{"node":"g1"', "not JSON"),
        ('{"node":"g1"}', "it is missing"),
        (f'{{"node":"a\\ud800","start":"{START}","end":null}}', "no text"),
    ],
)
def test_a_bad_json_line_is_bad_alone(bring, kind, line, said):
    good = [json.dumps(entry) for entry in OBJECTS]
    text = "\n".join([good[0], line, good[1]])
    report = bring(text, quarantine=True, accept_bad=1)
    assert said in report.bad[0].reason
    assert (report.bad[0].number, report.bad[0].raw.strip()) == (2, line)
    assert len(kind.stays) == 2


def test_numbers_in_json_stay_as_they_are_written(bring, kind):
    line = f'{{"node":42,"start":"{START}","end":null,"cause":0.10,"planned":true}}'
    bring(line)
    (stay,) = kind.stays.values()
    assert (stay.node, stay.cause, stay.planned) == ("42", "0.10", True)


def test_nested_objects_become_dotted_columns_and_lists_stay_text(bring, kind):
    nested = {"labels": {"host": "g1"}, "start": START, "end": None, "cause": ["79", 119]}
    bring(json.dumps([nested]), Profile(columns={"node": "labels.host"}))
    (stay,) = kind.stays.values()
    assert (stay.node, stay.cause) == ("g1", '["79",119]')


def test_the_list_of_a_document_is_chosen_by_its_path(bring, kind):
    document = json.dumps({"status": "ok", "data": {"result": OBJECTS}})
    bring(document, Profile(records="data.result"))
    assert len(kind.stays) == 2
    with pytest.raises(FileUnreadable, match=r"its lists are data\.result"):
        bring(document, Profile(records="data"))


def test_one_member_of_a_zip_is_chosen_by_name(bring, kind):
    bring(zipped(**{"a.csv": "nothing", "b.csv": PLAIN}), Profile(member="b.csv"))
    assert len(kind.stays) == 2


def test_columns_can_be_named_for_a_file_without_a_header(bring, kind):
    bring(f"g1,{START},\n", Profile(header=("node", "start", "end")))
    assert len(kind.stays) == 1


def test_a_folder_and_an_absent_file_are_no_files(bring, tmp_path):
    from scuderia.intake.archives import Source, open_source

    for path in (tmp_path, tmp_path / "absent.csv"):
        with pytest.raises(FileUnreadable), open_source(Source.of_path(path)):
            pass


CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:one
SUMMARY:BMC firm
 ware\\, 24
CATEGORIES:firmware
LOCATION:rack:r01
DTSTART;TZID=Europe/Rome:20270328T023000
DTEND;TZID=Europe/Rome:20270328T043000
END:VEVENT
BEGIN:VEVENT
UID:two
DTSTART:20270328T023000Z
DURATION:PT45M
END:VEVENT
{more}END:VCALENDAR
"""


def events(tmp_path, more=""):
    file = tmp_path / "calendar.ics"
    file.write_text(CALENDAR.format(more=more).replace("\n", "\r\n"), encoding="utf-8")
    with (
        open_source(Source.of_path(file), member="", limits=Limits()) as held,
        open_records(held, Profile()) as records,
    ):
        return records.shape, list(records.rows)


def test_events_of_a_calendar_are_records(tmp_path):
    shape, (one, two) = events(tmp_path)
    assert shape == "iCalendar, UTF-8"
    told = dict(zip(one.columns, one.cells, strict=True))
    assert told["summary"] == "BMC firmware, 24"
    assert (told["categories"], told["location"]) == ("firmware", "rack:r01")
    # 02:30 was skipped that night: moved forward by the gap, as RFC 5545 3.3.5 says
    assert told["dtstart"] == "2027-03-28T01:30:00+00:00"
    assert told["duration_minutes"] == "60"
    told = dict(zip(two.columns, two.cells, strict=True))
    assert (told["dtend"], told["duration_minutes"]) == ("2027-03-28T03:15:00+00:00", "45")


@pytest.mark.parametrize(
    ("lines", "field", "words"),
    [
        ("DTSTART:20270328", "dtstart", "whole day"),
        ("DTSTART:20270328T100000", "dtstart", "no zone"),
        ("DTSTART;TZID=Mars/Base:20270328T100000", "dtstart", "no zone"),
        ("DTSTART:garbage", "dtstart", "no instant"),
        ("DTSTART:20270328T023000Z\nRRULE:FREQ=DAILY", "rrule", "repeats"),
    ],
)
def test_an_event_that_is_no_single_record_is_named(tmp_path, lines, field, words):
    _, (*_, bad) = events(tmp_path, f"BEGIN:VEVENT\nUID:x\n{lines}\nEND:VEVENT\n")
    assert (bad.number, bad.field) == (3, field)
    assert words in bad.reason
    assert "UID:x" in bad.raw


def test_a_calendar_that_is_cut_off_is_refused(tmp_path):
    with pytest.raises(FileUnreadable, match="cut off"):
        events(tmp_path, "BEGIN:VEVENT\nUID:x\n")
