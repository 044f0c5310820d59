"""A demo home whose fleet never fails, made once; every test works on a copy of its own."""

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.homes import made_once
from tests.processes.living import LiveHome


@pytest.fixture(scope="session")
def healthy_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo home, made once, whose fleet never fails; tests work on copies."""

    def make(path: Path) -> None:
        LiveHome(path).run("demo", "--no-serve", "--healthy", "--json")

    return made_once(tmp_path_factory, "healthy-home", make)


@pytest.fixture
def home(healthy_home: Path, tmp_path: Path) -> Iterator[LiveHome]:
    copy = LiveHome(tmp_path / "home")
    shutil.copytree(healthy_home, copy.path)
    yield copy
    copy.stop_all()


@pytest.fixture
def port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])
