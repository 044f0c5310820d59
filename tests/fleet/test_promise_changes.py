"""A promise changed for days that had begun is named wherever those days are reported."""

import io
import itertools
import json
import zipfile
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scuderia.basics.clock import parse_instant
from scuderia.config.cli.main import run
from scuderia.fleet.engine.evidence_packet import EvidenceBroken, verify_packet
from scuderia.fleet.engine.facts import SlaFact
from scuderia.fleet.engine.promise_changes import changed_days
from scuderia.fleet.models.promise_changes import PromiseChange
from scuderia.fleet.nouns import CustomerName, Inventory, SlaDefinition
from scuderia.fleet.operations.customers import Promise, add_customer, edit_customer
from scuderia.fleet.operations.description_imports import sla_import
from scuderia.fleet.operations.evidence_packet import zip_evidence
from scuderia.fleet.operations.inventory import register_inventory
from scuderia.fleet.operations.slas import retract_sla, set_sla
from scuderia.fleet.queries.reports import Period, sla_report
from scuderia.fleet.queries.slas import list_promises
from scuderia.intake.archives import Source
from scuderia.intake.pipeline import ImportOptions, run_import
from scuderia.intake.profiles import Profile
from tests.fleet.test_descriptions import LENA, NOW, allocate, cast, fleet

__all__ = ["cast", "fleet"]
FIRST = date(2026, 7, 1)
DAY = timedelta(days=1)
TERMS = st.tuples(st.sampled_from([0.9, 0.95]), st.sampled_from(["UTC", "Asia/Tokyo"]))
SLAS = st.dictionaries(st.integers(0, 9), TERMS, max_size=5)


def facts(told):
    return [
        SlaFact((FIRST + number * DAY).isoformat(), *terms)
        for number, terms in sorted(told.items())
    ]


def held(told, number):
    """Return the terms of a day, by walking back from it."""
    while number >= 0:
        if number in told:
            return told[number]
        number -= 1
    return None


@given(SLAS, SLAS, st.integers(-1, 12))
def test_changed_days_are_those_that_a_walk_day_by_day_finds(before, after, until):
    found = changed_days(facts(before), facts(after), until=FIRST + until * DAY)
    painted = {}
    for days in found:
        assert days.first <= days.last
        day = days.first
        while day <= days.last:
            assert day not in painted, "no day is told twice"
            now = None if days.after is None else tuple(days.after[1:])
            painted[day] = tuple(days.before[1:]), now
            day += DAY
    walked = {
        FIRST + number * DAY: (held(before, number), held(after, number))
        for number in range(until + 1)
        if held(before, number) not in (None, held(after, number))
    }
    assert painted == walked
    for one, next_one in itertools.pairwise(found):
        touch = one.last + DAY == next_one.first
        assert not touch or painted[one.last] != painted[next_one.first], "as few as can be"


@pytest.mark.django_db
def test_what_was_changed_for_days_gone_by_is_on_their_report_and_in_their_packet(fleet):
    allocate("n0")
    period = Period(parse_instant("2026-07-01T00:00:00Z", field="t"), NOW)
    set_sla(
        actor=LENA, customer="ada", first_day=date(2026, 7, 10), target=0.8,
        reason="as agreed in May", now=NOW,
    )  # fmt: skip
    (change,) = sla_report(period.start, period.end, customer="ada").promises_changed
    assert (change.first_day, change.last_day) == (date(2026, 7, 10), date(2026, 8, 1))
    assert (change.target_before, change.target_after) == (0.9, 0.8)
    assert change.words == (
        "What ada is promised for the days from 2026-07-10 to 2026-08-01 was changed on "
        "2026-08-01 by person:lena, from 90.00% in Europe/Rome to 80.00% in Europe/Rome: as "
        "agreed in May"
    )
    assert sla_report(period.start, period.end).promises_changed == (change,)
    early = parse_instant("2026-07-09T00:00:00Z", field="t")
    assert sla_report(period.start, early, customer="ada").promises_changed == ()
    assert sla_report(period.start, period.end, customer="bo").promises_changed == ()
    packed = zipfile.ZipFile(
        io.BytesIO(zip_evidence(actor=LENA, customer="ada", period=period, now=NOW))
    )
    files = {name: packed.read(name) for name in packed.namelist()}
    assert b"2026-07-10,2026-08-01,0.9,Europe/Rome,0.8" in files["promises_changed.csv"]
    assert verify_packet(files).promises_changed == (change,)
    forged = files | {"promises_changed.csv": files["promises_changed.csv"].replace(b"0.9", b"0.8")}
    with pytest.raises(EvidenceBroken):
        verify_packet(forged)


@pytest.mark.django_db
def test_what_no_day_gone_by_hangs_on_is_no_change(fleet):
    set_sla(actor=LENA, customer="ada", first_day=date(2026, 8, 2), target=0.8, now=NOW)
    add_customer(actor=LENA, name="cy", promise=Promise(), now=NOW)
    set_sla(actor=LENA, customer="cy", first_day=date(2026, 7, 1), target=0.8, now=NOW)
    assert not PromiseChange.objects.exists()


@pytest.mark.django_db
def test_every_way_to_change_a_promise_is_kept(fleet, tmp_path):
    edit_customer(actor=LENA, name="ada", target=0.95, reason="edited", now=NOW)
    sheet = tmp_path / "slas.csv"
    sheet.write_text("customer,from,target,time_zone\nada,2026-07-20,0.7,Europe/Rome\n")
    run_import(
        sla_import(NOW), Source.of_path(sheet), Profile(), ImportOptions(), actor=LENA, now=NOW
    )
    retract_sla(
        actor=LENA, customer="ada", first_day=date(2026, 7, 20), reason="never agreed", now=NOW
    )
    told = Inventory((), (), (SlaDefinition(CustomerName("di"), 0.9, "UTC"),), {})
    register_inventory(told, actor=LENA, now=NOW, active_from=NOW)
    told = Inventory((), (), (SlaDefinition(CustomerName("di"), 0.8, "UTC"),), {})
    register_inventory(told, actor=LENA, now=NOW, active_from=NOW)
    kept = PromiseChange.objects.order_by("pk").values_list(
        "customer__name", "target_before", "target_after", "reason"
    )
    assert list(kept) == [
        ("ada", 0.9, 0.95, "edited"),
        ("ada", 0.95, 0.7, "the file slas.csv"),
        ("ada", 0.7, 0.95, "never agreed"),
        ("di", 0.9, 0.8, "as the source of the inventory says"),
    ]


@pytest.mark.django_db
def test_a_promise_that_is_taken_away_promises_nothing_any_more(fleet, capsys):
    allocate("n0")
    (first,) = [sla.first_day for sla in list_of("ada")]
    retract_sla(actor=LENA, customer="ada", first_day=first, reason="never signed", now=NOW)
    (change,) = sla_report(datetime(2026, 7, 1, tzinfo=UTC), NOW, customer="ada").promises_changed
    assert change.target_after is None
    assert "from 90.00% in Europe/Rome to nothing: never signed" in change.words
    assert "for the days from the beginning to" in change.words
    asked = ("--customer", "ada", "--from", "2026-07-01", "--to", "2026-08-01", "--as", "lena")
    assert run(["fleet", "report", *asked]) == 0
    assert "never signed" in capsys.readouterr().out
    assert run(["fleet", "report", *asked, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)["report"]["promises_changed"]
    assert said[0]["changed_by"] == "person:lena"


def list_of(customer):
    return list_promises(LENA, customer=customer)
