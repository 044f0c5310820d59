"""The stage, set once inside one transaction for a folder of tests, and the cast signed in."""

from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from tests.pages.stage import Stage, fill, registered


@pytest.fixture(scope="package")
def filled(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[Stage]:
    """Fill the books once; every test of the folder starts from here and is rolled back."""
    with (
        django_db_blocker.unblock(),
        registered(tmp_path_factory.mktemp("world")) as clock,
        transaction.atomic(),
    ):
        stage = fill(clock)
        with django_db_blocker.block():
            yield stage
        transaction.set_rollback(True)


@pytest.fixture
def stage(filled: Stage, db: None) -> Stage:
    """The stage as one test sees it."""
    cache.clear()
    return filled


@pytest.fixture
def as_person(stage: Stage) -> Callable[[str], Client]:
    """Sign somebody of the cast in."""

    def signed_in(name: str) -> Client:
        client = Client()
        client.force_login(get_user_model().objects.get(username=name))
        return client

    return signed_in
