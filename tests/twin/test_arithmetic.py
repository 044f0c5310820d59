"""The arithmetic beside the replay, against published tables and simple truths."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scuderia.twin.engine.ettr import ettr_exact, ettr_small_loss, minutes_to_failure
from scuderia.twin.engine.outage_logs import log_of_spans
from scuderia.twin.nouns import BadPolicy
from scuderia.twin.replay import log_figures, spares_needed
from tests.examples import examples


@pytest.mark.parametrize(("confidence", "spares"), [(0.95, 6), (0.99, 7), (0.999, 9)])
def test_spares_match_the_poisson_table(confidence, spares):
    need = spares_needed(125, down_share=0.02316, confidence=confidence)
    assert need.spares == spares
    assert need.covered >= confidence
    assert round(need.nodes_down_mean, 2) == 2.89 or math.isclose(need.nodes_down_mean, 2.895)


@given(st.integers(1, 3_000), st.floats(0, 1), st.floats(0.5, 0.999))
@examples(200)
def test_spares_are_the_least_that_cover(nodes, down, confidence):
    need = spares_needed(nodes, down_share=down, confidence=confidence)
    assert need.spares == nodes or need.covered >= confidence
    assert 0 <= need.spares <= nodes


@pytest.mark.parametrize(
    ("nodes", "down", "sure"), [(0, 0.1, 0.9), (9, math.nan, 0.9), (9, 0.1, 1)]
)
def test_no_pool_is_sized_for_no_fleet(nodes, down, sure):
    with pytest.raises(BadPolicy):
        spares_needed(nodes, down_share=down, confidence=sure)


@pytest.mark.parametrize(
    ("nodes", "rate", "restart", "checkpoint", "save", "small", "exact"),
    [
        (128, 6.5e-3, 10, 60, 0, 0.9769, 0.9771),
        (128, 6.5e-3, 10, 60, 1, 0.9609, 0.9608),
        (512, 6.5e-3, 10, 60, 0, 0.9076, 0.9110),
        (2_048, 6.5e-3, 5, 60, 0, 0.6764, 0.7144),
        (2_048, 6.5e-3, 5, 5, 0, 0.9307, 0.9329),
        (12_500, 2.34e-3, 2, 2, 0, 0.9391, 0.9408),
    ],
)
def test_effective_training_time_matches_the_published_cases(
    nodes, rate, restart, checkpoint, save, small, exact
):
    mean = minutes_to_failure(nodes, rate)
    assert (
        round(ettr_small_loss(mean, restart=restart, checkpoint=checkpoint, save=save), 4) == small
    )
    assert round(ettr_exact(mean, restart=restart, checkpoint=checkpoint, save=save), 4) == exact


@pytest.mark.parametrize(
    ("nodes", "rate", "hours"),
    [(128, 6.5e-3, 28.85), (2_048, 6.5e-3, 1.803), (16_384, 6.5e-3, 0.2254),
     (2_048, 419 / 54 / 2_048, 3.093)],
)  # fmt: skip
def test_mean_time_to_failure_matches_the_published_cases(nodes, rate, hours):
    assert minutes_to_failure(nodes, rate) / 60 == pytest.approx(hours, rel=5e-4)


def test_a_gang_that_never_fails_has_no_mean():
    with pytest.raises(BadPolicy):
        minutes_to_failure(8, 0.0)


def test_a_healthy_fleet_has_figures_too():
    figures = log_figures(log_of_spans([[], []], horizon_s=86_400))
    assert (figures.outages, figures.relapse_24h, figures.top_tenth_downtime) == (0, 0, 0)
