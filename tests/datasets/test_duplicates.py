import unicodedata
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scuderia.datasets.engine.duplicate_index import DuplicateIndex
from scuderia.datasets.engine.duplicates import (
    BadThreshold,
    TooManyPairs,
    identical_sets,
    join,
    threshold_of,
)
from scuderia.datasets.engine.removals import keep_first
from scuderia.datasets.engine.shingles import TooMuchText, normalised, shingle
from scuderia.datasets.engine.templates import BadTemplate, Template, stripped
from tests.examples import examples

PROMPTS = Path(__file__).resolve().parents[3] / "shared" / "data" / "prompts"
needs_prompts = pytest.mark.skipif(
    not PROMPTS.is_dir(), reason="the shared prompts are not on this machine"
)
THRESHOLDS = tuple(map(Fraction, ("0.5", "0.6", "2/3", "0.8", "0.85", "0.9999", "1")))
ALMOST_ALIKE = ["x" * 5 + "".join(map(chr, range(97, 97 + n))) for n in (24, 25)] + [
    "".join(map(chr, range(300, 300 + n))) for n in (10_004, 10_005)
]
# Few letters, so that many texts are alike; some whose NFKC or lower case differs; NUL and CJK.
LETTERS = "aabc  \t\u00c4\uff21\u0130\u00df\ufb01\0\u4e2d\U0001f600"
texts = st.lists(
    st.one_of(
        st.text(LETTERS, max_size=12),
        st.text("ab", min_size=4, max_size=40),
        st.builds(lambda a, b: "the same words at the start " + a + b, st.text("xyz", max_size=6),
                  st.text("pq", max_size=4)),
    ),
    max_size=24,
)  # fmt: skip


def grams_of(text: str) -> frozenset[str]:
    """Say again, in other words, what a text is compared by."""
    plain = " ".join(unicodedata.normalize("NFKC", text).lower().split())
    if not plain:
        return frozenset()
    return frozenset(plain[at : at + 5] for at in range(max(len(plain) - 4, 1)))


def jaccard(one: frozenset[str], other: frozenset[str]) -> Fraction:
    return Fraction(len(one & other), len(one | other)) if one | other else Fraction(0)


def sets_of(rows):
    return shingle(rows)


@examples(300)
@given(texts, st.sampled_from(THRESHOLDS))
def test_join_finds_what_comparing_every_pair_finds(rows, threshold):
    joined = join(sets_of(rows), threshold)
    grams = [grams_of(row) for row in rows]
    first = [grams.index(one) for one in grams]
    assert [joined.identical.first[own] for own in joined.identical.set_of] == first
    distinct = sorted(set(first))
    expected = {
        (a, b): jaccard(grams[a], grams[b])
        for a in distinct
        for b in distinct
        if a < b and jaccard(grams[a], grams[b]) >= threshold
    }
    found = {
        (int(joined.identical.first[a]), int(joined.identical.first[b])): likeness
        for (a, b, _), likeness in zip(joined.pairs, joined.jaccards(), strict=True)
    }
    assert found == pytest.approx({pair: float(value) for pair, value in expected.items()})


@examples(300)
@given(texts, st.lists(st.text(LETTERS, max_size=12), max_size=6), st.sampled_from(THRESHOLDS))
def test_index_finds_each_new_text_s_twins_and_takes_it_in(rows, more, threshold):
    index = DuplicateIndex(rows, threshold)
    held = list(rows)
    for text in [*more, *rows[:3]]:
        own = grams_of(text)
        expected = {
            entry: float(likeness)
            for entry, row in enumerate(held)
            if own and (likeness := jaccard(own, grams_of(row))) >= threshold
        }
        found = index.find(text)
        assert {twin.entry: twin.jaccard for twin in found} == pytest.approx(expected)
        assert found == sorted(found, key=lambda twin: (-twin.jaccard, twin.entry))
        assert index.add(text) == len(held)
        held.append(text)
    assert len(index) == len(held)


@examples(200)
@given(texts, st.sampled_from(THRESHOLDS))
def test_keep_first_keeps_no_two_alike_and_names_a_kept_twin(rows, threshold):
    removals = keep_first(join(sets_of(rows), threshold))
    grams = [grams_of(row) for row in rows]
    kept: list[int] = []
    expected = {}
    for row, own in enumerate(grams):
        alike = [(jaccard(own, grams[twin]), -twin) for twin in kept]
        best = max((pair for pair in alike if pair[0] >= threshold), default=None)
        if own and best:
            expected[row] = (-best[1], float(best[0]))
        else:
            kept.append(row)
    assert {one.row: (one.twin, one.jaccard) for one in removals} == expected


@needs_prompts
def test_join_of_real_prompts_is_that_of_comparing_every_pair():
    from pyarrow import parquet

    table = parquet.read_table(PROMPTS / "anthropic_evals_prompts.parquet", columns=["text"])
    begin = int(np.random.default_rng(7).integers(0, 160_000))
    rows = [*table.column("text")[begin : begin + 500].to_pylist(), *ALMOST_ALIKE]
    grams = list(dict.fromkeys(grams_of(row) for row in rows))
    columns = {gram: at for at, gram in enumerate(frozenset().union(*grams))}
    held = np.zeros((len(grams), len(columns)))
    for at, own in enumerate(grams):
        held[at, [columns[gram] for gram in own]] = 1
    shared = (held @ held.T).astype(int)
    either = held.sum(1).astype(int)[:, None] + held.sum(1).astype(int) - shared
    for threshold in THRESHOLDS:
        alike = shared * threshold.denominator >= either * threshold.numerator
        joined = join(sets_of(rows), threshold)
        assert len(joined.sizes) == len(grams)
        expected = list(zip(*np.nonzero(np.triu(alike, 1)), strict=True))
        assert [(a, b) for a, b, _ in joined.pairs] == expected
        assert len(expected) >= (threshold < 1)


def test_short_texts_are_one_gram_and_longer_ones_never_meet_them():
    numbers = sets_of(["ab", "AB ", "abcde", "abcdef", "", " \t"])
    assert numbers.sizes.tolist() == [1, 1, 1, 2, 0, 0]
    assert identical_sets(numbers).set_of.tolist() == [0, 0, 1, 2, 3, 3]


def test_empty_texts_are_neither_paired_nor_removed():
    joined = join(sets_of(["", "", "same text", "same text"]), Fraction(1))
    assert [(one.row, one.twin) for one in keep_first(joined)] == [(3, 2)]
    assert DuplicateIndex(["", "x"], Fraction(1)).find("") == []
    assert DuplicateIndex([], Fraction(1)).find("anything") == []


def test_table_grows_without_losing_a_gram():
    rng = np.random.default_rng(3)
    rows = ["".join(map(chr, rng.integers(97, 123, 400))) for _ in range(60)]
    sets = sets_of(rows)
    distinct = frozenset().union(*(grams_of(row) for row in rows))
    assert sets.grams == len(distinct) > 8_192
    assert sets.sizes.tolist() == [len(grams_of(row)) for row in rows]


def test_a_row_like_a_removed_row_alone_stays():
    base = "abcdefghijklmnopqrstuvwxyz0123456789"
    rows = [base, base + "AAAA", base + "AAAABBBB"]
    grams = [grams_of(row) for row in rows]
    threshold = jaccard(grams[0], grams[1])
    assert jaccard(grams[1], grams[2]) >= threshold > jaccard(grams[0], grams[2])
    assert [one.row for one in keep_first(join(sets_of(rows), threshold))] == [1]


@pytest.mark.parametrize("said", ["0.49", "1.01", "nan", "", "0.80001", "1/0", "-1", "x"])
def test_no_join_is_made_at_a_threshold_like(said):
    with pytest.raises(BadThreshold):
        threshold_of(said)


def test_threshold_is_the_fraction_that_was_written():
    assert (threshold_of("0.8"), threshold_of("1")) == (Fraction(4, 5), Fraction(1))


def test_too_many_pairs_and_too_much_text_are_refused(monkeypatch):
    monkeypatch.setattr("scuderia.datasets.engine.duplicates.PAIRS_MAX", 2)
    rows = [f"one long text that all of these share, and then {n}" for n in range(4)]
    with pytest.raises(TooManyPairs) as error:
        join(sets_of(rows), Fraction(1, 2))
    assert "--strip-template" in error.value.remedy
    monkeypatch.setattr("scuderia.datasets.engine.shingles.CHARACTERS_MAX", 9)
    with pytest.raises(TooMuchText):
        shingle(["0123456789"])


def test_no_ascii_character_is_made_alike_otherwise_than_by_python():
    rows = [f"a{chr(one)}b{chr(one)}" for one in range(128)]
    assert (
        sets_of(rows).numbers.tolist()
        == sets_of([normalised(row) for row in rows]).numbers.tolist()
    )


def test_template_is_taken_off_where_it_stands_whole():
    made = [Template.of("Is this right:  {} Answer (A) or (B)")]
    rows = "Is this  right: the sky is blue ANSWER (A) or (B)", "Is this right: yes", "the sky"
    texts = [normalised(text) for text in rows]
    assert stripped(texts, made) == (["the sky is blue", "is this right: yes", "the sky"], 1)
    assert Template("abc", "bcd").own_text("abcd") is None


@pytest.mark.parametrize("said", ["no hole", "{}", " {} ", "a {} b {}"])
def test_no_template_is(said):
    with pytest.raises(BadTemplate):
        Template.of(said)
