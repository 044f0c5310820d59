"""The search finds what a person may read and nothing else, alike as page, API and query."""

import json
from dataclasses import asdict

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from typer.testing import CliRunner

from scuderia.basics.actors import Actor, ActorKind
from scuderia.fleet.queries.nodes import list_nodes
from scuderia.fleet.queries.search import readable_nodes
from scuderia.loop.commands.search import app
from scuderia.loop.queries.proposals import list_proposals
from scuderia.web.search import HITS_MAX, find
from tests.pages.stage import CAST, NOW

HOSTILE = "'\"><script>alert(1)</script> % _ \\ \x00 \u202e"


def person(name):
    return Actor(ActorKind.PERSON, name)


def found(name, text):
    return {(hit.kind, hit.title) for hit in find(person(name), text).hits}


def test_everything_is_found_by_its_name(stage):
    assert ("node", stage.node) in found("lena", stage.node)
    assert ("customer", "demo-aurora") in found("lena", "aurora")
    assert ("rack", "r03") in found("lena", "r03")
    assert ("cluster", "paddock-a") in found("lena", "paddock") or found("lena", "paddock")
    assert ("agent", "Repair Chaser") in found("lena", "repair chaser")
    assert ("proposal", stage.swap.title) in found("lena", stage.swap.title)
    assert ("page", "Audit") in found("lena", "aud")
    assert any(kind == "finding" for kind, _ in found("lena", "has been out"))


def test_every_hit_leads_to_a_page_that_opens(stage, as_person):
    client = as_person("lena")
    for text in (stage.node, "demo", "repair", stage.swap.title):
        for hit in find(person("lena"), text).hits:
            assert client.get(hit.url).status_code == 200, hit


def test_the_very_node_stands_before_its_neighbours(stage):
    assert find(person("lena"), stage.node.upper()).hits[0].title == stage.node


@pytest.mark.parametrize("name", [name for name, *_ in CAST])
def test_the_search_reaches_as_far_as_the_list_of_nodes(name, stage):
    seen = {node.place.node for node in list_nodes(person(name), NOW).nodes}
    assert set(readable_nodes(person(name), NOW).values_list("name", flat=True)) == seen


def test_another_customers_operator_finds_nothing_of_the_first(stage):
    theirs = {row.title for row in list_proposals(person("otto"))}
    ours = {row.title for row in list_proposals(person("britt"))}
    for text in ("aurora", stage.node, stage.swap.title, "has been out"):
        hits = find(person("britt"), text).hits
        assert not {hit.title for hit in hits if hit.kind == "proposal"} & (theirs - ours)
        assert ("customer", "demo-aurora") not in found("britt", text)
        assert ("node", stage.node) not in found("britt", text)
        assert not any("demo-aurora" in hit.title for hit in hits)
    assert ("customer", "demo-borealis") in found("britt", "borealis")


def test_a_person_without_a_role_finds_pages_alone(stage):
    assert {hit.kind for hit in find(person("olaf"), "r").hits} <= {"page"}


def test_the_page_lists_what_is_found_without_any_script(stage, as_person):
    shown = as_person("lena").get("/search", {"q": stage.node}).content.decode()
    assert f'data-for="{stage.node}"' in shown
    assert f'href="/fleet/nodes/{stage.node}"' in shown
    assert 'role="search"' in shown


def test_a_box_stands_on_every_page_for_people_signed_in(stage, as_person, client):
    assert 'href="/search"' in as_person("lena").get("/audit").content.decode()
    assert "data-search-open" not in client.get("/sign-in").content.decode()


def test_hostile_text_finds_nothing_and_is_shown_as_text(stage, as_person):
    shown = as_person("lena").get("/search", {"q": HOSTILE}).content.decode()
    assert "<script>alert" not in shown
    assert "Nothing that you may read is called that" in shown
    assert find(person("lena"), "r__%n").hits == (), "a wildcard is a letter"


def test_a_search_makes_as_many_queries_whatever_it_finds(stage):
    counted = []
    for text in ("r", "demo", "repair"):
        with CaptureQueriesContext(connection) as seen:
            hits = find(person("lena"), text).hits
        assert 0 < len(hits) <= HITS_MAX
        counted.append(len(seen))
    assert max(counted) <= 22, counted
    assert max(counted) - min(counted) <= 3, "one more only where something was found"


def test_the_command_finds_what_the_page_finds(stage):
    done = CliRunner().invoke(app, [stage.node, "--as", "lena", "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["hits"] == [asdict(hit) for hit in find(person("lena"), stage.node, limit=20).hits]
    theirs = CliRunner().invoke(app, [stage.node, "--as", "britt"])
    assert "nothing that you may read is called that" in theirs.stdout
