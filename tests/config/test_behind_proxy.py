"""A real nginx that ends TLS in front of the real web process, as docs/operating.md shows it."""

import json
import os
import shutil
import socket
import sqlite3
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.config.test_set_up import set_up
from tests.homes import made_once, outside

NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.long,
    pytest.mark.skipif(
        not NGINX and not os.environ.get("SCUDERIA_NGINX_REQUIRED"),
        reason="no nginx here: the journey behind a real proxy was not made",
    ),
]
PROXY = "127.0.0.2"  # nginx connects from here; the tests themselves from 127.0.0.1
PASSWORD, MADE_UP = "maranello-1947", "203.0.113.9"
SPOOFED = {"X-Forwarded-For": MADE_UP, "X-Forwarded-Proto": "https", "Forwarded": f"for={MADE_UP}"}
UNDERSCORED = {"X_Forwarded_For": MADE_UP, "X_Forwarded_Proto": "http"}
CONFIG = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    server {{
        listen 127.0.0.1:{tls} ssl;
        ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
        location / {{
            proxy_bind {proxy};
            proxy_pass http://127.0.0.1:{web};
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
        }}
    }}
}}
"""
MAKE_OMAR = """
import sys
import django
django.setup()
from scuderia.basics.actors import Actor, ActorKind
from scuderia.loop.operations import people
from scuderia.loop.ports import registry
people.create_person(actor=Actor(ActorKind.PERSON, sys.argv[1]), name="omar",
    password=sys.argv[2], now=registry.clock.now())
"""


@dataclass
class Served:
    """A home served behind nginx: the port of each."""

    home: Path
    tls: int
    web: int

    def ask(self, port: int, headers: dict[str, str], form: dict[str, str] | None = None):
        """Send one request to the sign-in page; return status, headers and cookies."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        link = (
            HTTPSConnection("127.0.0.1", port, timeout=30, context=context)
            if port == self.tls
            else HTTPConnection("127.0.0.1", port, timeout=30)
        )
        with closing(link):
            body = urlencode(form) if form is not None else None
            kind = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
            link.request("POST" if form else "GET", "/sign-in", body, {**headers, **kind})
            answer: HTTPResponse = link.getresponse()
            answer.read()
            cookies: SimpleCookie = SimpleCookie()
            for line in answer.headers.get_all("Set-Cookie") or ():
                cookies.load(line)
            return answer.status, answer.headers, cookies

    def sign_in(self, port: int, password: str, origin: str, more: dict[str, str]):
        """Fetch the form and send it, as a browser at that origin does."""
        _, _, cookies = self.ask(port, more)
        token = cookies["csrftoken"].value
        headers = {**more, "Origin": origin, "Cookie": f"csrftoken={token}"}
        form = {"username": "omar", "password": password, "csrfmiddlewaretoken": token}
        return self.ask(port, headers, form)

    def audited(self, verb: str) -> list[str]:
        """Return the addresses in the audit beside that verb."""
        with closing(sqlite3.connect(self.home / "scuderia.sqlite3", timeout=30)) as books:
            rows = books.execute(
                "SELECT detail FROM loop_auditentry WHERE verb = ? ORDER BY seq", (verb,)
            ).fetchall()
        return [json.loads(detail)["address"] for (detail,) in rows]


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def answers(port: int) -> bool:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
        time.sleep(0.2)
    return False


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("behind-proxy")
    home = Path(shutil.copytree(made_once(tmp_path_factory, "set-up-home", set_up), folder / "h"))
    made = Served(home, free_port(), free_port())
    environment = outside(
        SCUDERIA_HOME=str(home), SCUDERIA_TRUSTED_PROXIES=PROXY, SCUDERIA_TLS="1",
        SCUDERIA_HSTS_SECONDS="60",
    )  # fmt: skip
    owner = (home / "owner").read_text().strip()
    subprocess.run(
        [sys.executable, "-c", MAKE_OMAR, owner, PASSWORD], env=environment, check=True, timeout=90
    )
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj",
         "/CN=127.0.0.1", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    config = folder / "nginx.conf"
    config.write_text(CONFIG.format(folder=folder, tls=made.tls, web=made.web, proxy=PROXY))
    environment.pop("DJANGO_SETTINGS_MODULE")
    with (folder / "log").open("wb") as log:
        started = [
            subprocess.Popen(command, env=environment, stdout=log, stderr=log)
            for command in (
                [sys.executable, "-m", "scuderia.config", "serve", "web", "--port", str(made.web)],
                [str(NGINX), "-c", str(config), "-p", str(folder)],
            )
        ]
        try:
            assert answers(made.web), (folder / "log").read_text()
            assert answers(made.tls), (folder / "log").read_text()
            yield made
        finally:
            for process in started:
                process.terminate()
            for process in started:
                process.wait(timeout=30)


def test_who_signs_in_behind_the_proxy_gets_secure_cookies_and_hsts(served: Served):
    origin = f"https://127.0.0.1:{served.tls}"
    before = len(served.audited("person.signed_in"))
    for more in ({}, SPOOFED, UNDERSCORED):
        status, headers, cookies = served.sign_in(served.tls, PASSWORD, origin, more)
        assert status == 303
        assert headers["Strict-Transport-Security"] == "max-age=60"
        assert cookies["sessionid"]["secure"]
        assert cookies["csrftoken"]["secure"]
    assert served.audited("person.signed_in")[before:] == ["127.0.0.1"] * 3


def test_a_form_of_another_origin_is_refused(served: Served):
    status, _, _ = served.sign_in(served.tls, PASSWORD, "https://evil.example", {})
    assert status == 403


def test_who_comes_past_the_proxy_and_claims_to_be_it_is_not_believed(served: Served):
    origin = f"http://127.0.0.1:{served.web}"
    before = len(served.audited("person.sign_in_failed"))
    for more in (SPOOFED, UNDERSCORED | {"X_Forwarded_Proto": "https"}):
        status, headers, _ = served.sign_in(served.web, "wrong", origin, more)
        assert status == 401
        assert "Strict-Transport-Security" not in headers
    assert served.audited("person.sign_in_failed")[before:] == ["127.0.0.1"] * 2
