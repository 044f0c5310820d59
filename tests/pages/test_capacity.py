"""Capacity bought back, as the page of a proposal and that of its outcome show it, and the API."""

import html

import pytest

from scuderia.loop.models.actions import Action
from scuderia.loop.models.outcomes import Outcome
from scuderia.loop.nouns import OutcomeVerdict
from scuderia.loop.operations import actions
from tests.api.caller import Caller


def shown(client, path):
    return html.unescape(client.get(path).content.decode())


@pytest.fixture
def carried_out(stage, changed_world, as_person):
    """The swap, approved and done; nothing is measured of it yet."""
    swap = stage.swap
    as_person("otto").post(f"/proposals/{swap.id}/approve", {"digest": swap.digest})
    action = Action.objects.get(proposal=swap.id)
    for step in range(actions.begin_action(action.pk, now=stage.clock.now())):
        actions.run_step(action.pk, step, now=stage.clock.now())
    actions.finish_action(action.pk, now=stage.clock.now())
    return action


def test_a_proposal_says_how_much_capacity_it_buys_back_and_how_that_is_reckoned(stage, as_person):
    by_program = Caller("lena")
    for row in stage.queue:
        gain = row.rehearsal.bought_back
        page = shown(as_person("lena"), f"/proposals/{row.id}")
        assert gain.unit == "GPUs"
        assert gain.words in page
        assert gain.formula in page
        assert gain.hours / (gain.days * 24) == pytest.approx(gain.amount, abs=1e-3)
        # what a day of waiting costs is the same capacity for a day
        assert max(gain.hours, 0) / gain.days == pytest.approx(row.cost_of_delay.amount, abs=0.01)
        told = by_program.get(f"/proposals/{row.id}").json()["row"]["rehearsal"]
        assert told["bought_back"]["amount"] == gain.amount
        assert told["bought_back"]["low"] == gain.low


def test_an_outcome_is_told_in_the_unit_of_its_promise(stage, carried_out, as_person):
    path = f"/actions/{carried_out.pk}"
    promised = stage.swap.rehearsal.bought_back
    before = shown(as_person("otto"), path)
    assert promised.words in before
    assert "known when its horizon is over" in before
    outcome = Outcome.objects.get(action=carried_out.pk)
    Outcome.objects.update(
        value=0.5, verdict=OutcomeVerdict.MET, measured_at=outcome.due_at, note=""
    )
    after = Caller("otto").get(path).json()["outcome"]
    won = (stage.swap.rehearsal.do_nothing - 0.5) * 8
    assert after["promised_back"]["amount"] == promised.amount
    assert after["bought_back"]["hours"] == pytest.approx(won, abs=1e-3)
    assert f"{after['bought_back']['formula']}; against what was expected" in shown(
        as_person("otto"), path
    )
