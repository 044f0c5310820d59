"""The stage and the cast behind the API, and a script that acts as Lena."""

import json

import pytest
from django.test import Client

from tests.api.caller import Caller
from tests.pages.stage import Stage
from tests.pages.staged import as_person, filled, stage

__all__ = ["as_person", "document", "filled", "lena", "stage", "swap"]


@pytest.fixture
def lena(stage: Stage) -> Caller:
    return Caller("lena")


@pytest.fixture
def swap(stage: Stage):
    return stage.swap


@pytest.fixture(scope="package")
def written(filled: Stage, django_db_blocker) -> bytes:
    """The API's own description as it is served, asked for once."""
    with django_db_blocker.unblock():
        return Client().get("/api/v1/openapi.json").content


@pytest.fixture
def document(written: bytes, stage: Stage):
    """The API's own description, read anew for each test."""
    return json.loads(written)
