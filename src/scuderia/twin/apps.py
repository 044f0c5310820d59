"""The twin's face: what it brings to the product. The library beside it knows nothing of this."""

from django.apps import AppConfig

from scuderia.basics.rooms import Command, Room

ROOM = Room(
    name="twin",
    commands=(
        Command(
            "twin",
            "Replay a year of outages under another policy.",
            "scuderia.twin.commands:app",
            needs_django=False,
        ),
    ),
)


class TwinConfig(AppConfig):
    """The simulator, as an app without tables."""

    name = "scuderia.twin"
    label = "twin"
