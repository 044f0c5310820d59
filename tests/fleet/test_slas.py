"""Promises hold from a day on: each day is met or missed by the one that held, or by none."""

import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from hypothesis import given
from hypothesis import strategies as st

from scuderia.basics.clock import parse_instant
from scuderia.basics.errors import NotAuthorised, NotFound
from scuderia.config.cli.main import run
from scuderia.fleet.engine import facts
from scuderia.fleet.engine.customer_days import Calendar, complete_days, local_days
from scuderia.fleet.engine.sla import Request, report_of
from scuderia.fleet.models.slas import SlaDefinition
from scuderia.fleet.nouns import BEGINNING, LedgerClass
from scuderia.fleet.operations.customers import Promise, add_customer, edit_customer
from scuderia.fleet.operations.description_imports import sla_import
from scuderia.fleet.operations.descriptions import ReasonMissing
from scuderia.fleet.operations.inventory import NoSuchZone
from scuderia.fleet.operations.slas import NoSuchPromise, retract_sla, set_sla
from scuderia.fleet.queries.inventory import UnknownSubject
from scuderia.fleet.queries.reports import NotATarget
from scuderia.fleet.queries.slas import list_promises, list_slas
from scuderia.intake.archives import Source
from scuderia.intake.pipeline import ImportOptions, RecordRefused, run_import
from scuderia.intake.profiles import Profile
from scuderia.loop.models.audit import AuditEntry
from tests.examples import examples
from tests.fleet.test_descriptions import LENA, NOW, OTTO, VERA, cast

__all__ = ["cast"]
DAY, HOUR = 86_400, 3_600
FIRST = date(2026, 3, 20)
T0 = int(datetime(2026, 3, 20, tzinfo=UTC).timestamp())  # nine days before Rome's clocks change


def day(number):
    return (FIRST + timedelta(days=number)).isoformat()


def held_by_one(*slas, outages=()):
    """Return one node that ada holds, out over hours of UTC, under (day, target, zone) promises."""
    promised = tuple(facts.SlaFact(day(number), target, zone) for number, target, zone in slas)
    return facts.FleetFacts(
        nodes=[facts.NodeFact("n0", "s", 8, "h", 0, None)],
        customers=[facts.CustomerFact("ada", promised)],
        outages=[
            facts.OutageFact(0, T0 + start * HOUR, T0 + end * HOUR, None, "fan", False, f"k{start}")
            for start, end in outages
        ],
        phases=[],
        holds=[facts.HoldFact(0, 0, 0, None)],
    )


def report(told, *, days=6, **more):
    return report_of(told, Request(T0, T0 + days * DAY, **more))


def test_each_day_is_held_to_the_promise_of_that_day():
    """Out six hours of days 1 and 4: three quarters are up."""
    told = held_by_one((-9, 0.8, "UTC"), (3, 0.7, "UTC"), outages=[(24, 30), (96, 102)])
    found = report(told, customer="ada")
    assert [row.target for row in found.days] == [0.8] * 3 + [0.7] * 3
    assert (found.days_below_target, found.customer_days_at_target) == (1, 5)
    assert found.customer_days == 6
    assert (found.target, found.headline[0].target) == (None, None), "none is made up of two"
    assert [(held.first_day.isoformat(), held.target) for held in found.promises] == [
        (day(-9), 0.8),
        (day(3), 0.7),
    ]


def test_days_before_the_first_promise_are_neither_met_nor_missed():
    told = held_by_one((4, 0.9, "UTC"), outages=[(0, 12), (96, 108)])
    found = report(told)
    assert (found.customer_days_at_target, found.customer_days) == (1, 2)
    assert found.customer_days_unpromised == 4
    assert (found.target, found.headline[0].days_known) == (0.9, 6)
    nothing = report(held_by_one())
    assert (nothing.target, nothing.customer_days, nothing.days_below_target) == (None, 0, None)


def test_a_period_of_hours_is_under_the_promise_of_its_day():
    told = held_by_one((-9, 0.8, "UTC"), (3, 0.7, "UTC"))
    found = report_of(told, Request(T0 + 3 * DAY, T0 + 3 * DAY + HOUR, customer="ada"))
    assert (found.target, found.days, found.customer_days) == (0.7, (), 0)


def test_a_fleet_whose_customers_have_different_targets_does_not_invent_one():
    one = held_by_one((-9, 0.8, "UTC"))
    other = facts.CustomerFact("bo", (facts.SlaFact(day(-9), 0.9, "UTC"),))
    told = facts.FleetFacts(
        [*one.nodes, facts.NodeFact("n1", "s", 8, "h", 0, None)],
        [*one.customers, other], [], [], [*one.holds, facts.HoldFact(1, 1, 0, None)],
    )  # fmt: skip
    found = report(told)
    assert (found.target, found.days_below_target, found.customer_days) == (None, None, 12)
    assert {row.target for row in found.days} == {None}
    assert report(told, target=0.5).target == 0.5
    alike = told.customers[0], other._replace(slas=told.customers[0].slas)
    same = report_of(facts.FleetFacts(told.nodes, alike, [], [], told.holds), Request(T0, T0 + DAY))
    assert same.target == 0.8


ZONES = ["UTC", "Europe/Rome", "America/Los_Angeles", "Asia/Kathmandu", "Pacific/Kiritimati"]


@examples(150)
@given(
    changes=st.dictionaries(
        st.integers(-2, 12), st.sampled_from(ZONES), min_size=1, max_size=4
    ),
    start=st.integers(0, 3 * DAY),
    length=st.integers(1, 9 * DAY),
)  # fmt: skip
def test_a_day_is_where_its_own_clocks_put_it_and_no_second_is_in_two(changes, start, length):
    """Once more, by asking of each quarter of an hour which day's first second came last."""
    zones = sorted((FIRST + timedelta(days=n), ZoneInfo(zone)) for n, zone in changes.items())
    calendar = Calendar(tuple(zones))
    begins = {}
    for number in range(-4, 18):
        today = FIRST + timedelta(days=number)
        zone = [zone for first, zone in zones if first <= today][-1:] or [zones[0][1]]
        midnight = datetime(today.year, today.month, today.day, tzinfo=zone[0])
        begins[today] = int(midnight.timestamp())
    days = local_days(T0 + start, T0 + start + length, calendar)
    assert (days.edges[0], days.edges[-1]) == (T0 + start, T0 + start + length)
    in_order = sorted(begins.values()) == list(begins.values())
    for place, today in enumerate(days.dates):
        assert days.edges[place] < days.edges[place + 1]
        if in_order:
            for second in (days.edges[place], days.edges[place + 1] - 1):
                assert max(d for d, at in begins.items() if at <= second) == today
    whole = complete_days(T0 + start, T0 + start + length, calendar)
    for place, today in enumerate(whole.dates):
        assert whole.edges[place] == begins[today]


def test_the_day_before_another_zone_counts_ends_when_that_ones_begins():
    zones = ((FIRST, ZoneInfo("UTC")), (FIRST + timedelta(days=2), ZoneInfo("Asia/Tokyo")))
    days = complete_days(T0, T0 + 4 * DAY, Calendar(zones))
    assert [int(length) // HOUR for length in days.edges[1:] - days.edges[:-1]] == [24, 15, 24, 24]


# --- the lines of a fleet sum to the fleet ------------------------------------------------------


@st.composite
def fleets(draw):
    """Draw a fleet over ten days: three nodes in turn with two customers or nobody."""
    prices = st.lists(
        st.tuples(st.sampled_from("ab"), st.integers(-2, 9), st.sampled_from([0, 99, 250])),
        max_size=3, unique_by=lambda one: one[:2],
    )  # fmt: skip
    slas = st.dictionaries(
        st.integers(-2, 9), st.tuples(st.sampled_from([0.5, 0.9, 0.99]), st.sampled_from(ZONES)),
        max_size=3,
    )  # fmt: skip
    listed = [facts.PriceFact(sku, day(-9), draw(st.sampled_from([0, 130, 201]))) for sku in "ab"]
    customers = [
        facts.CustomerFact(
            name,
            tuple(facts.SlaFact(day(n), *told) for n, told in sorted(draw(slas).items())),
            tuple(sorted(facts.PriceFact(sku, day(n), cents) for sku, n, cents in draw(prices))),
            tuple(
                facts.ExclusionFact(T0 + a * HOUR, T0 + (a + b) * HOUR, cause, "agreed")
                for a, b, cause in draw(
                    st.lists(st.tuples(st.integers(0, 200), st.integers(1, 60),
                                       st.sampled_from(["", "fan"])), max_size=3)
                )
            ),
        )
        for name in ("ada", "bo")
    ]  # fmt: skip
    holds = []
    for node in range(3):
        cuts = sorted(draw(st.sets(st.integers(0, 240), max_size=6)))
        for first, last in zip(cuts[::2], cuts[1::2], strict=False):
            who = draw(st.integers(0, 1))
            holds.append(facts.HoldFact(node, who, T0 + first * HOUR, T0 + last * HOUR))
    outages = [
        facts.OutageFact(
            node, T0 + start * 1_800, T0 + (start + halves) * 1_800, None,
            draw(st.sampled_from(["fan", "Fan / blade", "psu"])), planned, f"k{number}",
            draw(st.sampled_from([None, 1, 3])),
        )
        for number, (node, start, halves, planned) in enumerate(
            draw(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 470), st.integers(1, 90),
                                    st.booleans()), max_size=7))
        )
    ]  # fmt: skip
    nodes = [facts.NodeFact(f"n{n}", "s", (8, 7, 4)[n], "aab"[n], 0, None) for n in range(3)]
    return facts.FleetFacts(nodes, customers, outages, [], holds, prices=listed)


@examples(120)
@given(told=fleets(), hours=st.integers(1, 240))
def test_a_fleet_and_its_lines_reconcile_to_the_second_the_day_and_the_cent(told, hours):
    fleet = report_of(told, Request(T0, T0 + hours * HOUR))
    lines = [*fleet.headline, *([fleet.unheld] if fleet.unheld else [])]
    for name in ("downtime_s", "downtime_gpu_s", "excluded_s"):
        assert getattr(fleet, name) == sum(getattr(line, name) for line in lines), name
    assert sum(fleet.seconds.values()) == sum(line.node_seconds for line in lines)
    assert fleet.seconds[LedgerClass.PLANNED] == sum(line.planned_s for line in lines)
    assert fleet.customer_days == sum(line.days_promised for line in lines)
    assert fleet.customer_days_at_target == sum(line.days_at_target for line in lines)
    known = fleet.customer_days + fleet.customer_days_unpromised
    assert known == sum(line.days_known for line in lines)
    if fleet.cents_lost is not None:
        assert fleet.cents_lost == sum(line.cents_lost or 0 for line in lines)
    for line in fleet.headline:
        mine = facts.narrowed(told, line.customer, start=T0, end=T0 + hours * HOUR)
        for books in (told, mine):
            own = report_of(books, Request(T0, T0 + hours * HOUR, customer=line.customer))
            assert own.headline == (line,), "a customer's own report says what its line says"
            assert (own.downtime_s, own.cents_lost) == (line.downtime_s, line.cents_lost)
            assert own.availability == line.availability
            below = own.days_below_target
            assert below is None or line.days_at_target == line.days_promised - below
    raw = facts.FleetFacts(
        told.nodes, [one._replace(exclusions=()) for one in told.customers], told.outages, [],
        told.holds, prices=told.prices,
    )  # fmt: skip
    assert report_of(raw, Request(T0, T0 + hours * HOUR)).availability == fleet.availability


# --- on the books ------------------------------------------------------------------------------


@pytest.fixture
def ada(db, cast):
    add_customer(actor=LENA, name="ada", promise=Promise(0.9, "Europe/Rome"), now=NOW)


def promise(target, first=BEGINNING, *, zone=None, actor=LENA, reason="", name="ada", now=NOW):
    return set_sla(
        actor=actor,
        customer=name,
        first_day=first,
        target=target,
        time_zone=zone,
        reason=reason,
        now=now,
    )


def promised():
    rows = SlaDefinition.objects.order_by("customer__name", "first_day")
    return [(row.first_day.isoformat(), row.target, row.time_zone) for row in rows]


def test_a_promise_is_stated_from_a_day_on_and_known_again(ada):
    assert promise(0.95, date(2026, 9, 1))
    assert not promise(0.95, date(2026, 9, 1))
    assert promised() == [
        ("1900-01-01", 0.9, "Europe/Rome"), ("2026-09-01", 0.95, "Europe/Rome"),
    ]  # fmt: skip
    (now_held,) = list_slas(NOW)
    (later,) = list_slas(parse_instant("2026-08-31T22:00:00Z", field="t"))
    assert (now_held.target, later.target) == (0.9, 0.95), "September begins by Rome's clocks"


def test_what_was_promised_for_a_day_that_has_begun_is_changed_with_a_reason(ada):
    for target, first in ((0.95, BEGINNING), (0.95, date(2026, 8, 1))):
        with pytest.raises(ReasonMissing):
            promise(target, first)
    assert promise(0.95, date(2026, 8, 1), reason="agreed")
    assert promise(0.8, reason="misread")
    (entry,) = AuditEntry.objects.filter(verb="fleet.sla.corrected")
    detail = json.loads(entry.detail)
    assert (detail["before"]["target"], detail["after"]["target"]) == ("0.9", "0.8")
    assert (entry.reason, entry.subject) == ("misread", "customer:ada")
    assert edit_customer(actor=LENA, name="ada", target=0.7, reason="misread", now=NOW)
    assert [target for _, target, _ in promised()] == [0.7, 0.95], "edit speaks of the first"


def test_a_promise_that_never_was_is_retracted_with_a_reason(ada):
    promise(0.95, date(2026, 9, 1))
    with pytest.raises(ReasonMissing):
        retract_sla(actor=LENA, customer="ada", first_day=date(2026, 9, 1), reason=" ", now=NOW)
    with pytest.raises(NoSuchPromise):
        retract_sla(actor=LENA, customer="ada", first_day=date(2026, 9, 2), reason="x", now=NOW)
    retract_sla(actor=LENA, customer="ada", first_day=date(2026, 9, 1), reason="typo", now=NOW)
    assert [first for first, *_ in promised()] == ["1900-01-01"]
    (entry,) = AuditEntry.objects.filter(verb="fleet.sla.retracted")
    assert json.loads(entry.detail)["before"]["from"] == "2026-09-01"


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"target": 0.0}, NotATarget),
        ({"target": float("nan")}, NotATarget),
        ({"zone": "Mars/Olympus"}, NoSuchZone),
        ({"name": "bo"}, UnknownSubject),
        ({"actor": VERA}, NotAuthorised),
        ({"actor": OTTO}, NotFound),
    ],
)
def test_what_cannot_be_promised_is_refused_and_nothing_is_kept(ada, more, error):
    with pytest.raises(error):
        promise(**{"target": 0.95, "first": date(2026, 9, 1), **more})
    assert len(promised()) == 1


def test_a_customers_reader_sees_its_own_promises(ada):
    add_customer(actor=LENA, name="bo", promise=Promise(0.8), now=NOW)
    assert [row.customer for row in list_promises(OTTO)] == ["ada"]
    assert [row.customer for row in list_promises(VERA)] == ["ada", "bo"]
    assert list_promises(OTTO, customer="bo") == ()


def bring(text, tmp_path):
    path = tmp_path / "slas.csv"
    path.write_text("customer,from,target,time_zone\n" + text, encoding="utf-8")
    found = run_import(
        sla_import(NOW), Source.of_path(path), Profile(), ImportOptions(), actor=LENA, now=NOW
    )
    return found.commit.added, found.commit.amended, found.commit.unchanged


def test_a_file_of_promises_is_booked_whole_known_again_and_amended(ada, tmp_path):
    rows = "ada,,0.9,Europe/Rome\nada,2026-07-01,0.95,UTC\n"
    assert bring(rows, tmp_path) == (1, 0, 1)
    assert bring(rows.replace("0.95", "0.97"), tmp_path) == (0, 1, 1)
    assert promised()[1] == ("2026-07-01", 0.97, "UTC")
    for row, words in (
        ("bo,,0.9,UTC\n", "no customer is named"),
        ("ada,2026-08-01,1.2,UTC\n", "not a share of a day"),
        ("ada,2026-08-01,0.9,Mars\n", "no time zone"),
        ("ada,August,0.9,UTC\n", "is no day"),
    ):
        with pytest.raises(RecordRefused, match=words):
            bring(rows.replace("0.95", "0.5") + row, tmp_path)
    assert promised()[1] == ("2026-07-01", 0.97, "UTC")


SET = ("fleet", "sla", "set", "ada", "--as", "lena")


def test_the_command_states_lists_and_retracts_promises(ada, capsys):
    assert run([*SET, "--target", "0.95", "--from", "2030-01-01", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["changed"] is True
    assert run(["fleet", "sla", "list", "--as", "lena"]) == 0
    told = capsys.readouterr().out
    assert "the beginning" in told
    assert "95.00%" in told
    retract = ["fleet", "sla", "retract", "ada", "--from", "2030-01-01", "--as", "lena"]
    assert run([*retract, "--reason", "typo"]) == 0
    assert len(promised()) == 1


@pytest.mark.django_db(transaction=True)
def test_a_home_of_old_keeps_its_promises_and_prices_from_the_beginning():
    before = [("fleet", "0007_shares_of_nodes")]
    executor = MigrationExecutor(connection)
    latest = [node for node in executor.loader.graph.leaf_nodes() if node[0] == "fleet"]
    try:
        executor.migrate(before)
        old = executor.loader.project_state(before).apps
        holder = old.get_model("fleet", "Customer").objects.create(name="ada")
        old.get_model("fleet", "SlaDefinition").objects.create(
            customer=holder, target=0.9, time_zone="Europe/Rome"
        )
        for name, cents in (("h-8", 250), ("free", 0)):
            old.get_model("fleet", "Sku").objects.create(
                name=name, gpus_per_node=8, gpu_model="H", cents_per_gpu_hour=cents
            )
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(latest)
    from scuderia.fleet.models.prices import Price

    assert promised() == [("1900-01-01", 0.9, "Europe/Rome")]
    rows = Price.objects.values_list("sku__name", "customer", "first_day", "cents_per_gpu_hour")
    assert list(rows) == [("h-8", None, BEGINNING, 250)]
