"""How much of a node outages take at each instant, in whole GPUs, and what share of it that is.

A stretch is a piece of one node's time in which nothing begins or ends; arrays have an entry for
each. Reports of a node overlap: named GPUs are united, and of those who only count the greatest
counts.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from scuderia.fleet.engine.facts import OutageFact
from scuderia.fleet.nouns import GpuShare

Ints: TypeAlias = npt.NDArray[np.int64]
"""Whole numbers, shape (n,); instants are Unix seconds."""
Bools: TypeAlias = npt.NDArray[np.bool_]
"""Shape (n,)."""

UNIT_MAX = 720_720
"""Every count of GPUs up to 16 divides it; fleets that need more have their shares rounded."""


@dataclass(frozen=True, slots=True)
class Share:
    """GPUs in one class, over each stretch; `over`: planned work over an outage before it."""

    kind: Ints
    gpus: Ints
    over: Bools


@dataclass(frozen=True, slots=True)
class Losses:
    """GPUs that planned work takes, that faults take, and that either does."""

    gpus: Ints
    planned: Ints
    unplanned: Ints
    total: Ints

    @staticmethod
    def of_whole_nodes(gpus: Ints, *, planned: Bools, out: Bools) -> "Losses":
        """Return what is lost where each outage takes the whole node."""
        gpus = np.maximum(gpus, 1)  # a node without GPUs is lost whole
        return Losses(
            gpus,
            np.where(planned, gpus, 0),
            np.where(out, gpus, 0),
            np.where(planned | out, gpus, 0),
        )

    def where(self, keep: Bools, others: "Losses") -> "Losses":
        """Return these where `keep` says so, and the others elsewhere."""
        return Losses(
            self.gpus,
            np.where(keep, self.planned, others.planned),
            np.where(keep, self.unplanned, others.unplanned),
            np.where(keep, self.total, others.total),
        )

    def shares(self, *, up: Ints, broken: Ints, planned: int, over: Bools) -> tuple[Share, ...]:
        """Return the GPUs in each class; planned work wins a GPU that a fault takes too.

        up, broken, planned   the class of what serves, of what a fault takes, of planned work
        over                  whether the fault began before the planned work
        """
        both = np.where(over, self.planned + self.unplanned - self.total, 0)
        never, always = np.zeros(len(over), dtype=np.bool_), np.ones(len(over), dtype=np.bool_)
        of_work = np.full(len(over), planned, dtype=np.int64)
        return (
            Share(of_work, both, always),
            Share(of_work, self.planned - both, never),
            Share(broken, self.total - self.planned, never),
            Share(up, self.gpus - self.total, never),
        )


def gpus_taken(
    outages: Sequence[OutageFact], gpus: Ints, covered: Callable[[Iterable[OutageFact]], Bools]
) -> Ints:
    """Return how many of the node's GPUs these outages take together over each stretch.

    gpus      of the node of each stretch: no more are ever taken
    covered   says over which stretches one of some outages lasts
    """
    named = np.zeros(len(gpus), dtype=np.int64)
    for index in sorted({index for fact in outages for index in fact.gpu_indices}):
        named += covered(fact for fact in outages if index in fact.gpu_indices)
    most = named
    counted = [fact for fact in outages if fact.gpus_lost is not None]
    for count in sorted({fact.gpus_lost or 0 for fact in counted}):
        lasts = covered(fact for fact in counted if fact.gpus_lost == count)
        most = np.where(lasts, np.maximum(most, count), most)
    whole = covered(fact for fact in outages if fact.gpus_lost is None)
    taken: Ints = np.where(whole, gpus, np.minimum(gpus, most))
    return taken


def gpus_taken_at_once(shares: Iterable[GpuShare], gpus: int) -> int:
    """Return how many of a node's GPUs outages take that last at one instant."""
    told = list(shares)
    if any(share.gpus is None for share in told):
        return gpus
    named = {index for share in told for index in share.indices}
    return min(gpus, max([len(named), *(share.gpus or 0 for share in told)]))


def unit_of(gpus: Iterable[int]) -> int:
    """Return into how many parts a node-second is cut, so that every share is a whole number."""
    return min(math.lcm(*(max(1, count) for count in gpus)), UNIT_MAX)


def parts_of(shares: Sequence[Ints], gpus: Ints, unit: int) -> list[Ints]:
    """Return each share in parts of the node; over all shares they sum to `unit`.

    shares   GPUs in each class, which sum to `gpus`
    """
    before = np.zeros(len(gpus), dtype=np.int64)
    parts, reached = [], before
    for share in shares:
        before = before + share
        upto = np.where(before == gpus, unit, before * unit // gpus)
        parts.append(upto - reached)
        reached = upto
    return parts


def whole_seconds(parts: Sequence[int], unit: int) -> list[int]:
    """Return parts of seconds as whole ones, which sum to the sum of all, rounded half up.

    What is left over goes to the greatest remainders, of equal ones to the first.
    """
    told = [part // unit for part in parts]
    left = (2 * sum(parts) + unit) // (2 * unit) - sum(told)
    ranked = sorted(range(len(parts)), key=lambda place: -(parts[place] % unit))
    for place in ranked[:left]:
        told[place] += 1
    return told
