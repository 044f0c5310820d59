"""New votes are taken in without a refit, and come out as a refit would have it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scuderia.datasets.engine.confusion import counted
from scuderia.datasets.engine.dawid_skene import fit_dawid_skene
from scuderia.datasets.engine.live_truth import SETTLED, LiveTruth
from scuderia.datasets.engine.votes import Votes, votes_of
from tests.datasets.crowd import drawn_votes, real_set
from tests.examples import examples


def columns(votes: Votes) -> tuple[np.ndarray, ...]:
    return votes.items(), votes.workers, votes.labels


def as_set(votes: Votes) -> list[tuple[int, ...]]:
    return sorted(zip(*(column.tolist() for column in columns(votes)), strict=True))


@given(st.integers(0, 2**32), st.integers(1, 6))
@examples(10)
def test_what_raters_have_shown_is_counted_right_after_any_additions(seed, parts):
    votes, _ = drawn_votes(seed, items=80)
    whole = np.random.default_rng(seed).permutation(len(votes))
    first, *rest = np.array_split(whole, parts + 1)
    held = [column[np.sort(first)] for column in columns(votes)]
    live = LiveTruth(votes_of(*held, n_classes=3))
    for part in rest:
        live.add(*(column[part] for column in columns(votes)))
    assert as_set(live.votes()) == as_set(votes)
    assert np.allclose(live._counts, counted(live.votes(), live.beliefs), atol=1e-9)
    assert np.allclose(live._sizes, live.beliefs.sum(axis=0), atol=1e-9)


@pytest.mark.parametrize("name", ["rte", "trec"])
def test_a_thousand_votes_change_what_a_refit_would_change(name):
    votes = real_set(name)[0].votes
    drawn = np.random.default_rng(7).permutation(len(votes))
    late, early = drawn[:1_000], np.sort(drawn[1_000:])
    live = LiveTruth(votes_of(*(column[early] for column in columns(votes))))
    untouched = np.setdiff1d(np.arange(votes.n_items), votes.items()[late])
    before = live.beliefs[untouched[untouched < live.n_items]].copy()
    touched = live.add(*(column[late] for column in columns(votes)))
    assert sorted(touched) == sorted(set(votes.items()[late].tolist()))
    assert np.array_equal(live.beliefs[untouched[untouched < len(before)]][:50], before[:50])
    found = live.beliefs.argmax(axis=1)
    live.refit()
    assert np.array_equal(live.beliefs, fit_dawid_skene(live.votes(), settled=SETTLED).states)
    assert (found == live.beliefs.argmax(axis=1)).mean() >= 0.99


def test_a_thousand_votes_among_many_leave_a_thousandth_unlike_a_refit():
    votes, truth = drawn_votes(3, items=100_000, workers=400, classes=4, per_item=5)
    drawn = np.random.default_rng(0).permutation(len(votes))
    late, early = drawn[:1_000], np.sort(drawn[1_000:])
    live = LiveTruth(votes_of(*(column[early] for column in columns(votes)), n_items=100_000))
    live.add(*(column[late] for column in columns(votes)))
    found = live.beliefs.argmax(axis=1)
    assert (found == truth).mean() > 0.8
    assert not live.is_due
    live.refit()
    assert (found == live.beliefs.argmax(axis=1)).mean() >= 0.999


def test_new_items_and_new_workers_are_taken_in():
    votes, _ = drawn_votes(3)
    live = LiveTruth(votes)
    live.add(np.array([70, 70, 70]), np.array([0, 1, 12]), np.array([2, 2, 1]))
    assert live.n_items == 71
    assert live.beliefs[70].argmax() == 2
    assert (live.votes().n_items, live.votes().n_workers) == (71, 13)


def test_many_additions_make_a_refit_due():
    votes, _ = drawn_votes(1, items=50)
    live = LiveTruth(votes)
    live.add(np.zeros(21, int), np.arange(21), np.zeros(21, int))
    assert live.is_due
    assert live.beliefs[0].argmax() == 0
