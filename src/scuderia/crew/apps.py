"""The crew as a Django app, and what it brings: the agents."""

from scuderia.basics.rooms import Command, Room
from scuderia.web.apps import RoomConfig

ROOM = Room(
    name="crew",
    playbook="scuderia.crew.playbook.roster:register",
    commands=(
        Command(
            "crew replay",
            "Play the crew through a real year of outages, beside doing nothing.",
            "scuderia.crew.commands:app",
            needs_django=False,
        ),
    ),
)


class CrewConfig(RoomConfig):
    """The agents: they read what they may, propose to the loop, and never act."""

    name = "scuderia.crew"
    label = "crew"
