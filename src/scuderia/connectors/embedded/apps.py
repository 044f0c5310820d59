"""The embedded fleet as a Django app, and what it brings: a world, its clock, and the demo."""

from scuderia.basics.rooms import Demo, DomainClock, PeriodicTask, Room
from scuderia.web.apps import RoomConfig

_HERE = "scuderia.connectors.embedded"

ROOM = Room(
    name="embedded",
    package=_HERE,
    clock=DomainClock(read=f"{_HERE}.plugin:clock", start=f"{_HERE}.plugin:start_time"),
    register=f"{_HERE}.plugin:register",
    tasks=(PeriodicTask("fleet time", 1.0, f"{_HERE}.plugin:keep_time"),),
    notices=f"{_HERE}.plugin:notices",
    demo=Demo(
        is_in=f"{_HERE}.plugin:is_in",
        make_world=f"{_HERE}.demo:make_world",
        refuse=f"{_HERE}.demo:refuse_other_health",
        is_occupied="scuderia.fleet.queries.inventory:holds_fleet",
        read_history="scuderia.fleet.jobs:read_history",
        cast=f"{_HERE}.demo:cast",
        task_seconds=(("crew rounds", 15.0), ("see versions", 2.0), ("watch zones", 2.0)),
    ),
)


class EmbeddedConfig(RoomConfig):
    """A fleet of invented machines in one file of the home folder."""

    name = _HERE
    label = "embedded"
