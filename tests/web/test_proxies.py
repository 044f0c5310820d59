"""A proxy's word about the client and about TLS is taken from trusted proxies alone."""

from ipaddress import ip_address, ip_network

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from scuderia.web.proxies import HOPS_MAX, TrustedProxies, client_of
from scuderia.web.request_context import client_address

PROXY, INNER, CLIENT, MADE_UP = "10.0.0.5", "10.1.2.3", "198.51.100.7", "203.0.113.9"
TRUSTED = (ip_network("10.0.0.5"), ip_network("10.1.0.0/16"), ip_network("2001:db8:9::/48"))
EVERY_NAME = {
    "HTTP_X_FORWARDED_FOR": MADE_UP, "HTTP_X_FORWARDED_PROTO": "https",
    "HTTP_X_FORWARDED_HOST": "evil.example", "HTTP_X_FORWARDED_PORT": "1",
    "HTTP_FORWARDED": f"for={MADE_UP};proto=https",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _trusted(settings):
    settings.TRUSTED_PROXIES = TRUSTED


def arrived(peer, **meta):
    """Return the request as everything behind the middleware sees it."""
    seen = []
    request = RequestFactory().get("/", REMOTE_ADDR=peer, **meta)
    TrustedProxies(lambda one: seen.append(one) or HttpResponse())(request)
    return seen[0]


@pytest.mark.parametrize(("told", "client"), [
    (CLIENT, CLIENT), (f"{MADE_UP}, {CLIENT}", CLIENT), (f"{MADE_UP},{CLIENT},{INNER}", CLIENT),
    (f"{CLIENT}:4711, {INNER}", CLIENT), ("[2001:db8::7]:443", "2001:db8::7"),
    ("2001:db8::7", "2001:db8::7"), (f"::ffff:{CLIENT}", CLIENT), ("", PROXY),
    (f"{CLIENT}, unknown", PROXY), (f"{CLIENT}, unknown, {INNER}", INNER), (INNER, INNER),
    (f"{CLIENT}, 2001:db8:9::1", CLIENT),
])  # fmt: skip
def test_the_client_is_the_rightmost_address_that_no_proxy_has(told, client):
    assert client_of(PROXY, told, TRUSTED) == client
    assert client_address(arrived(PROXY, HTTP_X_FORWARDED_FOR=told)) == client


@given(st.text(max_size=200))
def test_whatever_stands_left_of_the_client_changes_nothing(left):
    assert client_of(PROXY, f"{left},{CLIENT},{INNER}", TRUSTED) == CLIENT


@given(st.text(max_size=200))
def test_any_words_of_a_trusted_proxy_give_an_address(told):
    ip_address(client_of(PROXY, told, TRUSTED))


def test_a_chain_longer_than_anybodys_is_read_no_further():
    told = ",".join([CLIENT, *[INNER] * HOPS_MAX])
    assert client_of(PROXY, told, TRUSTED) == INNER


@pytest.mark.parametrize("peer", [CLIENT, "10.0.0.6", "127.0.0.1", "", "::1"])
def test_what_others_say_of_proxies_is_dropped(peer):
    request = arrived(peer, **EVERY_NAME)
    assert not request.is_secure()
    assert client_address(request) == peer
    assert not EVERY_NAME.keys() & request.META.keys()


def test_without_the_setting_nobody_is_believed(settings):
    settings.TRUSTED_PROXIES = ()
    assert not arrived(PROXY, **EVERY_NAME).is_secure()
    assert client_address(arrived(PROXY, **EVERY_NAME)) == PROXY


@pytest.mark.parametrize(("told", "secure"), [
    ("https", True), ("http", False), ("", False), ("https, http", False), ("http,https", True),
])  # fmt: skip
def test_tls_is_what_the_nearest_trusted_proxy_says(told, secure):
    assert arrived(PROXY, HTTP_X_FORWARDED_PROTO=told).is_secure() is secure


def test_of_a_trusted_proxy_too_no_host_is_taken():
    assert arrived(PROXY, **EVERY_NAME).get_host() == "testserver:80"
    assert "HTTP_X_FORWARDED_HOST" not in arrived(PROXY, **EVERY_NAME).META


@pytest.mark.django_db
@pytest.mark.parametrize(("peer", "told"), [(PROXY, "max-age=60"), (CLIENT, None)])
def test_hsts_is_sent_over_tls_alone(settings, client, peer, told):
    settings.SECURE_HSTS_SECONDS = 60
    answer = client.get("/sign-in", REMOTE_ADDR=peer, **EVERY_NAME)
    assert answer.headers.get("Strict-Transport-Security") == told
