"""The provider, the stage and the cast."""

from collections.abc import Iterator

import pytest

from tests.pages.staged import as_person, filled, stage
from tests.single_sign_on.running import Running, running

__all__ = ["as_person", "filled", "stage"]


@pytest.fixture(scope="session")
def _started() -> Iterator[Running]:
    with running() as provider:
        yield provider


@pytest.fixture
def provider(_started: Running, monkeypatch: pytest.MonkeyPatch) -> Running:
    """A provider that says the truth until told otherwise, and Scuderia set to it."""
    _started.says()
    _started.set_up(monkeypatch)
    return _started
