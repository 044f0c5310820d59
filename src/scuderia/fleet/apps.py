"""The fleet as a Django app, and what it brings."""

from scuderia.basics.rooms import Command, NavEntry, PeriodicTask, Place, Room
from scuderia.web.apps import RoomConfig

ROOM = Room(
    name="fleet",
    nav=(NavEntry("Fleet", "fleet", "f", order=10),),
    places=(Place("node", "node"), Place("customer", "customer")),
    search="scuderia.fleet.queries.search:search_fleet",
    urls="scuderia.fleet.urls",
    api="scuderia.fleet.api.routes:router",
    api_prefix="/fleet",
    commands=(
        Command(
            "fleet",
            "Import outages; report what every customer got.",
            "scuderia.fleet.commands.fleet:app",
        ),
    ),
    playbook="scuderia.fleet.playbook.catalogue:register",
    tasks=(
        PeriodicTask("poll the fleet", 2.0, "scuderia.fleet.jobs:poll_fleet"),
        PeriodicTask("see versions", 30.0, "scuderia.fleet.jobs:see_versions"),
        PeriodicTask("end planned work", 5.0, "scuderia.fleet.jobs:end_work"),
        PeriodicTask("tidy imports", 60.0, "scuderia.fleet.jobs:tidy_imports"),
    ),
)


class FleetConfig(RoomConfig):
    """The books of the fleet: what stands where, what broke, who lost which hour."""

    name = "scuderia.fleet"
    label = "fleet"
    verbose_name = "Fleet"
