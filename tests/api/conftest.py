"""The stage and the cast behind the API, and a script that acts as Lena."""

import pytest

from tests.api.caller import Caller
from tests.pages.stage import Stage
from tests.pages.staged import as_person, filled, stage

__all__ = ["as_person", "filled", "lena", "stage", "swap"]


@pytest.fixture
def lena(stage: Stage) -> Caller:
    return Caller("lena")


@pytest.fixture
def swap(stage: Stage):
    return stage.swap
