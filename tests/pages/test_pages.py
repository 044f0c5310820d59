"""Each page opens, shows its golden part, makes the pinned number of queries, keeps the policy."""

import io
import json
import re
import zipfile
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from scuderia.config.rooms import rooms
from scuderia.web.security import POLICY

COUNTS = Path(__file__).resolve().parents[1] / "golden" / "query_counts.json"
PAGES = {
    "now": "/",
    "loop": "/loop",
    "actions": "/loop?view=actions",
    "proposal": "/proposals/{swap}",
    "proposal, evidence run again": "/proposals/{swap}?again=0",
    "crew": "/crew",
    "agent": "/crew/repair-chaser",
    "past looks": "/past-looks",
    "brake": "/brake",
    "approval rules": "/approval-rules",
    "notifications": "/notifications",
    "audit": "/audit",
    "audit, verified": "/audit?verify=1",
    "fleet": "/fleet",
    "fleet, filtered": "/fleet?state=up&customer=demo-aurora",
    "describe": "/fleet/describe",
    "node": "/fleet/nodes/{node}",
    "customer": "/fleet/customers/demo-aurora",
    "report": "/fleet/report",
    "projects": "/projects",
    "zones": "/zones",
    "ask for a zone": "/zones/new",
    "calendar": "/calendar",
    "may I": "/may-i",
    "search": "/search?q=demo",
    "password": "/password",
    "gallery": "/_gallery",
}
GOLDEN = {
    "now": "proposals</span> wait for you",
    "loop": "so that demo-aurora has its node back",
    "actions": "Nothing here yet",
    "proposal": "Approve this",
    "proposal, evidence run again": "now:",
    "crew": "Lemon Scout",
    "agent": "Considered and dropped",
    "past looks": "Look at a past instant",
    "brake": "Stop every agent",
    "approval rules": "No rule concerns what you may read",
    "notifications": "No way to tell people is set up",
    "audit": "proposal.filed",
    "audit, verified": "The chain holds",
    "fleet": "Waiting for parts",
    "fleet, filtered": "of them match",
    "describe": "Add nodes",
    "node": "has been out for",
    "customer": "Customer-days at target",
    "report": "The whole fleet",
    "projects": "No project is on the books yet",
    "zones": "No zone is in force or to come",
    "ask for a zone": "So many GPUs",
    "calendar": "Nothing is closed and nothing planned",
    "may I": "Ask the gate",
    "search": "demo-aurora",
    "password": "Present password",
    "gallery": "Nothing needs you",
}


def address(name, stage):
    return PAGES[name].format(swap=stage.swap.id, node=stage.node)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_with_its_golden_part_under_the_policy(name, stage, as_person):
    answer = as_person("lena").get(address(name, stage))
    shown = answer.content.decode()
    assert answer.status_code == 200
    assert GOLDEN[name] in shown
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert not re.search(r"<script(?![^>]*(src=|type=\"application/json\"))", shown)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", shown)
    assert "{{" not in shown
    assert "None" not in re.sub(r"<[^>]+>", " ", shown).replace("None:", "").replace("None.", "")


def test_pages_make_as_many_queries_as_is_pinned(stage, as_person):
    client, counted = as_person("lena"), {}
    for name in PAGES:
        client.get(address(name, stage))
        with CaptureQueriesContext(connection) as seen:
            client.get(address(name, stage))
        counted[name] = len(seen)
    if not COUNTS.exists():  # remove the file to record anew; the difference is then reviewed
        COUNTS.write_text(json.dumps(counted, indent=2) + "\n", encoding="utf-8")
        pytest.fail(f"recorded anew: look at {COUNTS.name} and run again")
    assert counted == json.loads(COUNTS.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", PAGES)
def test_a_stranger_is_sent_to_sign_in(name, stage, client):
    answer = client.get(address(name, stage))
    assert (answer.status_code, answer.url.split("?")[0]) == (302, "/sign-in")


@pytest.mark.parametrize("path", [
    "/proposals/not-an-id", "/proposals/01a20ae1-3300-7462-9a80-445740bdf228",
    "/actions/01a20ae1-3300-7462-9a80-445740bdf228", "/crew/nobody", "/fleet/nodes/nowhere",
    "/fleet/nodes/%3Cscript%3E", "/fleet/customers/nobody", "/fleet/customers/nobody/packet",
])  # fmt: skip
def test_what_is_not_there_is_not_found(path, as_person):
    assert as_person("lena").get(path).status_code in (404, 422)


@pytest.mark.parametrize("query", ["from=yesterday", "from=2026-11-01&to=2026-10-01"])
def test_a_period_that_is_none_is_refused_with_its_remedy(query, as_person):
    answer = as_person("lena").get(f"/fleet/customers/demo-aurora?{query}")
    assert answer.status_code == 422
    assert "Not done" in answer.content.decode()


def test_a_report_for_paper_carries_its_drawing_and_no_script(as_person):
    shown = as_person("lena").get("/fleet/customers/demo-aurora?print=1").content.decode()
    assert "data:image/svg+xml;base64," in shown
    assert "charts/vega.js" not in shown


def test_the_evidence_packet_is_a_zip_of_books_and_hashes(as_person):
    path = "/fleet/customers/demo-aurora/packet?from=2026-11-01&to=2026-11-15"
    first, second = (as_person("lena").get(path) for _ in range(2))
    names = zipfile.ZipFile(io.BytesIO(first.content)).namelist()
    assert first.content == second.content
    assert len(names) >= 3
    assert "evidence-demo-aurora-20261101-20261115.zip" in first.headers["Content-Disposition"]


def test_find_goes_to_the_node_the_customer_or_the_words(stage, as_person):
    client = as_person("lena")
    assert client.get(f"/fleet/find?q={stage.node}").url == f"/fleet/nodes/{stage.node}"
    assert client.get("/fleet/find?q=demo-aurora").url == "/fleet/customers/demo-aurora"
    assert client.get("/fleet/find?q=r03").url == "/fleet?q=r03"


def test_a_filter_that_nothing_matches_says_so_and_how_to_clear_it(as_person):
    shown = as_person("lena").get("/fleet?q=zebra").content.decode()
    assert "No node matches" in shown
    assert "Clear the filter" in shown


def test_the_audit_is_paged_by_number_and_filtered_by_subject(stage, as_person):
    client = as_person("lena")
    assert "person.created" in client.get("/audit?before=3").content.decode()
    named = client.get("/audit?subject=person:vera").content.decode()
    assert "role.given" in named
    assert "proposal.filed" not in named
    assert "No entry about that" in client.get("/audit?subject=node:zzz").content.decode()


def test_what_an_agent_dropped_is_not_told_to_another_customers_operator(stage, as_person):
    assert "Why not?" in as_person("lena").get("/crew").content.decode()
    told = as_person("britt").get("/crew")
    assert told.status_code == 200
    assert "Why not?" not in told.content.decode()


def test_a_page_wears_every_stylesheet_that_a_room_brings(stage, as_person):
    worn = as_person("lena").get("/").content.decode()
    brought = [sheet for room in rooms() for sheet in room.stylesheets]
    assert len(brought) > 10
    assert [sheet for sheet in brought if f"/static/{sheet}" not in worn] == []
