"""The whole way: read, preview, map, validate, quarantine or abort, commit, amend."""

import io
import json
from pathlib import Path

import pytest

from scuderia.basics.actors import IMPORTER
from scuderia.basics.errors import Refused
from scuderia.intake.archives import Source
from scuderia.intake.pipeline import (
    ANY_NUMBER,
    ImportOptions,
    RecordRefused,
    TooManyBad,
    run_import,
)
from scuderia.intake.profiles import NameRules, Profile
from scuderia.intake.quarantine import QuarantineUnwritable
from scuderia.intake.records import FileUnreadable, Limits
from scuderia.intake.staging import Staging
from tests.intake.conftest import NOW
from tests.intake.repairs_kind import StayKind

HEADER = "node,start,end,cause,planned\n"
GOOD = "g{0},2026-07-01T00:00:00Z,2026-07-02T00:00:00Z,psu,false\n"
BAD = "g{0},yesterday,,psu,false\n"


def table(good, bad=0):
    lines = [GOOD.format(n) for n in range(good)] + [BAD.format(n) for n in range(bad)]
    return HEADER + "".join(lines)


def test_every_good_record_reaches_the_kind_in_the_order_of_its_start(bring, kind):
    newest_first = HEADER + "".join(f"g1,2026-07-0{day}T00:00:00Z,,psu,\n" for day in (5, 3, 1))
    report = bring(newest_first)
    assert [stay.start.day for stay in kind.stays.values()] == [1, 3, 5]
    assert (report.records, report.good_records, report.commit.added) == (3, 3, 3)
    assert kind.log[0].name == "stays.csv"
    assert kind.log[0].sha256 == report.sha256


def test_what_waits_on_disk_comes_back_as_it_was_read(bring, kind):
    cells = ("0042", "1", "1e3", "9" * 30, "true", "\N{SNOWMAN}")
    rows = [
        f"g{n},2026-07-01T00:00:00.00000{n}Z,,{cell},{('true', 'false', '')[n % 3]}\n"
        for n, cell in enumerate(cells)
    ]
    bring(HEADER + "".join(rows))
    stays = list(kind.stays.values())
    assert [stay.cause for stay in stays] == list(cells)
    assert [stay.planned for stay in stays] == [True, False, None] * 2
    assert [stay.start.microsecond for stay in stays] == list(range(6))
    assert {stay.end for stay in stays} == {None}


def test_the_same_bad_cell_is_bad_each_time(bring):
    line = "g{0},2026-07-01T00:00:00Z,,psu,perhaps\n"
    report = bring(table(1) + line.format(8) + line.format(9), quarantine=True, accept_bad=2)
    assert [(bad.number, bad.field) for bad in report.bad] == [(3, "planned"), (4, "planned")]


def test_a_hostlist_that_the_kind_objects_to_is_bad_once_with_its_raw_text(bring):
    kind = StayKind(known_nodes=frozenset({"g0", "g1", "g3"}))
    line = '"g[1-3]",2026-07-01T00:00:00Z,,psu,false\n'
    profile = Profile(names=NameRules(hostlists=True))
    report = bring(table(1) + line, profile, kind=kind, quarantine=True, accept_bad=1)
    assert [(bad.number, bad.raw) for bad in report.bad] == [(3, line)]
    assert [stay.node for stay in kind.stays.values()] == ["g0"]


def test_the_raw_text_of_a_hostlist_waits_on_disk_once(bring, monkeypatch):
    kept, add = [], Staging.add

    def spy(staging, record, identity, raw):
        kept.append(raw)
        add(staging, record, identity, raw)

    monkeypatch.setattr(Staging, "add", spy)
    line = '"g[1-3]",2026-07-01T00:00:00Z,,psu,false\n'
    bring(HEADER + line, Profile(names=NameRules(hostlists=True)))
    assert kept == [line, None, None]


def test_a_bad_record_stops_all_and_names_file_record_field_and_remedy(bring, kind):
    with pytest.raises(RecordRefused) as refused:
        bring(table(2, bad=3))
    assert refused.value.message.startswith("stays.csv, record 4, field start: 'yesterday'")
    assert "(2 more bad records)" in refused.value.message
    assert "--on-error quarantine" in refused.value.remedy
    assert kind.stays == {}


def test_up_to_one_in_a_hundred_bad_is_set_aside_with_its_raw_text(bring, kind, tmp_path):
    report = bring(table(99, bad=1), quarantine=True)
    assert (len(kind.stays), report.bad_records) == (99, 1)
    (line,) = Path(report.quarantine_file).read_text().splitlines()
    entry = json.loads(line)
    assert entry["raw"] == BAD.format(0)
    assert (entry["file"], entry["record"], entry["field"]) == ("stays.csv", 101, "start")
    assert list(tmp_path.glob(".*")) == []


def test_more_than_one_in_a_hundred_is_booked_only_for_the_exact_number(bring, kind):
    dirty = table(98, bad=2)
    for accepted in (None, 1, 3):
        with pytest.raises(TooManyBad, match="2 of 100 records are bad") as refused:
            bring(dirty, quarantine=True, accept_bad=accepted)
        assert "--accept-bad 2" in refused.value.remedy
    assert kind.stays == {}
    bring(dirty, quarantine=True, accept_bad=2)
    assert len(kind.stays) == 98


def test_a_file_without_a_good_record_is_never_booked(bring):
    with pytest.raises(FileUnreadable, match="none of its 2 records"):
        bring(table(0, bad=2), quarantine=True, accept_bad=ANY_NUMBER)
    with pytest.raises(FileUnreadable, match="holds no records"):
        bring(HEADER)


def test_a_dry_run_writes_nothing_and_says_what_would_refuse_it(bring, kind, tmp_path):
    report = bring(table(2, bad=1), quarantine=True, dry_run=True)
    assert "1 of 3 records are bad" in report.refusal
    assert (report.commit, kind.stays, kind.log) == (None, {}, [])
    assert [path.name for path in tmp_path.iterdir()] == ["stays.csv"]
    assert report.forecast is None
    whole = bring(table(2), dry_run=True)
    assert (whole.refusal, whole.forecast.added, kind.stays) == ("", 2, {})


def test_a_dry_run_tells_what_the_kind_would_refuse_it_with(bring):
    shut = StayKind(fail=Refused("the books are shut"))
    report = bring(table(2), kind=shut, dry_run=True)
    assert (report.refusal, report.forecast) == ("the books are shut", None)


def test_the_same_file_again_changes_nothing(bring, kind):
    bring(table(3))
    report = bring(table(3))
    assert (report.commit.added, report.commit.amended, report.commit.unchanged) == (0, 0, 3)
    assert kind.superseded == []


def test_a_known_fact_that_changed_is_superseded_and_the_change_is_told(bring, kind):
    bring(HEADER + "g1,2026-07-01T00:00:00Z,,,\n")
    report = bring(HEADER + "g1,2026-07-01T00:00:00Z,2026-07-02T00:00:00Z,fan,true\n")
    assert (report.commit.added, report.commit.amended) == (0, 1)
    assert {(c.field, c.before, c.after) for c in report.commit.changes} == {
        ("end", "None", "2026-07-02 00:00:00+00:00"),
        ("cause", "", "fan"),
        ("planned", "None", "True"),
    }
    assert [stay.cause for stay in kind.superseded] == [""]
    assert len(kind.stays) == 1


def test_the_sources_own_key_is_the_identity_where_it_has_one(bring, kind):
    keyed = "key,node,start,end\nT1,g1,2026-07-0{0}T00:00:00Z,\n"
    bring(keyed.format(1))
    assert bring(keyed.format(2)).commit.amended == 1
    assert [stay.start.day for stay in kind.stays.values()] == [2]


def test_a_repeated_record_is_set_aside_and_the_first_kept(bring, kind):
    report = bring(HEADER + GOOD.format(1) * 2, quarantine=True, accept_bad=1)
    assert (len(kind.stays), report.bad[0].number) == (1, 3)
    assert "as record 2" in report.bad[0].reason


def test_records_that_contradict_each_other_are_all_set_aside(bring, kind):
    other = "g1,2026-07-01T00:00:00Z,2026-07-03T00:00:00Z,fan,false\n"
    report = bring(HEADER + GOOD.format(1) + other + GOOD.format(2), quarantine=True, accept_bad=2)
    assert [stay.node for stay in kind.stays.values()] == ["g2"]
    assert [(bad.number, bad.raw) for bad in report.bad] == [(2, GOOD.format(1)), (3, other)]


def test_what_the_kind_objects_to_is_bad_with_its_raw_text(bring):
    kind = StayKind(known_nodes=frozenset({"g0"}))
    report = bring(table(2), kind=kind, quarantine=True, accept_bad=1)
    assert [(bad.number, bad.field, bad.raw) for bad in report.bad] == [(3, "node", GOOD.format(1))]
    assert [stay.node for stay in kind.stays.values()] == ["g0"]


def test_a_row_whose_fields_contradict_each_other_is_bad(bring):
    with pytest.raises(RecordRefused, match="field end: it lies before the start"):
        bring(HEADER + "g1,2026-07-02T00:00:00Z,2026-07-01T00:00:00Z,,\n")


def test_a_kind_that_fails_leaves_nothing_booked(bring):
    kind = StayKind(fail=RuntimeError("the books are shut"))
    with pytest.raises(RuntimeError, match="the books are shut"):
        bring(table(2), kind=kind)
    assert (kind.stays, kind.log) == ({}, [])


def test_a_file_that_grows_while_it_is_read_is_refused(bring, tmp_path):
    class Growing(StayKind):
        def identity(self, row):
            if row.node == "g0":
                with (tmp_path / "stays.csv").open("a") as stream:
                    stream.write(GOOD.format(9))
            return super().identity(row)

    kind = Growing()
    with pytest.raises(FileUnreadable, match="it changed while it was read"):
        bring(table(2), kind=kind)
    assert kind.stays == {}


def test_nothing_is_booked_when_the_bad_cannot_be_written(bring, kind, tmp_path):
    with pytest.raises(QuarantineUnwritable):
        bring(table(99, bad=1), quarantine=True, quarantine_folder=tmp_path / "absent")
    assert kind.stays == {}


def test_a_stream_is_read_like_a_file(kind, tmp_path):
    source = Source("standard input", stream=io.BytesIO(table(2).encode()))
    told = []
    report = run_import(
        kind,
        source,
        Profile(),
        ImportOptions(quarantine_folder=tmp_path),
        actor=IMPORTER,
        now=NOW,
        on_progress=lambda *step: told.append(step),
    )
    assert (report.file, len(kind.stays)) == ("standard input", 2)
    assert told[-1] == ("commit", 2, 2)
    assert told[0] == ("read", len(table(2)), len(table(2)))


def test_more_records_than_the_limit_are_refused(bring):
    with pytest.raises(FileUnreadable, match="more than 3 records"):
        bring(table(4), limits=Limits(rows=3))
