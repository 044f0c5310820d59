"""Second implementations, written from the papers' formulas: single votes, dense or sparse."""

import math

import numpy as np
from scipy import sparse
from scipy.special import digamma, gammaln, xlogy

from scuderia.datasets.engine.votes import Votes, vote_shares


def triples(votes: Votes) -> list[tuple[int, int, int]]:
    columns = votes.items(), votes.workers, votes.labels
    return list(zip(*(column.tolist() for column in columns), strict=True))


def slow_dawid_skene(votes: Votes, *, rounds: int, one_coin: bool) -> np.ndarray:
    said, classes = triples(votes), votes.n_classes
    z = np.array(vote_shares(votes))
    for _ in range(rounds):
        theta = np.ones((votes.n_workers, classes, classes)) + 3 * np.eye(classes)
        right = np.full(votes.n_workers, 4.0)
        given = np.full(votes.n_workers, 5.0)
        for i, j, label in said:
            theta[j, :, label] += z[i]
            right[j] += z[i, label]
            given[j] += 1
        theta /= theta.sum(axis=2, keepdims=True)
        if one_coin:
            p = (right / given)[:, None, None]
            theta = np.where(np.eye(classes, dtype=bool), p, (1 - p) / (classes - 1))
        logs = np.tile(np.log(z.sum(axis=0) + 1), (votes.n_items, 1))
        for i, j, label in said:
            logs[i] += np.log(theta[j, :, label])
        z = np.exp(logs - logs.max(axis=1, keepdims=True))
        z /= z.sum(axis=1, keepdims=True)
    return z


def slow_bwa(votes: Votes) -> np.ndarray:
    voted = np.zeros((votes.n_items, votes.n_workers))
    said = np.zeros((votes.n_classes, votes.n_items, votes.n_workers))
    for i, j, label in triples(votes):
        voted[i, j] = said[label, i, j] = 1
    beliefs = []
    for one in said:
        z = one.sum(axis=1) / voted.sum(axis=1)
        adjust = 4 * (1 - 1 / votes.n_classes)
        b = 15 * (voted.sum(axis=1) * z * (1 - z)).sum() / voted.sum() * adjust
        for _ in range(2_000):
            strayed = ((one - z[:, None]) ** 2 * voted).sum(axis=0)
            v = (15 + voted.sum(axis=0)) / (b + strayed)
            z = (z.mean() + one @ v) / (1 + voted @ v)
        beliefs.append(z)
    return np.stack(beliefs, axis=1)


def slow_ebcc(
    votes: Votes, start: np.ndarray, *, rounds: int, settled: float = 0.0
) -> tuple[np.ndarray, float]:
    """Start from shape (items, classes, guises); return beliefs and the bound up to a constant."""
    classes, guises = start.shape[1:]
    items, given = votes.items(), votes.labels
    by = [
        sparse.csr_array(
            (np.ones((given == one).sum()), (items[given == one], votes.workers[given == one])),
            shape=(votes.n_items, votes.n_workers),
        )
        for one in range(classes)
    ]
    alpha, beta = vote_shares(votes).sum(axis=0), np.ones((classes, classes)) + 3 * np.eye(classes)

    def held(zg: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        mu = np.tile(beta[None, :, None, :], (votes.n_workers, 1, guises, 1))
        for label in range(classes):
            for k in range(classes):
                mu[:, k, :, label] += by[label].T @ zg[:, k, :]
        return 0.1 / guises + zg.sum(axis=0), alpha + zg.sum(axis=(0, 2)), mu

    zg, z = start.copy(), start.sum(axis=2)
    for _ in range(rounds):
        eta, nu, mu = held(zg)
        logs = digamma(eta) - digamma(eta.sum(axis=1, keepdims=True)) + digamma(nu)[:, None]
        logs = np.tile(logs, (votes.n_items, 1, 1))
        rate = digamma(mu) - digamma(mu.sum(axis=3, keepdims=True))
        for label in range(classes):
            for k in range(classes):
                logs[:, k, :] += by[label] @ rate[:, k, :, label]
        zg = np.exp(logs - logs.max(axis=(1, 2), keepdims=True))
        zg /= zg.sum(axis=(1, 2), keepdims=True)
        moved, z = np.abs(zg.sum(axis=2) - z).max(), zg.sum(axis=2)
        if moved <= settled:
            break
    eta, nu, mu = held(zg)
    bound = gammaln(nu).sum() + gammaln(eta).sum() - gammaln(eta.sum(axis=1)).sum()
    bound += gammaln(mu).sum() - gammaln(mu.sum(axis=3)).sum() - xlogy(zg, zg).sum()
    return zg.sum(axis=2), float(bound)


def slow_glad_objective(votes: Votes, ability: np.ndarray, ease: np.ndarray) -> float:
    """Return the logarithm of the posterior, the truth summed out."""
    total = -((ability - 1) ** 2).sum() / 2 - ((ease - 1) ** 2).sum() / 2
    logs = np.zeros((votes.n_items, votes.n_classes))
    for i, j, label in triples(votes):
        right = 1 / (1 + math.exp(-ability[j] * math.exp(ease[i])))
        for k in range(votes.n_classes):
            chance = right if k == label else (1 - right) / (votes.n_classes - 1)
            logs[i, k] += math.log(chance)
    return float(total + np.logaddexp.reduce(logs, axis=1).sum())


def slow_mace_rates(votes: Votes, states: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Return the next rates, from each vote's own chance of being spam under those before."""
    classes = votes.n_classes
    spam = np.zeros((votes.n_workers, classes))
    copied = np.zeros(votes.n_workers)
    for i, j, label in triples(votes):
        for k in range(classes):
            belief = states[i, k]
            tossed = before[j, label, (label + 1) % classes]  # what spam alone gives
            is_spam = 1.0 if k != label else tossed / before[j, label, label]
            spam[j, label] += belief * is_spam
            copied[j] += belief * (1 - is_spam)
    coin = np.stack([copied + 0.5, spam.sum(axis=1) + 0.5], axis=1)
    coin = np.exp(digamma(coin) - digamma(coin.sum(axis=1, keepdims=True)))
    habit = np.exp(digamma(spam + 10) - digamma((spam + 10).sum(axis=1, keepdims=True)))
    rates = np.repeat((coin[:, 1:] * habit)[:, :, None], classes, axis=2)
    rates[:, np.arange(classes), np.arange(classes)] += coin[:, :1]
    return rates
