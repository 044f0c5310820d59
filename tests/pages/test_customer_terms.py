"""A customer's page shows what was promised, at which prices, without what; and takes it."""

from datetime import timedelta

import pytest

from scuderia.fleet.models.exclusions import Exclusion
from scuderia.fleet.models.prices import Price
from scuderia.fleet.models.slas import SlaDefinition

THERE = "/fleet/customers/demo-aurora"


@pytest.mark.parametrize(
    ("path", "sent", "rows"),
    [
        ("sla", {"target": "0.99", "first_day": "2030-01-01"}, SlaDefinition),
        ("price", {"sku": "H100-SXM-8x", "cents": "199", "first_day": "2030-01-01"}, Price),
        ("exclusion", {"start": "2026-11-01T22:00", "end": "2026-11-02T02:00",
                       "time_zone": "Europe/Rome", "reason": "firmware"}, Exclusion),
    ],
)  # fmt: skip
def test_who_may_describe_states_it_and_others_do_not(path, sent, rows, stage, as_person):
    before = rows.objects.count()
    for name, status in (("otto", 404), ("vera", 403)):
        client = as_person(name)
        shown = client.get(THERE).content.decode()
        assert "What was promised" in shown
        assert f"{THERE}/{path}" not in shown
        assert client.post(f"{THERE}/{path}", sent).status_code == status
    assert rows.objects.count() == before
    lena = as_person("lena")
    assert f"{THERE}/{path}" in lena.get(THERE).content.decode()
    answer = lena.post(f"{THERE}/{path}", sent)
    assert (answer.status_code, answer.url) == (303, THERE)
    assert rows.objects.count() == before + 1


def test_a_form_that_cannot_stand_is_refused_on_the_page(stage, as_person):
    for path, sent in (("sla", {"target": "much"}), ("sla", {"target": "2"}),
                       ("price", {"sku": "H100-SXM-8x", "cents": "1.5"}),
                       ("exclusion", {"start": "July", "time_zone": "UTC"})):  # fmt: skip
        answer = as_person("lena").post(f"{THERE}/{path}", sent)
        assert answer.status_code == 422
        assert "What was promised" in answer.content.decode()


def test_the_fleets_table_ends_in_its_sum(stage, as_person):
    shown = as_person("lena").get("/fleet/report").content.decode()
    assert shown.index("demo-borealis") < shown.index("Held by nobody")
    assert "The whole fleet" in shown


def test_a_promise_changed_for_days_gone_by_is_named_on_the_reports_of_those_days(stage, as_person):
    lena, title = as_person("lena"), "Promises changed after their days had begun"
    assert title not in lena.get(THERE).content.decode()
    begun = f"{stage.clock.now() - timedelta(days=9):%Y-%m-%d}"
    sent = {"target": "0.9", "first_day": begun, "reason": "as signed <b>"}
    assert lena.post(f"{THERE}/sla", sent).status_code == 303
    said = f"for the days from {begun} to"
    for path in (THERE, f"{THERE}?print=1", "/fleet/report"):
        shown = lena.get(path).content.decode()
        assert title in shown
        assert said in shown
        assert "as signed &lt;b&gt;" in shown
    assert title not in lena.get("/fleet/customers/demo-borealis").content.decode()
    assert title not in lena.get(f"{THERE}?from=2026-09-01&to={begun}").content.decode()
