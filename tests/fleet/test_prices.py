"""Prices hold from a day on, of a node type or a customer: money, hour by hour, and by hand."""

import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scuderia.basics.clock import parse_instant
from scuderia.basics.errors import BadInput, NotAuthorised, NotFound
from scuderia.config.cli.main import run
from scuderia.fleet.engine import facts
from scuderia.fleet.engine.sla import Request, report_of
from scuderia.fleet.models.prices import Price
from scuderia.fleet.nouns import BEGINNING
from scuderia.fleet.operations.customers import Promise, add_customer
from scuderia.fleet.operations.description_imports import price_import
from scuderia.fleet.operations.descriptions import ReasonMissing
from scuderia.fleet.operations.prices import set_price
from scuderia.fleet.operations.skus import SkuChanges, add_sku
from scuderia.fleet.queries.inventory import UnknownSubject
from scuderia.fleet.queries.prices import list_prices
from scuderia.intake.archives import Source
from scuderia.intake.pipeline import ImportOptions, RecordRefused, run_import
from scuderia.intake.profiles import Profile
from scuderia.loop.models.audit import AuditEntry
from tests.examples import examples
from tests.fleet.promised import customer
from tests.fleet.test_descriptions import LENA, NOW, OTTO, VERA, cast

__all__ = ["cast"]
DAY, HOUR = 86_400, 3_600
T0 = int(datetime(2026, 3, 20, tzinfo=UTC).timestamp())  # nine days before Rome's clocks change


def day(number):
    return (date(2026, 3, 20) + timedelta(days=number)).isoformat()


def fleet(*outages, own=(), listed=(), zone="Europe/Rome", holds=((0, None),)):
    """Return two nodes of 8 GPUs, of types a and b; ada holds the first over `holds`, in days."""
    return facts.FleetFacts(
        nodes=[facts.NodeFact(f"n-{sku}", "s", 8, sku, 0, None) for sku in "ab"],
        customers=[customer("ada", 0.9, zone, prices=tuple(own))],
        outages=[
            facts.OutageFact(node, T0 + start * HOUR, T0 + end * HOUR, None, "fan", False, f"k{k}")
            for k, (node, start, end) in enumerate(outages)
        ],
        phases=[],
        holds=[
            facts.HoldFact(0, 0, T0 + first * DAY, None if last is None else T0 + last * DAY)
            for first, last in holds
        ],
        prices=list(listed),
    )  # fmt: skip


def report(told, *, days=20, **more):
    return report_of(told, Request(T0, T0 + days * DAY, **more))


def test_a_period_that_crosses_a_price_change_prices_each_part_by_its_own():
    told = fleet(
        (1, 0, 96), listed=[facts.PriceFact("b", day(-40), 200), facts.PriceFact("b", day(1), 300)]
    )
    assert report(told).cents_lost == 8 * (24 * 200 + 72 * 300)
    assert "($2.00, $3.00)" in report(told).price_note


def test_a_price_begins_at_the_midnight_of_whoever_holds_the_node():
    listed = [facts.PriceFact(sku, day(n), c) for sku in "ab" for n, c in ((-9, 200), (3, 300))]
    told = fleet((0, 48, 96), listed=listed)
    ada = report(told, customer="ada")  # day 3 of Rome begins at 23:00 UTC
    assert ada.cents_lost == 8 * (23 * 200 + 25 * 300)
    assert report(fleet((1, 48, 96), listed=listed)).cents_lost == 8 * (24 * 200 + 24 * 300)


def test_a_customers_own_price_wins_until_it_states_none():
    own = [facts.PriceFact("a", day(1), 150), facts.PriceFact("a", day(3), 0)]
    told = fleet((0, 0, 96), own=own, listed=[facts.PriceFact("a", day(-40), 200)], zone="UTC")
    assert report(told).cents_lost == 8 * (24 * 200 + 48 * 150 + 24 * 200)


def test_a_part_without_a_price_makes_the_money_unknown_and_is_told():
    told = fleet((1, 12, 60), listed=[facts.PriceFact("b", day(2), 200)])
    found = report(told)
    assert found.cents_lost is None
    said = "No price is stated for b from 2026-03-20T00:00Z to 2026-03-22T00:00Z"
    assert said in found.price_note
    later = fleet((1, 48, 60), listed=[facts.PriceFact("b", day(2), 200)])
    assert report(later).cents_lost == 12 * 8 * 200, "nothing broke while there was no price"
    ended = [facts.PriceFact("b", day(-9), 200), facts.PriceFact("b", day(1), 0)]
    assert report(fleet((1, 12, 60), listed=ended)).cents_lost is None


CHANGES = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(-3, 9), st.sampled_from([0, 1, 150, 333])),
    max_size=6,
    unique_by=lambda one: one[:2],
)


@examples(60)
@given(
    own=CHANGES,
    listed=CHANGES,
    outages=st.lists(
        st.tuples(st.integers(0, 1), st.integers(0, 200), st.integers(1, 60)), max_size=5
    ),
    first=st.integers(0, 3),
    zone=st.sampled_from(["UTC", "Europe/Rome", "America/Los_Angeles", "Asia/Kathmandu"]),
)  # fmt: skip
def test_money_is_what_pricing_every_quarter_of_an_hour_gives(own, listed, outages, first, zone):
    spans = [(node, start, start + hours) for node, start, hours in outages]
    priced = [[facts.PriceFact(sku, day(n), c) for sku, n, c in part] for part in (own, listed)]
    told = fleet(*spans, own=priced[0], listed=priced[1], zone=zone, holds=((first, None),))
    expected, unknown = {"ada": 0, "": 0}, {"ada": False, "": False}
    for at in range(T0, T0 + 8 * DAY, 900):
        for node, sku in enumerate("ab"):
            holder = "ada" if node == 0 and at >= T0 + first * DAY else ""
            clock = ZoneInfo(zone if holder else "UTC")
            today = datetime.fromtimestamp(at, clock).date()
            if not _is_complete(today, clock) or not any(
                n == node and T0 + a * HOUR <= at < T0 + b * HOUR for n, a, b in spans
            ):
                continue
            cents = (holder and _latest(own, sku, today)) or _latest(listed, sku, today)
            expected[holder] += 8 * 900 * cents
            unknown[holder] |= not cents
    found = report(told, days=8)
    for line in (*found.headline, found.unheld):
        if unknown[line.customer]:
            assert line.cents_lost is None
        elif expected[line.customer]:
            assert line.cents_lost == round(expected[line.customer] / HOUR)
        else:
            assert not line.cents_lost
    if any(unknown.values()):
        assert found.cents_lost is None


def _is_complete(today, clock):
    begins = datetime(today.year, today.month, today.day, tzinfo=clock).timestamp()
    after = today + timedelta(days=1)
    ends = datetime(after.year, after.month, after.day, tzinfo=clock).timestamp()
    return begins >= T0 and ends <= T0 + 8 * DAY


def _latest(changes, sku, today):
    held = [(n, cents) for name, n, cents in changes if name == sku and day(n) <= today.isoformat()]
    return max(held)[1] if held else 0


# --- on the books ------------------------------------------------------------------------------


@pytest.fixture
def priced(db, cast):
    add_sku(actor=LENA, name="h-8", sku=SkuChanges(gpus_per_node=8, gpu_model="H"), now=NOW)
    add_customer(actor=LENA, name="ada", promise=Promise(0.9, "Europe/Rome"), now=NOW)


def state(cents, first=BEGINNING, *, whose=None, actor=LENA, reason="", sku="h-8", now=NOW):
    return set_price(
        actor=actor,
        sku=sku,
        first_day=first,
        cents_per_gpu_hour=cents,
        customer=whose,
        reason=reason,
        now=now,
    )


def stated():
    rows = Price.objects.order_by("first_day")
    return [(row.first_day.isoformat(), row.cents_per_gpu_hour) for row in rows]


def test_a_price_is_stated_from_a_day_on_and_known_again(priced):
    assert state(250)
    assert not state(250)
    assert state(300, date(2026, 9, 1)), "it has not come yet: no reason is asked for"
    assert stated() == [("1900-01-01", 250), ("2026-09-01", 300)]
    (entry,) = AuditEntry.objects.filter(verb="fleet.price.stated").order_by("-seq")[:1]
    assert json.loads(entry.detail)["before"] == {"cents_per_gpu_hour": 250, "from": "1900-01-01"}


def test_what_stood_for_a_day_that_has_begun_is_changed_with_a_reason(priced):
    state(250)
    for cents, first in ((260, BEGINNING), (300, date(2026, 8, 1))):
        with pytest.raises(ReasonMissing):
            state(cents, first)
    assert state(300, date(2026, 8, 1), reason="agreed")
    assert state(260, reason="misread")
    (entry,) = AuditEntry.objects.filter(verb="fleet.price.corrected")
    detail = json.loads(entry.detail)
    assert (detail["before"]["cents_per_gpu_hour"], entry.reason) == (250, "misread")
    assert stated() == [("1900-01-01", 260), ("2026-08-01", 300)]


def test_a_day_begins_by_the_customers_clocks(priced):
    state(250, whose="ada")
    evening = parse_instant("2026-07-31T22:30:00Z", field="t")
    with pytest.raises(ReasonMissing):
        state(300, date(2026, 8, 1), whose="ada", now=evening)
    state(250)
    assert state(300, date(2026, 8, 1), now=evening)


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"cents": -1}, BadInput),
        ({"cents": 10_000_001}, BadInput),
        ({"sku": "h-9"}, UnknownSubject),
        ({"whose": "bo"}, UnknownSubject),
        ({"actor": VERA}, NotAuthorised),
        ({"actor": OTTO, "whose": "ada"}, NotFound),
    ],
)
def test_what_is_no_price_is_refused_and_nothing_is_kept(priced, more, error):
    with pytest.raises(error):
        state(**{"cents": 250, **more})
    assert not Price.objects.exists()


def test_a_customers_reader_sees_its_own_prices_and_those_of_the_node_types(priced):
    add_customer(actor=LENA, name="bo", promise=Promise(), now=NOW)
    for cents, whose in ((250, None), (200, "ada"), (190, "bo")):
        state(cents, whose=whose)
    assert [row.cents_per_gpu_hour for row in list_prices(OTTO)] == [250, 200]
    assert len(list_prices(VERA)) == 3
    assert len(list_prices(VERA, customer="bo")) == 2


def bring(text, tmp_path, *, dry_run=False):
    path = tmp_path / "prices.csv"
    path.write_text("sku,customer,from,cents_per_gpu_hour\n" + text, encoding="utf-8")
    options = ImportOptions(accept_bad=-1, dry_run=dry_run)
    found = run_import(
        price_import(NOW), Source.of_path(path), Profile(), options, actor=LENA, now=NOW
    )
    told = found.forecast if dry_run else found.commit
    return told.added, told.amended, told.unchanged


def test_a_file_of_prices_is_booked_whole_known_again_and_amended(priced, tmp_path):
    rows = "h-8,,,250\nh-8,ada,2026-07-01,200\n"
    assert bring(rows, tmp_path, dry_run=True) == (2, 0, 0)
    assert not Price.objects.exists()
    assert bring(rows, tmp_path) == (2, 0, 0)
    assert bring(rows.replace(",200", ",210"), tmp_path) == (0, 1, 1)
    assert sorted(stated()) == [("1900-01-01", 250), ("2026-07-01", 210)]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("h-9,,,250\n", "no SKU is named"),
        ("h-8,bo,,250\n", "no customer is named"),
        ("h-8,,2026-13-01,250\n", "is no day"),
        ("h-8,,1890-01-01,250\n", "is no day"),
        ("h-8,,,-3\n", "cents_per_gpu_hour"),
    ],
)
def test_a_row_that_is_no_price_is_refused_by_its_field(priced, tmp_path, row, words):
    with pytest.raises(RecordRefused, match=words):
        bring("h-8,,,240\n" + row, tmp_path)
    assert not Price.objects.exists()


SET = ("fleet", "price", "set", "h-8", "--as", "lena", "--cents")


def test_the_command_states_and_lists_prices(priced, capsys):
    assert run([*SET, "250", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["first_day"] == "1900-01-01"
    assert run([*SET, "300", "--from", "July"]) != 0
    assert "is no day" in capsys.readouterr().err
    assert run(["fleet", "price", "list", "--as", "lena"]) == 0
    assert "the beginning" in capsys.readouterr().out
