"""The page People: what an admin does there, and that nobody else is told of it."""

import json
import re
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from scuderia.basics.subjects import EVERYTHING
from scuderia.loop.models.audit import AuditEntry
from scuderia.loop.nouns import Power, Role
from scuderia.loop.operations import audit, people
from scuderia.loop.ports import registry
from scuderia.loop.queries.people import list_people
from tests.pages.stage import ADA, NOW, PASSWORD

FORMS = {
    "": {"name": "nina"},
    "/vera/role": {"role": "admin", "scope": "*"},
    "/vera/unrole": {"scope": "*"},
    "/vera/password-link": {},
    "/vera/deactivate": {"reason": "left"},
    "/vera/reactivate": {},
    "/vera/revoke": {"token": "laptop"},
    "/vera/unbind": {},
}
TOLD = {"vera": 403, "lena": 403, "otto": 404, "britt": 404, "olaf": 404}
LINK = re.compile(r"http://testserver(/password/[a-z]+/[^\"< ]+)")


def row(name):
    return next((one for one in list_people(ADA) if one.name == name), None)


def token_for(name="vera"):
    wall = registry.wall.now()
    return people.issue_token(
        actor=ADA, person=name, name="laptop", powers=[Power.READ], scope=EVERYTHING,
        expires_at=wall + timedelta(days=1), now=wall,
    )  # fmt: skip


def text(answer):
    return answer.content.decode()


@pytest.fixture
def ada(stage, as_person):
    return as_person("ada")


@pytest.fixture
def said(client):
    """What the page says about a refusal, in words."""
    return lambda answer: " ".join(re.sub(r"<[^>]+>", " ", text(answer)).split())


@pytest.mark.parametrize("name", TOLD)
def test_nobody_else_opens_it_finds_it_in_the_navigation_or_sends_its_forms(name, stage, as_person):
    token_for()
    client, before = as_person(name), row("vera")
    assert client.get("/people").status_code == TOLD[name]
    assert client.get("/people/vera").status_code == TOLD[name]
    assert client.get("/people?csv=1").status_code == TOLD[name]
    for path, form in FORMS.items():
        assert client.post(f"/people{path}", form).status_code == TOLD[name], path
    assert (row("vera"), row("nina")) == (before, None)
    for page in ("/password", "/search?q=people"):
        assert 'href="/people"' not in text(client.get(page))


def test_an_admin_finds_it_in_the_navigation_and_in_the_search(ada):
    assert text(ada.get("/search?q=people")).count('href="/people"') == 3


def test_everyone_is_there_with_roles_and_tokens_in_as_many_questions_however_many(ada):
    token_for()

    def asked():
        ada.get("/people")
        with CaptureQueriesContext(connection) as seen:
            shown = text(ada.get("/people"))
        return len(seen), shown

    before, shown = asked()
    assert "operator on customer:demo-aurora" in shown
    assert "laptop" in shown
    for number in range(5):
        people.create_person(actor=ADA, name=f"more-{number}", role=Role.VIEWER, now=NOW)
    assert asked()[0] == before
    assert "/people/more-4" in asked()[1]


def test_a_person_is_added_with_a_role_and_comes_in_over_a_link_that_opens_once(ada):
    form = {"name": "nina", "full_name": "Nina N", "role": "operator",
            "scope": "customer:demo-aurora"}  # fmt: skip
    answer = ada.post("/people", form)
    assert (answer.status_code, answer.url) == (303, "/people/nina")
    (held,) = row("nina").roles
    assert (held.role, str(held.scope)) == (Role.OPERATOR, "customer:demo-aurora")
    shown = ada.post("/people/nina/password-link")
    (path,) = LINK.findall(text(shown))[:1]
    assert path not in text(ada.get("/people/nina")), "it is shown once"

    anybody, new = Client(), "a fine day 1947"
    assert anybody.get(path).status_code == 200
    assert anybody.post(path, {"new": new, "again": "another"}).status_code == 422
    assert anybody.post(path, {"new": "short", "again": "short"}).status_code == 422
    assert anybody.post(path, {"new": new, "again": new}).url == "/sign-in"
    assert anybody.post(path, {"new": "x" * 20, "again": "x" * 20}).status_code == 404
    assert anybody.get(path).status_code == 404
    answer = anybody.post("/sign-in", {"username": "nina", "password": new})
    assert answer.status_code == 303
    verbs = AuditEntry.objects.filter(subject="person:nina").order_by("seq")
    assert [one.verb for one in verbs] == [
        "person.created", "role.given", "person.password_link_given", "person.password_chosen",
        "person.signed_in",
    ]  # fmt: skip
    assert path.rpartition("/")[2] not in str(list(AuditEntry.objects.values()))
    assert audit.verify().holds


@pytest.mark.parametrize("form", [
    {"name": "a/b"}, {"name": ""}, {"name": "vera"}, {"name": "nina", "role": "king"},
    {"name": "nina", "role": "viewer", "scope": "nonsense"}, {"name": "x" * 200},
    {"name": "nina\x00"},
])  # fmt: skip
def test_what_cannot_be_read_adds_nobody_and_stands_in_the_form_again(form, ada, said):
    before = list_people(ADA)
    answer = ada.post("/people", form)
    assert answer.status_code == 422
    assert "Not done" in said(answer)
    assert list_people(ADA) == before


def test_a_role_is_given_in_place_of_another_and_taken(ada):
    assert ada.post("/people/vera/role", {"role": "lead", "scope": "*"}).status_code == 303
    assert [held.role for held in row("vera").roles] == [Role.LEAD]
    assert "lead" in text(ada.get("/people/vera"))
    assert ada.post("/people/vera/unrole", {"scope": "*"}).status_code == 303
    assert row("vera").roles == ()
    assert ada.post("/people/vera/unrole", {"scope": "*"}).status_code == 404


def test_deactivating_says_what_ends_and_ends_it(ada, stage, as_person):
    token_for()
    sessions = [as_person("vera"), as_person("vera")]
    shown = text(ada.get("/people/vera"))
    assert "2 open sessions and 1 token end at once" in shown
    assert ada.post("/people/vera/deactivate", {"reason": " "}).status_code == 422
    assert row("vera").active
    assert ada.post("/people/vera/deactivate", {"reason": "left"}).status_code == 303
    shown = text(ada.get("/people/vera"))
    assert "2 sessions and 1 token have ended" in shown
    assert [one.get("/password").status_code for one in sessions] == [302, 302]
    entry = AuditEntry.objects.get(verb="person.deactivated")
    assert (entry.reason, json.loads(entry.detail)) == (
        "left",
        {"tokens": ["laptop"], "sessions": 2},
    )
    assert ada.post("/people/vera/password-link").status_code == 409
    assert ada.post("/people/vera/reactivate").status_code == 303
    assert "0 open sessions and 0 tokens" in text(ada.get("/people/vera"))


def test_sessions_of_an_old_password_are_not_counted(ada, stage, as_person):
    as_person("vera")
    user = get_user_model().objects.get(username="vera")
    user.set_password("fiorano-1972")
    user.save()
    as_person("vera")
    assert "1 open session and 0 tokens" in text(ada.get("/people/vera"))


@pytest.mark.parametrize(("path", "form"), [
    ("/ada/deactivate", {"reason": "gone"}), ("/ada/unrole", {"scope": "*"}),
    ("/ada/role", {"role": "viewer", "scope": "*"}),
])  # fmt: skip
def test_the_last_admin_stays_one_until_there_is_another(path, form, ada, said):
    answer = ada.post(f"/people{path}", form)
    assert answer.status_code == 409
    assert "LOOP-031" in said(answer)
    ada.post("/people/lena/role", {"role": "admin", "scope": "*"})
    assert ada.post(f"/people{path}", form).status_code == 303


def test_ones_own_password_is_set_over_no_link(ada, said):
    answer = ada.post("/people/ada/password-link")
    assert answer.status_code == 403
    assert "Use the page Password" in said(answer)
    assert "New password link" not in text(ada.get("/people/ada"))


def test_a_token_is_ended_from_the_page(ada):
    token = token_for()
    assert "laptop" in text(ada.get("/people/vera"))
    assert ada.post("/people/vera/revoke", {"token": "laptop"}).status_code == 303
    assert people.authenticate_token(token.secret, now=registry.wall.now()) is None
    assert ada.post("/people/vera/revoke", {"token": "laptop"}).status_code == 404


@pytest.mark.parametrize("path", ["/people/nobody", "/people/nobody/role", "/people/%3Cb%3E"])
def test_of_nobody_there_is_no_page(path, ada):
    ask = ada.post if path.endswith("role") else ada.get
    assert ask(path, {"role": "viewer", "scope": "*"}).status_code == 404


def test_a_form_without_its_token_changes_nothing(stage):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(get_user_model().objects.get(username="ada"))
    for path, form in FORMS.items():
        assert strict.post(f"/people{path}", form).status_code == 403, path
    assert row("vera").active
    assert row("nina") is None


def link_for(client, name):
    return LINK.findall(text(client.post(f"/people/{name}/password-link")))[0]


@pytest.mark.parametrize("after", ["set", "signed in", "deactivated", "old", "of another"])
def test_a_link_is_void_once_anything_has_come_between(after, ada, stage, monkeypatch):
    path = link_for(ada, "vera")
    assert Client().get(path).status_code == 200
    match after:
        case "set":
            from scuderia.loop.operations import passwords

            passwords.set_password(actor=ADA, person="vera", password="fiorano-1972", now=NOW)
        case "signed in":
            signed = Client().post("/sign-in", {"username": "vera", "password": PASSWORD})
            assert signed.status_code == 303
        case "deactivated":
            ada.post("/people/vera/deactivate", {"reason": "left"})
            ada.post("/people/vera/reactivate")
        case "old":
            from django.contrib.auth.tokens import default_token_generator as links

            late = links._now() + timedelta(hours=24, seconds=2)
            monkeypatch.setattr(links, "_now", lambda: late)
        case "of another":
            path = path.replace("/vera/", "/lena/")
    assert Client().get(path).status_code == 404
    new = {"new": "a fine day 1947", "again": "a fine day 1947"}
    assert Client().post(path, new).status_code == 404
