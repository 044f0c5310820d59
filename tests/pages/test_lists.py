"""Every list of every room is the one table: as CSV, in the asked order, within reach, in parts."""

import csv
import io
from datetime import timedelta

import pytest

from scuderia.basics.actors import Actor, ActorKind
from scuderia.loop.nouns import BrakeScope
from scuderia.loop.operations import brakes
from scuderia.loop.queries.audit import list_audit
from scuderia.loop.queries.proposals import list_proposals, list_queue, total_queue
from tests.pages.stage import LENA, NOW

LISTS = {
    "now": ("/", ""),
    "proposals": ("/loop", ""),
    "waiting": ("/loop?view=pending", ""),
    "actions": ("/loop?view=actions", ""),
    "audit": ("/audit", ""),
    "grants": ("/crew", "grants-"),
    "looks": ("/crew/repair-chaser", ""),
    "brakes": ("/brake", "past-"),
    "outages of a node": ("/fleet/nodes/{node}", ""),
    "causes": ("/fleet/customers/demo-aurora", "causes-"),
    "days": ("/fleet/customers/demo-aurora", "days-"),
    "hours": ("/fleet/customers/demo-aurora", "hours-"),
    "headline": ("/fleet/report", "headline-"),
    "longest": ("/fleet/report", "longest-"),
}
BRITT = Actor(ActorKind.PERSON, "britt")


def sheet(client, path, prefix=""):
    answer = client.get(f"{path}{'&' if '?' in path else '?'}{prefix}csv=1")
    assert answer.headers["Content-Type"].startswith("text/csv"), path
    return list(csv.reader(io.StringIO(answer.getvalue().decode())))


@pytest.mark.parametrize("name", LISTS)
def test_every_list_comes_as_a_spreadsheet_of_itself(name, stage, as_person):
    path, prefix = LISTS[name]
    heading, *rows = sheet(as_person("lena"), path.format(node=stage.node), prefix)
    assert len(heading) >= 3
    assert all(len(row) == len(heading) for row in rows)
    if name not in ("actions", "grants", "brakes"):
        assert rows


@pytest.mark.parametrize("name", LISTS)
def test_every_list_keeps_its_state_in_the_address_and_ignores_nonsense(name, stage, as_person):
    path, prefix = LISTS[name]
    address = path.format(node=stage.node)
    joint = "&" if "?" in address else "?"
    for state in ("q=zebra", "sort=-nonsense", "page=999999999", "size=10&cols=a.b", "after=x"):
        said = "&".join(f"{prefix}{part}" for part in state.split("&"))
        assert as_person("lena").get(f"{address}{joint}{said}").status_code == 200


def test_the_queue_is_filtered_ordered_and_paged_by_its_address(stage, as_person):
    rows = [row.title for row in list_queue(LENA, NOW)]
    assert [row[0] for row in sheet(as_person("lena"), "/")] == ["Proposal", *rows]
    by_title = [row[0] for row in sheet(as_person("lena"), "/?sort=title")][1:]
    assert by_title == sorted(rows)
    shown = as_person("lena").get("/?q=swap").content.decode()
    assert stage.swap.title in shown
    assert rows[1] not in shown
    assert f"{len(rows)} proposals</span> wait" in shown, "the head counts all that wait"


def test_pages_of_the_queue_join_to_the_whole(stage):
    whole = list_queue(LENA, NOW)
    parts = [row for at in range(len(whole)) for row in list_queue(LENA, NOW, offset=at, limit=1)]
    assert tuple(parts) == whole
    total = total_queue(LENA, NOW)
    assert total.count == len(whole)
    assert total.costs[0].amount == pytest.approx(sum(r.cost_of_delay.amount for r in whole))


def test_words_are_all_held_each_anywhere_and_wildcards_are_letters(stage):
    assert {row.title for row in list_proposals(LENA, words="swap chaser")} == {stage.swap.title}
    assert list_proposals(LENA, words="swap zebra") == ()
    assert list_proposals(LENA, words="sw%p") == ()


def test_the_audit_is_filtered_by_words_and_walked_to_its_first_entry(stage, as_person):
    client = as_person("lena")
    assert {row.verb for row in list_audit(LENA, words="role given")} == {"role.given"}
    whole = [row[0] for row in sheet(client, "/audit")][1:]
    assert whole == [str(number) for number in range(int(whole[0]), 0, -1)]
    first = client.get("/audit?size=10").content.decode()
    assert f"after={int(whole[0]) - 9}" in first
    older = client.get(f"/audit?size=10&after={int(whole[0]) - 9}").content.decode()
    assert f">{int(whole[0]) - 10}<" in older
    assert "Newest" in older


def test_a_link_of_the_audit_does_not_verify_the_chain_again(as_person):
    shown = as_person("lena").get("/audit?verify=1&size=10").content.decode()
    assert "The chain holds" in shown
    assert "verify=1&amp;" not in shown
    assert "verify=1&" not in shown


def test_another_customers_operator_gets_nothing_of_the_first_in_any_list(stage, as_person):
    client = as_person("britt")
    theirs = {row.title for row in list_proposals(LENA)} - {
        row.title for row in list_proposals(BRITT)
    }
    assert stage.swap.title in theirs
    for path in ("/", "/loop", "/loop?view=actions", "/audit"):
        said = {cell for row in sheet(client, path) for cell in row}
        assert not said & theirs
        assert not any("demo-aurora" in cell for cell in said)
    for path in (f"/fleet/nodes/{stage.node}?csv=1", "/fleet/report?headline-csv=1",
                 "/fleet/customers/demo-aurora?causes-csv=1"):  # fmt: skip
        assert client.get(path).status_code == 404


def test_what_was_released_is_listed_with_who_let_go(stage, as_person):
    given = {"actor": LENA, "scope": BrakeScope.AGENT, "value": "lemon-scout"}
    brakes.set_brake(**given, reason='=cmd|"/C calc"!A0', now=NOW)
    brakes.lift_brake(**given, reason="safe again", now=NOW + timedelta(hours=1))
    row = sheet(as_person("lena"), "/brake", "past-")[1]
    assert row[0] == "agent lemon-scout"
    assert row[3] == '\'=cmd|"/C calc"!A0', "a reason never begins a formula"
    assert "Released before" in as_person("lena").get("/brake").content.decode()


def test_a_form_refused_leaves_links_that_lead_back_to_the_list(stage, as_person):
    told = as_person("lena").post("/brake/set", {"stops": "nonsense"}).content.decode()
    assert "/brake/set?" not in told
