"""A past day by page and API: asked for, made by the worker, read by each as far as they may."""

import html
import re
from datetime import timedelta

import pytest

from scuderia.loop import jobs
from scuderia.loop.models.past_looks import PastLook
from scuderia.loop.models.proposals import Proposal
from scuderia.loop.operations.past_looks import look_back
from tests.api.caller import Caller
from tests.pages.stage import LENA, NOW

AT = NOW - timedelta(days=3)
FORM = {"day": f"{AT:%Y-%m-%d}", "time": f"{AT:%H:%M}"}


def text_of(client, path):
    return html.unescape(client.get(path).content.decode())


@pytest.fixture
def asked(as_person):
    """Lena asked for AT by the form."""
    answer = as_person("lena").post("/past-looks", FORM)
    assert answer.status_code == 303, answer.content
    return answer["Location"]


def test_a_chosen_instant_is_looked_at_in_the_background_and_shown_as_of_it(asked, as_person):
    lena, filed = as_person("lena"), Proposal.objects.count()
    waiting = text_of(lena, asked)
    assert "0 of 4 agents have looked" in waiting
    assert jobs.make_past_looks() == 1
    shown = text_of(lena, asked)
    told = look_back(at=AT, actor=LENA, now=NOW)
    wishes = [proposal for look in told.looks for proposal in look.proposals]
    assert wishes
    assert f"As of {AT:%d %b %Y %H:%M}" in re.sub(r"<[^>]+>", "", shown)
    for wish in wishes:
        assert wish.title in shown
        assert wish.rehearsal.bought_back.words in shown
    assert "Nothing was filed" in shown
    assert Proposal.objects.count() == filed


def test_page_and_api_tell_each_of_the_cast_the_same(asked, as_person):
    jobs.make_past_looks()
    seen = {}
    for name in ("lena", "vera", "otto", "britt"):
        told = Caller(name).get(asked).json()["told"]
        titles = {p["title"] for look in told["looks"] for p in look["proposals"]}
        shown = text_of(as_person(name), asked)
        assert all(title in shown for title in titles)
        seen[name] = titles
        others = seen["lena"] - titles
        assert not [title for title in others if title in shown]
    assert seen["lena"] == seen["vera"]
    assert seen["otto"] < seen["lena"]
    assert not seen["otto"] & seen["britt"]


@pytest.mark.parametrize("form", [
    {"day": "1999-01-01", "time": "00:00"}, {"day": "2999-01-01", "time": "00:00"},
    {"day": "", "time": "00:00"}, {"day": "2026-11-01", "time": "noon"}, {},
    {"day": "0001-01-01", "time": "00:00"}, {"day": "9999-12-31", "time": "23:59"},
])  # fmt: skip
def test_what_is_no_instant_of_the_books_is_refused_beside_the_field(form, as_person):
    answer = as_person("lena").post("/past-looks", form)
    assert answer.status_code == 422
    assert "field__error" in answer.content.decode()
    assert not PastLook.objects.exists()


def test_who_may_not_ask_gets_no_form_and_is_refused(as_person):
    assert "Look at a past instant" not in text_of(as_person("vera"), "/past-looks")
    assert as_person("vera").post("/past-looks", FORM).status_code == 403
    assert as_person("olaf").get("/past-looks").status_code == 404
    assert as_person("olaf").post("/past-looks", FORM).status_code == 404
    assert not PastLook.objects.exists()


def test_the_api_refuses_an_instant_without_a_zone_and_one_outside(stage):
    lena = Caller("lena")
    for instant in ("2026-11-01T00:00:00", "1999-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "soon"):
        assert lena.post("/past-looks", {"as_of": instant}).status_code in (400, 422)
    assert not PastLook.objects.exists()
