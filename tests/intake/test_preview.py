"""A dry run tells what each column became, the first rows, and what looks odd."""

import pytest

from scuderia.intake.profiles import Profile

HEADER = "node,start,end,cause,planned\n"
ROW = "{node},2026-07-{day:02}T00:00:00Z,{end},psu,false\n"


def table(*rows, header=HEADER):
    return header + "".join(rows)


@pytest.fixture
def odd(bring):
    def _odd(content, profile=None):
        return list(bring(content, profile, dry_run=True).preview.odd)

    return _odd


def quiet_rows(count):
    return [ROW.format(node=f"g{n}x", day=n % 28 + 1, end="") for n in range(count)]


def test_each_column_is_shown_beside_what_it_became(bring):
    profile = Profile(columns={"node": "host"})
    content = "host,Start,end,note\ng1,2026-07-01T02:00:00+02:00,,x\n"
    preview = bring(content, profile, dry_run=True).preview
    shown = {use.field: (use.column, use.found, use.understood) for use in preview.columns}
    assert shown["node"] == ("host", "g1", "g1")
    assert shown["start"] == ("Start", "2026-07-01T02:00:00+02:00", "2026-07-01T00:00:00Z")
    assert shown["planned"] == ("", "\N{EN DASH}", "\N{EN DASH}")
    assert preview.unknown == ("note",)
    assert preview.rows == ((2, ("g1", "2026-07-01T00:00:00Z", *"\N{EN DASH}" * 4)),)


def test_only_the_first_twenty_rows_are_shown(bring):
    assert len(bring(table(*quiet_rows(30)), dry_run=True).preview.rows) == 20


def test_a_plain_file_has_nothing_odd(odd):
    assert odd(table(*quiet_rows(50))) == []


def test_a_row_decades_away_is_told(odd):
    stray = "g1,1999-07-01T00:00:00Z,,psu,false\n"
    (told,) = odd(table(*quiet_rows(20), stray))
    assert (
        told == "record 22: start 1999-07-01 lies 27 years from the middle of the file (2026-07-10)"
    )


def test_an_end_far_ahead_is_told_with_the_flag(odd):
    told = odd(table(*quiet_rows(5), ROW.format(node="z", day=1, end="2099-12-31T00:00:00Z")))
    assert "once end lies more than a year ahead, first in record 7 (2099-12-31)" in told[0]
    assert "--open-from 2099-12-31" in told[0]


def test_what_is_odd_is_told_of_a_long_file_as_of_a_short_one(odd):
    ends = {1_500: "2099-12-31T00:00:00Z", 2_900: "2050-01-01T00:00:00Z"}
    rows = [
        ROW.format(node=f"g{n}x", day=n % 28 + 1, end=ends.get(n, "2026-07-29T00:00:00Z"))
        for n in range(3_000)
    ]
    rows[2_000] = "g1,1999-07-01T00:00:00Z,,psu,false\n"
    ahead, *far = sorted(odd(table(*rows)), reverse=True, key=lambda told: "times" in told)
    assert ahead.startswith("2 times end lies more than a year ahead, first in record 1502 (2099")
    assert sorted(told.split(" lies ")[0] for told in far) == [
        "record 1502: end 2099-12-31",
        "record 2002: start 1999-07-01",
        "record 2902: end 2050-01-01",
    ]


def test_spellings_of_one_name_are_told(odd):
    names = ("gpu-01", "GPU-01", "gpu-1.pod.example", "gpu-02")
    (told,) = odd(table(*(ROW.format(node=name, day=1, end="") for name in names)))
    assert told.startswith("3 spellings of what may be one node: GPU-01, gpu-01, gpu-1.pod")


def test_a_column_that_may_be_a_field_is_told(odd):
    header = "node,start,end,cause,is_planned\n"
    (told,) = odd(table(*quiet_rows(3), header=header))
    assert "--map planned=is_planned" in told


def test_what_a_file_says_cannot_paint_the_terminal(bring):
    preview = bring(
        "node,start,end,no\x1b[31mte\ng1,2026-07-01T00:00:00Z,,x\n", dry_run=True
    ).preview
    assert preview.unknown == ("no [31mte",)
