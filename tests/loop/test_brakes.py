"""Letting a brake go takes as much care as pulling it."""

import pytest

from scuderia.loop.models.brakes import Brake
from scuderia.loop.nouns import BrakeScope
from scuderia.loop.operations.brakes import BadBrake, PulledAgain, lift_brake, set_brake
from scuderia.loop.queries.brakes import list_brakes
from tests.loop.factories import NOW, later, person

OMAR, LENA = person("omar"), person("lena")
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cast", "hall")]
ALL = {"scope": BrakeScope.ALL, "value": ""}


def pull(reason="smoke", at=0.0, who=OMAR):
    set_brake(actor=who, **ALL, reason=reason, now=later(at))


@pytest.mark.parametrize("reason", ["", "  "])
def test_nobody_pulls_or_lets_go_of_a_brake_without_a_reason(reason):
    with pytest.raises(BadBrake):
        pull(reason)
    pull()
    with pytest.raises(BadBrake):
        lift_brake(actor=LENA, **ALL, reason=reason, now=later(1))
    assert Brake.objects.get().lifted_at is None


def test_a_brake_that_is_pulled_again_holds_for_both_reasons():
    pull("smoke")
    pull("a leak", at=1, who=LENA)
    pull("a leak", at=2, who=LENA)
    (row,) = list_brakes(LENA)
    assert row.reason == "smoke; and person:lena: a leak"
    assert (row.set_by, row.set_at) == ("person:omar", NOW)


def test_nobody_lets_go_of_a_brake_that_was_pulled_again_unseen():
    pull("smoke")
    pull("a leak", at=2)
    with pytest.raises(PulledAgain, match="a leak"):
        lift_brake(actor=LENA, **ALL, reason="no smoke", as_of=later(1), now=later(3))
    assert Brake.objects.get().lifted_at is None
    lift_brake(actor=LENA, **ALL, reason="dry too", as_of=later(2), now=later(3))
    assert Brake.objects.get().lift_reason == "dry too"


def test_reasons_without_end_keep_the_first_ones_whole():
    for number in range(300):
        pull(f"reason {number}", at=number)
    kept = Brake.objects.get()
    assert kept.reason.startswith("reason 0; and person:omar: reason 1; and")
    assert len(kept.reason) <= 2000
    assert kept.pulled_at == later(299), "that it was pulled is known all the same"
