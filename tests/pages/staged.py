"""The stage, set once inside one transaction for a folder of tests, and the cast signed in."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client

from scuderia.basics.clock import FixedClock
from scuderia.connectors.embedded.layout import CLUSTER
from scuderia.fleet.ports import registry as fleet
from scuderia.loop.queries.proposals import list_queue
from tests.homes import made_once
from tests.pages.kept_rows import put_back, statements
from tests.pages.stage import LENA, Stage, fill, registered


@pytest.fixture(scope="package")
def filled(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[Stage]:
    """Fill the books once; every test of the folder starts from here and is rolled back."""
    folder = tmp_path_factory.mktemp("world")
    with django_db_blocker.unblock(), registered(folder) as clock, transaction.atomic():
        stage = stage_of_this_run(clock, folder / "world.sqlite3", tmp_path_factory)
        with django_db_blocker.block():
            yield stage
        transaction.set_rollback(True)


def stage_of_this_run(clock: FixedClock, world: Path, factory: pytest.TempPathFactory) -> Stage:
    """Fill the books, or put back what another worker or another folder of this run filled in."""
    if connection.vendor != "sqlite":
        return fill(clock)
    filled_here = []

    def make(folder: Path) -> None:
        filled_here.append(fill(clock))
        folder.mkdir()
        copy_world(world, folder / "world.sqlite3")
        (folder / "rows.json").write_text(json.dumps(statements()), encoding="utf-8")

    kept = made_once(factory, "stage", make)
    if filled_here:
        return filled_here[0]
    copy_world(kept / "world.sqlite3", world)
    put_back(json.loads((kept / "rows.json").read_text(encoding="utf-8")))
    return Stage(clock, list_queue(LENA, clock.now()))


def copy_world(made: Path, to: Path) -> None:
    """Copy a fleet's file, over what is there."""
    with closing(sqlite3.connect(made)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)


@pytest.fixture
def stage(filled: Stage, db: None) -> Stage:
    """The stage as one test sees it."""
    cache.clear()
    return filled


@pytest.fixture
def changed_world(stage: Stage, tmp_path: Path) -> Iterator[None]:
    """For a test that acts: the fleet's file, which no rollback reaches, is put back after it."""
    world = Path(fleet.controls[CLUSTER].path)
    copy_world(world, tmp_path / "world.sqlite3")
    yield
    copy_world(tmp_path / "world.sqlite3", world)


@pytest.fixture
def as_person(stage: Stage) -> Callable[[str], Client]:
    """Sign somebody of the cast in."""

    def signed_in(name: str) -> Client:
        client = Client()
        client.force_login(get_user_model().objects.get(username=name))
        return client

    return signed_in
