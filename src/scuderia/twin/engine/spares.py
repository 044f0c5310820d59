"""How many spares keep a fleet whole: Palm's theorem, outages as a Poisson stream."""

import math

from scuderia.twin.nouns import BadPolicy, SpareNeed

_NODES_MAX = 1_000_000


def spares_needed(n_nodes: int, *, down_share: float, confidence: float) -> SpareNeed:
    """Return the least spares that cover the nodes down at `confidence` of all instants.

    down_share   share of node-time out of service, 0 to 1; confidence in (0, 1)
    source       Palm's theorem for M/G/inf: nodes down are Poisson whatever the repair law;
                 pinned by test_spares_match_the_poisson_table
    """
    if not (0 < n_nodes <= _NODES_MAX and 0 <= down_share <= 1 and 0 < confidence < 1):
        raise BadPolicy(
            f"No spare pool for {n_nodes} nodes, {down_share} down, at {confidence}.",
            remedy="Give one node or more, a share of 0 to 1 and a confidence between 0 and 1.",
        )
    mean = n_nodes * down_share
    spares, covered = 0, _poisson_at(0, mean)
    while covered < confidence and spares < n_nodes:
        spares += 1
        covered += _poisson_at(spares, mean)
    return SpareNeed(spares, mean, confidence, min(covered, 1.0))


def _poisson_at(count: int, mean: float) -> float:
    if mean == 0:
        return float(count == 0)
    return math.exp(count * math.log(mean) - mean - math.lgamma(count + 1))
