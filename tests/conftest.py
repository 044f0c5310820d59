"""What every test shares: the real data's folder, or a clear word that it is absent."""

import atexit
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings

from scuderia.loop.engine.null_stores import HeartbeatsInMemory, TablesAlone
from scuderia.loop.ports import registry
from tests.examples import drawn

os.environ.setdefault("SCUDERIA_SEED", str(1 + secrets.randbelow(2**32 - 1)))
OF_TABLES = {"db", "transactional_db", "django_db_setup", "live_server"}
DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

settings.register_profile(
    "scuderia",
    deadline=None,
    max_examples=drawn(100),
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
    # The same examples every time, so that a change is refused for what it did; fresh ones are
    # sought by `make test-fresh`, and what they find is kept as an example.
    derandomize="SCUDERIA_FRESH" not in os.environ,
)
settings.load_profile("scuderia")
atexit.register(shutil.rmtree, os.environ.get("SCUDERIA_HOME", ""), ignore_errors=True)


def pytest_report_header() -> str:
    """Say the seed of what is random in this run; the workers of a parallel run share it."""
    return f"SCUDERIA_SEED={os.environ['SCUDERIA_SEED']}"


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name bytes by their argument: packed ones hold the second they were packed in.

    The workers of a parallel run collect at different seconds, and refuse to run where their
    lists differ by one name.
    """
    return argname if isinstance(val, bytes) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL leave out what asks for no table: the default run has it already."""
    if connection.vendor != "postgresql":
        return
    asking = [item for item in items if asks_for_tables(item)]
    config.hook.pytest_deselected(items=[item for item in items if not asks_for_tables(item)])
    items[:] = asking


def asks_for_tables(item: pytest.Item) -> bool:
    """Say whether a test is marked for the database, or a fixture of it opens the database."""
    marked = any(item.get_closest_marker(name) for name in ("django_db", "postgres"))
    return marked or not OF_TABLES.isdisjoint(getattr(item, "fixturenames", ()))


@pytest.fixture(autouse=True)
def _stores_of_the_test_alone() -> Iterator[None]:
    """Keep brakes in the tables, which a test rolls back; a store of their own would outlive it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "pulls", TablesAlone())
        patch.setattr(registry, "heartbeats", HeartbeatsInMemory())
        yield


@pytest.fixture(scope="session")
def stepfun_trace() -> Path:
    """The StepFun fault trace, or a skip that says what is missing."""
    path = DATA / "stepfun-faults" / "fault_trace.json"
    if not path.exists():
        pytest.skip("no ../shared/data/stepfun-faults beside the project: real figures not checked")
    return path
