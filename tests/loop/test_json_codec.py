"""What a JSON column keeps is what JSON would give back, at a fraction of the way there."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scuderia.basics.canonical import canonical_json
from scuderia.loop.engine.json_codec import plain
from scuderia.loop.nouns import Answer, Autonomy

RARE = (Answer.YES, Autonomy.ADVISE, Decimal("1.50"), datetime(2026, 6, 1, tzinfo=UTC))
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(RARE)
)
keys = st.text(max_size=4) | st.just(Answer.YES) | st.integers(0, 3)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(keys, inner, max_size=4)
        | st.frozensets(st.text(max_size=3), max_size=3)
    ),
    max_leaves=20,
)


def there_and_back(value):
    """Spell it as JSON, read that again, and only then take out what no database keeps."""

    def kept(one):
        if isinstance(one, str):
            return "".join("\ufffd" if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in one)
        if isinstance(one, list):
            return [kept(part) for part in one]
        if isinstance(one, dict):
            return {kept(name): kept(part) for name, part in one.items()}
        return one

    return kept(json.loads(canonical_json(value)))


def spelled(make, value):
    try:
        return json.dumps(make(value))  # the order of keys too, and 1 apart from 1.0 and True
    except (ValueError, TypeError) as error:
        return type(error)


@given(values)
def test_a_value_is_kept_as_json_gives_it_back(value):
    assert spelled(plain, value) == spelled(there_and_back, value)


def test_what_json_has_no_word_for_is_refused():
    for value in (float("nan"), [float("inf")], {"a": {1: 2}}, object(), {"a": b"x"}):
        with pytest.raises((ValueError, TypeError)):
            plain(value)
