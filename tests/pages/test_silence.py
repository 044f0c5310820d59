"""Silence is not health: a source that does not answer takes nothing back and clears nothing."""

import pytest

from scuderia.basics.actors import WORKER
from scuderia.basics.errors import Unable
from scuderia.fleet.operations.sources import record_silence
from scuderia.fleet.ports import registry as fleet
from scuderia.loop.models.agents import AgentRound
from scuderia.loop.models.findings import Finding
from scuderia.loop.models.proposals import Proposal
from scuderia.loop.operations.agents import make_rounds
from scuderia.loop.operations.findings import clear_settled
from tests.pages.stage import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stage")]


def what_stands():
    return (
        set(Proposal.objects.filter(state="pending").values_list("pk", flat=True)),
        set(Finding.objects.filter(state="open").values_list("pk", flat=True)),
    )


def look_again():
    reports = make_rounds(actor=WORKER, now=NOW)
    assert [report.error for report in reports] == [""] * len(reports)
    clear_settled(now=NOW)
    return reports


def test_a_silent_source_withdraws_no_proposal_and_clears_no_finding():
    before = what_stands()
    assert all(before)
    record_silence("embedded", error="it does not answer", now=NOW)
    reports = look_again()
    assert what_stands() == before
    assert {report.withdrawn for report in reports} == {0}
    told = AgentRound.objects.filter(agent="repair-chaser").latest("at", "pk")
    assert any("Silent, so left as it was" in line for line in told.considered)


def test_a_cluster_that_does_not_answer_the_agents_withdraws_nothing_either(monkeypatch):
    before = what_stands()

    def silent(_self):
        raise Unable("the cluster does not answer")

    reader = fleet.readers["embedded"]
    monkeypatch.setattr(type(reader), "current", silent)
    look_again()
    assert what_stands() == before


def test_what_is_seen_to_be_well_is_still_taken_back(monkeypatch):
    proposals, findings = what_stands()
    monkeypatch.setattr("scuderia.crew.agents.repair_chaser.broken_nodes", lambda _snapshot: ())
    look_again()
    left, open_still = what_stands()
    assert proposals - left
    assert findings - open_still
