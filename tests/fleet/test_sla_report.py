"""The SLA report against a ledger worked by hand on paper."""

from datetime import date

import pytest

from scuderia.fleet.engine import facts
from scuderia.fleet.engine.ledger import OverlappingHolds
from scuderia.fleet.engine.sla import NotAPeriod, Request, report_of
from scuderia.fleet.nouns import LedgerClass
from tests.fleet.promised import customer, prices

DAY = 86_400
HOUR = 3600


def outage(node, start, end, cause="fan", *, planned=False, detected=None):
    key = f"{node}-{start}-{cause}"
    return facts.OutageFact(node, start, end, detected, cause, planned, key)


# ada holds a and b for ten days, bo holds c from day 5; d is spare.
# a is out 12 h on day 2 (detected after 1 h, 6 h of repair), again 6 h after its return for 1 h;
# b is in planned work all of day 3; c is out from day 4 on: bo gets it broken.
FACTS = facts.FleetFacts(
    nodes=[
        facts.NodeFact("a", "s", 8, "h", 0, None),
        facts.NodeFact("b", "s", 8, "h", 0, None),
        facts.NodeFact("c", "s", 8, "dear", 0, None),
        facts.NodeFact("d", "s", 8, "h", 0, None),
    ],
    customers=[customer("ada", 0.8), customer("bo", None)],
    outages=[
        outage(0, 2 * DAY, 2 * DAY + 12 * HOUR, detected=2 * DAY + HOUR),
        outage(0, 2 * DAY + 18 * HOUR, 2 * DAY + 19 * HOUR, "Other / Unknown Error"),
        outage(1, 3 * DAY, 4 * DAY, "firmware", planned=True),
        outage(2, 4 * DAY, None, ""),
    ],
    phases=[
        facts.PhaseFact(0, LedgerClass.IN_REPAIR, 2 * DAY + 4 * HOUR, 2 * DAY + 10 * HOUR),
    ],
    holds=[
        facts.HoldFact(0, 0, 0, None),
        facts.HoldFact(1, 0, 0, None),
        facts.HoldFact(2, 1, 5 * DAY, None),
    ],
    prices=prices(h=200, dear=300),
)
TEN_DAYS = Request(0, 10 * DAY)


def report(**changes):
    return report_of(FACTS, Request(**{"start": 0, "end": 10 * DAY} | changes))


def test_the_fleet_is_counted_node_by_node():
    found = report()
    hours = {kind: seconds / HOUR for kind, seconds in found.seconds.items() if seconds}
    assert hours == {
        LedgerClass.PLANNED: 24,
        LedgerClass.IN_REPAIR: 6,
        LedgerClass.UNPLANNED: 6 + 1 + 144,
        LedgerClass.SERVING: 480 - 13 - 24,
        LedgerClass.IDLE_SPARE: 240 + 96,
    }
    assert found.availability == pytest.approx((443 + 336) / (443 + 336 + 157))
    assert (found.nodes, found.gpus, found.days_known) == (4, 32, 10)
    assert found.worst_day_on == date(1970, 1, 5)


def test_a_customer_answers_only_for_what_it_held():
    ada = report(customer="ada")
    assert ada.downtime_s == 13 * HOUR
    assert ada.target == 0.8
    assert ada.days_below_target == 1  # day 2: 35 of 48 hours
    assert ada.worst_day == pytest.approx(35 / 48)
    assert ada.days[3].availability == 1.0  # planned work stands apart
    bo = report(customer="bo")
    assert (bo.days_known, bo.availability, bo.target) == (5, 0.0, None)
    assert (bo.days_below_target, bo.customer_days, bo.customer_days_unpromised) == (None, 0, 5)
    assert (bo.outages, bo.downtime_s) == (1, 120 * HOUR)


def test_the_headline_counts_customer_days():
    found = report()
    assert [(h.customer, h.days_at_target, h.days_promised, h.days_known)
            for h in found.headline] == [("ada", 9, 10, 10), ("bo", 0, 0, 5)]  # fmt: skip
    assert (found.customer_days_at_target, found.customer_days) == (9, 10)
    assert (found.target, found.customer_days_unpromised) == (0.8, 5)


def test_outages_relapses_and_unknowns_are_worked_by_hand():
    found = report()
    assert (found.outages, found.outages_started, found.outages_open) == (3, 3, 1)
    assert found.outage_hours.p50 == 12
    assert found.outage_hours.max == 144
    assert found.relapse_24h == pytest.approx(1 / 3)
    assert found.unknown_cause_share == pytest.approx(2 / 3)
    assert (found.time_to_detect.hours_mean, found.time_to_detect.known) == (1.0, 1)
    assert (found.time_to_repair.hours_mean, found.time_to_repair.known) == (8.0, 1)
    assert found.mtbf_node_days == pytest.approx(40 / 3)
    assert (found.outages_over_7d_share, found.downtime_share_over_7d) == (0.0, 0.0)
    assert found.concentration.nodes == 1
    assert found.concentration.downtime_share == pytest.approx(144 / 157)
    assert [(row.cause, row.outages, row.downtime_s // HOUR) for row in found.by_cause] == [
        ("", 2, 145),
        ("fan", 1, 12),
    ]


def test_money_is_whole_cents_at_the_stated_prices():
    found = report()
    assert found.cents_lost == 13 * 8 * 200 + 144 * 8 * 300
    assert "$2.00, $3.00" in found.price_note


def test_a_fleet_on_which_nothing_broke_has_unknowns_not_zeros():
    calm = facts.FleetFacts(FACTS.nodes, FACTS.customers, [], [], FACTS.holds)
    found = report_of(calm, TEN_DAYS)
    assert (found.availability, found.downtime_s, found.outages) == (1.0, 0, 0)
    assert found.outage_hours.p50 is None
    assert found.relapse_24h is None
    assert found.mtbf_node_days is None
    assert found.downtime_share_over_7d is None
    assert found.concentration.outage_share is None


def test_a_day_of_planned_work_alone_is_unknown():
    told = facts.FleetFacts(FACTS.nodes[:1], [], [outage(0, 0, DAY, planned=True)], [], [])
    found = report_of(told, Request(0, 2 * DAY))
    assert [day.availability for day in found.days] == [None, 1.0]
    assert found.days_known == 1


def test_a_period_of_hours_is_summed_whole():
    found = report_of(FACTS, Request(2 * DAY, 2 * DAY + 12 * HOUR, customer="ada"))
    assert found.days == ()
    assert found.availability == 0.5


def test_the_day_that_is_not_over_is_left_out_of_every_sum():
    found = report(end=2 * DAY + 12 * HOUR)
    assert (found.days_known, found.downtime_s, found.outages) == (2, 0, 1)


def test_touching_reports_of_a_node_are_one_outage_and_planned_work_stays_apart():
    merged = facts.merge_outages(
        [
            outage(0, 0, 10, "unknown"),
            outage(0, 10, 20, "gpu"),
            outage(0, 5, 7, "fan"),
            outage(0, 15, 30, planned=True),
            outage(0, 21, None),
            outage(0, 40, 50),
        ]
    )
    assert [(f.start, f.end, f.cause, f.planned) for f in merged] == [
        (0, 20, "fan", False),
        (15, 30, "fan", True),
        (21, None, "fan", False),
    ]


def test_what_one_customer_may_see_gives_the_same_figures_and_no_other_name():
    mine = facts.narrowed(FACTS, "bo", start=0, end=10 * DAY)
    assert [node.name for node in mine.nodes] == ["c"]
    assert [entry.name for entry in mine.customers] == ["bo"]
    whole, narrow = report(customer="bo"), report_of(mine, Request(0, 10 * DAY, customer="bo"))
    assert narrow.days == whole.days
    assert narrow.cents_lost == whole.cents_lost
    assert narrow.relapse_24h == whole.relapse_24h


def test_an_empty_period_and_two_holders_of_one_node_are_refused():
    with pytest.raises(NotAPeriod):
        report(end=0)
    doubled = facts.FleetFacts(
        FACTS.nodes,
        FACTS.customers,
        [],
        [],
        [facts.HoldFact(0, 0, 0, 10), facts.HoldFact(0, 1, 9, 20)],
    )
    with pytest.raises(OverlappingHolds):
        report_of(doubled, TEN_DAYS)
