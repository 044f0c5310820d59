"""Which rooms the product has: ours, line by line, and those that other packages bring."""

import os
from functools import lru_cache
from importlib import import_module
from importlib.metadata import entry_points
from itertools import chain

from scuderia.basics.errors import BadInput
from scuderia.basics.rooms import Room

ROOMS = (
    "scuderia.web",
    "scuderia.loop",
    "scuderia.fleet",
    "scuderia.freeze",
    "scuderia.datasets",
    "scuderia.crew",
    "scuderia.twin",
    "scuderia.connectors.embedded",
)
ENTRY_POINTS = "scuderia.rooms"
"""The group under which an installed package names its rooms: `name = package`."""


class BadRoom(BadInput):
    """A room that was named could not be added."""

    code = "RUN-010"
    remedy = "See that its package is installed and that its apps.py holds a ROOM of its own name."


@lru_cache(maxsize=1)
def rooms() -> tuple[Room, ...]:
    """Return every room: ours, then those of entry points, then those of SCUDERIA_ROOMS.

    raises   BadRoom: no such package, no ROOM in it, or two rooms of one name
    """
    packages = dict.fromkeys(chain(ROOMS, _installed(), _named()))
    found = tuple(_room_of(package) for package in packages)
    names = [room.name for room in found]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise BadRoom(f"two rooms are called {doubled[0]!r}", room=doubled[0])
    return found


def _installed() -> list[str]:
    return sorted(entry.value for entry in entry_points(group=ENTRY_POINTS))


def _named() -> list[str]:
    return [name for name in os.environ.get("SCUDERIA_ROOMS", "").replace(",", " ").split() if name]


def _room_of(package: str) -> Room:
    try:
        room = import_module(f"{package}.apps").ROOM
    except (ImportError, AttributeError) as error:
        raise BadRoom(f"the room {package} cannot be added: {error}", room=package) from error
    if not isinstance(room, Room) or room.app != package:
        raise BadRoom(f"the ROOM of {package} is not a room of that package", room=package)
    return room
