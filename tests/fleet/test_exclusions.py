"""What does not count against a promise is taken out once, and the raw availability stays."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scuderia.basics.clock import parse_instant
from scuderia.basics.errors import BadInput, NotAuthorised, NotFound
from scuderia.config.cli.main import run
from scuderia.fleet.engine import facts
from scuderia.fleet.engine.evidence_packet import packet_of, verify_packet
from scuderia.fleet.engine.exclusion_rows import instant_in
from scuderia.fleet.engine.exclusions import is_of_class
from scuderia.fleet.engine.sla import Request, report_of
from scuderia.fleet.models.exclusions import Exclusion
from scuderia.fleet.operations.customers import Promise, add_customer
from scuderia.fleet.operations.description_imports import exclusion_import
from scuderia.fleet.operations.descriptions import DescribedAlready, ReasonMissing
from scuderia.fleet.operations.exclusions import (
    NoSuchExclusion,
    add_exclusion,
    retract_exclusion,
)
from scuderia.fleet.queries.exclusions import list_exclusions
from scuderia.fleet.queries.inventory import UnknownSubject
from scuderia.intake.archives import Source
from scuderia.intake.pipeline import ImportOptions, RecordRefused, run_import
from scuderia.intake.profiles import Profile
from scuderia.intake.records import Flaw
from scuderia.loop.models.audit import AuditEntry
from tests.examples import examples
from tests.fleet.promised import customer
from tests.fleet.test_descriptions import DAY as A_DAY
from tests.fleet.test_descriptions import LENA, NOW, OTTO, T0, VERA, cast

__all__ = ["cast"]
DAY, HOUR = 86_400, 3_600


def excluded(first, last, cause="", reason="agreed"):
    return facts.ExclusionFact(first * HOUR, None if last is None else last * HOUR, cause, reason)


def fleet(*exclusions, outages=(), target=0.9):
    """Return two nodes that ada holds, out by (node, hours, cause)."""
    return facts.FleetFacts(
        nodes=[facts.NodeFact(f"n{row}", "s", 8, "h", 0, None) for row in range(2)],
        customers=[customer("ada", target, exclusions=tuple(exclusions))],
        outages=[
            facts.OutageFact(node, start * HOUR, end * HOUR, None, cause, False, f"k{number}")
            for number, (node, start, end, cause) in enumerate(outages)
        ],
        phases=[],
        holds=[facts.HoldFact(row, 0, 0, None) for row in range(2)],
    )


def report(told, days=2):
    return report_of(told, Request(0, days * DAY, customer="ada"))


def test_an_agreed_stretch_is_taken_out_and_both_figures_are_shown():
    """Out ten hours of day 0; four of them in the stretch: 38 of 48, or 38 of 44."""
    found = report(fleet(excluded(6, 12), outages=[(0, 0, 10, "fan")]))
    assert (found.downtime_s, found.excluded_s) == (10 * HOUR, 4 * HOUR)
    assert found.days[0].availability == 38 / 48
    assert found.days[0].availability_after_exclusions == 38 / 44
    assert (found.availability, found.availability_after_exclusions) == (86 / 96, 86 / 92)
    (one,) = found.excluded
    assert (one.seconds, one.reason) == (4 * HOUR, "agreed")


def test_a_day_is_met_by_what_counts():
    outages = [(0, 0, 10, "fan")]
    assert report(fleet(outages=outages)).customer_days_at_target == 1
    assert report(fleet(excluded(0, 10), outages=outages)).customer_days_at_target == 2
    assert report(fleet(excluded(0, 10), outages=outages)).days_below_target == 0


def test_a_class_of_causes_is_taken_out_alone_and_lasts():
    outages = [(0, 0, 6, "Customer / OOM"), (1, 0, 6, "fan"), (1, 30, 36, "customer")]
    found = report(fleet(excluded(3, None, "Customer"), outages=outages))
    assert [one.seconds for one in found.excluded] == [3 * HOUR + 6 * HOUR]


def test_a_second_goes_to_the_first_exclusion_that_covers_it():
    both = excluded(0, 8), excluded(4, 12, "fan", "again")
    found = report(fleet(*both, outages=[(0, 0, 10, "fan")]))
    assert [(one.reason, one.seconds) for one in found.excluded] == [
        ("agreed", 8 * HOUR),
        ("again", 2 * HOUR),
    ]


def test_a_day_on_which_nothing_counts_is_neither_met_nor_missed():
    out = [(0, 0, 24, "fan"), (1, 0, 24, "fan")]
    found = report(fleet(excluded(0, 24), outages=out))
    assert (found.days[0].availability, found.days[0].availability_after_exclusions) == (0, None)
    assert (found.customer_days, found.customer_days_unpromised) == (1, 1)


@pytest.mark.parametrize(
    ("cause", "wanted", "is_so"),
    [
        ("Customer / OOM", "customer", True),
        ("customer/oom", "Customer / OOM", True),
        ("Customers", "customer", False),
        ("OOM / Customer", "customer", False),
        ("", "customer", False),
        ("anything", "", True),
    ],
)
def test_a_cause_is_of_its_class_and_of_those_above_it(cause, wanted, is_so):
    assert is_of_class(cause, wanted) is is_so


HOURS = st.tuples(st.integers(0, 60), st.integers(1, 30), st.sampled_from(["", "fan", "psu"]))


@examples(100)
@given(
    outages=st.lists(st.tuples(st.integers(0, 1), HOURS), max_size=5),
    exclusions=st.lists(HOURS, max_size=4),
)
def test_what_is_taken_out_is_what_painting_every_hour_finds(outages, exclusions):
    """The rule once more, hour by hour; reports of a node that touch would be one, so few do."""
    out, last = [], {}
    for node, (start, hours, cause) in sorted(outages, key=lambda one: (one[0], one[1][0])):
        if start > last.get(node, -1):
            out.append((node, start, start + hours, cause or "none"))
            last[node] = start + hours
    told = sorted(excluded(start, start + hours, cause) for start, hours, cause in exclusions)
    taken = [0] * len(told)
    for _, start, end, cause in out:
        for hour in range(start, min(end, 72)):
            for place, one in enumerate(told):
                is_covered = one.start <= hour * HOUR < one.end
                if is_covered and one.cause in ("", cause):
                    taken[place] += HOUR
                    break
    found = report(fleet(*told, outages=out), days=3)
    assert [one.seconds for one in found.excluded] == [one for one in taken if one]
    assert found.excluded_s == sum(taken)
    raw = report(fleet(outages=out), days=3)
    assert (found.availability, found.downtime_s) == (raw.availability, raw.downtime_s)
    if found.availability_after_exclusions is not None:
        assert found.availability_after_exclusions >= found.availability


def test_a_packet_tells_what_was_excluded_and_withholds_a_reason_that_names_another():
    told = fleet(excluded(6, 12, reason="=as Globex said"), outages=[(0, 0, 10, "fan")])
    files = packet_of(told, Request(0, 2 * DAY, customer="ada"))
    assert b",'=as Globex said,14400" in files["exclusions.csv"]
    assert verify_packet(files).excluded_s == 4 * HOUR
    both = facts.FleetFacts(told.nodes, [*told.customers, customer("globex")], [], [], told.holds)
    (ada,) = facts.narrowed(both, "ada", start=0, end=DAY).customers
    assert [one.reason for one in ada.exclusions] == [facts.WITHHELD]


# --- on the books ------------------------------------------------------------------------------


@pytest.fixture
def ada(db, cast):
    add_customer(actor=LENA, name="ada", promise=Promise(0.9, "Europe/Rome"), now=NOW)


def exclude(start=T0, end=T0 + A_DAY, *, name="ada", actor=LENA, reason="agreed", **more):
    return add_exclusion(
        actor=actor, customer=name, start=start, end=end, reason=reason, now=NOW, **more
    )


def test_an_exclusion_is_added_once_audited_and_counts_again_when_retracted(ada):
    assert exclude(time_zone="Europe/Rome")
    assert not exclude(time_zone="Europe/Rome")
    with pytest.raises(DescribedAlready):
        exclude(end=T0 + 2 * A_DAY)
    assert exclude(end=None, cause=" Customer ")
    assert [(row.cause, row.end) for row in list_exclusions(OTTO)] == [
        ("", T0 + A_DAY),
        ("Customer", None),
    ]
    with pytest.raises(ReasonMissing):
        retract_exclusion(actor=LENA, customer="ada", start=T0, reason="", now=NOW)
    retract_exclusion(actor=LENA, customer="ada", start=T0, reason="typo", now=NOW)
    with pytest.raises(NoSuchExclusion):
        retract_exclusion(actor=LENA, customer="ada", start=T0, reason="typo", now=NOW)
    verbs = AuditEntry.objects.filter(verb__startswith="fleet.exclusion").order_by("seq")
    assert [one.verb.rpartition(".")[2] for one in verbs] == ["added", "added", "retracted"]
    assert Exclusion.objects.count() == 1


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"end": None}, BadInput),
        ({"end": T0}, BadInput),
        ({"reason": " "}, BadInput),
        ({"reason": "x" * 201}, BadInput),
        ({"time_zone": "Mars/Olympus"}, BadInput),
        ({"name": "bo"}, UnknownSubject),
        ({"actor": VERA}, NotAuthorised),
        ({"actor": OTTO}, NotFound),
    ],
)
def test_what_cannot_be_excluded_is_refused_and_nothing_is_kept(ada, more, error):
    with pytest.raises(error):
        exclude(**more)
    assert not Exclusion.objects.exists()


def bring(text, tmp_path):
    path = tmp_path / "exclusions.csv"
    path.write_text("customer,from,to,cause,time_zone,reason\n" + text, encoding="utf-8")
    options = ImportOptions()
    found = run_import(
        exclusion_import(NOW), Source.of_path(path), Profile(), options, actor=LENA, now=NOW
    )
    return found.commit.added, found.commit.amended, found.commit.unchanged


def test_a_file_of_exclusions_is_booked_whole_known_again_and_amended(ada, tmp_path):
    rows = (
        "ada,2026-07-01T00:00:00Z,2026-07-02T00:00:00Z,,UTC,agreed\n"
        "ada,2026-07-01T00:00:00Z,,Customer,,their own\n"
    )
    assert bring(rows, tmp_path) == (2, 0, 0)
    assert bring(rows.replace("agreed", "agreed in May"), tmp_path) == (0, 1, 1)
    for row, words in (
        ("bo,2026-07-01T00:00:00Z,2026-07-02T00:00:00Z,,,x\n", "no customer is named"),
        ("ada,2026-07-03T00:00:00Z,,,,x\n", "neither an end nor a cause"),
        ("ada,2026-07-03T00:00:00Z,2026-07-02T00:00:00Z,,,x\n", "does not lie after"),
    ):
        with pytest.raises(RecordRefused, match=words):
            bring(rows + row, tmp_path)
    assert sorted(Exclusion.objects.values_list("reason", flat=True)) == [
        "agreed in May",
        "their own",
    ]


def test_an_instant_is_read_by_the_clocks_of_the_zone_unless_they_showed_it_twice():
    rome = instant_in("2026-07-01T08:00", "Europe/Rome", "from")
    assert rome == datetime(2026, 7, 1, 6, tzinfo=UTC)
    assert instant_in("2026-07-01T08:00+09:00", "Europe/Rome", "from").hour == 23
    for text in ("2026-10-25T02:30", "2026-03-29T02:30", "July"):
        with pytest.raises(Flaw):
            instant_in(text, "Europe/Rome", "from")


ADD = ("fleet", "exclusion", "add", "ada", "--as", "lena", "--time-zone", "Europe/Rome")


def test_the_command_adds_lists_and_retracts_exclusions(ada, capsys):
    stretch = ("--from", "2026-07-04T22:00", "--to", "2026-07-05T02:00")
    assert run([*ADD, *stretch, "--reason", "firmware night", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["changed"] is True
    (row,) = list_exclusions(LENA)
    assert row.start == parse_instant("2026-07-04T20:00:00Z", field="t")
    assert run(["fleet", "exclusion", "list", "--as", "lena"]) == 0
    assert "firmware night" in capsys.readouterr().out
    assert run([*ADD, "--from", "never", "--cause", "x", "--reason", "y"]) == 2
    back = ["fleet", "exclusion", "retract", "ada", "--as", "lena", "--from", "2026-07-04T20:00Z"]
    assert run([*back, "--reason", "off"]) == 0
    assert not Exclusion.objects.exists()
