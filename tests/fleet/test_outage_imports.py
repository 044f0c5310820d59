"""A file sent again supersedes what it says otherwise; what a person said stays; all is told."""

import json
from datetime import timedelta

import pytest

from scuderia.basics.actors import Actor, ActorKind
from scuderia.basics.clock import parse_instant
from scuderia.basics.errors import NotAuthorised, NotFound
from scuderia.basics.subjects import EVERYTHING
from scuderia.fleet.models.amendments import OutageAmendment
from scuderia.fleet.models.inventory import Node
from scuderia.fleet.models.outages import ImportBatch, Outage
from scuderia.fleet.models.repairs import Repair
from scuderia.fleet.nouns import NodeState
from scuderia.fleet.operations import outage_writer
from scuderia.fleet.operations.amendments import OutageChanges, amend_outage, retract_outage
from scuderia.fleet.operations.outage_imports import ImportedOtherwise, OutageImport, StoodUp
from scuderia.fleet.queries.amendments import list_amendments
from scuderia.intake.archives import Source
from scuderia.intake.instants import TimeRules
from scuderia.intake.pipeline import ImportOptions, OnError, RecordRefused, run_import
from scuderia.intake.profiles import Profile
from scuderia.loop.models.audit import AuditEntry
from scuderia.loop.nouns import Role
from scuderia.loop.operations import audit, people

pytestmark = pytest.mark.django_db
NOW = parse_instant("2026-08-01T00:00:00Z", field="now")
SETUP = Actor(ActorKind.SERVICE, "setup")
LENA = Actor(ActorKind.PERSON, "lena")
HEAD = "node,start,end,cause,planned\n"
FAN = HEAD + "g1,2026-07-01T00:00:00Z,2026-07-03T00:00:00Z,fan,false\n"


@pytest.fixture
def bring(tmp_path):
    people.create_person(actor=SETUP, name="lena", now=NOW)
    people.give_role(actor=SETUP, person="lena", role=Role.LEAD, scope=EVERYTHING, now=NOW)

    def _bring(text, *, fleet=4, actor=LENA, quarantine=False, profile=None, name="", **more):
        path = tmp_path / (name or f"{len(list(tmp_path.iterdir()))}.csv")
        path.write_text(text, encoding="utf-8")
        stood = StoodUp(fleet_size=fleet) if fleet else None
        kind = OutageImport(now=NOW, fleet=stood, **more)
        options = ImportOptions(
            on_error=OnError.QUARANTINE if quarantine else OnError.ABORT, accept_bad=-1
        )
        source = Source.of_path(path)
        return run_import(kind, source, profile or Profile(), options, actor=actor, now=NOW).commit

    return _bring


def said(done):
    return (done.added, done.amended, done.unchanged, done.kept, done.retracted)


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("g1,2026-07-01T00:00:00Z,2026-07-01T02:00:00Z,fan,false", "end", "02:00"),
        ("g1,2026-07-01T00:00:00Z,2026-07-03T00:00:00Z,psu,false", "cause", "psu"),
        ("g1,2026-07-01T00:00:00Z,2026-07-03T00:00:00Z,fan,true", "planned", "True"),
        ("g1,2026-07-01T00:00:30Z,2026-07-03T00:00:00Z,fan,false", "start", "00:00:30"),
        ("g1,2026-07-01T00:00:00Z,,fan,false", "end", ""),
    ],
)
def test_the_same_fact_sent_again_is_superseded_with_who_when_and_why(bring, line, field, value):
    bring(FAN)
    done = bring(HEAD + line + "\n", name="again.csv")
    assert said(done) == (0, 1, 0, 0, 0)
    assert [(c.field, value in c.after) for c in done.changes] == [(field, True)]
    assert Outage.objects.count() == 1
    (row,) = list_amendments(LENA, "g1")
    assert row.words.startswith(f"{field}: ")
    assert (row.amended_by, row.amended_at) == ("person:lena", NOW)
    assert row.reason.startswith("again.csv (sha256 ")
    assert AuditEntry.objects.filter(verb="fleet.outage.amended", subject="node:g1").count() == 1
    detail = json.loads(
        AuditEntry.objects.filter(verb="fleet.outages.imported").latest("seq").detail
    )
    assert (detail["amended"], detail["outages"]) == (1, 0)
    assert audit.verify().holds


def test_facts_of_another_source_are_facts_of_their_own(bring):
    bring(FAN)
    assert said(bring(FAN, source="pager")) == (1, 0, 0, 0, 0)
    assert said(bring(FAN.replace("fan", "psu"), source="pager")) == (0, 1, 0, 0, 0)
    assert sorted(Outage.objects.values_list("cause", flat=True)) == ["fan", "psu"]


def test_what_a_person_amended_stays_is_told_of_and_the_rest_is_superseded(bring):
    bring(FAN)
    key = Outage.objects.get().source_key
    amend_outage(
        actor=LENA, source_key=key, changes=OutageChanges(cause="psu"), reason="seen", now=NOW
    )
    done = bring(HEAD + "g1,2026-07-01T00:00:00Z,2026-07-04T00:00:00Z,fan,false\n")
    assert said(done) == (0, 1, 0, 1, 0)
    assert [(c.field, c.before, c.after) for c in done.left_alone] == [("cause", "psu", "fan")]
    outage = Outage.objects.get()
    assert (outage.cause, outage.end.day) == ("psu", 4)
    assert said(bring(FAN + "\n\n")) == (0, 1, 0, 1, 0)


def test_a_start_that_a_person_moved_far_off_is_still_found_by_what_the_file_says(bring):
    bring(FAN)
    moved = OutageChanges(start=parse_instant("2026-07-02T00:00:00Z", field="start"))
    key = Outage.objects.get().source_key
    amend_outage(actor=LENA, source_key=key, changes=moved, reason="seen", now=NOW)
    assert said(bring(FAN + "\n")) == (0, 0, 0, 1, 0)
    assert Outage.objects.get().start.day == 2


def test_what_a_person_retracted_is_never_booked_again(bring):
    bring(FAN)
    retract_outage(actor=LENA, source_key=Outage.objects.get().source_key, reason="a test", now=NOW)
    for cause in ("fan", "psu"):
        done = bring(FAN.replace("fan", cause) + "\n")
        assert said(done) == (0, 0, 0, 0, 1)
    assert not Outage.objects.exists()


def test_the_same_bytes_again_change_and_record_nothing(bring):
    bring(FAN)
    entries = AuditEntry.objects.count()
    assert said(bring(FAN)) == (0, 0, 1, 0, 0)
    assert (AuditEntry.objects.count(), ImportBatch.objects.count()) == (entries, 1)


def test_the_same_bytes_by_other_clocks_are_refused_and_not_doubled(bring):
    bare = HEAD + "g1,2026-07-01T00:00:00,2026-07-01T01:00:00,,\n"
    rome, utc = (Profile(times=TimeRules(time_zone=zone)) for zone in ("Europe/Rome", "UTC"))
    bring(bare, profile=rome)
    with pytest.raises(ImportedOtherwise, match="other rules for its times"):
        bring(bare, profile=utc)
    assert Outage.objects.count() == 1


def test_the_order_of_the_file_means_nothing_to_what_lasts(bring):
    bring(HEAD + "g1,2026-07-10T00:00:00Z,,fan,\n")
    lines = (
        "g1,2026-07-20T00:00:00Z,,psu,\n",
        "g1,2026-07-10T00:00:00Z,2026-07-11T00:00:00Z,fan,\n",
    )
    done = bring(HEAD + "".join(lines))
    assert said(done) == (1, 1, 0, 0, 0)
    assert Outage.objects.get(end=None).cause == "psu"


def test_an_earlier_outage_can_last_once_the_known_one_has_ended(bring):
    bring(HEAD + "g1,2026-07-10T00:00:00Z,,fan,\n")
    early = "g1,2026-07-01T00:00:00Z,,psu,\n"
    with pytest.raises(RecordRefused, match="an outage that lasts on the books"):
        bring(HEAD + early)
    bring(HEAD + early + "g1,2026-07-10T00:00:00Z,2026-07-11T00:00:00Z,fan,\n")
    assert Outage.objects.get(end=None).cause == "psu"


def test_an_outage_that_is_open_again_is_written_when_the_later_one_has_ended(bring):
    first, later = (
        "g1,2026-07-01T00:00:00Z,{},fan,false\n",
        "g1,2026-07-05T00:00:00Z,{},psu,false\n",
    )
    bring(HEAD + first.format("2026-07-03T00:00:00Z") + later.format(""))
    done = bring(HEAD + first.format("") + later.format("2026-07-06T00:00:00Z"))
    assert said(done) == (0, 2, 0, 0, 0)
    ends = dict(Outage.objects.values_list("cause", "end"))
    assert (ends["fan"], ends["psu"].day) == (None, 6)


def test_phases_are_cut_to_the_interval_that_the_file_says_now(bring):
    bring(FAN)
    outage = Outage.objects.get()
    for state, begin, end in ((NodeState.WAITING_PARTS, 1, 3), (NodeState.IN_REPAIR, 3, 9)):
        Repair.objects.create(
            outage=outage, state=state.value,
            start=outage.start + timedelta(hours=begin), end=outage.start + timedelta(hours=end),
        )  # fmt: skip
    bring(FAN.replace("2026-07-03T00", "2026-07-01T04"))
    phases = Repair.objects.order_by("start")
    assert [(phase.start.hour, phase.end.hour) for phase in phases] == [(1, 3), (3, 4)]


def test_what_lasts_is_written_when_the_others_have_ended(bring, monkeypatch):
    monkeypatch.setattr(outage_writer, "ROWS", 1)
    test_an_earlier_outage_can_last_once_the_known_one_has_ended(bring)


def test_two_facts_that_began_alike_stand_under_keys_of_their_own(bring):
    bring(FAN)
    both = "key,node,start,end,cause,planned\n" + "".join(
        f"{key},g1,2026-07-01T00:00:00Z,2026-07-03T00:00:00Z,fan,false\n" for key in ("T9", "")
    )
    assert said(bring(both)) == (1, 0, 1, 0, 0)
    assert Outage.objects.count() == 2


def test_two_that_last_in_one_file_are_refused_by_record(bring):
    with pytest.raises(RecordRefused, match="record 3, field end: g1 already has") as refused:
        bring(HEAD + "g1,2026-07-01T00:00:00Z,,a,\ng1,2026-07-02T00:00:00Z,,b,\n")
    assert "Give one of the two an end" in refused.value.remedy


@pytest.mark.parametrize("end", ["2099-12-31T00:00:00Z", "2038-01-19T03:14:07Z"])
def test_an_end_far_ahead_is_refused_unless_the_profile_calls_it_open(bring, end):
    text = HEAD + f"g1,2026-07-01T00:00:00Z,{end},fan,\n"
    with pytest.raises(RecordRefused, match="lies more than a year ahead") as refused:
        bring(text)
    assert "--open-from" in refused.value.remedy
    bring(text, profile=Profile(open_from=end))
    assert Outage.objects.get().end is None


def test_planned_work_within_a_year_may_lie_ahead(bring):
    bring(HEAD + "g1,2027-07-30T00:00:00Z,2027-07-31T00:00:00Z,firmware,true\n")
    with pytest.raises(RecordRefused, match="field start: 2027-08-03 lies"):
        bring(HEAD + "g1,2027-08-03T00:00:00Z,2027-08-04T00:00:00Z,firmware,true\n")


def test_without_a_fleet_to_stand_up_every_node_must_be_known(bring):
    with pytest.raises(RecordRefused, match="record 2, field node: no node 'g1'") as refused:
        bring(FAN, fleet=0)
    assert "--fleet-size" in refused.value.remedy
    bring(FAN)
    done = bring(HEAD + "g1,2026-07-20T00:00:00Z,2026-07-21T00:00:00Z,psu,\n", fleet=0)
    assert said(done) == (1, 0, 0, 0, 0)
    assert ImportBatch.objects.get(site=None).outages == 1
    assert Node.objects.count() == 4


def test_a_node_of_another_site_is_refused_by_name(bring):
    bring(FAN)
    other = StoodUp(fleet_size=2, site="beta")
    kind = OutageImport(now=NOW, fleet=other)
    (objection,) = kind.check(_rows(kind))
    assert "stands at the site imported already" in objection.flaw.reason


def _rows(kind):
    from scuderia.fleet.engine.outage_rows import OutageRow
    from scuderia.intake.fields import Numbered

    row = OutageRow("g1", 1_785_000_000, 1_785_000_060, "fan", None, None, "")
    yield Numbered(2, kind.identity(row), row)


def test_the_sources_own_key_finds_the_fact_whatever_was_corrected(bring):
    keyed = "key,node,start,end,cause\nT1,g1,2026-07-0{0}T00:00:00Z,2026-07-09T00:00:00Z,{1}\n"
    bring(keyed.format(1, "fan"))
    assert said(bring(keyed.format(5, "psu"))) == (0, 1, 0, 0, 0)
    assert Outage.objects.get().start.day == 5


def test_a_cause_that_went_and_came_back_is_no_second_fact_under_a_taken_key(bring):
    bring(FAN)
    bring(FAN.replace("fan", "psu"))
    both = FAN + "g1,2026-07-01T00:00:00Z,2026-07-02T00:00:00Z,psu,false\n"
    assert said(bring(both)) in {(1, 1, 0, 0, 0), (1, 2, 0, 0, 0)}
    assert Outage.objects.count() == 2


def test_a_row_that_could_restate_two_facts_is_refused_with_what_to_do(bring):
    bring(FAN + "g1,2026-07-01T00:00:00Z,2026-07-02T00:00:00Z,psu,false\n")
    with pytest.raises(RecordRefused, match="could restate 2 known ones") as refused:
        bring(FAN.replace("fan", "cable"))
    assert "scuderia fleet amend" in refused.value.remedy


def test_detected_and_planned_that_the_file_leaves_out_stay(bring):
    head = "node,start,end,cause,planned,detected\n"
    bring(head + "g1,2026-07-01T00:00:00Z,,fan,true,2026-07-01T00:05:00Z\n")
    bring("node,start,end\ng1,2026-07-01T00:00:00Z,2026-07-02T00:00:00Z\n")
    outage = Outage.objects.get()
    assert (outage.cause, outage.planned, outage.detected_at.minute) == ("fan", True, 5)


@pytest.mark.parametrize("kind", [ActorKind.PERSON, ActorKind.AGENT])
def test_who_may_not_import_books_nothing(bring, kind):
    with pytest.raises((NotAuthorised, NotFound)):
        bring(FAN, actor=Actor(kind, "mallory"))
    assert not Outage.objects.exists()
    assert not OutageAmendment.objects.exists()
