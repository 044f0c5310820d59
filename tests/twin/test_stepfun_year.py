"""The real year comes out as published: every figure, and every replay."""

import pytest

from scuderia.twin.nouns import DAY_S, HISTORY, LemonRule, OutageLog, Policy
from scuderia.twin.outage_files import read_outages
from scuderia.twin.replay import lemon_backtest, log_figures, replay


@pytest.fixture(scope="module")
def year(stepfun_trace) -> OutageLog:
    return read_outages(stepfun_trace, n_nodes=400)


def percent(share: float, digits: int = 2) -> float:
    return round(100 * share, digits)


def test_the_stepfun_year_comes_out_as_published(year):
    figures = log_figures(year)
    assert (year.n_nodes * year.days, figures.outages, figures.nodes_hit) == (139_200, 582, 231)
    assert round(figures.outage_hours_p50) == 20
    assert round(figures.outage_days_mean, 1) == 5.5
    assert round(figures.outage_days_p90) == 13
    assert round(figures.outage_days_p95) == 31
    assert round(figures.outage_days_max) == 131
    assert percent(figures.outage_share_over_7_days, 0) == 16
    assert percent(figures.downtime_share_over_7_days, 0) == 82
    assert percent(figures.top_tenth_outages, 0) == 41
    assert percent(figures.top_tenth_downtime, 0) == 69
    assert percent(figures.relapse_24h, 1) == 22.3
    assert percent(figures.relapse_7d, 0) == 31
    assert percent(figures.relapse_28d, 0) == 42
    assert figures.starts_in_one_hour_max == 14


def test_history_replays_as_history(year):
    result = replay(year, HISTORY)
    assert percent(result.availability) == 97.68
    assert percent(result.worst_day) == 91.95
    assert percent(result.median_day) == 98.25
    assert (result.days_below_target, result.days, result.outages) == (49, 348, 582)


@pytest.mark.parametrize(
    ("swap_day", "spares", "availability", "days_below"),
    [
        (1, 0, 97.68, 49),
        (7, 8, 98.75, 11),
        (7, 12, 98.91, 3),
        (7, 20, 99.11, 2),
        (3, 12, 99.13, 2),
        (1, 8, 99.08, 9),
        (1, 12, 99.32, 1),
        (1, 16, 99.49, 0),
    ],
)
def test_spare_pools_replay_as_published(year, swap_day, spares, availability, days_below):
    result = replay(year, Policy(spares=spares, swap_delay_s=swap_day * DAY_S))
    assert percent(result.availability) == availability
    assert result.days_below_target == days_below


@pytest.mark.parametrize(
    ("cap_days", "availability", "days_below"), [(3, 99.45, 1), (7, 99.12, 2), (14, 98.76, 13)]
)
def test_repair_caps_replay_as_published(year, cap_days, availability, days_below):
    result = replay(year, Policy(repair_cap_s=cap_days * DAY_S))
    assert percent(result.availability) == availability
    assert result.days_below_target == days_below


def test_a_soak_that_catches_every_24_hour_relapse_cuts_outages_by_their_share(year):
    result = replay(year, Policy(return_soak_s=DAY_S))
    assert percent(1 - result.outages / len(year), 1) == 22.3
    assert result.relapses_caught == 130
    assert result.availability < replay(year, HISTORY).availability, "the soak itself costs time"


@pytest.mark.parametrize(
    ("outages", "nodes", "avoided", "precision"), [(2, 102, 30.9, 68.6), (3, 46, 15.8, 69.6)]
)
def test_the_lemon_rule_backtests_as_published(year, outages, nodes, avoided, precision):
    rule = LemonRule(outages, 28 * DAY_S)
    found = lemon_backtest(year, rule)
    assert found.nodes_pulled == nodes
    assert percent(found.avoided_share, 1) == avoided
    assert percent(found.precision, 1) == precision
    result = replay(year, Policy(lemon=rule))
    assert result.nodes_pulled == nodes
    assert len(year) - result.outages == found.outages_avoided


def test_quarantine_without_replacement_loses_more_than_it_saves(year):
    kept = replay(year, Policy(lemon=LemonRule(2, 30 * DAY_S)))
    lost = replay(year, Policy(lemon=LemonRule(2, 30 * DAY_S, replaces=False)))
    assert lost.availability < 0.86 < replay(year, HISTORY).availability < kept.availability
