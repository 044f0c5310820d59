import json

import pytest
from typer.testing import CliRunner

from benchmarks.lemon import read_histories
from scuderia.basics.actors import IMPORTER
from scuderia.basics.clock import FixedClock, parse_instant
from scuderia.fleet.commands.fleet import app
from scuderia.fleet.engine.lemon_rules import wilson_interval
from scuderia.fleet.engine.lemon_worth import PUBLISHED_WORTH, worth_of
from scuderia.fleet.operations.import_outages import ImportRequest, import_outages
from scuderia.fleet.queries.lemons import lemon_board, lemon_worth
from scuderia.loop.ports import registry
from tests.fleet.typing_person import acts_as_admin

NOW = parse_instant("2026-09-17T12:00:00Z", field="now")


def assert_is_published(found):
    for name in ("naive", "score", "score_matched"):
        mine, told = getattr(found, name), getattr(PUBLISHED_WORTH, name)
        assert mine.rule == told.rule
        assert (mine.outages, mine.pulled) == (told.outages, told.pulled)
        assert (mine.avoided, mine.failed_again) == (told.avoided, told.failed_again)
        assert mine.precision_low == pytest.approx(told.precision_low, abs=1e-4)
        assert mine.precision_high == pytest.approx(told.precision_high, abs=1e-4)
    for name in ("brier", "brier_of_naive", "brier_of_base_rate"):
        assert getattr(found, name) == pytest.approx(getattr(PUBLISHED_WORTH, name), abs=1e-4)


def test_the_published_figures_are_those_of_the_trace(stepfun_trace):
    histories, until = read_histories(stepfun_trace)
    found = worth_of(histories, nodes=400, until=until)
    assert found.own
    assert_is_published(found)


@pytest.mark.parametrize("name", ["naive", "score", "score_matched"])
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
    assert "28 of 51" in words


def test_a_short_history_says_so_and_shows_the_published_year():
    found = worth_of([], nodes=128, until=60.0)
    assert not found.own
    assert "too few to split" in found.said
    assert "StepFun" in found.said
    assert_is_published(found)
