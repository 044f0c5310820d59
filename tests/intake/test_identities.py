"""The same fact again is known by its key, or by a start within the stated tolerance."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scuderia.intake.identities import identity_of, match_within
from scuderia.intake.records import Flaw

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_parts_of_an_identity_do_not_run_into_each_other():
    assert identity_of("a", "b", "c") == identity_of("a", "b", "c")
    assert len({identity_of("ab", "c"), identity_of("a", "bc"), identity_of("a", "b", "c")}) == 3
    assert len(identity_of("x" * 10_000)) == 40


def test_a_start_within_the_tolerance_is_the_same_fact_and_beyond_it_a_new_one():
    starts = [NOON, NOON + 10 * MINUTE]
    assert match_within(starts, NOON + MINUTE, MINUTE) == 0
    assert match_within(starts, NOON + 9 * MINUTE, MINUTE) == 1
    assert match_within(starts, NOON + MINUTE + timedelta(microseconds=1), MINUTE) is None
    assert match_within([], NOON, MINUTE) is None


def test_an_equal_start_wins_and_several_close_ones_are_refused():
    starts = [NOON, NOON + MINUTE]
    assert match_within(starts, NOON + MINUTE, 5 * MINUTE) == 1
    with pytest.raises(Flaw, match="2 known ones start within"):
        match_within(starts, NOON + timedelta(seconds=30), 5 * MINUTE)


@given(st.lists(st.integers(0, 50), unique=True), st.integers(0, 50), st.integers(0, 5))
def test_a_match_agrees_with_looking_at_each(minutes, at, tolerance):
    starts = [NOON + m * MINUTE for m in sorted(minutes)]
    close = [place for place, m in enumerate(sorted(minutes)) if abs(m - at) <= tolerance]
    equal = [place for place, m in enumerate(sorted(minutes)) if m == at]
    expected = equal or close
    if len(expected) > 1:
        with pytest.raises(Flaw):
            match_within(starts, NOON + at * MINUTE, tolerance * MINUTE)
    else:
        found = match_within(starts, NOON + at * MINUTE, tolerance * MINUTE)
        assert found == (expected[0] if expected else None)
