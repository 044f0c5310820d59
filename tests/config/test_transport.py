"""Hosts, proxies and TLS as the environment says them; what cannot be read starts nothing."""

import json
import subprocess
import sys
from ipaddress import ip_network

import pytest

from scuderia.config import transport
from tests.homes import outside

ASK = """
import json
from scuderia.config import settings as s
print(json.dumps([s.ALLOWED_HOSTS, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE,
    s.CSRF_TRUSTED_ORIGINS, s.SECURE_HSTS_SECONDS, [str(n) for n in s.TRUSTED_PROXIES],
    s.MIDDLEWARE[0]]))
"""


def settings_of(tmp_path, **said):
    done = subprocess.run(
        [sys.executable, "-c", ASK], env=outside(SCUDERIA_HOME=str(tmp_path), **said),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return json.loads(done.stdout) if done.returncode == 0 else done.stderr


def test_nothing_said_is_a_plain_local_home_that_knows_no_test_host(tmp_path):
    local = ["127.0.0.1", "localhost", "[::1]"]
    first = "scuderia.web.proxies.TrustedProxies"
    assert settings_of(tmp_path) == [local, False, False, [], 0, [], first]


def test_all_of_it_said_makes_cookies_secure_and_names_the_origins(tmp_path):
    hosts, session, csrf, origins, hsts, proxies, _ = settings_of(
        tmp_path, SCUDERIA_HOSTS="ops.example.com, .b.example,*", SCUDERIA_TLS="1",
        SCUDERIA_HSTS_SECONDS="60", SCUDERIA_TRUSTED_PROXIES="10.0.0.5, ::1",
    )  # fmt: skip
    assert hosts[3:] == ["ops.example.com", ".b.example", "*"]
    assert (session, csrf, hsts) == (True, True, 60)
    assert origins == ["https://ops.example.com", "https://*.b.example"]
    assert proxies == ["10.0.0.5/32", "::1/128"]


@pytest.mark.parametrize(("read", "name", "said"), [
    (transport.trusted_proxies, "SCUDERIA_TRUSTED_PROXIES", "10.0.0.0/8,nginx"),
    (transport.trusted_proxies, "SCUDERIA_TRUSTED_PROXIES", "10.0.0.5/8"),
    (transport.behind_tls, "SCUDERIA_TLS", "yes"),
    (transport.hsts_seconds, "SCUDERIA_HSTS_SECONDS", "-1"),
    (transport.hsts_seconds, "SCUDERIA_HSTS_SECONDS", "a year"),
    (transport.hsts_seconds, "SCUDERIA_HSTS_SECONDS", "9" * 5000),
    (transport.hsts_seconds, "SCUDERIA_HSTS_SECONDS", str(transport.HSTS_SECONDS_MAX + 1)),
])  # fmt: skip
def test_a_setting_that_cannot_be_read_is_refused_by_its_name(read, name, said):
    with pytest.raises(transport.SettingUnread, match=name):
        read({name: said})


def test_settings_are_read_with_their_usual_values():
    assert transport.trusted_proxies({"SCUDERIA_TRUSTED_PROXIES": "10.0.0.0/8,"}) == (
        ip_network("10.0.0.0/8"),
    )
    assert transport.behind_tls({"SCUDERIA_TLS": "0"}) is False
    most = transport.HSTS_SECONDS_MAX
    assert transport.hsts_seconds({"SCUDERIA_HSTS_SECONDS": str(most)}) == most
