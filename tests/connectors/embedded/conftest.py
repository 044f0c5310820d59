"""A demo world in a temporary file, and the clock that its reader and control share."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scuderia.basics.clock import FixedClock
from scuderia.basics.subjects import SubjectRef
from scuderia.connectors.embedded.executor import EmbeddedControl
from scuderia.connectors.embedded.reader import EmbeddedReader
from scuderia.connectors.embedded.seeding import create_world
from scuderia.fleet.nouns import ControlCommand, ControlVerb, NodeObservation, NodeState

NOW = datetime(2026, 9, 17, 12, tzinfo=UTC)


@dataclass
class Bench:
    """The world under test."""

    path: Path
    clock: FixedClock
    reader: EmbeddedReader
    control: EmbeddedControl

    def do(self, verb: ControlVerb, name: str, key: str = "", **arguments: str | int) -> str:
        kind = "cluster" if verb is ControlVerb.SET_SPARE_POOL else "node"
        command = ControlCommand(verb, SubjectRef(kind, name), arguments)
        key = key or f"{verb}/{name}/{self.clock.now()}"
        return self.control.apply(command, key=key).said

    def node(self, name: str) -> NodeObservation:
        return self.reader.current()[name]

    def one(self, state: NodeState, *, held: bool = True, spare: bool = False) -> str:
        return next(
            name
            for name, seen in self.reader.current().items()
            if seen.state is state and (seen.customer is not None) is held and seen.spare is spare
        )

    def days(self, days: float) -> None:
        self.clock.advance(timedelta(days=days))


def make_bench(path: Path, **options: object) -> Bench:
    create_world(path, now=NOW, **options)
    clock = FixedClock(NOW)
    return Bench(path, clock, EmbeddedReader(path, clock), EmbeddedControl(path, clock))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return make_bench(tmp_path / "world.sqlite3")


@pytest.fixture
def healthy(tmp_path: Path) -> Bench:
    return make_bench(tmp_path / "healthy.sqlite3", healthy=True)
