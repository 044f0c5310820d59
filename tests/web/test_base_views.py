"""Every answer carries the content policy; pages open to people signed in."""

import pytest
from django.contrib.auth import get_user_model

from scuderia.web.security import POLICY

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return get_user_model().objects.create_user("ada", password="maranello-1947")


def test_policy_allows_no_eval_and_nothing_inline():
    assert "unsafe" not in POLICY
    assert "default-src 'none'" in POLICY


@pytest.mark.parametrize("path", ["/sign-in", "/_gallery", "/no-such-page"])
def test_every_answer_carries_the_policy(client, path):
    assert client.get(path).headers["Content-Security-Policy"] == POLICY


def test_a_stranger_is_sent_to_sign_in_and_comes_back(client, ada):
    sent = client.get("/_gallery?theme=x")
    assert (sent.status_code, sent.url) == (302, "/sign-in?next=%2F_gallery%3Ftheme%3Dx")
    answer = client.post(
        sent.url, {"username": "ada", "password": "maranello-1947", "next": "/_gallery"}
    )
    assert (answer.status_code, answer.url) == (303, "/_gallery")
    assert client.get("/_gallery").status_code == 200


def test_a_live_part_sends_the_whole_page_to_sign_in(client):
    answer = client.get("/_gallery", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/sign-in?next=%2F_gallery")


@pytest.mark.parametrize(
    "onward", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"]
)
def test_sign_in_leads_nowhere_else(client, ada, onward):
    answer = client.post(
        "/sign-in", {"username": "ada", "password": "maranello-1947", "next": onward}
    )
    assert answer.url == "/"


def test_sign_out_is_a_post_and_closes_the_session(client, ada):
    client.force_login(ada)
    assert client.get("/sign-out").status_code == 405
    assert client.post("/sign-out").status_code == 303
    assert client.get("/_gallery").status_code == 302


def test_a_form_from_elsewhere_is_refused(ada):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ada)
    answer = strict.post("/sign-out")
    assert answer.status_code == 403
    assert "came from elsewhere" in answer.content.decode()


def test_the_gallery_shows_every_component_in_both_themes(client, ada):
    client.force_login(ada)
    shown = client.get("/_gallery").content.decode()
    for word in (
        "Healthy",
        "At risk",
        "Down",
        "Frozen",
        "No data",
        "Nothing needs you",
        "LOOP-000",
    ):
        assert shown.count(word) >= 2, word
    assert 'data-theme="light"' in shown
    assert 'data-theme="dark"' in shown


@pytest.mark.parametrize(
    ("cookie", "seen"), [("dark", 'html lang="en" data-theme="dark"'), ('"><x', 'html lang="en">')]
)
def test_the_theme_is_what_was_chosen_or_the_reader_s_own(client, cookie, seen):
    client.cookies["theme"] = cookie
    assert seen in client.get("/sign-in").content.decode()


def test_the_frame_switches_off_what_the_policy_forbids(client):
    shown = client.get("/sign-in").content.decode()
    assert '"includeIndicatorStyles":false' in shown
    assert '"allowEval":false' in shown
