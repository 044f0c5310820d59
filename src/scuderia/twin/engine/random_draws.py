"""Chance, always from a generator that is handed in: dice for uncertain shares, redrawn fleets."""

import numpy as np

from scuderia.twin.nouns import NONE, Draw, Float1D, Int1D, OutageLog, Policy, Share


def _value(share: Share, luck: float | None) -> float:
    return share.middle if luck is None else share.low + (share.high - share.low) * luck


def shares_of(policy: Policy, luck: tuple[float, float] | None = None) -> tuple[float, float]:
    """Return (relapses caught, outages a replacement keeps); without luck, each range's middle.

    luck    two numbers in [0, 1): where in its range each share lies in this draw
    """
    rule = policy.lemon
    again = NONE if rule is None else rule.replacement_fault_share
    catch_luck, again_luck = (None, None) if luck is None else luck
    return _value(policy.relapse_catch_share, catch_luck), _value(again, again_luck)


def still_draw(log: OutageLog, policy: Policy) -> Draw:
    """Return the one draw of a policy that holds no chance."""
    zeros: Float1D = np.zeros(len(log))
    catch, again = shares_of(policy)
    return Draw(catch, again, zeros, zeros)


def throw(n_outages: int, rng: np.random.Generator) -> tuple[tuple[float, float], Float1D, Float1D]:
    """Return the luck of the two shares and the dice of every outage.

    Policy plays no part: two policies given the same throw are compared on the same dice.
    """
    first, second = rng.random(2).tolist()
    return (first, second), rng.random(n_outages), rng.random(n_outages)


def redraw_nodes(log: OutageLog, rng: np.random.Generator) -> tuple[Int1D, Int1D]:
    """Redraw the fleet with replacement, each node with all its outages on their own dates.

    returns   (node, take): new node numbers and the outages of `log` they carry, in log order
    """
    by_node = np.argsort(log.node, kind="stable")
    counts = np.bincount(log.node, minlength=log.n_nodes)
    firsts = np.cumsum(counts) - counts
    picks = rng.integers(0, log.n_nodes, log.n_nodes)
    sizes = counts[picks]
    node = np.repeat(np.arange(log.n_nodes), sizes)
    within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    take = by_node[np.repeat(firsts[picks], sizes) + within]
    order = np.lexsort((node, log.start_s[take]))
    return node[order].astype(np.int64), take[order].astype(np.int64)
