"""A provider that runs, what it says next, and Scuderia set to it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from scuderia.config.single_sign_on import single_sign_on
from scuderia.loop.ports import registry
from tests.single_sign_on.provider import CLIENT_ID, SECRET

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Running:
    """A provider by its address."""

    issuer: str

    def says(self, **what: object) -> None:
        """Set what it says next, in place of all that was set before."""
        self.post("/_next", what)

    def post(self, path: str, body: object) -> None:
        """Send it JSON."""
        asked = Request(self.issuer + path, json.dumps(body).encode(), method="POST")  # noqa: S310
        with urlopen(asked, timeout=10) as answer:  # noqa: S310 - loopback
            answer.read()

    def settings(self, **more: str) -> dict[str, str]:
        """Return the environment that sets Scuderia to it."""
        return {
            "SCUDERIA_OIDC_ISSUER": self.issuer, "SCUDERIA_OIDC_CLIENT_ID": CLIENT_ID,
            "SCUDERIA_OIDC_CLIENT_SECRET": SECRET, "SCUDERIA_OIDC_NAME": "Corp",
            "SCUDERIA_OIDC_CLAIM": "preferred_username", **more,
        }  # fmt: skip

    def set_up(self, patch: pytest.MonkeyPatch, **more: str) -> None:
        """Have people come in by its word."""
        patch.setattr(registry, "single_sign_on", single_sign_on(self.settings(**more)))


@contextmanager
def running() -> Iterator[Running]:
    """Run a provider in a process of its own."""
    command = [sys.executable, "-m", "tests.single_sign_on.provider"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            yield Running(process.stdout.readline().strip())
        finally:
            process.stdin.close()
            process.wait(10)
