"""Each method of telling truth against a second implementation or what was published."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scuderia.datasets.engine import confusion, ebcc, glad
from scuderia.datasets.engine.bwa import fit_bwa
from scuderia.datasets.engine.dawid_skene import fit_dawid_skene
from scuderia.datasets.engine.mace import fit_mace
from scuderia.datasets.engine.one_coin import fit_one_coin
from scuderia.datasets.engine.truth import chosen, held_out, infer, vote_log_scores, worker_accuracy
from scuderia.datasets.engine.votes import credit, vote_shares, votes_of
from scuderia.datasets.nouns import TruthMethod
from tests.datasets.crowd import drawn_votes, real_set
from tests.datasets.slow_truth import (
    slow_bwa,
    slow_dawid_skene,
    slow_ebcc,
    slow_glad_objective,
    slow_mace_rates,
)
from tests.examples import examples

SEEDS = st.integers(0, 2**32)


@given(SEEDS, st.sampled_from([2, 3, 5]), st.booleans())
@examples(15)
def test_dawid_skene_is_what_a_loop_over_single_votes_comes_to(seed, classes, one_coin):
    votes, _ = drawn_votes(seed, classes=classes)
    fit = fit_one_coin if one_coin else fit_dawid_skene
    found = fit(votes)
    beliefs = slow_dawid_skene(votes, rounds=found.rounds, one_coin=one_coin)
    assert np.allclose(found.states, beliefs, atol=1e-9)


@given(SEEDS, st.sampled_from([2, 4]))
@examples(8)
def test_bwa_is_what_dense_matrices_come_to(seed, classes):
    votes, _ = drawn_votes(seed, classes=classes)
    assert np.allclose(fit_bwa(votes)[0], slow_bwa(votes), atol=2e-3)


def test_ebcc_is_what_sparse_products_come_to_from_the_same_start():
    votes, _ = drawn_votes(5, items=80)
    rng = np.random.default_rng(3)
    shares = vote_shares(votes)
    split = rng.dirichlet(np.ones(4), shares.shape) * shares[:, :, None]
    owner = np.repeat(np.arange(3, dtype=np.int32), 4)
    model = ebcc._Model(votes, owner, shares.sum(axis=0) + 1e-9, 4)
    found = confusion.fit(votes, model.learn, split.reshape(80, -1), rounds=7, settled=0.0)
    beliefs, bound = slow_ebcc(votes, split, rounds=7)
    assert np.allclose(confusion.by_owner(found.states, owner, 3), beliefs, atol=1e-9)
    other = confusion.fit(votes, model.learn, found.states, rounds=5, settled=0.0)
    later = slow_ebcc(votes, split, rounds=12)[1]
    assert model.bound(other) - model.bound(found) == pytest.approx(later - bound, rel=1e-6)


@given(SEEDS)
@examples(10)
def test_glad_stops_where_no_ability_could_be_better(seed):
    votes, _ = drawn_votes(seed, items=40)
    _, ability, ease = glad.fit_glad(votes, rounds=400, settled=0.0)
    at = slow_glad_objective(votes, ability, ease)
    for rater in range(votes.n_workers):
        for step in (-1e-2, 1e-2):
            moved = ability.copy()
            moved[rater] += step
            assert slow_glad_objective(votes, moved, ease) <= at + 1e-7


def test_mace_splits_votes_into_copies_and_spam_as_single_votes_do():
    votes, _ = drawn_votes(11)
    first, second = (fit_mace(votes, rounds=rounds) for rounds in (3, 4))
    rates = slow_mace_rates(votes, second.states, first.rates)
    assert np.allclose(second.rates, rates, atol=1e-9)
    assert not np.allclose(first.rates, rates, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "method", "published"),
    [
        ("rte", TruthMethod.EBCC, 0.93125),
        ("SP_amt", TruthMethod.EBCC, 0.944),
        ("dog", TruthMethod.EBCC, 0.840149),
        ("rte", TruthMethod.DS, 0.928),
        ("bluebird", TruthMethod.DS, 0.889),
        ("bluebird", TruthMethod.BWA, 0.759),
        ("bluebird", TruthMethod.GLAD, 0.722),
        ("dog", TruthMethod.MACE, 0.836),
        ("dog", TruthMethod.MAJORITY, 0.822),
    ],
)
def test_real_sets_come_out_as_published(name, method, published):
    voted, known = real_set(name)
    found = credit(infer(voted.votes, method), known.items, known.labels).mean()
    assert found == pytest.approx(published, abs=0.0065)


@pytest.mark.parametrize("method", TruthMethod)
def test_every_method_answers_votes_that_say_nothing(method):
    one_rater = votes_of(np.arange(4), np.zeros(4, int), np.array([0, 1, 1, 0]))
    assert infer(one_rater, method).argmax(axis=1).tolist() == [0, 1, 1, 0]
    one_class = votes_of(np.array([0, 0, 1]), np.array([0, 1, 0]), np.zeros(3, int))
    assert np.allclose(infer(one_class, method), 1.0)
    ties = votes_of(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), np.array([0, 1, 1, 0]))
    none = votes_of(*(np.zeros(0, int),) * 3, n_items=2, n_workers=1, n_classes=2)
    for votes in (ties, none):
        beliefs = infer(votes, method)
        assert np.allclose(beliefs.sum(axis=1), 1)
        if method is not TruthMethod.EBCC:  # its random starts break a tie one way or the other
            assert np.allclose(beliefs, 0.5, atol=1e-6)


@pytest.mark.parametrize("method", TruthMethod)
def test_a_crowd_with_known_raters_is_read_rightly(method):
    votes, truth = drawn_votes(2, items=400, per_item=5)
    beliefs = infer(votes, method)
    assert np.allclose(beliefs.sum(axis=1), 1)
    assert credit(beliefs, np.arange(400), truth).mean() > 0.8
    worth = worker_accuracy(votes, beliefs)
    assert worth[0] > worth[-1] + 0.1


def test_many_votes_on_an_item_vanish_in_no_product():
    rng = np.random.default_rng(0)
    count = 4_000
    labels = (rng.random(count) < 0.4).astype(int)
    votes = votes_of(np.zeros(count, int), np.arange(count) % 50, labels)
    beliefs = fit_dawid_skene(votes).states
    assert np.isfinite(beliefs).all()
    assert beliefs[0, 0] > 0.99


def test_votes_keep_their_order_within_an_item():
    votes = votes_of(np.array([2, 0, 2, 0]), np.array([3, 1, 0, 2]), np.array([1, 0, 0, 1]))
    assert votes.starts.tolist() == [0, 2, 2, 4]
    assert votes.workers.tolist() == [1, 2, 3, 0]
    assert votes.labels.tolist() == [0, 1, 1, 0]
    kept = votes.only(np.array([False, True, True, False]))
    assert kept.starts.tolist() == [0, 1, 1, 2]
    assert kept.workers.tolist() == [2, 3]


def test_ties_share_credit():
    beliefs = np.array([[0.5, 0.5, 0.0], [0.2, 0.2, 0.6]])
    assert credit(beliefs, np.array([0, 1]), np.array([1, 0])).tolist() == [0.5, 0.0]


def test_the_usual_method_stays_unless_another_is_surely_better():
    rng = np.random.default_rng(1)
    usual, noise = rng.normal(-1, 0.5, 400), rng.normal(0, 0.3, 400)
    scores = {TruthMethod.DS: usual, TruthMethod.GLAD: usual + noise - noise.mean() + 0.02}
    assert chosen(scores) is TruthMethod.DS
    scores[TruthMethod.GLAD] = usual + noise - noise.mean() + 0.05
    assert chosen(scores) is TruthMethod.GLAD
    assert chosen({TruthMethod.DS: usual[:0], TruthMethod.GLAD: usual[:0]}) is TruthMethod.DS


def test_held_out_votes_are_foretold_from_the_rest_alone():
    votes, _ = drawn_votes(4, items=300, classes=2)
    out = held_out(votes)
    assert 60 < out.sum() < 180
    scores = vote_log_scores(votes, out, TruthMethod.DS)
    assert scores.shape == (out.sum(),)
    assert -math.log(2) < scores.mean() < 0
    turned = votes_of(votes.items(), votes.workers, np.where(out, 1 - votes.labels, votes.labels))
    assert np.allclose(np.exp(vote_log_scores(turned, out, TruthMethod.DS)) + np.exp(scores), 1)
