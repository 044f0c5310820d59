"""A registered hall and the cast, for every test of the loop that asks for them."""

from collections.abc import Iterator

import pytest

from tests.loop.factories import Hall, make_cast, registered


@pytest.fixture
def hall() -> Iterator[Hall]:
    with registered() as fresh:
        yield fresh


@pytest.fixture
def cast(db: None, hall: Hall) -> None:
    make_cast()
