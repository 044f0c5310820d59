"""Coming in by a provider's word: who is let in, who is not, and what the audit says of each."""

import json
import time
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.contrib.auth import get_user_model
from django.test import Client

from scuderia.basics.clock import FixedClock
from scuderia.connectors.oidc.provider import ProviderSilent
from scuderia.loop.engine.sign_ins import FIRST_WAIT, FREE_PER_ADDRESS
from scuderia.loop.models.audit import AuditEntry
from scuderia.loop.models.people import Identity, Membership, SignInFailure
from scuderia.loop.nouns import Role
from scuderia.loop.operations import audit, people
from scuderia.loop.ports import registry
from tests.pages.stage import ADA, NOW, PASSWORD

COOKIE = "scuderia_sign_in"


def at_provider(url):
    """Go where the provider is, and return whither it sends the browser back."""
    answer = requests.get(url, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def sent_back(client, onward="/"):
    """Begin, and return the address to which the provider sends the browser back."""
    begun = client.get("/sign-in/sso", {"next": onward})
    assert begun.status_code == 302, begun.content
    return at_provider(begun.url).removeprefix("http://testserver")


def come_in(client=None, onward="/"):
    client = client or Client()
    return client, client.get(sent_back(client, onward))


def is_in(client):
    return client.get("/password").status_code == 200


def last():
    return AuditEntry.objects.order_by("-seq").first()


def test_the_person_of_that_name_comes_in_and_is_bound_to_the_account(provider, stage):
    client, answer = come_in(onward="/crew")
    assert (answer.status_code, answer.url) == (303, "/crew")
    assert client.get("/crew").context["request"].user.get_username() == "vera"
    bound = Identity.objects.get()
    assert (bound.person.get_username(), bound.issuer, bound.subject) == (
        "vera", provider.issuer, "sub-1",
    )  # fmt: skip
    verbs = list(AuditEntry.objects.filter(subject="person:vera").values_list("verb", "actor"))
    assert verbs[-2:] == [
        ("person.bound", "service:sign-in"), ("person.signed_in", "person:vera"),
    ]  # fmt: skip
    assert json.loads(last().detail) == {"address": "127.0.0.1", "by": "single sign-on"}
    client.post("/sign-out")
    assert last().verb == "person.signed_out"
    assert json.loads(last().detail)["by"] == "single sign-on"
    assert not is_in(client)
    assert audit.verify().holds


def test_the_account_stays_the_person_whatever_it_is_called_later(provider, stage):
    come_in()
    provider.says(claims={"preferred_username": "ada", "email": "ada"})
    client, answer = come_in()
    assert answer.status_code == 303
    assert client.get("/crew").context["request"].user.get_username() == "vera"


def test_another_account_of_that_name_is_refused_until_an_admin_unbinds(provider, stage, as_person):
    come_in()
    provider.says(claims={"sub": "sub-2"})
    refused(*come_in(), "SSO-007")
    ada = as_person("ada")
    assert f"sub-1 at {provider.issuer}" in ada.get("/people/vera").content.decode()
    assert ada.post("/people/vera/unbind", {"reason": "a new account"}).status_code == 303
    assert ada.post("/people/vera/unbind").status_code == 404
    assert last().verb == "person.unbound"
    client, answer = come_in()
    assert answer.status_code == 303
    assert Identity.objects.get().subject == "sub-2"
    assert is_in(client)


def refused(client, answer, code, status=403):
    shown = answer.content.decode()
    assert answer.status_code == status
    assert code in shown
    assert "Not done" in shown
    assert not is_in(client)
    assert "sessionid" not in client.cookies
    entry = last()
    assert (entry.verb, entry.actor) == ("person.sign_in_failed", "service:sign-in")
    assert entry.reason.startswith(code)
    assert json.loads(entry.detail)["by"] == "single sign-on"
    assert audit.verify().holds


HOUR = 3600
LIES = {
    "wrong nonce": {"claims": {"nonce": "another"}},
    "no nonce": {"without": ["nonce"]},
    "wrong audience": {"claims": {"aud": "another-app"}},
    "wrong audience, right party": {"claims": {"aud": "another-app", "azp": "scuderia"}},
    "no audience": {"without": ["aud"]},
    "another party": {"claims": {"aud": ["scuderia", "x"], "azp": "x"}},
    "wrong issuer": {"claims": {"iss": "https://elsewhere.example"}},
    "no issuer": {"without": ["iss"]},
    "expired": {"claims": {"exp": int(time.time()) - HOUR}},
    "no expiry": {"without": ["exp"]},
    "of the future": {"claims": {"iat": int(time.time()) + HOUR}},
    "no account": {"without": ["sub"]},
    "alg none": {"lie": "alg none"},
    "hs256": {"lie": "hs256 by the public key"},
    "another key": {"lie": "another key"},
    "changed": {"lie": "a payload that was changed"},
    "no id_token": {"lie": "no id_token"},
    "an account that is a number": {"claims": {"sub": 7}},
    "a name that is a list": {"claims": {"preferred_username": ["vera"]}},
    "a long name": {"claims": {"preferred_username": "v" * 201}},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_word_that_does_not_verify_lets_nobody_in(lie, provider, stage):
    provider.says(**LIES[lie])
    refused(*come_in(), "SSO-002")
    assert not Identity.objects.exists()


def test_what_the_provider_refuses_is_said(provider, stage):
    provider.says(error="access_denied")
    client, answer = come_in()
    refused(client, answer, "SSO-003")
    assert "not you" in answer.content.decode()


@pytest.mark.parametrize("change", ["another state", "no state", "no cookie", "another cookie",
                                    "a cookie that was changed"])  # fmt: skip
def test_an_answer_to_something_else_than_this_browser_began_lets_nobody_in(
    change, provider, stage
):
    client = Client()
    path = sent_back(client)
    match change:
        case "another state":
            path = path.replace("state=", "state=x")
        case "no state":
            path = path.partition("&state=")[0]
        case "no cookie":
            del client.cookies[COOKIE]
        case "another cookie":
            sent_back(client)
        case "a cookie that was changed":
            client.cookies[COOKIE] = client.cookies[COOKIE].value[:-3] + "abc"
    refused(client, client.get(path), "SSO-001")


def test_an_answer_opens_once(provider, stage):
    client = Client()
    path = sent_back(client)
    kept = client.cookies[COOKIE].value
    assert client.get(path).status_code == 303
    other = Client()
    other.cookies[COOKIE] = kept
    refused(other, other.get(path), "SSO-002")


def test_refused_answers_from_one_address_wait_like_wrong_passwords(provider, stage, monkeypatch):
    """Each is counted before the provider is asked; then it is neither asked nor the audit told."""
    asked = count_calls(monkeypatch)
    for _ in range(FREE_PER_ADDRESS):
        assert Client().get("/sign-in/sso/back?code=x&state=y").status_code == 403
    told = AuditEntry.objects.count()
    right = Client()
    path = sent_back(right)
    held = right.get(path)
    assert (held.status_code, held.headers["Retry-After"]) == (429, "30")
    assert "SSO-009" in held.content.decode()
    assert not is_in(right)
    assert (len(asked), AuditEntry.objects.count()) == (0, told)
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert elsewhere.get(sent_back(elsewhere)).status_code == 303
    assert right.post("/sign-in", {"username": "ada", "password": PASSWORD}).status_code == 303
    later = registry.wall.now() + FIRST_WAIT
    monkeypatch.setattr(registry, "wall", FixedClock(later))
    patient = Client()
    assert patient.get(sent_back(patient)).status_code == 303
    assert AuditEntry.objects.filter(verb="person.sign_in_failed").count() == FREE_PER_ADDRESS
    assert audit.verify().holds


def count_calls(monkeypatch):
    """Return a list that grows by the state of each answer that is brought to the provider."""
    asked, provider = [], type(registry.single_sign_on.provider)
    finish = provider.finish

    def counting(self, *, answer, kept):
        asked.append(kept.state)
        return finish(self, answer=answer, kept=kept)

    monkeypatch.setattr(provider, "finish", counting)
    return asked


def test_answers_that_let_somebody_in_are_not_counted(provider, stage):
    for _ in range(FREE_PER_ADDRESS + 1):
        assert come_in()[1].status_code == 303
    assert not SignInFailure.objects.exists()


def test_a_provider_that_fails_holds_nobody_back(provider, stage, monkeypatch):
    client = Client()
    path = sent_back(client)
    monkeypatch.setattr(type(registry.single_sign_on.provider), "finish", failing)
    refused(client, client.get(path), "SSO-004", 503)
    assert not SignInFailure.objects.exists()


def failing(self, *, answer, kept):
    raise ProviderSilent("down")


@pytest.mark.parametrize("count", [FREE_PER_ADDRESS - 1, FREE_PER_ADDRESS])
def test_wrong_passwords_hold_no_answer_back_and_refused_ones_no_name(count, provider, stage):
    for number in range(count):
        Client().post("/sign-in", {"username": f"guess{number}", "password": "x"})
    assert come_in()[1].status_code == 303
    for _ in range(count):
        Client().get("/sign-in/sso/back")
    assert Client().post("/sign-in", {"username": "vera", "password": PASSWORD}).status_code == 303


def test_an_answer_after_ten_minutes_lets_nobody_in(provider, stage, monkeypatch):
    client = Client()
    path = sent_back(client)
    real = time.time
    monkeypatch.setattr("django.core.signing.time.time", lambda: real() + 601)
    refused(client, client.get(path), "SSO-001")


def test_nobody_comes_in_whom_nobody_added(provider, stage):
    provider.says(claims={"preferred_username": "mallory"})
    refused(*come_in(), "SSO-005")
    assert not get_user_model().objects.filter(username="mallory").exists()
    assert last().subject == "person:mallory"


def test_two_who_differ_by_case_alone_are_not_guessed_between(provider, stage):
    people.create_person(actor=ADA, name="Vera", now=NOW)
    refused(*come_in(), "SSO-005")


@pytest.mark.parametrize("when", ["before", "after"])
def test_who_is_deactivated_is_refused_and_their_session_ends(when, provider, stage):
    sessions = [come_in()[0]] if when == "after" else []
    people.deactivate_person(actor=ADA, person="vera", reason="left", now=NOW, wall=NOW)
    assert [is_in(client) for client in sessions] == [False] * len(sessions)
    refused(*come_in(), "SSO-006")
    assert Identity.objects.count() == len(sessions)
    people.reactivate_person(actor=ADA, person="vera", now=NOW)
    assert come_in()[1].status_code == 303


def test_an_e_mail_address_names_somebody_only_if_the_provider_verified_it(
    provider, stage, monkeypatch
):
    people.create_person(actor=ADA, name="nina@corp.example", now=NOW)
    provider.set_up(monkeypatch, SCUDERIA_OIDC_CLAIM="email")
    mail = {"email": "Nina@Corp.example", "sub": "sub-9"}
    for unsure in (False, "true", None):
        provider.says(claims={**mail, "email_verified": unsure})
        refused(*come_in(), "SSO-002")
    provider.says(claims=mail)
    assert come_in()[1].status_code == 303
    assert Identity.objects.get().person.get_username() == "nina@corp.example"


def test_a_claim_that_only_userinfo_tells_is_asked_for_there_of_the_same_account(provider, stage):
    provider.says(without=["preferred_username"], userinfo={"sub": "another"})
    refused(*come_in(), "SSO-002")
    provider.says(without=["preferred_username"])
    assert come_in()[1].status_code == 303


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_a_newcomer_is_made_where_a_setting_says_so_in_that_role(
    role, provider, stage, monkeypatch
):
    provider.set_up(monkeypatch, SCUDERIA_OIDC_NEWCOMERS=role.value)
    provider.says(claims={"preferred_username": "newt", "name": "Newt N"})
    assert come_in()[1].status_code == 303
    held = Membership.objects.get(person__username="newt")
    assert (held.role, held.scope, held.given_by) == (role, "*", "service:sign-in")
    assert held.person.get_full_name() == "Newt N"
    assert not held.person.has_usable_password()
    assert audit.verify().holds
    provider.says(claims={"preferred_username": "../etc", "sub": "sub-5"})
    client, answer = come_in()
    assert answer.status_code == 422
    assert not is_in(client)


def test_a_provider_that_is_silent_or_unreadable_is_said_and_passwords_still_open(
    provider, stage, monkeypatch
):
    provider.says(lie="not json")
    client = Client()
    refused(client, client.get("/sign-in/sso"), "SSO-004", 503)
    provider.says(metadata={"issuer": "https://elsewhere.example"})
    refused(client, client.get("/sign-in/sso"), "SSO-004", 503)
    provider.says(metadata={"token_endpoint": "ftp://127.0.0.1/token"})
    refused(client, client.get("/sign-in/sso"), "SSO-004", 503)
    gone = provider.settings(SCUDERIA_OIDC_ISSUER="http://127.0.0.1:9")
    from scuderia.config.single_sign_on import single_sign_on as read

    monkeypatch.setattr(registry, "single_sign_on", read(gone))
    refused(client, client.get("/sign-in/sso"), "SSO-004", 503)
    assert client.post("/sign-in", {"username": "vera", "password": PASSWORD}).status_code == 303


@pytest.mark.parametrize("onward", ["https://evil.example/", "//evil.example", "/\\evil.example",
                                    "javascript:alert(1)"])  # fmt: skip
def test_nobody_is_sent_elsewhere_afterwards(onward, provider, stage):
    assert come_in(onward=onward)[1].url == "/"


def test_what_is_asked_of_the_provider_carries_pkce_state_and_nonce_anew_each_time(provider, stage):
    asked = []
    for _ in range(2):
        client = Client()
        begun = client.get("/sign-in/sso")
        asked.append({n: v[0] for n, v in parse_qs(urlsplit(begun.url).query).items()})
        cookie = client.cookies[COOKIE]
        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (
            True, "Lax", "/sign-in/sso",
        )  # fmt: skip
    first, second = asked
    assert (first["code_challenge_method"], first["response_type"]) == ("S256", "code")
    assert first["redirect_uri"] == "http://testserver/sign-in/sso/back"
    for fresh in ("state", "nonce", "code_challenge"):
        assert len(first[fresh]) >= 20
        assert first[fresh] != second[fresh]


def test_passwords_may_be_shut_and_the_form_with_them(provider, stage, monkeypatch, as_person):
    assert "Sign in with Corp" in Client().get("/sign-in").content.decode()
    assert 'name="password"' in Client().get("/sign-in").content.decode()
    provider.set_up(monkeypatch, SCUDERIA_PASSWORD_SIGN_IN="0")
    client = Client()
    assert 'name="password"' not in client.get("/sign-in").content.decode()
    answer = client.post("/sign-in", {"username": "vera", "password": PASSWORD})
    assert answer.status_code == 403
    assert "SSO-008" in answer.content.decode()
    assert not is_in(client)
    assert come_in()[1].status_code == 303
    ada = as_person("ada")
    assert "link" not in main_of(ada.get("/people/vera"))
    assert "They come in by single sign-on under that name." in main_of(ada.get("/people"))


def main_of(answer):
    return answer.content.decode().partition("<main")[2].partition("</main")[0]


def test_without_the_setting_there_is_no_button_and_no_such_page(stage):
    shown = Client().get("/sign-in").content.decode()
    assert "sso" not in shown
    assert Client().get("/sign-in/sso").status_code == 404
    assert Client().get("/sign-in/sso/back?code=x&state=y").status_code == 404


def test_keys_are_read_anew_after_an_hour(provider, stage, monkeypatch):
    come_in()
    app = registry.single_sign_on.provider._app
    assert app.server_metadata["jwks"]
    real = time.time
    monkeypatch.setattr("scuderia.connectors.oidc.provider.time.time", lambda: real() + 3601)
    Client().get("/sign-in/sso")
    assert "jwks" not in app.server_metadata
