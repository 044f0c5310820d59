"""The words every room shares hold their promises."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scuderia.basics.canonical import canonical_json, sha256_of
from scuderia.basics.clock import AcceleratedClock, FixedClock, parse_instant, require_aware
from scuderia.basics.errors import BadInput
from scuderia.basics.ids import new_id
from scuderia.basics.subjects import EVERYTHING, SubjectRef, covers
from scuderia.basics.units import format_duration, parse_duration, percent

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=8), json_values, max_size=6))
def test_digest_does_not_depend_on_the_order_of_keys(value):
    backwards = dict(reversed(value.items()))
    assert sha256_of(value) == sha256_of(backwards)


def test_digest_of_a_known_value_never_changes():
    assert canonical_json({"b": [1, True, None], "a": "é"}) == '{"a":"é","b":[1,true,null]}'
    assert sha256_of({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"x": [float("-inf")]}])
def test_canonical_json_has_no_nan(value):
    with pytest.raises(ValueError, match="NaN"):
        canonical_json(value)


def test_canonical_json_refuses_what_json_has_no_word_for():
    with pytest.raises(TypeError):
        canonical_json({"x": object()})
    with pytest.raises(ValueError):
        canonical_json({1: "x"})


def test_money_keeps_its_digits_and_instants_their_zone():
    at = datetime(2026, 7, 24, 2, tzinfo=timezone(timedelta(hours=2)))
    assert canonical_json([Decimal("1.10"), at]) == '["1.10","2026-07-24T00:00:00+00:00"]'


@given(st.text(max_size=30))
def test_subject_reads_back_or_is_refused(text):
    try:
        subject = SubjectRef.parse(text)
    except BadInput:
        return
    assert str(subject) == text


def test_scope_covers_what_hangs_under_it():
    lineage = frozenset({SubjectRef("node", "n1"), SubjectRef("rack", "r1"), EVERYTHING})
    assert covers(SubjectRef("rack", "r1"), lineage)
    assert covers(EVERYTHING, frozenset())
    assert not covers(SubjectRef("rack", "r2"), lineage)


def test_ids_are_version_seven_and_in_time_order():
    ids = [new_id() for _ in range(2000)]
    assert {i.version for i in ids} == {7}
    assert len(set(ids)) == len(ids)
    assert [i.int >> 80 for i in ids] == sorted(i.int >> 80 for i in ids)


def test_an_instant_without_a_zone_is_refused_by_its_field():
    with pytest.raises(BadInput, match="starts_at"):
        require_aware(datetime(2026, 1, 1), field="starts_at")  # noqa: DTZ001 - the point
    with pytest.raises(BadInput):
        parse_instant("2026-01-01T00:00:00", field="from")
    assert parse_instant("2026-01-01", field="from") == datetime(2026, 1, 1, tzinfo=UTC)
    assert parse_instant("2026-01-01T02:00:00+02:00", field="x") == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("45m", 2700), ("1.5h", 5400), ("3d", 259_200), ("2w", 1_209_600)],
)
def test_durations_read_with_their_unit(text, seconds):
    assert parse_duration(text, field="f").total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "3", "-3d", "3x", "nan d", "1e9d", "d"])
def test_a_length_without_a_unit_is_refused(text):
    with pytest.raises(BadInput):
        parse_duration(text, field="f")


def test_durations_print_their_two_largest_units():
    assert format_duration(timedelta(days=3, hours=4, minutes=5)) == "3d 4h"
    assert format_duration(timedelta(0)) == "0s"


def test_accelerated_clock_never_runs_before_its_anchor():
    anchor = datetime(2026, 1, 1, tzinfo=UTC)
    assert AcceleratedClock(anchor, wall_anchor_s=9e12, speed=60).now() == anchor


def test_fixed_clock_moves_only_when_told():
    clock = FixedClock(datetime(2026, 1, 1, tzinfo=UTC))
    assert (
        clock.advance(timedelta(hours=-1)) == clock.now() == datetime(2025, 12, 31, 23, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    ("share", "digits", "text"),
    [
        (1.0, 2, "100.00%"),
        (0.99999, 2, "99.99%"),
        (0.999996, 2, "99.99%"),
        (0.9996, 1, "99.9%"),
        (0.996, 0, ">99%"),
        (0.994, 0, "99%"),
        (0.99994, 2, "99.99%"),
        (0.0, 2, "0.00%"),
        (0.00001, 2, "<0.01%"),
        (0.004, 0, "<1%"),
        (0.5, 1, "50.0%"),
        (1.25, 0, "125%"),
    ],
)
def test_a_share_reads_as_whole_or_nothing_only_where_it_is(share, digits, text):
    assert percent(share, digits) == text
