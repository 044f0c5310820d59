"""Effective training time of one gang under failures: the published form and the exact one."""

import math

from scuderia.twin.nouns import BadPolicy

MINUTES_PER_DAY = 1_440


def minutes_to_failure(n_nodes: int, failures_per_node_day: float) -> float:
    """Return the mean minutes between failures of a gang, each node failing on its own."""
    rate = n_nodes * failures_per_node_day
    if not (rate > 0 and math.isfinite(rate)):
        raise BadPolicy(
            f"A gang of {n_nodes} nodes at {failures_per_node_day} failures a day never fails.",
            remedy="Give at least one node and a failure rate above zero.",
        )
    return MINUTES_PER_DAY / rate


def ettr_small_loss(mean: float, *, restart: float, checkpoint: float, save: float = 0.0) -> float:
    """Return the share of time that trains, to first order in the loss; all four in minutes.

    source   1 - (restart + checkpoint / 2) / mean, over 1 + save / checkpoint;
             pinned by test_effective_training_time_matches_the_published_cases
    """
    return (1 - (restart + checkpoint / 2) / mean) / (1 + save / checkpoint)


def ettr_exact(mean: float, *, restart: float, checkpoint: float, save: float = 0.0) -> float:
    """Return the same by renewal, failures during a restart included; all four in minutes."""
    cycle = mean * math.exp(restart / mean) * math.expm1((checkpoint + save) / mean)
    return checkpoint / cycle
