"""Capacity bought back: on the proposal and on its outcome in one unit, once measured whole."""

from dataclasses import replace

import pytest
from typer.testing import CliRunner

from scuderia.basics.capacity import CapacityUnit
from scuderia.loop.commands.proposals import app
from scuderia.loop.engine.json_codec import read_rehearsal, spell_rehearsal
from scuderia.loop.models.proposals import Proposal
from scuderia.loop.nouns import Measurement
from scuderia.loop.operations import outcomes, undo
from scuderia.loop.operations.proposal_filing import BadRehearsal
from scuderia.loop.queries.actions import get_action, list_actions
from scuderia.loop.queries.proposals import get_proposal
from tests.loop.factories import later, rehearsal
from tests.loop.test_acting import OMAR, approve, carry_out, file
from tests.loop.test_promises import edited

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cast")]
PIPES = CapacityUnit("pipes", "pipe-hours", 4)
PAIRED = {"gain_low": 1.0, "gain_high": 14.0, "helps": 0.9, "harms": 0.1}


def foretold(**changes):
    """Ten hours lost by doing nothing, four by acting, over a week, of four pipes each."""
    return rehearsal(unit="hours", capacity=PIPES, **PAIRED, **changes)


def measured(hall, value, at, *, final=True):
    hall.turn.measured = Measurement(value, at, final=final)
    outcomes.measure_due(now=at)


def test_a_rehearsal_says_its_gain_as_capacity_with_its_interval(hall):
    told = get_proposal(OMAR, file(rehearsal=foretold())).row.rehearsal.bought_back
    assert told.hours == 24
    assert told.amount == pytest.approx(24 / 168, abs=5e-5)
    assert (told.low, told.high) == (pytest.approx(4 / 168, abs=5e-5), round(56 / 168, 4))
    assert told.formula == "6 hours x 4 pipes = 24 pipe-hours, over 7 days x 24 h"


def test_a_gain_where_more_is_better_buys_back_too():
    told = replace(foretold(), better="higher", do_nothing=4, expected=10, low=5, high=12)
    assert told.bought_back.hours == 24


@pytest.mark.parametrize("changes", [{"capacity": None}, {"horizon_days": 0}])
def test_what_is_of_no_capacity_or_of_no_time_says_none(changes):
    assert replace(foretold(), **changes).bought_back is None


def test_it_is_kept_as_it_was_filed_and_older_rows_tell_none():
    stored = spell_rehearsal(foretold())
    assert read_rehearsal(stored) == foretold()
    del stored["capacity"]
    assert read_rehearsal(stored).bought_back is None


def test_a_unit_without_a_number_is_refused(hall):
    with pytest.raises(BadRehearsal):
        file(rehearsal=replace(foretold(), capacity=CapacityUnit("pipes", "pipe-hours", 0)))
    assert not Proposal.objects.exists()


def test_the_outcome_stands_beside_the_promise_in_the_same_unit(hall):
    action = approve(file(rehearsal=foretold()))
    carry_out(action)
    measured(hall, 5.0, later(24), final=False)
    halfway = get_action(OMAR, action).outcome
    assert halfway.promised_back == foretold().bought_back
    assert halfway.bought_back is None, "its horizon is not over"
    measured(hall, 5.0, later(200))
    told = get_action(OMAR, action).outcome
    assert told.bought_back.hours == (10 - 5) * 4
    assert told.bought_back.amount == pytest.approx(20 / 168, abs=5e-5)
    assert (told.bought_back.unit, told.bought_back.low) == (told.promised_back.unit, None)
    assert list_actions(OMAR)[0].outcome == told


def test_a_loss_is_told_as_a_loss(hall):
    action = approve(file(rehearsal=foretold()))
    carry_out(action)
    measured(hall, 31.0, later(200))
    assert get_action(OMAR, action).outcome.bought_back.amount == pytest.approx(-0.5)


def test_what_was_undone_before_its_horizon_bought_nothing_that_is_known(hall):
    action = approve(file(rehearsal=foretold()))
    carry_out(action)
    measured(hall, 1.0, later(24), final=False)
    carry_out(undo.undo_action(actor=OMAR, action_id=action, now=later(250)), now=later(250))
    told = get_action(OMAR, action).outcome
    assert (told.verdict, told.value, told.bought_back) == ("inconclusive", 1.0, None)


def test_an_edited_plan_is_not_told_the_capacity_of_the_plan_before(hall):
    proposal = file("v1", to=3, rehearsal=foretold())
    edited(proposal, "v2", to=5)
    action = approve(proposal)
    carry_out(action)
    assert get_action(OMAR, action).outcome.promised_back is None


def test_the_command_shows_both(hall, monkeypatch):
    action = approve(file(rehearsal=foretold()))
    carry_out(action)
    measured(hall, 5.0, later(200))
    monkeypatch.setenv("SCUDERIA_ACTOR", "omar")
    shown = CliRunner().invoke(app, ["action", str(action)]).stdout
    assert "promised back  0.14 pipes' worth of capacity (80%: 0.02 to 0.33)" in shown
    assert "bought back    0.12 pipes' worth of capacity; 5 hours x 4 pipes" in shown
