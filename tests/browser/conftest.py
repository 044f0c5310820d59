"""A real Chromium over a live server on the demo's stage, or a skip with a clear word."""

import gc
import os
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.cache import cache
from django.db import connection
from playwright.sync_api import Browser, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from scuderia.loop.models import triggers
from scuderia.web.charts import write_bundle
from tests.pages.stage import PASSWORD, Stage, fill, registered

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


@dataclass
class Window:
    """One page of the browser, and everything it complained about."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Open a path and wait until it has settled."""
        self.page.goto(f"{self.address}{path}", wait_until="networkidle")

    def sign_in(self, name: str) -> None:
        """Sign in as one of the cast."""
        self.open("/sign-in")
        self.page.fill("[name=username]", name)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("text=Sign in >> nth=-1")
        self.page.wait_for_selector("html[data-ready] h1:has-text('Now')")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}: pages were not tried in a real browser")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's loop runs in this thread
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGUMENTS))
        yield opened
        opened.close()
    os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)


@pytest.fixture(scope="session")
def _chart_folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("static")
    write_bundle(folder)
    return folder


@pytest.fixture
def _static(_chart_folder: Path) -> Iterator[None]:
    before = settings.STATICFILES_DIRS
    settings.STATICFILES_DIRS = [*before, _chart_folder]
    finders.get_finder.cache_clear()
    yield
    settings.STATICFILES_DIRS = before
    finders.get_finder.cache_clear()


@pytest.fixture
def _guarded_again(django_db_setup: None, django_db_blocker) -> Iterator[None]:
    yield  # by now the tables have been emptied
    with django_db_blocker.unblock(), connection.schema_editor() as editor:
        triggers.install(editor)


@pytest.fixture
def stage(_guarded_again: None, transactional_db: None, tmp_path: Path) -> Iterator[Stage]:
    cache.clear()
    with registered(tmp_path) as clock:
        yield fill(clock)
    with connection.schema_editor() as editor:  # the guards forbid emptying the tables
        triggers.remove(editor)


@pytest.fixture
def server(stage: Stage) -> Iterator[LiveServer]:
    """Serve the test's own database; pytest-django's fixture would empty it under the guards."""
    opened = LiveServer("localhost")
    yield opened
    _let_requests_end()
    opened.stop()
    with warnings.catch_warnings():  # the test server's threads leave sockets to the collector
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def _let_requests_end(*, at_most_s: float = 10.0) -> None:
    """Wait until no thread answers a request: the server stops sharing its connection at once."""
    until = time.monotonic() + at_most_s
    while time.monotonic() < until:
        if not any("process_request_thread" in each.name for each in threading.enumerate()):
            return
        time.sleep(0.05)


@pytest.fixture
def window(browser: Browser, _static: None, server: LiveServer) -> Iterator[Callable[..., Window]]:
    contexts = []

    def opened(**options: object) -> Window:
        context = browser.new_context(viewport={"width": 1440, "height": 900}, **options)
        contexts.append(context)
        made = Window(context.new_page(), server.url)
        made.page.on(
            "console",
            lambda said: made.complaints.append(said.text) if said.type == "error" else None,
        )
        made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
        return made

    yield opened
    for context in contexts:
        context.close()
