"""From files of votes to the label believed of each item, and what each rater is worth."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scuderia.basics.errors import BadInput
from scuderia.datasets.engine.truth import chosen, held_out, infer, vote_log_scores, worker_accuracy
from scuderia.datasets.engine.votes import Beliefs, Floats, credit
from scuderia.datasets.nouns import TruthMethod
from scuderia.datasets.queries.vote_files import BadVotes, GoldFile, VoteFile, read_gold, read_votes

AUTO = "auto"
EBCC_CELLS_MAX = 10_000_000
"""Votes times classes up to which auto tries EBCC: seconds of its own, not minutes."""
FOLDS = 5


class UnknownMethod(BadInput):
    """No method of telling truth from votes has that name."""

    code = "DATA-041"
    remedy = f"Say auto, {', '.join(TruthMethod)}."


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedMethod:
    """One method and how it did: the losing ones are told too.

    accuracy    on the gold, ties sharing credit; None without gold
    log_score   mean logarithm of how likely the held-out votes were; None where gold chose
    """

    method: TruthMethod
    accuracy: float | None = None
    log_score: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerWorth:
    """How many votes a worker gave, and the share of them that is believed right."""

    votes: int
    accuracy: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthAnswer:
    """What was believed, and on what ground the method was taken.

    chosen_on        asked, gold, or held-out votes
    accuracy_unseen  of auto with gold: each fifth of the gold told by what the others chose
    tied             items on which several labels are believed alike; the first of them is given
    """

    method: TruthMethod
    chosen_on: str
    labels: Mapping[str, str]
    probabilities: Mapping[str, float]
    workers: Mapping[str, WorkerWorth]
    classes: tuple[str, ...]
    tried: tuple[TriedMethod, ...]
    tied: int
    repeated: int
    held_out: int = 0
    accuracy: float | None = None
    accuracy_unseen: float | None = None
    gold_items: int = 0
    gold_strangers: int = 0


def infer_truth(labels: Path, gold: Path | None = None, method: str = AUTO) -> TruthAnswer:
    """Tell the true label of each item in the file of votes.

    method   auto: chosen on the gold if it is given, else on votes held out; or one by name
    raises   UnknownMethod; BadVotes, FileUnreadable, ColumnsMissing
    """
    known_method(method)
    voted = read_votes(labels)
    return truth_of(voted, read_gold(gold, voted) if gold else None, method)


def known_method(method: str) -> str:
    """Return the method's name.

    raises   UnknownMethod
    """
    if method != AUTO and method not in tuple(TruthMethod):
        raise UnknownMethod(f"there is no method {method[:40]!r}")
    return method


def truth_of(voted: VoteFile, known: GoldFile | None, method: str = AUTO) -> TruthAnswer:
    """Tell the true label of each item from votes that were read.

    raises   UnknownMethod, BadVotes: nothing can be told from them by that method
    """
    if known_method(method) != TruthMethod.MAJORITY:
        _require_something_to_weigh(voted)
    if method != AUTO:
        return _answer(voted, known, infer(voted.votes, TruthMethod(method)), TruthMethod(method))
    return _by_votes(voted) if known is None else _by_gold(voted, known)


def _require_something_to_weigh(voted: VoteFile) -> None:
    """Refuse votes that no model of raters can tell anything from; a majority can be counted."""
    said = ""
    if len(voted.workers) == 1:
        said = f"field worker: all {len(voted.votes)} votes are of one worker"
    elif len(voted.labels) == 1:
        said = f"field label: every vote says {voted.labels[0][:80]!r}"
    elif np.diff(voted.votes.starts).max() == 1:
        said = "field item: no item has two votes"
    if said:
        remedy = "Nobody can be weighed against anybody; --method majority counts what there is."
        raise BadVotes(f"{voted.file}, {said}", remedy=remedy)


def _methods(voted: VoteFile) -> list[TruthMethod]:
    """Return what auto tries; the slowest only where it takes seconds."""
    fits = len(voted.votes) * len(voted.labels) <= EBCC_CELLS_MAX
    return [method for method in TruthMethod if fits or method is not TruthMethod.EBCC]


def _by_votes(voted: VoteFile) -> TruthAnswer:
    out = held_out(voted.votes)
    scores = {method: vote_log_scores(voted.votes, out, method) for method in _methods(voted)}
    best = chosen(scores)
    tried = tuple(
        TriedMethod(method=method, log_score=float(score.mean()) if score.size else None)
        for method, score in scores.items()
    )
    beliefs = infer(voted.votes, best)
    count = int(out.sum())
    return _answer(voted, None, beliefs, best, ground="held-out votes", tried=tried, out=count)


def _by_gold(voted: VoteFile, known: GoldFile) -> TruthAnswer:
    beliefs = {method: infer(voted.votes, method) for method in _methods(voted)}
    earned = {method: _earned(found, known) for method, found in beliefs.items()}
    best = _best(earned, np.ones(known.items.size, bool))
    tried = tuple(
        TriedMethod(method=method, accuracy=float(credit.mean()))
        for method, credit in earned.items()
    )
    unseen = _unseen(earned)
    return _answer(
        voted, known, beliefs[best], best, ground="gold", tried=tried, accuracy_unseen=unseen
    )


def _best(earned: Mapping[TruthMethod, Floats], seen: np.ndarray) -> TruthMethod:
    """Return what earned most; of equals the usual one, else the first."""
    return max(earned, key=lambda method: (earned[method][seen].mean(), method is TruthMethod.DS))


def _unseen(earned: Mapping[TruthMethod, Floats]) -> float | None:
    """Return how well the choice does on gold that it was not made on."""
    size = next(iter(earned.values())).size
    if size < FOLDS:
        return None
    fold = np.random.default_rng(0).permutation(size) % FOLDS
    told = np.empty(size)
    for one in range(FOLDS):
        told[fold == one] = earned[_best(earned, fold != one)][fold == one]
    return float(told.mean())


def _earned(beliefs: Beliefs, known: GoldFile) -> Floats:
    earned = credit(beliefs, known.items, np.maximum(known.labels, 0))
    earned[known.labels < 0] = 0.0
    return earned


def _answer(
    voted: VoteFile,
    known: GoldFile | None,
    beliefs: Beliefs,
    method: TruthMethod,
    *,
    ground: str = "asked",
    tried: tuple[TriedMethod, ...] = (),
    out: int = 0,
    accuracy_unseen: float | None = None,
) -> TruthAnswer:
    best = beliefs.max(axis=1, keepdims=True)
    given, worth = voted.votes.per_worker(), worker_accuracy(voted.votes, beliefs)
    labels = [voted.labels[number] for number in beliefs.argmax(axis=1)]
    return TruthAnswer(
        method=method,
        chosen_on=ground,
        labels=dict(zip(voted.items, labels, strict=True)),
        probabilities=dict(zip(voted.items, (float(one) for one in best[:, 0]), strict=True)),
        workers={
            name: WorkerWorth(votes=int(given[number]), accuracy=float(worth[number]))
            for number, name in enumerate(voted.workers)
        },
        classes=voted.labels,
        tried=tried,
        tied=int(((beliefs >= best - 1e-12).sum(axis=1) > 1).sum()),
        repeated=voted.repeated,
        held_out=out,
        accuracy=float(_earned(beliefs, known).mean()) if known else None,
        accuracy_unseen=accuracy_unseen,
        gold_items=known.items.size if known else 0,
        gold_strangers=known.strangers if known else 0,
    )
