"""The crew on the embedded fleet, read through the books: rounds, evidence, and a quiet fleet."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from scuderia.basics.clock import FixedClock
from scuderia.connectors.embedded.executor import EmbeddedControl
from scuderia.connectors.embedded.reader import EmbeddedReader
from scuderia.connectors.embedded.seeding import create_world
from scuderia.crew.playbook import roster
from scuderia.fleet import ports as fleet
from scuderia.fleet.operations.observations import poll
from scuderia.fleet.playbook import catalogue
from scuderia.loop.nouns import Round
from scuderia.loop.ports import Sockets
from scuderia.loop.ports import sockets as loop
from tests.crew.pictures import NOW

pytestmark = pytest.mark.django_db
AGENTS = ("lemon-scout", "repair-chaser", "sla-watch", "spare-planner")


@pytest.fixture
def sockets(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sockets]:
    plugged = Sockets(clock=FixedClock(NOW))
    monkeypatch.setattr(loop, "clock", plugged.clock)
    catalogue.plug(plugged)
    roster.plug(plugged)
    reader, control = fleet.sockets.reader, fleet.sockets.control
    yield plugged
    fleet.sockets.reader, fleet.sockets.control = reader, control


def live(path: Path, sockets: Sockets, *, healthy: bool) -> dict[str, Round]:
    world = path / "world.sqlite3"
    create_world(world, now=NOW, healthy=healthy)
    fleet.sockets.reader = EmbeddedReader(world, sockets.clock)
    fleet.sockets.control = EmbeddedControl(world, sockets.clock)
    while poll(fleet.sockets.reader, now=NOW).more:
        pass
    return {name: sockets.agents[name].look(now=NOW) for name in AGENTS}


def test_sixty_healthy_days_give_no_proposal_and_no_finding(tmp_path, sockets):
    for name, made in live(tmp_path, sockets, healthy=True).items():
        assert (made.findings, made.proposals) == ((), ()), name
        assert made.considered, name


def test_a_living_fleet_gets_proposals_that_could_be_carried_out_now(tmp_path, sockets):
    rounds = live(tmp_path, sockets, healthy=False)
    drafts = [draft for made in rounds.values() for draft in made.proposals]
    assert drafts
    for draft in drafts:
        assert draft.kind in sockets.executors
        assert len(draft.findings[-1].evidence) == 3
        assert draft.rehearsal.expected < draft.rehearsal.do_nothing


def test_evidence_run_again_for_the_same_instant_says_the_same(tmp_path, sockets):
    rounds = live(tmp_path, sockets, healthy=False)
    loop_later = NOW + timedelta(hours=2)
    sockets.clock.at = loop_later  # type: ignore[attr-defined]
    cited = [
        evidence
        for made in rounds.values()
        for draft in made.proposals
        for finding in draft.findings
        for evidence in finding.evidence
    ]
    assert cited
    for evidence in cited:
        again = sockets.evidence[evidence.query].run(evidence.params)
        if evidence.query != "spare_pool_state":  # what stands ready is the present's word
            assert again == evidence.value, evidence.query


def test_two_looks_at_the_same_books_are_one_round(tmp_path, sockets):
    first = live(tmp_path, sockets, healthy=False)
    assert {name: sockets.agents[name].look(now=NOW) for name in AGENTS} == first


def test_an_empty_ledger_is_said_and_not_guessed_about(sockets):
    for name in AGENTS:
        assert sockets.agents[name].look(now=NOW) == Round(considered=("No node is on the books.",))


@pytest.mark.parametrize("query", ["lemon_score", "repair_outlook"])
def test_evidence_about_a_stranger_is_refused_by_name(tmp_path, sockets, query):
    live(tmp_path, sockets, healthy=True)
    with pytest.raises(Exception, match="no node is named 'ghost'"):
        sockets.evidence[query].run({"node": "ghost", "at": NOW.isoformat()})
