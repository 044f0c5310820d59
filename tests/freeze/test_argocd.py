"""Argo CD's sync windows: read whole or refused by name, and decided as Argo CD decides."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from typer.testing import CliRunner

from scuderia.freeze.commands.argocd import ask_app, import_app
from scuderia.freeze.engine.argocd import is_active, parse_go_duration
from scuderia.freeze.engine.cron_schedules import BadSchedule, parse_schedule
from scuderia.freeze.engine.globs import BadPattern, glob_fits
from scuderia.freeze.engine.manifests import BadManifest
from scuderia.freeze.queries.argocd import (
    BadAppProject,
    BadSyncQuestion,
    SyncQuestion,
    ask_windows,
    read_app_project,
)

MINUTE = timedelta(minutes=1)
NOON = "2026-07-01T12:00:00Z"
ON = {"schedule": "0 11 * * *", "duration": "2h"}
OFF = {"schedule": "0 15 * * *", "duration": "2h"}


def project(*windows: dict[str, object]) -> bytes:
    filled = [{"kind": "deny", "applications": ["*"], **window} for window in windows]
    return json.dumps({"kind": "AppProject", "spec": {"syncWindows": filled}}).encode()


def can_sync(*windows: dict[str, object], **asked: object) -> bool:
    question = SyncQuestion(**{"application": "trainer", "at": NOON, **asked})
    return ask_windows(read_app_project(project(*windows)), question).can_sync


def july(day: int) -> datetime:
    return datetime(2026, 7, day, tzinfo=UTC).replace(tzinfo=None)


def is_due(text: str, at: datetime) -> bool:
    """The second implementation: does the minute fit, field by field, from the text alone?"""
    names = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

    def fits(field: str, value: int, highest: int, low: int, words: list[str]) -> bool:
        for number, word in enumerate(words):
            field = re.sub(rf"\b{word}\b", str(number + low), field, flags=re.IGNORECASE)
        for item in field.split(","):
            span, _, step = item.partition("/")
            if span in {"*", "?"}:
                first, last = low, highest
            elif "-" in span:
                first, last = (int(one) for one in span.split("-"))
            else:
                first, last = int(span), highest if step else int(span)
            if first <= value <= last and (value - first) % int(step or 1) == 0:
                return True
        return False

    minute, hour, day, month, weekday = text.split()
    bare = any(one in {"*", "?", "*/1"} for part in (day, weekday) for one in part.split(","))
    by_date = fits(day, at.day, 31, 1, [])
    by_weekday = fits(weekday, (at.weekday() + 1) % 7, 6, 0, weekdays)
    return (
        at.second == 0
        and fits(minute, at.minute, 59, 0, [])
        and fits(hour, at.hour, 23, 0, [])
        and fits(month, at.month, 12, 1, names)
        and ((by_date and by_weekday) if bare else (by_date or by_weekday))
    )


def items(low: int, high: int, words: tuple[str, ...] = ()) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    span = st.tuples(number, number).map(sorted)
    one = st.one_of(
        number.map(str),
        span.map(lambda pair: f"{pair[0]}-{pair[1]}"),
        st.tuples(span, st.integers(1, 7)).map(lambda it: f"{it[0][0]}-{it[0][1]}/{it[1]}"),
        st.tuples(number, st.integers(1, 20)).map(lambda it: f"{it[0]}/{it[1]}"),
        st.integers(1, 9).map(lambda step: f"*/{step}"),
        st.sampled_from(["*", "?", *words]),
    )
    return st.lists(one, min_size=1, max_size=3).map(",".join)


SCHEDULES = st.tuples(
    items(0, 59),
    items(0, 23),
    items(1, 31),
    st.one_of(st.just("*"), items(1, 12, ("Jan", "dec"))),
    items(0, 6, ("SUN", "fri")),
).map(" ".join)
INSTANTS = st.integers(0, 3 * 365 * 86_400).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


@given(SCHEDULES, INSTANTS, st.integers(0, 400))
@example("0 0 1 1 0", datetime(2026, 1, 1, tzinfo=UTC), 10)
def test_a_window_is_active_where_a_start_lies_strictly_inside_its_length_before(
    schedule, at, minutes
):
    read = read_app_project(project({"schedule": schedule, "duration": f"{minutes}m"}))
    window = read.windows[0]
    if window.schedule.next_after(at.replace(tzinfo=None)) is None:
        assert is_active(window, at, at) is True
        return
    wall = at.replace(tzinfo=None)
    first = (wall - minutes * MINUTE).replace(second=0) - MINUTE
    whole = (first + step * MINUTE for step in range(minutes + 3))
    inside = (one for one in whole if wall - minutes * MINUTE < one < wall)
    assert is_active(window, at, at) is any(is_due(schedule, one) for one in inside)


@pytest.mark.parametrize(
    "text",
    ["", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *",
     "* * * * 7", "5-1 * * * *", "*/0 * * * *", "1-2-3 * * * *", "1/2/3 * * * *", "x * * * *",
     "@daily", "CRON_TZ=UTC 0 0 * * *", "* * L * *", "* * * * 5#2", "-1 * * * *", "² * * * *"],
)  # fmt: skip
def test_a_schedule_that_argo_cd_would_not_read_is_refused(text):
    with pytest.raises(BadSchedule):
        parse_schedule(text)


@pytest.mark.parametrize(
    ("schedule", "after", "found"),
    [
        ("5/10 * * * *", "2026-07-01T00:06:00", "2026-07-01T00:15:00"),
        ("5/10 * * * *", "2026-07-01T00:55:00", "2026-07-01T01:05:00"),
        ("10-20/5 22/1 * * *", "2026-07-01T22:20:00", "2026-07-01T23:10:00"),
        (",5, 1 * * *", "2026-07-01T00:00:00", "2026-07-01T01:05:00"),
        ("0 0 ? JAN *", "2026-07-01T00:00:00", "2027-01-01T00:00:00"),
        ("0 0 29 2 *", "2026-07-01T00:00:00", "2028-02-29T00:00:00"),
        ("0 0 29 2 *", "2098-12-31T23:59:58", None),
        ("0 0 29 2 *", "2098-12-31T23:59:59", "2104-02-29T00:00:00"),
        ("0 0 30 2 *", "2026-07-01T00:00:00", None),
        (", * * * *", "2026-07-01T00:00:00", None),
    ],
)
def test_when_a_schedule_is_next_due(schedule, after, found):
    expected = datetime.fromisoformat(found) if found else None
    assert parse_schedule(schedule).next_after(datetime.fromisoformat(after)) == expected


def test_a_date_beside_a_weekday_is_either_and_beside_a_star_both():
    friday_or_13th = parse_schedule("0 0 13 * 5")
    assert friday_or_13th.next_after(july(4)) == july(10)
    assert friday_or_13th.next_after(july(10)) == july(13)
    stepped = parse_schedule("0 0 */9 * 5")
    assert stepped.next_after(july(1)) == july(3)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1h", 3_600), ("1h30m", 5_400), ("90m", 5_400), ("1.5h", 5_400), (".5s", 0.5), ("0", 0),
     ("-1h", -3_600), ("+2m", 120), ("1h1h", 7_200), ("250ms", 0.25), ("3us", 3e-6),
     ("1µs", 1e-6), ("24h", 86_400)],
)  # fmt: skip
def test_durations_are_read_as_go_writes_them(text, seconds):
    assert parse_go_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "1", "1d", "h", "1h ", " 1h", "1 h", ".s", "1H", "--1h",
                                  "3000000h", "PT1H", "1h30", "\u0661h"])  # fmt: skip
def test_durations_that_go_would_not_read_are_refused(text):
    with pytest.raises(BadAppProject, match="duration"):
        read_app_project(project({"schedule": "* * * * *", "duration": text}))


@pytest.mark.parametrize(
    ("pattern", "name", "yes"),
    [("*", "", True), ("https://*", "https://a/b", True), ("a*b", "a/x/b", True),
     ("a?c", "abc", True), ("a?c", "ac", False), ("[a-c]x", "bx", True), ("[!a-c]x", "bx", False),
     ("[abc]x", "cx", True), ("[!abc]x", "dx", True), ("{dev,prod}-*", "prod-1", True),
     ("{dev,prod}-*", "test-1", False), ("a\\*", "a*", True), ("a\\*", "ab", False),
     ("prod", "Prod", False), ("**", "a/b", True), ("!a", "a", False), ("", "", True),
     ("{a,{b,c}}d", "cd", True), ("hell", "hello", False)],
)  # fmt: skip
def test_patterns_are_those_of_argo_cd(pattern, name, yes):
    assert glob_fits(pattern, name) is yes


@given(st.text("ab*?", max_size=12), st.text("ab/", max_size=12))
def test_patterns_agree_with_regular_expressions(pattern, name):
    written = pattern.replace("*", ".*").replace("?", ".")
    assert glob_fits(pattern, name) is bool(re.fullmatch(written, name))


def test_a_pattern_made_to_be_slow_is_not():
    assert glob_fits("*a" * 400 + "b", "a" * 4_000) is False


@pytest.mark.parametrize("pattern", ["e[[a*", "[", "[]", "[!]", "[z-a]", "[a-", "{a", "a\\",
                                     "[a-bc]", "{" * 20 + "}" * 20, "a" * 1_001])  # fmt: skip
def test_a_pattern_that_fits_nothing_is_refused(pattern):
    with pytest.raises(BadPattern):
        glob_fits(pattern, "a")


DENY, ALLOW = {"kind": "deny"}, {"kind": "allow"}
BY_HAND, RUNS_ON = {"manualSync": True}, {"syncOverrun": True}


@pytest.mark.parametrize(
    ("windows", "automatic", "manual"),
    [
        ([], True, True),
        ([DENY | OFF], True, True),
        ([DENY | ON], False, False),
        ([DENY | ON | BY_HAND], False, True),
        ([DENY | ON | BY_HAND, DENY | ON], False, False),
        ([DENY | ON | BY_HAND, DENY | OFF], False, True),
        ([ALLOW | ON], True, True),
        ([ALLOW | OFF], False, False),
        ([ALLOW | OFF | BY_HAND], False, True),
        ([ALLOW | OFF | BY_HAND, ALLOW | OFF], False, False),
        ([ALLOW | OFF, ALLOW | ON], True, True),
        ([ALLOW | ON, DENY | ON], False, False),
        ([ALLOW | ON, DENY | ON | BY_HAND], False, True),
        ([ALLOW | ON, DENY | OFF], True, True),
        ([ALLOW | OFF, DENY | OFF], False, False),
        ([ALLOW | OFF, DENY | ON | BY_HAND], False, True),
    ],
)
def test_the_precedence_of_argo_cd(windows, automatic, manual):
    assert can_sync(*windows) is automatic
    assert can_sync(*windows, manual=True) is manual


MORNING = {"schedule": "0 9 * * *", "duration": "2h"}


@pytest.mark.parametrize(
    ("windows", "goes_on"),
    [
        ([DENY | ON | RUNS_ON], True),
        ([DENY | ON], False),
        ([ALLOW | MORNING | RUNS_ON, DENY | ON | RUNS_ON], True),
        ([ALLOW | MORNING | RUNS_ON, DENY | ON], False),
        ([ALLOW | MORNING, DENY | ON | RUNS_ON], True),
        ([ALLOW | MORNING, DENY | ON], False),
        ([ALLOW | MORNING | RUNS_ON], True),
        ([ALLOW | MORNING | RUNS_ON, ALLOW | MORNING | RUNS_ON], True),
        ([ALLOW | MORNING | RUNS_ON, ALLOW | MORNING], False),
        ([DENY | ON | RUNS_ON, DENY | ON], False),
    ],
)
def test_a_sync_that_runs_goes_on_in_the_documented_scenarios(windows, goes_on):
    assert can_sync(*windows, since="2026-07-01T10:30:00Z") is goes_on
    assert can_sync(*windows) is False


def test_a_sync_that_might_not_have_begun_does_not_go_on():
    whole_day = {"schedule": "0 0 * * *", "duration": "24h"}
    assert can_sync(DENY | whole_day | RUNS_ON, since="2026-07-01T10:30:00Z") is False
    assert can_sync(ALLOW | OFF | RUNS_ON, since="2026-07-01T10:30:00Z") is False
    assert can_sync(DENY | whole_day | RUNS_ON, since="2026-07-01T00:00:00Z") is True


def test_the_first_instant_is_not_covered_and_the_last_one_is():
    window = {"schedule": "0 22 * * *", "duration": "1h"}
    asked = [f"2026-07-01T{at}Z" for at in ("22:00:00", "22:00:01", "22:59:59", "23:00:00")]
    assert [can_sync(window, at=at) for at in asked] == [True, False, False, True]


def test_patterns_are_either_or_all_of_them():
    window = {**ON, "applications": ["other"], "namespaces": ["gpu-*"], "clusters": ["https://c/*"]}
    assert can_sync(window) is True
    assert can_sync(window, namespace="gpu-1") is False
    assert can_sync(window, clusters=("in-cluster", "https://c/1")) is False
    every = {**window, "andOperator": True, "applications": ["train*"]}
    assert can_sync(every, namespace="gpu-1") is True
    assert can_sync(every, namespace="gpu-1", clusters=("https://c/1",)) is False
    assert can_sync({**ON, "applications": [], "andOperator": True}) is True
    assert can_sync({**ON, "applications": [], "clusters": ["*"]}, clusters=("",)) is True
    assert can_sync({**ON, "applications": [], "namespaces": ["*"]}) is False


def test_offsets_are_those_of_the_asked_instant_unless_argo_cds_own_now_is_given():
    window = {"schedule": "0 0 * * *", "duration": "1h", "timeZone": "Europe/London"}
    at = "2026-12-01T00:30:00Z"
    assert can_sync(window, at=at) is False
    assert can_sync(window, at=at, reading="argo-with-now", now="2026-07-01T00:00:00Z") is True
    assert can_sync(window, at=at, reading="argo-with-now 2026-07-01T00:00:00Z") is True
    assert can_sync(window, at=at, reading="argo-with-now", now="2026-12-02T00:00:00Z") is False


def test_a_schedule_that_is_never_due_is_active_always_and_is_told():
    read = read_app_project(project({"schedule": "0 0 30 2 *", "duration": "1h"}))
    assert [caution.field for caution in read.cautions] == ["schedule"]
    assert can_sync({"schedule": "0 0 30 2 *", "duration": "1h"}) is False


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"kind": "block"}, "kind", "neither allow nor deny"),
        ({"schedule": "0 25 * * *"}, "schedule", "hour '25'"),
        ({"schedule": ""}, "schedule", "missing"),
        ({"duration": "1d"}, "duration", "1d"),
        ({"duration": 60}, "duration", "no text"),
        ({"timeZone": "Europe/Londn"}, "timeZone", "no time zone"),
        ({"timeZone": "Local"}, "timeZone", "no time zone"),
        ({"timezone": "Europe/London"}, "timezone", "timeZone is"),
        ({"description": "x" * 256}, "description", "more than 255"),
        ({"manualSync": "yes"}, "manualSync", "neither true nor false"),
        ({"applications": "*"}, "applications", "no list"),
        ({"applications": ["[a"]}, "applications", "cannot be read"),
    ],
)
def test_every_flaw_is_named_by_window_and_field(change, field, words):
    with pytest.raises(BadAppProject) as caught:
        read_app_project(project(ON, {**ON, **change}, {"kind": "nope", **OFF}))
    assert f"window 1, {field}: " in caught.value.message
    assert words in caught.value.message
    assert "window 2, kind" in caught.value.message
    assert words in str(caught.value.facts[f"syncWindows[1].{field}"])


@pytest.mark.parametrize(
    "raw",
    [b"", b"[]", b"kind: Application\nspec: {}", b"{", b"\xff\xfe", b"a: *b",
     b"spec: {a: &a [x], b: *a}", b"- &a [x]\n- *a",
     b"kind: AppProject\nspec: {syncWindows: {}}", b"spec: {}\n---\nspec: {}",
     b"spec: {syncWindows: [3]}", b'{"spec": {}, "spec": {}}', b"spec: {}\nspec: {}",
     b"[" * 100_000, b'{"a":' * 100_000, b"x" * (2**20 + 1), b"spec: !!python/name:os.system x"],
)  # fmt: skip
def test_what_is_no_project_is_refused_and_never_half_read(raw):
    with pytest.raises((BadAppProject, BadManifest)):
        read_app_project(raw)


def test_a_project_without_windows_lets_everything_through():
    read = read_app_project(b"kind: AppProject\nmetadata: {name: gpu}\nspec: {}\n")
    assert (read.name, read.windows) == ("gpu", ())


@pytest.mark.parametrize("asked", [
    {"reading": "argo-with-now"}, {"now": NOON}, {"reading": "utc"},
    {"since": "2026-07-01T12:00:01Z"},
])  # fmt: skip
def test_a_question_that_contradicts_itself_is_refused(asked):
    with pytest.raises(BadSyncQuestion):
        can_sync(ON, **asked)


YAML = """\
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {name: gpu}
spec:
  syncWindows:
  - kind: deny
    schedule: '0 22 * * *'
    timeZone: Europe/Amsterdam
    duration: 1h
    applications: ['*-prod']
    manualSync: true
"""


def test_the_commands_read_ask_and_say_by_exit_code(tmp_path):
    file = tmp_path / "project.yaml"
    file.write_text(YAML, encoding="utf-8")
    run = CliRunner().invoke
    read = json.loads(run(import_app, [str(file), "--json"]).stdout)
    assert read["windows"][0]["timeZone"] == "Europe/Amsterdam"
    assert read["windows"][0]["duration"] == "1h"
    assert "*-prod" in run(import_app, [str(file)]).stdout
    asked = [str(file), "--application", "a-prod", "--at", "2026-07-01 22:30 Europe/Amsterdam"]
    refused = run(ask_app, [*asked, "--json"])
    told = json.loads(refused.stdout)
    assert (refused.exit_code, told["can_sync"]) == (3, False)
    assert [window["window"] for window in told["active"]] == [0]
    assert "window 0 (deny 0 22 * * *) is active" in told["reasons"]
    assert run(ask_app, [*asked, "--manual"]).exit_code == 0
