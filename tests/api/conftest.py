"""The demo's fleet and the named cast behind the API, set once inside one transaction."""

from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from tests.api.caller import Caller
from tests.pages.stage import Stage, fill, registered


@pytest.fixture(scope="package")
def _filled(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[Stage]:
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
def stage(_filled: Stage, db: None) -> Stage:
    cache.clear()
    return _filled


@pytest.fixture
def as_person(stage: Stage) -> Callable[[str], Client]:
    def signed_in(name: str) -> Client:
        client = Client()
        client.force_login(get_user_model().objects.get(username=name))
        return client

    return signed_in


@pytest.fixture
def lena(stage: Stage) -> Caller:
    return Caller("lena")


@pytest.fixture
def swap(stage: Stage):
    return stage.swap
