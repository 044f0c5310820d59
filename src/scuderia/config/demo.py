"""The demo: a living fleet with a past, a cast of people to sign in as, and a first look round."""

import json
import secrets
import string
from dataclasses import asdict, dataclass
from functools import partial

from scuderia.basics.actors import WORKER, Actor, ActorKind
from scuderia.basics.clock import SystemClock
from scuderia.basics.errors import BadInput
from scuderia.basics.subjects import SubjectRef
from scuderia.config.databases import tables_url
from scuderia.config.home import Home, write_private
from scuderia.config.setup import Stage, set_up
from scuderia.connectors.embedded import layout
from scuderia.connectors.embedded.clock import anchor_clock, load_clock
from scuderia.connectors.embedded.seeding import DEMO_SPEED, HISTORY_DAYS, create_world
from scuderia.connectors.embedded.storage import open_world, read_meta
from scuderia.loop.nouns import Role

CAST_FILE = "demo-cast.json"


@dataclass(frozen=True, slots=True)
class CastMember:
    """Somebody to sign in as; the password is made for this home alone."""

    name: str
    password: str
    role: str
    scope: str
    full_name: str


_PARTS = (
    ("vera", Role.VIEWER, "*", "Vera (demo viewer)"),
    ("otto", Role.OPERATOR, f"customer:{layout.AURORA}", "Otto (demo operator of Aurora)"),
    ("britt", Role.OPERATOR, f"customer:{layout.BOREALIS}", "Britt (demo operator of Borealis)"),
    ("lena", Role.LEAD, "*", "Lena (demo lead)"),
    ("ada", Role.ADMIN, "*", "Ada (demo admin)"),
)


def demo_stages(home: Home, *, speed: float | None, healthy: bool) -> tuple[Stage, ...]:
    """Return the stages that make a home a demo; each keeps what is there.

    speed   fleet seconds per wall second; None keeps what the home has, or the default
    """
    folder, *rest = set_up(home)
    return (
        folder,
        Stage("demo fleet", partial(_make_world, home, speed, healthy)),
        *rest,
        Stage("history", _read_history),
        Stage("demo cast", partial(_make_people, home)),
        Stage("first round", _make_first_round),
    )


def read_cast(home: Home) -> tuple[CastMember, ...]:
    """Return the cast with their passwords; empty where there is none."""
    path = home.path / CAST_FILE
    if not path.exists():
        return ()
    return tuple(CastMember(**member) for member in json.loads(path.read_text(encoding="utf-8")))


def _make_world(home: Home, speed: float | None, healthy: bool) -> str:  # noqa: FBT001 - bound by place
    world, wall_now = home.embedded_fleet, SystemClock().now()
    if not world.exists():
        _refuse_real_fleet(home)
        create_world(world, now=wall_now, healthy=healthy, speed=speed or DEMO_SPEED)
        gpus = len(layout.places()) * layout.SKU.gpus_per_node
        return f"{gpus:,} GPUs, {HISTORY_DAYS} days of history"
    _refuse_other_health(home, healthy=healthy)
    if speed is not None and speed != load_clock(world).speed:
        anchor_clock(world, wall_now=wall_now, speed=speed)
    return "was there; its time goes on from where it stopped"


def _refuse_real_fleet(home: Home) -> None:
    """Keep the demo out of a home whose books already hold somebody's fleet."""
    if not home.runs.exists() and not tables_url():
        return
    from scuderia.config.setup import ready_django

    ready_django()
    from django.db import connection

    if "fleet_site" not in connection.introspection.table_names():
        return
    from scuderia.fleet.queries.inventory import list_places

    if list_places():
        place = "this database" if tables_url() else home.path
        raise BadInput(
            f"{place} holds the books of a fleet already",
            remedy="Give the demo a folder of its own: scuderia --home FOLDER demo."
            if not tables_url()
            else "Give the demo an empty database, or none: unset SCUDERIA_DATABASE_URL.",
        )


def _refuse_other_health(home: Home, *, healthy: bool) -> None:
    with open_world(home.embedded_fleet) as connection:
        was_healthy = read_meta(connection)["healthy"] == "1"
    if healthy and not was_healthy:
        raise BadInput(
            f"the fleet in {home.path} has faults already",
            remedy="Name another folder for the healthy one: --home FOLDER.",
        )


def _make_people(home: Home) -> str:
    from scuderia.loop.operations import people
    from scuderia.loop.ports import registry
    from scuderia.loop.queries.people import person_named

    if not read_cast(home):
        members = [asdict(_cast(*part)) for part in _PARTS]
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


def _cast(name: str, role: Role, scope: str, full_name: str) -> CastMember:
    letters = string.ascii_letters + string.digits
    password = "".join(secrets.choice(letters) for _ in range(16))
    return CastMember(name, password, role.value, scope, full_name)


def _read_history() -> str:
    from scuderia.config import wiring
    from scuderia.fleet.operations import sources
    from scuderia.fleet.ports import registry as fleet
    from scuderia.loop.ports import registry

    wiring.register()  # the world may have been made after Django was ready
    if fleet.reader is None:
        return "no fleet is registered"
    read, more = 0, True
    while more:
        report = sources.poll(fleet.reader, now=registry.clock.now())
        read, more = read + report.observations, report.more
    return f"{read:,} observations read onto the books"


def _make_first_round() -> str:
    from scuderia.loop.operations.agents import make_rounds
    from scuderia.loop.ports import registry

    reports = make_rounds(actor=WORKER, now=registry.clock.now())
    waiting = sum(report.proposals_open for report in reports)
    return f"{len(reports)} agents looked, {waiting} proposals wait for a person"
