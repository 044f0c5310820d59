"""Silence is said where it stands: on claims, in the queue and on a proposal's card."""

import pytest

from scuderia.basics.subjects import SubjectRef
from scuderia.loop.operations import decisions
from scuderia.loop.ports import registry
from scuderia.loop.queries.findings import list_findings
from scuderia.loop.queries.proposals import get_proposal, list_queue
from tests.loop.factories import NOW, later
from tests.loop.test_acting import OMAR, approve, file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cast")]
V1 = SubjectRef("valve", "v1")


class ValveSilence:
    """Knows which valves are not heard."""

    kinds = frozenset({"valve", "hall"})

    def __init__(self):
        self.silent = {}

    def silent_since(self, subjects):
        return {one: self.silent[one] for one in subjects if one in self.silent}


@pytest.fixture
def heard(hall):
    source = ValveSilence()
    registry.register_silence(source)
    return source.silent


def told(proposal):
    """Return what queue, card and claims say of the silence; they must say the same."""
    (row,) = list_queue(OMAR, NOW)
    card = get_proposal(OMAR, proposal)
    assert card.row.silent_since == row.silent_since
    (claim,) = list_findings(OMAR)
    assert card.findings[0].silent_since == claim.silent_since
    return row.silent_since, claim.silent_since


def test_where_everything_is_heard_nothing_is_said(heard):
    assert told(file("v1", "v2")) == (None, None)


def test_a_silent_target_is_said_on_the_claim_and_on_the_proposal(heard):
    proposal = file("v1", "v2")
    heard[V1] = later(1)
    assert told(proposal) == (later(1), later(1))


def test_of_several_silences_the_longest_is_said(heard):
    proposal = file("v1", "v2")
    heard |= {V1: later(2), SubjectRef("valve", "v2"): later(1)}
    assert told(proposal) == (later(1), later(2))


def test_what_is_decided_waits_for_nothing_any_more(heard):
    proposal = file("v1")
    heard[V1] = later(1)
    approve(proposal)
    card = get_proposal(OMAR, proposal)
    assert (card.row.silent_since, card.findings[0].silent_since) == (None, None)
    other = file("v2", dedup_key="other")
    decisions.reject_proposal(actor=OMAR, proposal_id=other, now=NOW)
    assert get_proposal(OMAR, other).row.silent_since is None
