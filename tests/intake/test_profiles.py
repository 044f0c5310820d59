"""Profiles: what they say is done and nothing more; saved and loaded unchanged."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scuderia.intake.hostlists import expand
from scuderia.intake.instants import TimeRules
from scuderia.intake.mapping import ColumnsMissing
from scuderia.intake.pipeline import RecordRefused
from scuderia.intake.profiles import (
    NameRules,
    Profile,
    ProfileUnreadable,
    load_profile,
    pairs_of,
    profile_of,
    save_profile,
)
from scuderia.intake.records import FileUnreadable, Flaw, Limits

START = "2026-07-01T00:00:00Z"
HEADER = "node,start,end,cause,planned\n"


def only(kind):
    (stay,) = kind.stays.values()
    return stay


def test_columns_are_mapped_by_name(bring, kind):
    profile = Profile(columns={"node": "hostname", "end": "until", "cause": "reason"})
    bring(f"hostname,start,until,reason\ng1,{START},,fan\n", profile)
    assert (only(kind).node, only(kind).cause) == ("g1", "fan")


def test_a_mapping_to_what_is_not_there_is_refused(bring):
    with pytest.raises(ColumnsMissing, match="no column 'host' for 'node'"):
        bring(HEADER, Profile(columns={"node": "host"}))
    with pytest.raises(ColumnsMissing, match="there is no field 'nod'"):
        bring(HEADER, Profile(columns={"nod": "node"}))


@pytest.mark.parametrize(
    ("unit", "text", "hours"),
    [
        ("seconds", "5400", 1.5),
        ("minutes", "90", 1.5),
        ("hours", "1.5", 1.5),
        ("days", "0.5", 12),
        ("clock", "01:30:00", 1.5),
        ("clock", "2-00:30:00", 48.5),
        ("clock", "90:00", 1.5),
    ],
)
def test_a_duration_stands_for_the_end(bring, kind, unit, text, hours):
    profile = Profile(durations={"end": "took"}, duration_unit=unit)
    bring(f"node,start,took\ng1,{START},{text}\n", profile)
    assert (only(kind).end - only(kind).start).total_seconds() == hours * 3_600


@pytest.mark.parametrize("text", ["-1", "soon", "nan", "1e300", "1:2"])
def test_a_duration_that_is_none_is_bad(bring, text):
    profile = Profile(durations={"end": "took"}, duration_unit="hours")
    with pytest.raises(RecordRefused, match="record 2, field end"):
        bring(f"node,start,took\ng1,{START},{text}\n", profile)


def test_a_duration_needs_a_unit_and_one_way(bring):
    with pytest.raises(ProfileUnreadable, match="no unit"):
        bring(HEADER, Profile(durations={"end": "took"}))
    profile = Profile(durations={"end": "a"}, columns={"end": "b"}, duration_unit="days")
    with pytest.raises(ProfileUnreadable, match="'end' is mapped twice"):
        bring(HEADER, profile)
    with pytest.raises(ColumnsMissing, match="cannot be given as a duration"):
        bring(HEADER, Profile(durations={"start": "end"}, duration_unit="days"))


def test_words_that_mean_nothing_hold_only_where_the_profile_says_so(bring, kind):
    line = HEADER + f"g1,{START},Unknown,NULL,\n"
    with pytest.raises(RecordRefused, match="'Unknown' is no instant") as refused:
        bring(line)
    assert "--empty end=Unknown" in refused.value.remedy
    bring(line, Profile(empty_words={"end": ("Unknown", "0")}))
    assert (only(kind).end, only(kind).cause) == (None, "NULL")


def test_a_far_end_means_that_it_lasts_only_where_the_profile_says_so(bring, kind):
    late = HEADER + f"g1,{START},2099-12-31T00:00:00Z,,\n"
    forever = HEADER + f"g2,{START},9999-12-31T23:59:59,,\n"
    bring(late)
    assert only(kind).end.year == 2099
    profile = Profile(open_from="2099-01-01")
    just = HEADER + f"g3,{START},2099-01-01T00:00:00Z,,\n"
    for lasting in (late, forever, just):
        bring(lasting, profile)
    assert [stay.end for stay in kind.stays.values()] == [None, None, None]
    bring(HEADER + f"g3,{START},2098-12-31T23:59:59Z,,\n", profile)
    assert [stay.end for stay in kind.stays.values()][2] is not None
    with pytest.raises(RecordRefused, match="outside 1970 to 2200"):
        bring(HEADER + "g1,9999-12-31T00:00:00Z,,,\n", profile)


def test_words_for_planned_are_the_sources_own(bring, kind):
    line = HEADER + f"g1,{START},,,SCHEDULED\n"
    with pytest.raises(RecordRefused, match="neither true nor false") as refused:
        bring(line)
    assert "--word planned:SCHEDULED=true" in refused.value.remedy
    bring(line, Profile(words={"planned": {"SCHEDULED": "true"}}))
    assert only(kind).planned is True


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        ("lower_case", "GPU-01"),
        ("cut_domain", "gpu-01.pod.example"),
        ("cut_port", "gpu-01:9100"),
        ("cut_path", "cluster-a/gpu-01"),
    ],
)
def test_names_are_made_alike_only_by_rule(bring, kind, rule, name):
    line = HEADER + f"{name},{START},,,\n"
    bring(line, Profile(names=NameRules(**{rule: True})))
    assert only(kind).node == "gpu-01"
    if rule in ("cut_port", "cut_path"):
        with pytest.raises(RecordRefused) as refused:
            bring(line)
        assert f"--{rule.replace('_', '-')}" in refused.value.remedy


def test_a_hostlist_is_a_record_for_each_name(bring, kind):
    line = HEADER + f'"node[001-128],login1",{START},,,\n'
    with pytest.raises(RecordRefused) as refused:
        bring(line)
    assert "--hostlists" in refused.value.remedy
    report = bring(line, Profile(names=NameRules(hostlists=True)))
    assert (report.records, len(kind.stays)) == (129, 129)
    assert {"node001", "node128", "login1"} <= {stay.node for stay in kind.stays.values()}


def test_hostlists_count_towards_the_limit_of_records(bring):
    line = HEADER + f'"n[1-5]",{START},,,\n'
    with pytest.raises(FileUnreadable, match="more than 4 records"):
        bring(line, Profile(names=NameRules(hostlists=True)), limits=Limits(rows=4))


def test_a_row_of_many_names_is_bad_as_a_whole(bring, kind):
    line = HEADER + f'"a[1-3],_b",{START},,,\n' + f"c,{START},,,\n"
    profile = Profile(names=NameRules(hostlists=True))
    report = bring(line, profile, quarantine=True, accept_bad=1)
    assert ([stay.node for stay in kind.stays.values()], report.bad[0].number) == (["c"], 2)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("n1", ["n1"]),
        ("n[1-3]", ["n1", "n2", "n3"]),
        ("n[08-11,2]x", ["n08x", "n09x", "n10x", "n11x", "n2x"]),
        ("r[1-2]n[1-2]", ["r1n1", "r1n2", "r2n1", "r2n2"]),
        ("a[1,2],b , a1", ["a1", "a2", "b"]),
    ],
)
def test_a_hostlist_expands_in_order(text, names):
    assert list(expand(text)) == names


@pytest.mark.parametrize(
    "text", ["n[1-", "n]1[", "n[3-1]", "n[a-b]", "n[[1]]", "a,,b", "", "n[]", "n[1-9999999999]"]
)
def test_a_broken_hostlist_is_a_flaw(text):
    with pytest.raises(Flaw, match="no list of names"):
        expand(text)


def test_a_hostlist_past_the_bound_is_refused_before_it_is_made():
    assert len(expand("n[1-100000]")) == 100_000
    for text in ("n[1-999999999]", "n[1-100001]", "r[1-1000]n[1-1000]", "a[1-60000],b[1-60000]"):
        with pytest.raises(Flaw, match="more than 100000"):
            expand(text)


@given(st.text("n[]-,019 ", max_size=20))
def test_any_text_is_a_bounded_hostlist_or_a_flaw(text):
    try:
        names = expand(text, limit=1_000)
    except Flaw:
        return
    assert 1 <= len(names) <= 1_000


FULL = Profile(
    columns={"node": "host"},
    durations={"end": "took"},
    duration_unit="clock",
    empty_words={"cause": ("NULL",)},
    open_from="2099-01-01",
    words={"planned": {"S": "true"}},
    times=TimeRules(time_zone="Europe/Rome"),
    names=NameRules(hostlists=True),
    delimiter=";",
    header=("a", "b"),
)


def test_a_profile_is_saved_and_loaded_unchanged(tmp_path):
    for profile in (Profile(), FULL):
        save_profile(profile, tmp_path / "p.json")
        assert load_profile(tmp_path / "p.json") == profile
    assert json.loads((tmp_path / "p.json").read_text())["times"] == {"time_zone": "Europe/Rome"}
    assert [path.name for path in tmp_path.iterdir()] == ["p.json"]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ([], "no object"),
        ({"colums": {}}, "'colums', which is unknown"),
        ({"times": {"zone": "UTC"}}, "times: it says 'zone'"),
        ({"columns": {"node": 1}}, "node: '1' is no text"),
        ({"names": {"hostlists": "yes"}}, "neither true nor false"),
        ({"header": "a,b"}, "header: it is no list"),
        ({"encoding": 8}, "encoding: '8' is no text"),
        ({"delimiter": "ab"}, "no delimiter"),
        ({"delimiter": '"'}, "no delimiter"),
        ({"durations": {"end": "a"}, "duration_unit": "years"}, "no such unit"),
    ],
)
def test_a_profile_with_a_fault_names_it(said, message):
    with pytest.raises(ProfileUnreadable) as refused:
        profile_of(said, "p.json")
    assert message in refused.value.message


def test_a_profile_file_that_is_none_is_refused(tmp_path):
    for content in ("{", "[" * 100_000, " " * (1 << 20) + "{}"):
        (tmp_path / "p.json").write_text(content)
        with pytest.raises(ProfileUnreadable):
            load_profile(tmp_path / "p.json")
    with pytest.raises(ProfileUnreadable):
        load_profile(tmp_path / "absent.json")


def test_flags_are_pairs(bring):
    assert pairs_of("--map", ["node=host name", "end = a=b"]) == {"node": "host name", "end": "a=b"}
    for pair in ("node", "=x", "node="):
        with pytest.raises(ProfileUnreadable, match="--map"):
            pairs_of("--map", [pair])
    with pytest.raises(ProfileUnreadable):
        pairs_of("--map", ["a=b", "a=c"])
