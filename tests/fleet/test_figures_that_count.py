"""Figures worked by hand, each on the one case in which a wrong rule would give another number."""

from hypothesis import given
from hypothesis import strategies as st

from scuderia.basics.capacity import CapacityUnit, capacity_gain
from scuderia.fleet.engine import facts
from scuderia.fleet.engine.sla import Request, report_of
from scuderia.fleet.nouns import LedgerClass
from tests.examples import examples
from tests.fleet.promised import customer, prices

DAY = 86_400
HOUR = 3_600


def outage(node, start, end):
    return facts.OutageFact(node, start, end, None, "fan", False, f"{node}-{start}")


def fleet(*outages, nodes=1, phases=(), customers=(), holds=(), gpus=8, cents=200):
    return facts.FleetFacts(
        nodes=[facts.NodeFact(f"n{number}", "s", gpus, "h", 0, None) for number in range(nodes)],
        customers=list(customers),
        outages=list(outages),
        phases=list(phases),
        holds=list(holds),
        prices=prices(h=cents),
    )


def report(told, *, days=20, **changes):
    return report_of(told, Request(**{"start": 0, "end": days * DAY} | changes))


def test_a_node_in_validation_is_not_up():
    begun, returned = 2 * DAY, 2 * DAY + 12 * HOUR
    told = fleet(
        outage(0, begun, returned),
        phases=[facts.PhaseFact(0, LedgerClass.VALIDATING, begun + 6 * HOUR, returned)],
    )
    found = report(told, days=4)
    assert found.seconds[LedgerClass.VALIDATING] == 6 * HOUR
    assert found.availability == (4 * 24 - 12) / (4 * 24)
    assert found.worst_day == 0.5


def test_each_customer_is_held_to_the_target_it_was_promised():
    two = [customer("ada", 0.4), customer("bo", 0.6)]
    told = fleet(
        outage(0, 2 * DAY, 2 * DAY + 12 * HOUR),
        outage(1, 2 * DAY, 2 * DAY + 12 * HOUR),
        nodes=2,
        customers=two,
        holds=[facts.HoldFact(0, 0, 0, None), facts.HoldFact(1, 1, 0, None)],
    )
    ada, bo = report(told).headline
    assert (ada.target, ada.days_at_target) == (0.4, 20)
    assert (bo.target, bo.days_at_target) == (0.6, 19)


def test_a_customers_days_begin_at_the_customers_midnight():
    told = fleet(
        outage(0, 3 * DAY - 4 * HOUR, 3 * DAY + 8 * HOUR),
        customers=[customer("ada", 0.95, "America/Los_Angeles")],
        holds=[facts.HoldFact(0, 0, 0, None)],
    )
    (ada,) = report(told).headline
    assert ada.time_zone == "America/Los_Angeles"
    assert ada.days_at_target == ada.days_known - 1, "one local day, two of UTC's"


def test_money_counts_the_gpus_that_the_node_has():
    told = fleet(
        outage(0, DAY, DAY + 10 * HOUR),
        gpus=4,
        cents=250,
        customers=[customer("ada", None)],
        holds=[facts.HoldFact(0, 0, 0, None)],
    )
    assert report(told).cents_lost == 10 * 4 * 250


def test_time_to_repair_counts_from_the_first_phase():
    phases = [
        facts.PhaseFact(0, LedgerClass.WAITING_PARTS, DAY + 2 * HOUR, DAY + 6 * HOUR),
        facts.PhaseFact(0, LedgerClass.IN_REPAIR, DAY + 6 * HOUR, DAY + 10 * HOUR),
    ]
    found = report(fleet(outage(0, DAY, DAY + 10 * HOUR), phases=phases))
    assert found.time_to_repair.hours_mean == 8


def test_a_relapse_at_the_very_end_of_its_window_counts_and_a_later_one_does_not():
    back = DAY + HOUR
    at_the_end = fleet(outage(0, DAY, back), outage(0, back + 7 * DAY, back + 7 * DAY + HOUR))
    assert report(at_the_end).relapse_7d == 0.5
    later = fleet(outage(0, DAY, back), outage(0, back + 10 * DAY, back + 10 * DAY + HOUR))
    assert report(later).relapse_7d == 0
    assert report(later).relapse_28d == 0.5


def test_the_worst_tenth_of_eleven_nodes_is_two():
    broken = [outage(number, DAY * (1 + number), DAY * (1 + number) + HOUR) for number in range(4)]
    found = report(fleet(*broken, nodes=11)).concentration
    assert found.nodes == 2
    assert found.downtime_share == 0.5


def test_the_time_between_failures_takes_node_time_and_outages_of_the_same_period():
    """Ten and a half days of two nodes: 21 node-days; the last of three outages in the half day."""
    told = fleet(
        outage(0, 2 * DAY, 3 * DAY),
        outage(1, 4 * DAY, 5 * DAY),
        outage(1, 10 * DAY + HOUR, 10 * DAY + 2 * HOUR),
        nodes=2,
    )
    found = report_of(told, Request(start=0, end=10 * DAY + 12 * HOUR))
    assert found.outages_started == 3
    assert found.mtbf_node_days == 21 / 3


def test_causes_count_outages_and_downtime_of_the_same_period():
    """The second outage lies in a day that is not over: sums of days leave it out, not causes."""
    told = fleet(outage(0, 2 * DAY, 3 * DAY), outage(0, 10 * DAY + HOUR, 10 * DAY + 2 * HOUR))
    found = report_of(told, Request(start=0, end=10 * DAY + 12 * HOUR))
    (row,) = found.by_cause
    assert (row.outages, row.downtime_s, row.share) == (2, DAY + HOUR, 1.0)
    assert found.outages == 2
    assert found.downtime_s == DAY
    assert "causes of outages cover the whole period" in found.limits


def test_no_money_is_shown_where_no_price_is_stated():
    down = outage(0, 2 * DAY, 3 * DAY)
    free = report(fleet(down, cents=0))
    assert free.cents_lost is None
    assert "No price per GPU-hour is stated" in free.price_note
    assert report(fleet(down, cents=200)).cents_lost == 24 * 8 * 200
    some = fleet(down, nodes=2, cents=200)
    mixed = facts.FleetFacts(
        nodes=[some.nodes[0], facts.NodeFact("n1", "s", 8, "bare", 0, None)],
        customers=[], outages=[outage(1, 2 * DAY, 3 * DAY)], phases=[], holds=[],
        prices=prices(h=200),
    )  # fmt: skip
    assert report(mixed).cents_lost is None
    said = "No price is stated for bare from 1970-01-01T00:00Z to 1970-01-21T00:00Z"
    assert said in report(mixed).price_note


def test_capacity_lost_is_told_in_gpus_worth():
    found = report(fleet(outage(0, 0, 5 * DAY), nodes=2))
    assert found.availability == 35 / 40
    assert found.gpus_lost == 16 * (1 - 35 / 40)
    assert report(fleet(), days=4).gpus_lost == 0.0


def test_capacity_lost_is_the_gpu_hours_lost_whatever_nodes_were_held_in_turn():
    # two nodes serve one slot in turn, the first out for 5 of 20 days: 5 x 8 / 20 GPUs' worth
    ada = facts.CustomerFact("ada")
    swapped = fleet(
        outage(0, 0, 5 * DAY), nodes=2, customers=[ada],
        holds=[facts.HoldFact(0, 0, 0, 10 * DAY), facts.HoldFact(1, 0, 10 * DAY, None)],
    )  # fmt: skip
    found = report(swapped, customer="ada")
    assert (found.nodes, found.availability, found.gpus_lost) == (2, 0.75, 2.0)
    assert report(swapped).gpus_lost == 2.0, "the lines sum to the fleet's"
    # and over the same hours it is what an action buys back that ends just this outage
    won = capacity_gain(CapacityUnit("GPUs", "GPU-hours", 8), 120, counted="node-hours", days=20)
    assert won.amount == found.gpus_lost


def planned(node, start, end):
    return facts.OutageFact(node, start, end, None, "", True, f"p{node}-{start}")


def test_planned_work_over_an_outage_that_began_before_it_is_told_with_both_figures():
    """Out from hour 48 to 72; work from 60 to 84: 24 h stand apart, 12 of them over the outage."""
    told = fleet(outage(0, 2 * DAY, 3 * DAY), planned(0, 60 * HOUR, 84 * HOUR))
    found = report(told, days=10)
    assert found.downtime_s == 12 * HOUR
    assert found.planned_over_outage_s == 12 * HOUR
    assert found.availability == (240 - 36) / (240 - 24)
    assert found.availability_if_counted == (240 - 36) / (240 - 36 + 24)
    assert "counted as downtime stands beside it" in found.limits


def test_an_outage_that_begins_within_planned_work_is_not_held_against_it():
    told = fleet(outage(0, 60 * HOUR, 72 * HOUR), planned(0, 48 * HOUR, 84 * HOUR))
    found = report(told, days=10)
    assert (found.planned_over_outage_s, found.downtime_s) == (0, 0)
    assert found.availability_if_counted == found.availability == 1.0
    at_once = fleet(outage(0, 48 * HOUR, 72 * HOUR), planned(0, 48 * HOUR, 84 * HOUR))
    assert report(at_once, days=10).planned_over_outage_s == 0


def test_of_two_outages_in_one_window_the_one_that_was_there_first_counts():
    told = fleet(
        outage(0, 40 * HOUR, 50 * HOUR),
        outage(0, 60 * HOUR, 70 * HOUR),
        planned(0, 48 * HOUR, 84 * HOUR),
        outage(1, 10 * HOUR, 20 * HOUR),
        nodes=2,
    )
    assert report(told, days=10).planned_over_outage_s == 2 * HOUR


SPANS = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 110), st.integers(1, 40), st.booleans()), max_size=9
)


@given(SPANS)
@examples(80)
def test_planned_work_over_an_outage_is_what_painting_every_hour_finds(spans):
    """The rule once more, hour by hour: touching or overlapping reports of one sort are one."""
    told = fleet(
        *(
            (planned if is_work else outage)(node, start * HOUR, (start + hours) * HOUR)
            for node, start, hours, is_work in dict.fromkeys(spans)
        ),
        nodes=2,
    )
    expected = 0
    for node in (0, 1):
        painted = {
            is_work: {
                hour
                for at, start, hours, work in spans
                if at == node and work is is_work
                for hour in range(start, start + hours)
            }
            for is_work in (True, False)
        }
        for hour in range(120):
            if hour in painted[True] and hour in painted[False]:
                begins = dict.fromkeys((True, False), hour)
                for is_work in begins:
                    while begins[is_work] - 1 in painted[is_work]:
                        begins[is_work] -= 1
                expected += begins[False] < begins[True]
    assert report(told, days=5).planned_over_outage_s == expected * HOUR
