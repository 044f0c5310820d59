"""The page Approval rules: who sees which, sets and ends them, and what is refused."""

import html

import pytest

from scuderia.basics.subjects import SubjectRef
from scuderia.loop.operations import approval_rules
from scuderia.loop.queries.approval_rules import list_approval_rules
from tests.pages.stage import LENA, NOW


def ask(scope="*", **what):
    return approval_rules.set_approval_rule(
        actor=LENA, scope=SubjectRef.parse(scope), reason="it is dear", now=NOW, **what
    )


def text(answer):
    return html.unescape(answer.content.decode())


def held():
    return list_approval_rules(LENA)


def test_a_lead_sets_a_rule_and_ends_it_with_a_reason(stage, as_person):
    lena = as_person("lena")
    form = {"kind": stage.swap.kind, "scope": "customer:demo-aurora", "dollars": "1,250.5",
            "reason": "dear"}  # fmt: skip
    assert lena.post("/approval-rules", form).status_code == 303
    (rule,) = held()
    assert (rule.kind, str(rule.scope), rule.cents_from, rule.reason) == (
        stage.swap.kind, "customer:demo-aurora", 125_050, "dear",
    )  # fmt: skip
    shown = text(lena.get("/approval-rules"))
    assert "from $1,250.50 on" in shown
    assert f'data-dialog="end-{rule.id}"' in shown
    refused = lena.post(f"/approval-rules/{rule.id}/end", {"reason": " "})
    assert (refused.status_code, len(held())) == (422, 1)
    assert lena.post(f"/approval-rules/{rule.id}/end", {"reason": "over"}).status_code == 303
    assert held() == ()
    assert "Ended before" in text(lena.get("/approval-rules"))
    assert lena.post(f"/approval-rules/{rule.id}/end", {"reason": "over"}).status_code == 404


@pytest.mark.parametrize("form", [
    {"reason": ""}, {"dollars": "-1"}, {"dollars": "1.005"}, {"dollars": "many"},
    {"dollars": "\u0661"}, {"dollars": "9" * 13}, {"scope": "nonsense"}, {"kind": "no.such"},
])  # fmt: skip
def test_what_cannot_be_read_sets_no_rule(form, stage, as_person):
    answer = as_person("lena").post("/approval-rules", {"scope": "*", "reason": "dear", **form})
    assert answer.status_code == (409 if "kind" in form else 422)
    assert "Not done" in text(answer)
    assert held() == ()


@pytest.mark.parametrize(("dollars", "cents"), [
    ("", None), ("0", 0), ("$12", 1200), ("0.07", 7), ("0.7", 70), ("1,000,000", 10**8),
])  # fmt: skip
def test_a_cost_is_read_in_dollars_and_kept_in_cents(dollars, cents, stage, as_person):
    form = {"scope": "*", "reason": "dear", "dollars": dollars}
    assert as_person("lena").post("/approval-rules", form).status_code == 303
    assert held()[0].cents_from == cents


@pytest.mark.parametrize(("name", "told", "status"), [
    ("vera", ("*", "customer:demo-aurora", "customer:demo-borealis"), 403),
    ("otto", ("*", "customer:demo-aurora"), 404),
    ("britt", ("*", "customer:demo-borealis"), 404),
    ("olaf", (), 404),
])  # fmt: skip
def test_others_see_what_concerns_them_and_neither_set_nor_end(
    name, told, status, stage, as_person
):
    scopes = ("*", "customer:demo-aurora", "customer:demo-borealis")
    rules = {scope: ask(scope) for scope in scopes}
    client = as_person(name)
    shown = text(client.get("/approval-rules"))
    assert {scope for scope, rule in rules.items() if f'data-key="{rule}"' in shown} == set(told)
    assert "data-dialog" not in shown.partition("<main")[2].partition("</main")[0]
    assert client.post("/approval-rules", {"scope": "*", "reason": "x"}).status_code == status
    for rule in rules.values():
        end = client.post(f"/approval-rules/{rule}/end", {"reason": "x"})
        assert end.status_code in (403, 404)
    assert len(held()) == 3


def test_the_spreadsheets_hold_what_the_page_does(stage, as_person):
    ended = ask("customer:demo-borealis")
    approval_rules.end_approval_rule(actor=LENA, rule_id=ended, reason="over", now=NOW)
    ask("customer:demo-aurora", cents_from=5_000_00)
    otto, lena = as_person("otto"), as_person("lena")

    def sheet(client, query):
        return client.get(f"/approval-rules?{query}").getvalue().decode()

    assert "from $5,000 on" in sheet(otto, "csv=1")
    assert "demo-borealis" in sheet(lena, "past-csv=1")
    assert "demo-borealis" not in sheet(otto, "csv=1") + sheet(otto, "past-csv=1")
