"""The crew as a Django app, and what it brings: the agents."""

from scuderia.basics.rooms import Room
from scuderia.web.apps import RoomConfig

ROOM = Room(name="crew", playbook="scuderia.crew.playbook.roster:register")


class CrewConfig(RoomConfig):
    """The agents: they read what they may, propose to the loop, and never act."""

    name = "scuderia.crew"
    label = "crew"
