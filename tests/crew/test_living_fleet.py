"""The crew on the embedded fleet, read through the books: rounds, evidence, and a quiet fleet."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from scuderia.basics.clock import FixedClock
from scuderia.connectors.embedded.executor import EmbeddedControl
from scuderia.connectors.embedded.layout import CLUSTER
from scuderia.connectors.embedded.reader import EmbeddedReader
from scuderia.connectors.embedded.seeding import create_world
from scuderia.crew.playbook import roster
from scuderia.fleet import ports as fleet
from scuderia.fleet.operations.sources import poll
from scuderia.fleet.playbook import catalogue
from scuderia.loop.nouns import Round
from scuderia.loop.ports import Registry
from scuderia.loop.ports import registry as loop
from tests.crew.snapshots import NOW

pytestmark = pytest.mark.django_db
AGENTS = ("lemon-scout", "repair-chaser", "sla-watch", "spare-planner")


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    registered = Registry(clock=FixedClock(NOW))
    monkeypatch.setattr(loop, "clock", registered.clock)
    catalogue.register(registered)
    roster.register(registered)
    readers, controls = fleet.registry.readers, fleet.registry.controls
    fleet.registry.readers, fleet.registry.controls = {}, {}
    yield registered
    fleet.registry.readers, fleet.registry.controls = readers, controls


def live(path: Path, registry: Registry, *, healthy: bool) -> dict[str, Round]:
    world = path / "world.sqlite3"
    create_world(world, now=NOW, healthy=healthy)
    fleet.registry.register_reader(EmbeddedReader(world, registry.clock))
    fleet.registry.register_control(CLUSTER, EmbeddedControl(world, registry.clock))
    while poll(fleet.registry.readers["embedded"], now=NOW).more:
        pass
    return {name: registry.agents[name].look(now=NOW) for name in AGENTS}


def test_sixty_healthy_days_give_no_proposal_and_no_finding(tmp_path, registry):
    for name, made in live(tmp_path, registry, healthy=True).items():
        assert (made.findings, made.proposals) == ((), ()), name
        assert made.considered, name


def test_a_living_fleet_gets_proposals_that_could_be_carried_out_now(tmp_path, registry):
    rounds = live(tmp_path, registry, healthy=False)
    drafts = [draft for made in rounds.values() for draft in made.proposals]
    assert drafts
    for draft in drafts:
        assert draft.kind in registry.executors
        assert len(draft.findings[-1].evidence) == 3
        assert draft.rehearsal.expected < draft.rehearsal.do_nothing


def test_evidence_run_again_for_the_same_instant_says_the_same(tmp_path, registry):
    rounds = live(tmp_path, registry, healthy=False)
    loop_later = NOW + timedelta(hours=2)
    registry.clock.at = loop_later  # type: ignore[attr-defined]
    cited = [
        evidence
        for made in rounds.values()
        for draft in made.proposals
        for finding in draft.findings
        for evidence in finding.evidence
    ]
    assert cited
    for evidence in cited:
        again = registry.evidence[evidence.query].run(evidence.params)
        if evidence.query != "spare_pool_state":  # what stands ready is the present's word
            assert again == evidence.value, evidence.query


def test_two_looks_at_the_same_books_are_one_round(tmp_path, registry):
    first = live(tmp_path, registry, healthy=False)
    assert {name: registry.agents[name].look(now=NOW) for name in AGENTS} == first


def test_an_empty_ledger_is_said_and_not_guessed_about(registry):
    for name in AGENTS:
        assert registry.agents[name].look(now=NOW) == Round(
            considered=("No node is on the books.",)
        )


@pytest.mark.parametrize("query", ["lemon_score", "repair_outlook"])
def test_evidence_about_a_stranger_is_refused_by_name(tmp_path, registry, query):
    live(tmp_path, registry, healthy=True)
    with pytest.raises(Exception, match="no node is named 'ghost'"):
        registry.evidence[query].run({"node": "ghost", "at": NOW.isoformat()})
