"""The two calls of a deployer: may I, also for an update of the calendar; and how it ended."""

from datetime import timedelta

import pytest

from scuderia.basics.clock import FixedClock
from scuderia.basics.errors import NotAuthorised, NotFound
from scuderia.config.cli.main import run
from scuderia.freeze.models.gate_decisions import GateDecision, GateReport
from scuderia.freeze.nouns import UpdateOutcome, ZoneScope
from scuderia.freeze.operations import updates
from scuderia.freeze.operations.gate_decisions import NoPlannedStart, ask_gate_for_planned
from scuderia.freeze.operations.gate_reports import (
    AHEAD_MAX,
    BadReport,
    ToldOtherwise,
    report_update,
)
from scuderia.freeze.operations.updates import NoSuchUpdate
from scuderia.freeze.queries.gate_decisions import HIDDEN_NODES, get_decision
from scuderia.loop.models.audit import AuditEntry
from scuderia.loop.ports import registry
from tests.freeze.small_calendar import BOREALIS, FIRMWARE, SECOND_RING, load
from tests.freeze.small_fleet import NOW, make_cast, make_fleet, person
from tests.freeze.test_gate_decisions import OVER, ask, zone

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]
DONE = UpdateOutcome.SUCCEEDED
LATER = NOW + timedelta(hours=2)


@pytest.fixture(autouse=True)
def _fleet(db):
    make_fleet()
    make_cast()


def planned(name, key, **other):
    return ask_gate_for_planned(actor=person(name), key=key, now=NOW, **other)


def report(name, decision, outcome=DONE, ended_at=NOW, now=LATER):
    return report_update(
        actor=person(name), decision_id=decision, outcome=outcome, ended_at=ended_at, now=now
    )


def test_an_update_of_the_calendar_is_judged_as_planned_and_told_when_that_is():
    load(FIRMWARE, SECOND_RING)
    zone()
    told, later = planned("otto", "fw-r1"), planned("otto", "fw-r2")
    assert (told.allowed, told.ground, told.not_before) == (False, "zone", OVER)
    assert told.planned_start == NOW.replace(day=24, hour=9)
    assert (later.allowed, later.planned_start) == (True, NOW.replace(month=8, day=2, hour=9))
    row = get_decision(person("otto"), NOW, told.decision_id)
    assert (row.key, row.nodes, row.update_class) == ("fw-r1", ("r1-n1", "r1-n2"), "firmware")
    assert row.reasons == told.reasons
    assert planned("otto", "fw-r1", start=OVER).allowed
    assert not planned("otto", "fw-r1", start=OVER - timedelta(seconds=1)).allowed


def test_of_nodes_that_are_not_the_askers_the_calendar_tells_no_name():
    load(SECOND_RING)
    zone(ZoneScope(("rack:r1",)))  # another rack's: what is unknown might lie in it
    told = planned("otto", "fw-r2", start=NOW.replace(day=25))
    assert (told.allowed, told.ground) == (False, "unknown_node")
    assert {one.words for one in told.reasons} == {HIDDEN_NODES}
    mine = get_decision(person("otto"), NOW, told.decision_id)
    assert (mine.nodes, {one.words for one in mine.reasons}) == (("r2-n1",), {HIDDEN_NODES})
    whole = get_decision(person("ada"), NOW, told.decision_id)
    assert whole.nodes == ("r2-n1", "r2-n2")
    assert "r2-n2" in whole.reasons[0].words
    assert planned("ada", "fw-r2", start=NOW.replace(day=25)).allowed


def test_an_update_of_others_and_one_that_is_not_ahead_are_not_answered():
    load(FIRMWARE, BOREALIS)
    for name, key in (("otto", "os-b"), ("ada", "nothing"), ("britt", "fw-r1")):
        with pytest.raises(NoSuchUpdate):
            planned(name, key)
    with pytest.raises(NotFound):
        planned("olaf", "fw-r1")
    updates.cancel_update(actor=person("ada"), key="fw-r1", reason="not now", now=NOW)
    with pytest.raises(NoPlannedStart):
        planned("otto", "fw-r1")
    assert not GateDecision.objects.exists()


def test_how_an_update_ended_is_kept_once_with_its_decision():
    asked = ask("otto").decision_id
    assert get_decision(person("otto"), NOW, asked).report is None
    first = report("otto", asked)
    assert report("otto", asked, now=LATER + timedelta(days=1)) == first
    for otherwise in ({"outcome": UpdateOutcome.FAILED}, {"ended_at": LATER}):
        with pytest.raises(ToldOtherwise):
            report("otto", asked, **otherwise)
    told = get_decision(person("ada"), LATER, asked).report
    assert told == first
    assert (told.outcome, told.ended_at, told.reported_by) == (DONE, NOW, "person:otto")
    (entry,) = AuditEntry.objects.filter(verb="freeze.update.reported")
    assert (entry.actor, "succeeded" in entry.detail) == ("person:otto", True)


@pytest.mark.parametrize(
    ("name", "error"),
    [("ada", NotAuthorised), ("lara", NotFound), ("britt", NotFound), ("olaf", NotFound)],
)
def test_nobody_reports_an_update_that_somebody_else_asked_for(name, error):
    asked = ask("otto").decision_id
    with pytest.raises(error):
        report(name, asked)
    assert not GateReport.objects.exists()


def test_an_end_to_come_is_no_end():
    asked = ask("otto").decision_id
    with pytest.raises(BadReport):
        report("otto", asked, ended_at=LATER + AHEAD_MAX + timedelta(seconds=1))
    report("otto", asked, ended_at=LATER + AHEAD_MAX)


def test_a_batch_is_not_reported_as_one_update():
    asked = ask("otto").decision_id
    GateDecision.objects.filter(pk=asked).update(root="ab" * 32)
    with pytest.raises(BadReport):
        report("otto", asked)


def test_the_command_asks_by_the_key_of_an_update_and_by_nothing_beside_it(capsys, monkeypatch):
    monkeypatch.setattr(registry, "clock", FixedClock(NOW))
    load(FIRMWARE, SECOND_RING)
    zone()

    def said(*words):
        code = run(["freeze", "ask", "--as", "ada", *words])
        return code, capsys.readouterr().out

    code, out = said("--update", "fw-r1")
    assert (code, out.splitlines()[:2]) == (3, ["refused", "  planned from 2026-07-24 09:00 UTC"])
    assert said("--update", "fw-r2")[0] == 0
    assert said("--update", "fw-r1", "--start", "2026-08-01 00:00 America/Los_Angeles")[0] == 0
    kept = GateDecision.objects.count()
    described = ("--update-class", "firmware", "--node", "r1-n1", "--duration", "45m")
    assert said("--update", "fw-r1", *described)[0] not in (0, 3)
    assert said(*described)[0] not in (0, 3)  # no --start
    assert said("--update", "nothing")[0] != 0
    assert GateDecision.objects.count() == kept
