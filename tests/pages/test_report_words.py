"""Words beside a report's figures: what makes two of them differ is said where they stand."""

from scuderia.fleet.engine.sla import Request, report_of
from scuderia.fleet.pages.report_tables import cause_words
from tests.fleet.test_sla_report import DAY, FACTS, HOUR


def test_hours_by_cause_that_are_not_the_downtime_beside_them_say_so():
    whole = report_of(FACTS, Request(start=0, end=10 * DAY))
    assert sum(line.downtime_s for line in whole.by_cause) == whole.downtime_s
    assert cause_words(whole) == "67% of outages have no cause on the books."
    broken = report_of(FACTS, Request(start=2 * DAY + 2 * HOUR, end=8 * DAY + 10 * HOUR))
    by_cause_h = sum(line.downtime_s for line in broken.by_cause) / HOUR
    assert (by_cause_h, broken.downtime_s / HOUR) == (117, 96)
    assert cause_words(broken).endswith(
        "96 of these 117 node-hours lie in whole days of the period, "
        "which the downtime above counts."
    )
