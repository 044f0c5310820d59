"""The main job on a real year, end to end: the crew as of a day, a yes, the outcome, the audit."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from scuderia.basics.actors import Actor, ActorKind
from scuderia.basics.clock import FixedClock, parse_instant
from scuderia.basics.subjects import SubjectRef
from scuderia.config.cli.main import run
from scuderia.connectors.dbos.fake import InlineRunner
from scuderia.connectors.dbos.steps import RunSteps
from scuderia.connectors.embedded.executor import EmbeddedControl
from scuderia.connectors.embedded.layout import RECORDED_CLUSTER
from scuderia.connectors.embedded.reader import EmbeddedReader
from scuderia.connectors.embedded.recorded import read_year
from scuderia.connectors.embedded.seeding import create_recorded_world
from scuderia.connectors.embedded.world import instant
from scuderia.fleet.ports import registry as fleet
from scuderia.fleet.queries.reports import sla_report
from scuderia.loop.models.proposals import Proposal
from scuderia.loop.nouns import Role
from scuderia.loop.operations import actions, outbox, outcomes, people
from scuderia.loop.ports import registry
from tests.fleet.typing_person import acts_as_admin
from tests.journeys.test_signal_to_audit import Person, work
from tests.pages.stage import PASSWORD, SETUP, poll

pytestmark = pytest.mark.long
DAY_OF_THE_YEAR = "200"
GIVES_A_SPARE = frozenset({"fleet.swap_node", "fleet.pull_lemon"})


@pytest.fixture
def year(db, tmp_path: Path, stepfun_trace: Path, monkeypatch) -> Iterator[FixedClock]:
    """400 nodes and 12 spares that live through the file, on its day 200."""
    told = read_year(stepfun_trace, fleet_size=400, spares=12)
    as_of, world = told.instant_of(DAY_OF_THE_YEAR), tmp_path / "world.sqlite3"
    create_recorded_world(world, told, as_of=as_of, wall_now=instant(as_of))
    clock = FixedClock(instant(as_of))
    monkeypatch.setattr(registry, "clock", clock)
    monkeypatch.setattr(fleet, "readers", {})
    monkeypatch.setattr(fleet, "controls", {})
    fleet.register_reader(EmbeddedReader(world, clock))
    fleet.register_control(RECORDED_CLUSTER, EmbeddedControl(world, clock))
    ada = Actor(ActorKind.PERSON, "ada")
    for name, role in (("ada", Role.ADMIN), ("lena", Role.LEAD)):
        giver = SETUP if name == "ada" else ada
        people.create_person(actor=giver, name=name, password=PASSWORD, now=clock.now())
        people.give_role(
            actor=giver, person=name, role=role, scope=SubjectRef.parse("*"), now=clock.now()
        )
    poll()
    return clock


def test_a_person_says_yes_on_day_200_and_sees_what_came_of_it_beside_the_promise(year):
    lena = Person.signing_in("lena", ["read", "decide", "run_crew", "verify_audit"])
    reports = lena.post("/crew/run", {}).json()
    assert [one["error"] for one in reports] == [""] * 4
    wish = next(row for row in lena.get("/queue")["items"] if row["kind"] in GIVES_A_SPARE)
    promised = wish["rehearsal"]
    assert promised["expected"] < promised["do_nothing"]
    node = wish["targets"][0].removeprefix("node:")
    acted_at = year.now()

    yes = lena.post(f"/proposals/{wish['id']}/approve", {"digest": wish["digest"]})
    assert yes.status_code == 202, yes.content
    runner = InlineRunner(
        RunSteps(
            begin=lambda one: actions.begin_action(one, now=year.now()),
            perform=lambda one, step: actions.run_step(one, step, now=year.now()),
            finish=lambda one: actions.finish_action(one, now=year.now()).value,
        )
    )
    outbox.sweep(now=year.now(), runner=runner)
    work(runner)
    action = f"/actions/{yes.json()['action_id']}"
    assert lena.get(action)["state"] == "done"

    year.advance(timedelta(days=promised["horizon_days"], hours=1))
    poll()
    outcomes.measure_due(now=year.now())
    told = lena.get(action)
    outcome = told["outcome"]
    assert outcome["verdict"] in ("met", "missed")
    assert outcome["expected"] == promised["expected"]
    page = Proposal.objects.get(pk=wish["id"])
    assert page.state == "approved"

    report = sla_report(acted_at - timedelta(days=100), acted_at)
    assert 0.95 < report.availability < 1
    assert lena.get(f"/fleet/nodes/{node}")["customer"] is None
    assert lena.get("/audit/verify")["holds"] is True
    verbs = {entry["verb"] for entry in lena.get("/audit?limit=200")["items"]}
    assert {"proposal.filed", "proposal.approved", "action.done", "outcome.measured"} <= verbs


@pytest.mark.django_db
def test_an_imported_year_answers_for_any_day_and_nothing_is_filed(
    stepfun_trace, monkeypatch, capsys
):
    now = parse_instant("2025-06-01T00:00:00Z", field="now")
    monkeypatch.setattr(registry, "clock", FixedClock(now))
    acts_as_admin(monkeypatch)
    assert run(["fleet", "import-faults", str(stepfun_trace), "--fleet-size", "400"]) == 0
    for day in ("2024-06-10", "2024-12-20"):
        capsys.readouterr()
        assert run(["crew", "run", "--as-of", day, "--json"]) == 0
        told = capsys.readouterr().out
        assert json.loads(told)
        assert day in told
    assert not Proposal.objects.exists()
