"""What the loop and the fleet tell of each noun is the same by page, API and command line."""

import csv
import html
import io
import re

import pytest

from scuderia.config.cli.main import run
from tests.api.caller import Caller
from tests.api.test_alike import typed
from tests.pages.stage import NOW, timedelta

CAST = ("lena", "vera", "otto", "britt", "olaf")
AGENTS = ("lemon-scout", "repair-chaser", "sla-watch", "spare-planner")
UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@pytest.fixture
def lead(stage):
    return Caller("lena")


@pytest.fixture
def acted(stage, lead):
    """Half of what waits is approved, so that each has proposals and actions to be told of."""
    for row in stage.queue[:3]:
        answer = lead.post(f"/proposals/{row.id}/approve", {"digest": row.digest})
        assert answer.status_code == 202, answer.content
    return [row["id"] for row in lead.items("/actions")]


@pytest.fixture
def granted(stage, lead):
    until = (NOW + timedelta(days=3)).isoformat()
    for agent, scope in (
        ("lemon-scout", "customer:demo-aurora"),
        ("sla-watch", "customer:demo-borealis"),
        ("repair-chaser", "*"),
    ):
        said = {"agent": agent, "kind": "*", "scope": scope, "level": 1, "reason": "a trial"}
        answer = lead.post("/grants", {**said, "expires_at": until})
        assert answer.status_code == 201, answer.content


def caller_for(name, lead):
    return lead if name == "lena" else Caller(name)


def told(caller, path):
    """Return every row of a list; none where the whole list is unknown to the caller."""
    joint = "&" if "?" in path else "?"
    answer = caller.get(f"{path}{joint}limit=200")
    assert answer.status_code in (200, 404), answer.content
    return answer.json()["items"] if answer.status_code == 200 else []


def sheet(client, path, prefix=""):
    """Return the rows of a page's table as its spreadsheet has them."""
    answer = client.get(f"{path}{'&' if '?' in path else '?'}{prefix}csv=1")
    assert answer.status_code in (200, 404), path
    if answer.status_code == 404:
        return []
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode())))


def text_of(answer):
    return html.unescape(answer.content.decode())


def linked(client, path, noun):
    return set(re.findall(rf"/{noun}/({UUID})", client.get(path).content.decode()))


@pytest.mark.parametrize("name", CAST)
def test_proposals_are_the_same_by_every_way(name, acted, lead, as_person, capsys):
    caller, client = caller_for(name, lead), as_person(name)
    rows = told(caller, "/proposals")
    ids = {row["id"] for row in rows}
    states = [part for row in rows for part in ("--state", row["state"])]
    listed = typed(capsys, "loop", "list", *states, "--as", name) if rows else []
    assert {row["id"] for row in listed} == ids == linked(client, "/loop?size=200", "proposals")
    assert [row["Proposal"] for row in sheet(client, "/loop")] == [row["title"] for row in rows]
    waiting = [row["title"] for row in told(caller, "/queue")]
    assert waiting == [row["title"] for row in typed(capsys, "loop", "list", "--as", name)]
    assert waiting == [row["Proposal"] for row in sheet(client, "/")]
    for row in told(lead, "/proposals"):
        there = row["id"] in ids
        assert caller.get(f"/proposals/{row['id']}").status_code == (200 if there else 404)
        assert client.get(f"/proposals/{row['id']}").status_code == (200 if there else 404)
        assert (run(["loop", "show", row["id"], "--as", name]) == 0) is there


@pytest.mark.parametrize("name", CAST)
def test_actions_are_the_same_by_every_way(name, acted, lead, as_person, capsys):
    caller, client = caller_for(name, lead), as_person(name)
    ids = {row["id"] for row in told(caller, "/actions")}
    assert {row["id"] for row in typed(capsys, "loop", "actions", "--as", name)} == ids
    assert linked(client, "/loop?view=actions&size=200", "actions") == ids
    for action in acted:
        there = action in ids
        assert caller.get(f"/actions/{action}").status_code == (200 if there else 404)
        assert client.get(f"/actions/{action}").status_code == (200 if there else 404)
        assert (run(["loop", "action", action, "--as", name]) == 0) is there


def test_the_cast_differs_in_what_it_is_told_of_proposals_and_actions(acted, lead):
    seen = {name: caller_for(name, lead) for name in CAST}
    proposals = {name: {row["id"] for row in told(seen[name], "/proposals")} for name in CAST}
    actions = {name: {row["id"] for row in told(seen[name], "/actions")} for name in CAST}
    assert proposals["vera"] == proposals["lena"] > proposals["otto"] > set()
    assert actions["vera"] == actions["lena"] > actions["otto"] > set()
    assert proposals["otto"].isdisjoint(proposals["britt"])
    assert (proposals["olaf"], actions["olaf"]) == (set(), set())


@pytest.mark.parametrize("name", CAST)
def test_findings_are_the_same_by_every_way(name, stage, lead, as_person, capsys):
    caller, client = caller_for(name, lead), as_person(name)
    claims = {row["claim"] for row in told(caller, "/findings?open_only=false")}
    for row in told(lead, "/findings?open_only=false")[:6]:
        kind, subject = row["subject"].split(":", maxsplit=1)
        there = row["claim"] in claims
        if kind in ("node", "customer"):  # what has a page is found
            asked, rest = row["claim"][:40], row["claim"][-40:]
            hits = typed(capsys, "search", *asked.split(), "--as", name)["hits"]
            assert (row["claim"] in {hit["title"] for hit in hits}) is there
            assert (rest in text_of(client.get("/search", {"q": asked}))) is there
        about = [one["claim"] for one in told(caller, f"/findings?subject={row['subject']}")]
        assert (row["claim"] in about) is there
        if kind == "node":
            shown = client.get(f"/fleet/nodes/{subject}")
            assert (shown.status_code == 200) is there
            assert (row["claim"] in text_of(shown)) is there


@pytest.mark.parametrize("name", CAST)
def test_signals_are_told_of_what_one_may_read_alone(name, stage, lead):
    caller = caller_for(name, lead)
    nodes = {row["place"]["node"] for row in _nodes(caller)}
    for row in told(lead, "/signals")[:12]:
        kind, node = row["subject"].split(":")
        about = [one["id"] for one in told(caller, f"/signals?subject={row['subject']}")]
        assert kind == "node"
        assert (row["id"] in about) is (node in nodes)
    assert {row["subject"].split(":")[1] for row in told(caller, "/signals")} <= nodes


def _nodes(caller):
    return caller.get("/fleet/nodes?limit=200").json()["items"]


@pytest.mark.parametrize("name", CAST)
def test_what_the_agents_considered_is_the_same_by_every_way(name, stage, lead, as_person, capsys):
    caller, client = caller_for(name, lead), as_person(name)
    listed = {row["name"]: row for row in typed(capsys, "crew", "list", "--as", name)}
    carded = {row["name"]: row for row in told(caller, "/crew")}
    assert listed.keys() == carded.keys()
    for agent in AGENTS:
        rounds, shown = told(caller, f"/crew/{agent}/rounds"), sheet(client, f"/crew/{agent}")
        assert [row["Dropped"] for row in shown] == ["; ".join(r["considered"]) for r in rounds]
        assert [row["Error"] for row in shown] == [row["error"] for row in rounds]
        if rounds:
            assert carded[agent]["last_round"] == rounds[0]
            assert listed[agent]["last_round"]["considered"] == rounds[0]["considered"]
        assert name in ("lena", "vera") or not any(row["considered"] for row in rounds)


@pytest.mark.parametrize("name", CAST)
def test_outages_are_the_same_by_every_way(name, stage, lead, as_person, capsys):
    caller, client = caller_for(name, lead), as_person(name)
    out = {row["place"]["node"]: row for row in told(caller, "/fleet/outages")}
    listed = {
        row["place"]["node"] for row in typed(capsys, "fleet", "nodes", "--as", name)
        if row["since"]
    }  # fmt: skip
    assert out.keys() == listed
    page = client.get("/fleet").content.decode()
    tiles = re.findall(r'class="tile tile--(\w+)[^>]*data-key="([^"]+)"', page)
    assert {node for look, node in tiles if look not in ("ok", "ready")} == out.keys()
    for row in told(lead, "/fleet/outages"):
        node, cause = row["place"]["node"], row["cause"]
        shown = client.get(f"/fleet/nodes/{node}")
        assert (shown.status_code == 200) is (node in out)
        assert (cause in shown.content.decode()) is (node in out)
        assert (run(["fleet", "node", node, "--as", name]) == 0) is (node in out)


@pytest.mark.parametrize("name", CAST)
def test_spare_pools_are_the_same_by_every_way(name, stage, lead, as_person, capsys):
    caller, client = caller_for(name, lead), as_person(name)
    pools = told(caller, "/fleet/spare-pools")
    ready = [row for row in typed(capsys, "fleet", "nodes", "--as", name) if row["spare"]]
    page = re.sub(r"\s+", " ", text_of(client.get("/fleet")))
    if name == "olaf":  # with no node there is no card
        assert "Spares ready" not in page
        return
    card = re.search(r'Spares ready</span> <span class="card__value">(.*?)</div>', page)[1]
    told_there = re.sub(r"<[^>]+>", " ", card).split()
    assert int(told_there[0]) == len(ready)
    if pools:
        assert sum(pool["ready"] for pool in pools) == len(ready)
        assert told_there[1:3] == ["of", str(sum(pool["target_size"] for pool in pools))]
    else:
        assert "of" not in told_there[:2]
        assert ready == []
    assert bool(pools) is (name in ("lena", "vera"))


@pytest.mark.parametrize("name", CAST)
def test_grants_are_the_same_by_every_way(name, granted, lead, as_person, capsys):
    caller, client = caller_for(name, lead), as_person(name)
    scopes = sorted(row["scope"] for row in told(caller, "/grants"))
    assert sorted(row["scope"] for row in typed(capsys, "grant", "list", "--as", name)) == scopes
    if name != "olaf":  # who may read nothing is told of no crew
        assert sorted(row["Where"] for row in sheet(client, "/crew", "grants-")) == scopes
    assert ("customer:demo-borealis" in scopes) is (name in ("lena", "vera", "britt"))
    assert ("customer:demo-aurora" in scopes) is (name in ("lena", "vera", "otto"))


@pytest.mark.parametrize("name", CAST)
def test_the_audit_is_the_same_by_every_way(name, acted, lead, as_person, capsys):
    caller, client = caller_for(name, lead), as_person(name)
    entries = [row["hash"] for row in told(caller, "/audit")]
    listed = typed(capsys, "audit", "list", "--limit", "200", "--as", name)
    assert [row["hash"] for row in listed] == entries
    assert [row["Number"] for row in sheet(client, "/audit")] == [str(row["seq"]) for row in listed]
