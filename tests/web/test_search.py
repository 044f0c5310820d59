"""The one search: what is asked is made plain, the best come first, and all of it is bounded."""

import pytest
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from scuderia.basics.actors import Actor, ActorKind
from scuderia.basics.rooms import NavEntry, Room
from scuderia.web import search
from scuderia.web.search import HITS_MAX, HITS_OF_A_ROOM_MAX, TEXT_MAX, Found, SearchHit

LENA = Actor(ActorKind.PERSON, "lena")
HOSTILE = '"><script>alert(1)</script>'
NAMES = ["sand", "old sand", "sandbank", "a grain of sand", "thousands"]


def in_the_sand(actor, text, limit):
    return tuple(SearchHit(f"{name}", "thing", "/x", actor.name) for name in NAMES)


def in_everything(actor, text, limit):
    return tuple(SearchHit(f"{text} {n}", "thing", "/x") for n in range(1000))


@pytest.fixture
def only(monkeypatch):
    def searches(*paths, nav=()):
        monkeypatch.setattr(search.searched, "nav", ())
        monkeypatch.setattr(search.searched, "searches", ())
        for number, path in enumerate(paths):
            search.add_search(Room(name=f"toy{number}", search=path, nav=nav))

    return searches


def test_the_very_name_stands_first_then_beginnings_then_words(only):
    only(f"{__name__}:in_the_sand")
    found = search.find(LENA, "sand")
    assert [hit.title for hit in found.hits] == [
        "sand", "sandbank", "old sand", "a grain of sand", "thousands",
    ]  # fmt: skip
    assert {hit.detail for hit in found.hits} == {"lena"}, "a room is told who asks"


def test_a_room_gives_its_share_and_the_whole_is_bounded(only):
    only(f"{__name__}:in_everything")
    assert len(search.find(LENA, "x").hits) == HITS_OF_A_ROOM_MAX
    only(*[f"{__name__}:in_everything"] * 5)
    assert len(search.searched.searches) == 1, "one search is asked once"
    assert search.find(LENA, "x", limit=7).more
    assert len(search.find(LENA, "x", limit=HITS_MAX * 9).hits) <= HITS_MAX


def test_pages_are_found_by_any_part_of_their_label(only):
    only("", nav=(NavEntry("Gallery", "gallery", "y"),))
    assert [hit.url for hit in search.find(LENA, "GALL").hits] == ["/_gallery"]
    assert search.find(LENA, "zebra").hits == ()
    assert len(search.find(LENA, "").hits) == 1, "before anything is asked, every page"


@given(st.text(max_size=500))
def test_whatever_is_asked_is_made_plain_once_and_for_all(text):
    asked = search.plain(text)
    assert len(asked) <= TEXT_MAX
    assert asked.isprintable()
    assert search.plain(asked) == asked


def test_hostile_words_are_text_in_what_is_found():
    hits = (SearchHit(HOSTILE, HOSTILE, f"/x?q={HOSTILE}", HOSTILE),)
    shown = render_to_string("ui/search_results.html", {"found": Found(HOSTILE, hits)})
    assert "<script>" not in shown
    assert shown.count("&lt;script&gt;") == 5
