"""One fact's journey over HTTP: signal, finding, proposal, decision, action, outcome, audit.

Everything a person does goes through the API with a token that the person made at the sign-in;
what the worker does (polling, starting runs, measuring) is called as its jobs call it.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.test import Client

from scuderia.basics.actors import Actor, ActorKind
from scuderia.basics.clock import FixedClock
from scuderia.basics.subjects import SubjectRef
from scuderia.connectors.dbos.fake import InlineRunner
from scuderia.connectors.dbos.steps import RunSteps
from scuderia.fleet.ports import registry as fleet
from scuderia.loop.nouns import ActionId
from scuderia.loop.operations import actions, outbox, outcomes, people
from scuderia.loop.ports import registry
from tests.journeys.engine_on_stage import EngineOnStage
from tests.pages.stage import CAST, NOW, PASSWORD, SETUP, poll, registered

pytestmark = pytest.mark.long
VERIFIER = Path(__file__).parents[2] / "docs" / "verify_audit.py"
GIVES_A_SPARE = frozenset({"fleet.swap_node", "fleet.pull_lemon"})


@dataclass
class Person:
    """Somebody with an API token, made over HTTP after a sign-in with a password."""

    headers: dict[str, str]

    @classmethod
    def signing_in(cls, name: str, powers: list[str]) -> "Person":
        browser = Client(enforce_csrf_checks=True)
        page = browser.get("/sign-in").content.decode()
        form = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        said = {"username": name, "password": PASSWORD, "csrfmiddlewaretoken": form[1]}
        assert browser.post("/sign-in", said).status_code in (302, 303)
        until = registry.wall.now() + timedelta(days=1)
        issued = browser.post(
            "/api/v1/tokens",
            {"name": "journey", "powers": powers, "expires_at": until.isoformat()},
            content_type="application/json",
            headers={"X-CSRFToken": browser.cookies["csrftoken"].value},
        )
        assert issued.status_code == 201, issued.content
        return cls({"Authorization": f"Bearer {issued.json()['secret']}"})

    def get(self, path):
        answer = Client(enforce_csrf_checks=True).get(f"/api/v1{path}", headers=self.headers)
        assert answer.status_code == 200, (path, answer.content)
        if answer.streaming:
            return answer.getvalue().decode()
        return answer.json()

    def post(self, path, body):
        return Client(enforce_csrf_checks=True).post(
            f"/api/v1{path}", body, content_type="application/json", headers=self.headers
        )


@pytest.fixture
def clock(db, tmp_path) -> Iterator[FixedClock]:
    with registered(tmp_path) as fixed:
        for name, role, scope in CAST:
            giver = SETUP if name == "ada" else Actor(ActorKind.PERSON, "ada")
            people.create_person(actor=giver, name=name, password=PASSWORD, now=NOW)
            if role:
                people.give_role(
                    actor=giver, person=name, role=role, scope=SubjectRef.parse(scope), now=NOW
                )
        yield fixed


@pytest.fixture(params=["inline", pytest.param("dbos", marks=pytest.mark.slow)])
def runner(request, tmp_path) -> Iterator[InlineRunner | EngineOnStage]:
    """The runner without an engine, and the real one; both call the loop as the worker does."""
    steps = RunSteps(
        begin=lambda one: actions.begin_action(one, now=registry.clock.now()),
        perform=lambda one, step: actions.run_step(one, step, now=registry.clock.now()),
        finish=lambda one: actions.finish_action(one, now=registry.clock.now()).value,
    )
    if request.param == "inline":
        yield InlineRunner(steps)
        return
    engine = EngineOnStage(tmp_path, steps)
    yield engine
    engine.close(grace_s=0)


def work(runner: InlineRunner | EngineOnStage) -> None:
    """Do what the worker's beats do: start what was asked for and carry it out."""
    outbox.sweep(now=registry.clock.now(), runner=runner)
    runner.drain()


def verified(path: Path, *more: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, str(VERIFIER), str(path), *more],
        capture_output=True,
        text=True,
        check=False,
    )


def test_from_a_signal_to_a_verified_audit(clock, runner, tmp_path):  # noqa: PLR0915 - one story
    lena = Person.signing_in("lena", ["read", "decide", "run_crew", "verify_audit"])
    assert lena.get("/signals")["items"] == lena.get("/queue")["items"] == []

    # the fleet is observed: facts become signals, detectors fold them into findings
    poll()
    signals = lena.get("/signals?limit=200")["items"]
    assert signals
    assert lena.get("/findings")["items"]

    # the crew looks: findings with evidence, proposals with a rehearsal
    reports = lena.post("/crew/run", {})
    assert reports.status_code == 200, reports.content
    assert [one["error"] for one in reports.json()] == [""] * len(reports.json())
    wish = next(row for row in lena.get("/queue")["items"] if row["kind"] in GIVES_A_SPARE)
    card = lena.get(f"/proposals/{wish['id']}")
    assert card["objections"] == []
    assert card["row"]["rehearsal"]["limits"]
    node = wish["targets"][0].removeprefix("node:")
    spare = card["params"]["spare"].removeprefix("node:")
    customer = card["params"]["customer"].removeprefix("customer:")
    assert any(one["subject"] == f"node:{node}" for one in signals)
    for piece in card["findings"][0]["evidence"]:
        again = lena.post(f"/evidence/{piece['query']}", {"params": piece["params"]})
        assert again.status_code == 200, again.content

    # a person decides on the digest that was shown; nothing happens before the worker runs
    stale = lena.post(f"/proposals/{wish['id']}/approve", {"digest": "0" * 64})
    assert stale.status_code == 409
    yes = {"digest": wish["digest"], "reason": "the spare stands ready"}
    approved = lena.post(f"/proposals/{wish['id']}/approve", yes)
    assert approved.status_code == 202, approved.content
    assert lena.post(f"/proposals/{wish['id']}/approve", yes).status_code == 409
    action = f"/actions/{approved.json()['action_id']}"
    run = ActionId(UUID(approved.json()["action_id"]))
    assert (lena.get(action)["state"], runner.status(run)) == ("queued", "absent")
    assert fleet.readers["embedded"].current()[node].customer == customer

    # the run changes the world, once, and the books follow it
    work(runner)
    work(runner)
    assert runner.status(run) == "success"
    done = lena.get(action)
    assert (done["state"], done["decided_by"]) == ("done", "person:lena"), done["said"]
    assert [effect["state"] for effect in done["effects"]] == ["done"] * done["steps_total"]
    assert [effect["tries"] for effect in done["effects"]] == [1] * done["steps_total"]
    assert fleet.readers["embedded"].current()[node].customer is None
    assert fleet.readers["embedded"].current()[spare].customer == customer
    clock.advance(timedelta(minutes=10))
    poll()
    assert lena.get(f"/fleet/nodes/{node}")["customer"] is None
    assert lena.get(f"/fleet/nodes/{spare}")["customer"] == customer

    # its effect is measured beside what was expected
    clock.advance(timedelta(days=40))
    poll()
    outcomes.measure_due(now=registry.clock.now())
    outcome = lena.get(action)["outcome"]
    assert outcome["verdict"] in ("met", "missed")
    assert outcome["value"] is not None

    # the audit tells the six steps, and holds for a verifier that imports nothing of ours
    told = lena.get("/audit?limit=200")["items"]
    verbs = {entry["verb"] for entry in told}
    assert {"proposal.filed", "proposal.approved", "action.begun", "action.done",
            "outcome.measured"} <= verbs  # fmt: skip
    (decided,) = [entry for entry in told if entry["verb"] == "proposal.approved"]
    assert (decided["actor"], decided["via"]) == ("person:lena", "journey")
    assert json.loads(decided["detail"])["digest"] == wish["digest"]
    assert lena.get("/audit/verify")["holds"] is True
    kept = tmp_path / "audit.jsonl"
    kept.write_text(lena.get("/audit/export"), encoding="utf-8")
    head = lena.get("/audit?limit=1")
    written_down = f"{head['head_seq']}:{head['head_hash']}"
    found = verified(kept, "--head", written_down)
    assert (found.returncode, found.stderr) == (0, ""), found.stdout
    kept.write_text(kept.read_text().replace("the spare stands ready", "it was never asked"))
    broken = verified(kept)
    assert broken.returncode == 1
    assert f"entry {decided['seq']} was changed" in broken.stdout


def test_nobody_else_can_take_the_decision_on_the_way(clock, runner):
    poll()
    lena = Person.signing_in("lena", ["read", "run_crew"])
    assert lena.post("/crew/run", {}).status_code == 200
    wish = next(row for row in lena.get("/queue")["items"] if row["kind"] in GIVES_A_SPARE)
    owner = wish["blast"]["customers"]
    stranger = "britt" if owner == ["demo-aurora"] else "otto"
    yes, path = {"digest": wish["digest"]}, f"/proposals/{wish['id']}/approve"
    whole = ["read", "decide"]
    for name, status in (("olaf", 404), ("vera", 403), (stranger, 404)):
        assert Person.signing_in(name, whole).post(path, yes).status_code == status, name
    assert lena.post(path, yes).status_code == 403, "her token does not hold the power to decide"
    work(runner)
    assert lena.get("/actions")["items"] == []


def test_a_brake_pulled_over_http_stops_a_run_that_was_approved(clock, runner):
    poll()
    lena = Person.signing_in("lena", ["read", "decide", "run_crew", "brake", "release_brake"])
    assert lena.post("/crew/run", {}).status_code == 200
    wish = next(row for row in lena.get("/queue")["items"] if row["kind"] in GIVES_A_SPARE)
    approved = lena.post(f"/proposals/{wish['id']}/approve", {"digest": wish["digest"]})
    action = f"/actions/{approved.json()['action_id']}"
    node = wish["targets"][0].removeprefix("node:")
    holder = fleet.readers["embedded"].current()[node].customer
    assert lena.post("/brakes", {"stops": "all", "reason": "drill"}).status_code == 204
    work(runner)
    assert (lena.get(action)["state"], lena.get(action)["resumable"]) == ("halted", True)
    assert fleet.readers["embedded"].current()[node].customer == holder
    assert lena.post(f"{action}/resume", {}).status_code == 409
    assert lena.post("/brakes/lift", {"stops": "all", "reason": "safe again"}).status_code == 204
    assert lena.post(f"{action}/resume", {"reason": "over"}).status_code == 204
    work(runner)
    assert lena.get(action)["state"] == "done"
    assert fleet.readers["embedded"].current()[node].customer != holder
