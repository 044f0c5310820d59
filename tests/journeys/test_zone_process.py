"""A zone from the request to the customer's signed report, by the commands that people script.

On the demo's fleet and its clock: the calendar is planned anew around the zone, a deployer that
asks is refused with a new slot, so is an action of our own loop, and the backlog lands afterwards.
"""

import json
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from scuderia.basics.errors import ScuderiaError
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.freeze import jobs
from scuderia.freeze.commands import ask, envelopes, replans, updates, zone_report, zones
from scuderia.freeze.models.updates import Update
from scuderia.freeze.operations.signing_keys import public_pem
from scuderia.freeze.operations.update_imports import update_import
from scuderia.freeze.playbook.zone_gate import ZoneGate
from scuderia.intake.archives import Source
from scuderia.intake.pipeline import ImportOptions, run_import
from scuderia.intake.profiles import Profile
from scuderia.loop.nouns import Answer, GateRequest, Phase, Plan
from tests.journeys.test_silent_change import ADA, beat, clock  # noqa: F401 - the fixture

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
AURORA = "demo-aurora"


def typed(app, *words, code=0):
    """Return what the command printed as JSON, or its words."""
    answer = CliRunner().invoke(app, [*words])
    assert answer.exit_code == code, (answer.output, answer.exception)
    return json.loads(answer.stdout) if "--json" in words else answer.stdout


def wall(at):
    return f"{at:%Y-%m-%d %H:%M} UTC"


@pytest.fixture
def calendar(clock, tmp_path):  # noqa: F811 - the fixture
    """Have the example's calendar over the fleet at hand, from tomorrow on."""
    file = tmp_path / "calendar.csv"
    begins = (clock.now() + timedelta(days=1)).replace(hour=1, minute=0, second=0, microsecond=0)
    file.write_text(typed(updates.app, "example", "--from", wall(begins), "--as", "ada"))
    with file.open("rb") as stream:
        run_import(update_import(clock.now()), Source(file.name, stream=stream), Profile(),
                   ImportOptions(), actor=ADA, now=clock.now())  # fmt: skip
    return begins


def test_from_the_request_to_the_signed_report(clock, calendar, tmp_path):  # noqa: F811, PLR0915 - one story
    begins, ends = calendar + timedelta(days=2), calendar + timedelta(days=9)
    made = typed(
        zones.app, "request", "--customer", AURORA, "--gpus", "400",
        "--from", wall(begins), "--to", wall(ends), "--reason", "the run of the year",
        "--as", "ada", "--json",
    )  # fmt: skip
    zone = made["zone_id"]
    assert made["gpus"] >= 400

    bill = typed(replans.bill_app, zone, "--as", "lena", "--json")
    assert bill["moved_in_all"] > 0
    assert bill["gpu_hours"] >= 400 * 24 * 7

    refused = CliRunner().invoke(zones.app, ["approve", zone, "--as", "ada", "--reason", "mine"])
    assert isinstance(refused.exception, ScuderiaError)
    typed(zones.app, "approve", zone, "--as", "lena", "--reason", "agreed")
    assert typed(zones.app, "show", zone, "--as", "ada", "--json")["zone"]["state"] == "scheduled"

    draft = typed(replans.landing_app, zone, "--as", "lena", "--json")
    assert (draft["displaced"], draft["violations"]) == (bill["moved_in_all"], 0)
    assert draft["left_out"] == []
    typed(replans.adopt_app, draft["id"], "--as", "lena", "--reason", "as drafted")
    assert overlapping(made["nodes"], begins, ends) == []
    assert typed(replans.bill_app, zone, "--as", "lena", "--json")["moved_in_all"] == 0

    assert "never in force, or is not yet" in typed(zone_report.app, zone, "--as", "lena")

    node = made["nodes"][0]
    asked = ("--update-class", "firmware", "--node", node, "--duration", "45m")
    before = wall(begins - timedelta(minutes=10))
    no = typed(ask.app, *asked, "--start", before, "--as", "lena", "--json", code=ask.REFUSED)
    assert no["allowed"] is False
    assert [one["zone"] for one in no["reasons"]] == [zone]
    assert no["not_before"].startswith(f"{ends:%Y-%m-%dT%H:%M}")
    assert no["slots"]
    early = wall(begins - timedelta(minutes=46))
    yes = typed(ask.app, *asked, "--start", early, "--as", "lena", "--json")
    assert yes["allowed"] is True

    clock.advance(begins - clock.now() + timedelta(minutes=1))
    jobs.record_passages()
    for _ in range(3):
        beat(clock)
    assert typed(zones.app, "show", zone, "--as", "ada", "--json")["zone"]["state"] == "active"
    own = _asked_by_our_own(node, clock)
    assert own.answer is Answer.NO
    assert zone in own.reasons[0]

    clock.advance(ends - clock.now() + timedelta(minutes=1))
    jobs.record_passages()
    beat(clock)
    assert typed(zones.app, "show", zone, "--as", "ada", "--json")["zone"]["state"] == "ended"
    assert typed(ask.app, *asked, "--start", wall(ends + timedelta(hours=1)), "--as", "lena",
                 "--json")["allowed"]  # fmt: skip

    signed, key = tmp_path / "report.json", tmp_path / "key.pem"
    typed(zone_report.app, zone, "--out", str(signed), "--as", "lena")
    key.write_text(public_pem(ADA))
    told = typed(envelopes.report_app, str(signed), "--key", str(key), "--json")
    assert told["zone"] == zone
    assert told["customer"] == AURORA
    assert not told["so_far"]
    assert told["breaches"] == []
    assert told["gpus"] == made["gpus"]
    assert no["decision_id"] in [one["id"] for one in told["decisions"]]


def overlapping(nodes, begins, ends):
    """Return the updates that would touch one of the nodes in that time."""
    touching = Update.objects.filter(touched__node__in=nodes, state="planned").distinct()
    spans = ((one.key, one.start_at, timedelta(seconds=one.p95_s + one.bake_s + one.rollback_s))
             for one in touching)  # fmt: skip
    return [key for key, start, lasts in spans if start < ends and start + lasts > begins]


def _asked_by_our_own(node, clock):  # noqa: F811
    """Return what the gate says to a drain of the node by our own loop."""
    plan = Plan("fleet.drain_node", (SubjectRef("node", node),), {})
    everything = frozenset({EVERYTHING})
    return ZoneGate().decide(GateRequest(plan, everything, ADA, clock.now(), Phase.DECIDE, False))
