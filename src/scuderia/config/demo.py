"""The demo: an invented world that a room brings, people to sign in as, and a first look round."""

import json
import secrets
import string
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial

from scuderia.basics.actors import WORKER, Actor, ActorKind
from scuderia.basics.errors import BadInput
from scuderia.basics.rooms import Demo, RecordedDemo, opened
from scuderia.basics.subjects import SubjectRef
from scuderia.config.databases import tables_url
from scuderia.config.home import Home, write_private
from scuderia.config.rooms import rooms
from scuderia.config.setup import Stage, ready_django, set_up, stages_in_turn

CAST_FILE = "demo-cast.json"


@dataclass(frozen=True, slots=True)
class CastMember:
    """Somebody to sign in as; the password is made for this home alone."""

    name: str
    password: str
    role: str
    scope: str
    full_name: str


def demos() -> tuple[Demo, ...]:
    """Return the demos that the rooms bring."""
    return tuple(room.demo for room in rooms() if room.demo)


def demo_stages(
    home: Home, *, speed: float | None, healthy: bool, recorded: RecordedDemo | None = None
) -> tuple[Stage, ...]:
    """Return the stages that make a home a demo; each keeps what is there.

    speed      domain seconds per wall second; None keeps what the home has, or the default
    recorded   a file of what happened, to live through; None: what happens is drawn
    """
    folder, *rest = set_up(home)
    worlds = [
        (
            "demo world",
            partial(_make_world, demo=demo, speed=speed, healthy=healthy, recorded=recorded),
        )
        for demo in demos()
    ]
    after: list[tuple[str, Callable[[Home], str]]] = [
        *(("history", partial(_read_history, demo=demo)) for demo in demos()),
        ("demo cast", _make_people),
        ("first round", _make_first_round),
    ]
    return (folder, *stages_in_turn(home, worlds), *rest, *stages_in_turn(home, after))


def demo_task_seconds(home: Home) -> dict[str, float]:
    """Return how often tasks are due otherwise than usual, by name: empty in a real home."""
    there = [demo for demo in demos() if opened(demo.is_in)(home.path)]
    return {name: seconds for demo in there for name, seconds in demo.task_seconds}


def read_cast(home: Home) -> tuple[CastMember, ...]:
    """Return the cast with their passwords; empty where there is none."""
    path = home.path / CAST_FILE
    if not path.exists():
        return ()
    return tuple(CastMember(**member) for member in json.loads(path.read_text(encoding="utf-8")))


def _make_world(
    home: Home, *, demo: Demo, speed: float | None, healthy: bool, recorded: RecordedDemo | None
) -> str:
    if not opened(demo.is_in)(home.path):
        _refuse_occupied(home, demo)
    opened(demo.refuse)(home.path, healthy=healthy)
    make = opened(demo.make_world)
    return str(make(home.path, speed=speed, healthy=healthy, recorded=recorded))


def _refuse_occupied(home: Home, demo: Demo) -> None:
    """Keep the demo out of a home whose books already hold somebody's world."""
    if not home.runs.exists() and not tables_url():
        return
    ready_django()
    if opened(demo.is_occupied)():
        place = "this database" if tables_url() else home.path
        raise BadInput(
            f"{place} holds the books of a fleet already",
            remedy="Give the demo a folder of its own: scuderia --home FOLDER demo."
            if not tables_url()
            else "Give the demo an empty database, or none: unset SCUDERIA_DATABASE_URL.",
        )


def _make_people(home: Home) -> str:
    from scuderia.loop.nouns import Role
    from scuderia.loop.operations import people
    from scuderia.loop.ports import registry
    from scuderia.loop.queries.people import person_named

    if not read_cast(home):
        members = [
            asdict(_cast(*part)) for demo in demos() for part in opened(demo.cast)(home.path)
        ]
        write_private(home.path / CAST_FILE, json.dumps(members, indent=2) + "\n")
    owner = Actor(ActorKind.PERSON, (home.path / "owner").read_text(encoding="utf-8").strip())
    made = 0
    for member in read_cast(home):
        if person_named(member.name) is not None:
            continue
        now = registry.clock.now()
        people.create_person(
            actor=owner,
            name=member.name,
            full_name=member.full_name,
            password=member.password,
            now=now,
        )
        people.give_role(
            actor=owner,
            person=member.name,
            role=Role(member.role),
            scope=SubjectRef.parse(member.scope),
            now=now,
        )
        made += 1
    return f"{made} people made" if made else "was there"


def _cast(name: str, role: str, scope: str, full_name: str) -> CastMember:
    letters = string.ascii_letters + string.digits
    password = "".join(secrets.choice(letters) for _ in range(16))
    return CastMember(name, password, role, scope, full_name)


def _read_history(_home: Home, demo: Demo) -> str:
    from scuderia.config import wiring

    wiring.register()  # the world may have been made after Django was ready
    return str(opened(demo.read_history)())


def _make_first_round(_home: Home) -> str:
    from scuderia.loop.operations.agents import make_rounds
    from scuderia.loop.ports import registry

    reports = make_rounds(actor=WORKER, now=registry.clock.now())
    waiting = sum(report.proposals_open for report in reports)
    return f"{len(reports)} agents looked, {waiting} proposals wait for a person"
