"""A stage for the pages: the demo's fleet at a fixed instant, its crew, and the named cast."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scuderia.basics.actors import WORKER, Actor, ActorKind
from scuderia.basics.clock import FixedClock
from scuderia.basics.subjects import SubjectRef
from scuderia.connectors.embedded.executor import EmbeddedControl
from scuderia.connectors.embedded.layout import CLUSTER
from scuderia.connectors.embedded.reader import EmbeddedReader
from scuderia.connectors.embedded.seeding import create_world
from scuderia.fleet.operations import sources
from scuderia.fleet.ports import registry as fleet
from scuderia.fleet.queries.nodes import fleet_board
from scuderia.loop.nouns import Role
from scuderia.loop.operations import people
from scuderia.loop.operations.agents import make_rounds
from scuderia.loop.ports import registry
from scuderia.loop.queries.proposals import QueueRow, list_queue

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SETUP = Actor(ActorKind.SERVICE, "setup")
ADA = Actor(ActorKind.PERSON, "ada")
LENA = Actor(ActorKind.PERSON, "lena")
PASSWORD = "maranello-1947"
CAST = (
    ("ada", Role.ADMIN, "*"),
    ("lena", Role.LEAD, "*"),
    ("vera", Role.VIEWER, "*"),
    ("otto", Role.OPERATOR, "customer:demo-aurora"),
    ("britt", Role.OPERATOR, "customer:demo-borealis"),
    ("olaf", None, ""),  # the outsider: may sign in, holds no role
)


@dataclass
class Stage:
    """The stage as tests use it."""

    clock: FixedClock
    queue: tuple[QueueRow, ...]

    def proposal(self, kind: str) -> QueueRow:
        """Return the dearest waiting proposal of a kind."""
        return next(row for row in self.queue if row.kind == kind)

    @property
    def swap(self) -> QueueRow:
        """Return a proposal to give demo-aurora a spare for a broken node."""
        return self.proposal("fleet.swap_node")

    @property
    def node(self) -> str:
        """Return the broken node of that proposal."""
        return self.swap.targets[0].name

    @property
    def other_spare(self) -> str:
        """Return a spare that stands ready and is not the one proposed."""
        ready = [one.place.node for one in fleet_board(NOW).nodes if one.spare]
        return next(name for name in ready if name not in self.swap.title)


@contextmanager
def registered(folder: Path) -> Iterator[FixedClock]:
    """Register a demo fleet in `folder` under a fixed clock; put back what was there."""
    clock, before = FixedClock(NOW), (registry.clock, dict(fleet.readers), dict(fleet.controls))
    world = folder / "world.sqlite3"
    create_world(world, now=NOW - timedelta(minutes=1), speed=1.0)
    registry.clock = clock
    fleet.readers, fleet.controls = {}, {}
    fleet.register_reader(EmbeddedReader(world, clock))
    fleet.register_control(CLUSTER, EmbeddedControl(world, clock))
    try:
        yield clock
    finally:
        registry.clock, fleet.readers, fleet.controls = before


def fill(clock: FixedClock) -> Stage:
    """Write the cast and the fleet's past onto the books, and have the crew look once."""
    for name, role, scope in CAST:
        giver = SETUP if name == "ada" else ADA
        people.create_person(actor=giver, name=name, password=PASSWORD, now=NOW)
        if role:
            people.give_role(
                actor=giver, person=name, role=role, scope=SubjectRef.parse(scope), now=NOW
            )
    poll()
    make_rounds(actor=WORKER, now=clock.now())
    return Stage(clock, list_queue(LENA, clock.now()))


def poll() -> None:
    """Read everything that the fleet has said so far."""
    while sources.poll(fleet.readers["embedded"], now=registry.clock.now()).more:
        pass
