"""The projects' pages: who sees which project, who is offered what, and what a press does."""

import pytest

from scuderia.basics.actors import Actor, ActorKind
from scuderia.datasets.nouns import ProjectKind, ProjectState
from scuderia.datasets.operations.data_imports import importing
from scuderia.datasets.operations.judgment_imports import JudgmentImport
from scuderia.datasets.operations.projects import ProjectTerms, add_project
from scuderia.datasets.pages.projects import DAYS
from scuderia.datasets.queries.projects import get_project
from scuderia.web.search import find
from tests.datasets.small_projects import run_rows, said
from tests.pages.stage import ADA, LENA, NOW

WILD = "<script>alert(1)</script>"


@pytest.fixture
def project(stage):
    terms = ProjectTerms(
        title=f"Pairs {WILD}", rubric=WILD, target_items=3, judgments_per_item=2, quality_bar=0.95
    )
    add_project(
        actor=LENA,
        name="pairs",
        customer="demo-aurora",
        kind=ProjectKind.PAIRWISE,
        terms=terms,
        now=NOW,
    )
    kind = JudgmentImport(importing(LENA, "pairs"))
    rows = [said("i1", "w1", "a"), said("i1", "w2", "b", made_at="2026-07-02T12:00:00Z")]
    run_rows(kind, rows, actor=LENA)


def shown(client, address="/projects/pairs"):
    answer = client.get(address)
    return answer.content.decode() if answer.status_code == 200 else answer.status_code


def test_the_list_and_the_page_tell_it_to_whom_it_concerns_alone(project, as_person):
    for name in ("ada", "lena", "vera", "otto"):
        assert "/projects/pairs" in shown(as_person(name), "/projects")
        page = shown(as_person(name))
        assert "2 of 6 judgments" in page
        assert "33.3%" in page
        assert WILD not in page
        assert ("Its state" in page) == (name in ("ada", "lena"))
    assert "pairs" not in shown(as_person("britt"), "/projects")
    assert shown(as_person("britt")) == 404
    assert shown(as_person("olaf")) == 404


def test_days_are_a_sheet_and_the_list_too(project, as_person):
    sheet = as_person("lena").get(f"/projects/pairs?{DAYS.shape.param('csv')}=1")
    lines = b"".join(sheet.streaming_content).decode().splitlines()
    assert [line.split(",")[1:] for line in lines[1:]] == [["1", "2"], ["1", "1"]]
    sheet = as_person("lena").get("/projects?csv=1")
    assert "Pairs" in b"".join(sheet.streaming_content).decode()


def test_a_lead_pauses_and_resumes_it_with_a_reason(project, as_person):
    client = as_person("lena")
    for state, reason, stands in (
        ("paused", "", ProjectState.ACTIVE),
        ("paused", "the rubric is wrong", ProjectState.PAUSED),
        ("active", "mended", ProjectState.ACTIVE),
    ):
        client.post("/projects/pairs/state", {"state": state, "reason": reason})
        assert get_project(ADA, "pairs", NOW).project.state == stands
    refused = as_person("otto").post("/projects/pairs/state", {"state": "closed", "reason": "x"})
    assert refused.status_code == 403
    assert as_person("britt").post("/projects/pairs/state", {"state": "closed"}).status_code == 404


def test_the_search_finds_it_for_whom_it_concerns_alone(project):
    def hits(name, text):
        found = find(Actor(ActorKind.PERSON, name), text).hits
        return [hit.title for hit in found if hit.kind == "project"]

    for name in ("ada", "lena", "vera", "otto"):
        assert hits(name, "Pairs aurora") == ["pairs"]
    assert hits("lena", "pairs borealis") == []
    assert hits("britt", "pairs") == hits("olaf", "pairs") == []
