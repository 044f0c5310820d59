import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks.lemon import read_histories
from scuderia.basics.actors import IMPORTER
from scuderia.basics.clock import FixedClock, parse_instant
from scuderia.fleet.commands.fleet import app
from scuderia.fleet.engine import lemon_worth as lemon_worth_engine
from scuderia.fleet.engine.lemon import history_of
from scuderia.fleet.engine.lemon_rules import wilson_interval
from scuderia.fleet.engine.lemon_worth import PUBLISHED_WORTH, worth_known_at, worth_of
from scuderia.fleet.operations.import_outages import ImportRequest, import_outages
from scuderia.fleet.queries.lemons import lemon_board, lemon_worth
from scuderia.loop.ports import registry
from tests.fleet.typing_person import acts_as_admin

NOW = parse_instant("2026-09-17T12:00:00Z", field="now")


def assert_is_published(found):
    for name in ("naive", "score_matched"):
        mine, told = getattr(found, name), getattr(PUBLISHED_WORTH, name)
        assert mine.rule == told.rule
        assert (mine.outages, mine.pulled) == (told.outages, told.pulled)
        assert (mine.avoided, mine.failed_again) == (told.avoided, told.failed_again)
        assert mine.precision_low == pytest.approx(told.precision_low, abs=1e-4)
        assert mine.precision_high == pytest.approx(told.precision_high, abs=1e-4)
    for name in ("brier", "brier_of_naive", "brier_of_fleet", "brier_of_base_rate"):
        assert getattr(found, name) == pytest.approx(getattr(PUBLISHED_WORTH, name), abs=5e-5)
    assert found.looks == PUBLISHED_WORTH.looks
    mine, told = found.pull, PUBLISHED_WORTH.pull
    assert (mine.level, mine.pulled) == (told.level, told.pulled)
    assert [mine.saved_h, mine.low, mine.high] == pytest.approx(
        [told.saved_h, told.low, told.high], abs=0.05
    )
    for mine, told in zip(found.calibration, PUBLISHED_WORTH.calibration, strict=True):
        assert (mine.low, mine.high, mine.rows) == (told.low, told.high, told.rows)
        assert [mine.predicted, mine.observed] == pytest.approx(
            [told.predicted, told.observed], abs=5e-4
        )


def test_the_published_figures_are_those_of_the_trace(stepfun_trace):
    histories, until = read_histories(stepfun_trace)
    found = worth_of(histories, nodes=400, until=until)
    assert found.own
    assert_is_published(found)


@pytest.mark.parametrize("name", ["naive", "score_matched"])
def test_each_published_share_and_interval_is_that_of_its_own_counts(name):
    told = getattr(PUBLISHED_WORTH, name)
    assert told.avoided_share == told.avoided / told.outages
    assert told.precision == told.failed_again / told.pulled
    low, high = wilson_interval(told.failed_again, told.pulled)
    assert (told.precision_low, told.precision_high) == (round(low, 4), round(high, 4))


@pytest.mark.django_db
def test_an_imported_year_is_back_tested_on_its_own_books(stepfun_trace, monkeypatch):
    request = ImportRequest(path=stepfun_trace, fleet_size=400, site="imported", customer="fleet")
    import_outages(request, actor=IMPORTER, now=NOW)
    monkeypatch.setattr(registry, "clock", FixedClock(NOW))
    assert_is_published(lemon_worth(NOW))
    board = lemon_board(NOW, limit=5)
    acts_as_admin(monkeypatch)
    chances = [row.score.probability for row in board.rows]
    assert len(chances) == 5
    assert chances == sorted(chances, reverse=True)
    told = CliRunner().invoke(app, ["lemons", "--json", "--limit", "3"])
    assert told.exit_code == 0
    shown = json.loads(told.stdout)
    assert len(shown["rows"]) == 3
    assert shown["worth"]["own"] is True
    words = CliRunner().invoke(app, ["lemons"]).stdout
    assert "49 of 77" in words
    assert "29 such pulls" in words


def test_a_short_history_says_so_and_shows_the_published_year():
    found = worth_of([], nodes=128, until=60.0)
    assert not found.own
    assert "too few to measure on" in found.said
    assert "StepFun" in found.said
    assert_is_published(found)


def test_what_is_known_of_the_worth_changes_once_in_28_days_and_never_looks_ahead(stepfun_trace):
    histories, _ = read_histories(stepfun_trace)
    at_336 = worth_known_at(histories, nodes=400, at=336.0)
    assert at_336 == worth_known_at(histories, nodes=400, at=348.9)
    assert at_336.until_day == 336.0
    later = [
        replace(one, starts=one.starts[one.starts < 340.0], ends=one.ends[one.starts < 340.0])
        for one in histories
    ]
    assert worth_known_at(later, nodes=400, at=337.0) == at_336
    assert worth_known_at(histories, nodes=400, at=139.0).own is False


def test_a_history_in_which_no_pull_pays_names_no_level():
    random = np.random.default_rng(2)
    found = []
    for number in range(60):
        starts = np.sort(random.uniform(0, 280, size=6))
        spans = [(float(start), float(start) + 0.01) for start in starts]
        found.append(history_of(f"n{number:02}", spans))
    told = worth_of(found, nodes=60, until=280.0)
    assert told.own
    assert told.pull is None


def test_a_history_too_large_to_measure_says_so(monkeypatch):
    monkeypatch.setattr(lemon_worth_engine, "OUTAGES_MAX", 30)
    many = [history_of(f"n{n}", [(float(day), day + 0.5) for day in range(0, 150, 3)])
            for n in range(3)]  # fmt: skip
    told = worth_of(many, nodes=3, until=150.0)
    assert not told.own
    assert "over 30 outages" in told.said
