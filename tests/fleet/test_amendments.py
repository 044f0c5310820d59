"""What was booked wrong is corrected with a reason, and what stood there is kept."""

from datetime import UTC, datetime, timedelta

import pytest

from scuderia.basics.actors import IMPORTER, Actor, ActorKind
from scuderia.basics.errors import BadInput, NotAuthorised, NotFound
from scuderia.basics.subjects import EVERYTHING
from scuderia.fleet.models.outages import Outage
from scuderia.fleet.models.repairs import Repair
from scuderia.fleet.nouns import NodeState
from scuderia.fleet.operations import outages
from scuderia.fleet.operations.amendments import (
    BadAmendment,
    NothingAmended,
    OutageChanges,
    amend_outage,
    retract_outage,
)
from scuderia.fleet.operations.import_outages import ImportRequest, import_outages
from scuderia.fleet.queries.amendments import list_amendments
from scuderia.fleet.queries.outages import full_key
from scuderia.loop.models.audit import AuditEntry
from scuderia.loop.nouns import Role
from scuderia.loop.operations import audit, people

pytestmark = pytest.mark.django_db
T0 = datetime(2026, 7, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
NOW = T0 + timedelta(days=30)
SETUP = Actor(ActorKind.SERVICE, "setup")
LENA = Actor(ActorKind.PERSON, "lena")
OTTO = Actor(ActorKind.PERSON, "otto")
CSV = "node,start,end,cause\nn1,2026-07-02T00:00:00Z,2026-07-02T06:00:00Z,fan\n"


@pytest.fixture
def booked(tmp_path):
    for name, role, scope in (("lena", Role.LEAD, EVERYTHING),
                              ("otto", Role.OPERATOR, EVERYTHING)):  # fmt: skip
        people.create_person(actor=SETUP, name=name, now=T0)
        people.give_role(actor=SETUP, person=name, role=role, scope=scope, now=T0)
    path = tmp_path / "outages.csv"
    path.write_text(CSV, encoding="utf-8")
    import_outages(ImportRequest(path, 2), actor=IMPORTER, now=NOW)
    return path


def key():
    return Outage.objects.get().source_key


def amend(actor=LENA, reason="the ticket says so", now=NOW, **changes):
    amend_outage(
        actor=actor, source_key=key(), changes=OutageChanges(**changes), reason=reason, now=now
    )


def test_a_cause_learnt_later_and_an_end_corrected_stand_with_who_when_and_why(booked):
    amend(cause="power supply", end=T0 + 40 * HOUR)
    kept = Outage.objects.get()
    assert (kept.cause, kept.end) == ("power supply", T0 + 40 * HOUR)
    (row,) = list_amendments(LENA, "n1")
    assert row.before["cause"] == "fan"
    assert (row.reason, row.amended_by, row.amended_at) == (
        "the ticket says so", "person:lena", NOW,
    )  # fmt: skip
    assert row.words.startswith("end: 2026-07-02T06:00:00+00:00 is now 2026-07-02T16:00:00+00:00")
    entry = AuditEntry.objects.get(verb="fleet.outage.amended")
    assert (entry.actor, entry.subject) == ("person:lena", "node:n1")
    assert audit.verify().holds


def test_planned_work_told_of_as_a_fault_becomes_planned(booked):
    amend(planned=True)
    assert Outage.objects.get().planned is True
    with pytest.raises(NothingAmended):
        amend(planned=True)


@pytest.mark.parametrize("changes", [
    {"end": T0 + 23 * HOUR}, {"end": NOW + HOUR}, {"start": T0 + 48 * HOUR},
    {"start": NOW + HOUR, "end": NOW + 2 * HOUR},
])  # fmt: skip
def test_an_interval_that_cannot_be_changes_nothing(booked, changes):
    before = Outage.objects.values().get()
    with pytest.raises(BadAmendment):
        amend(**changes)
    assert Outage.objects.values().get() == before
    assert list_amendments(LENA, "n1") == ()


def test_a_correction_needs_a_reason_and_the_right(booked):
    with pytest.raises(BadAmendment, match="reason"):
        amend(cause="x", reason="  ")
    with pytest.raises(NotAuthorised):
        amend(actor=OTTO, cause="x")
    with pytest.raises(NotFound):
        amend(actor=Actor(ActorKind.PERSON, "nobody"), cause="x")
    with pytest.raises(NotFound):
        list_amendments(Actor(ActorKind.PERSON, "nobody"), "n1")


def test_what_a_person_said_stays_when_the_file_comes_again_under_another_name(booked):
    amend(cause="power supply")
    again = booked.with_name("again.csv")
    again.write_text(CSV + "\n", encoding="utf-8")
    import_outages(ImportRequest(again, 2), actor=IMPORTER, now=NOW)
    assert Outage.objects.get().cause == "power supply"


def test_what_never_was_is_taken_off_and_never_booked_again(booked):
    gone = key()
    retract_outage(actor=LENA, source_key=gone, reason="a test of the pager", now=NOW)
    assert not Outage.objects.exists()
    again = booked.with_name("again.csv")
    again.write_text(CSV + "\n", encoding="utf-8")
    import_outages(ImportRequest(again, 2), actor=IMPORTER, now=NOW)
    assert not Outage.objects.exists()
    assert outages.open_outage(node="n1", start=NOW, cause="", source_key=gone) is False
    (row,) = list_amendments(LENA, "n1")
    assert row.after is None
    assert row.words == "taken off the books"
    assert AuditEntry.objects.filter(verb="fleet.outage.retracted").count() == 1


def test_phases_are_cut_to_the_corrected_interval(booked):
    outage = Outage.objects.get()
    start = outage.start
    for state, begin, end in ((NodeState.WAITING_PARTS, 1, 3), (NodeState.IN_REPAIR, 3, 6)):
        Repair.objects.create(
            outage=outage, state=state.value, start=start + begin * HOUR, end=start + end * HOUR
        )
    amend(start=start + 2 * HOUR, end=start + 4 * HOUR)
    spans = list(Repair.objects.order_by("start").values_list("start", "end"))
    assert spans == [
        (start + 2 * HOUR, start + 3 * HOUR), (start + 3 * HOUR, start + 4 * HOUR),
    ]  # fmt: skip


def test_a_key_is_found_by_its_end_and_only_within_reach(booked):
    assert full_key(LENA, key()[-8:]) == key()
    with pytest.raises(NotFound):
        full_key(LENA, "zzzzzzz")
    with pytest.raises(NotFound):
        full_key(LENA, key()[-3:])
    with pytest.raises(NotFound):
        full_key(Actor(ActorKind.PERSON, "nobody"), key())
    end = key()[-8:]
    outages.open_outage(node="n1", start=NOW, cause="", source_key=f"other-{end}")
    with pytest.raises(BadInput, match="2 outages"):
        full_key(LENA, end)
