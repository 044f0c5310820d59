"""The demo's world, made or kept, and the people it is shown to."""

from pathlib import Path

from scuderia.basics.clock import SystemClock
from scuderia.basics.errors import BadInput
from scuderia.basics.rooms import RecordedDemo
from scuderia.connectors.embedded import layout
from scuderia.connectors.embedded.clock import anchor_clock, load_clock
from scuderia.connectors.embedded.plugin import layout_in, world_of
from scuderia.connectors.embedded.recorded import read_year
from scuderia.connectors.embedded.seeding import (
    DEMO_SPEED,
    HISTORY_DAYS,
    create_recorded_world,
    create_world,
)
from scuderia.connectors.embedded.storage import open_world, read_meta
from scuderia.connectors.embedded.world import instant

CAST = (
    ("vera", "viewer", "*", "Vera (demo viewer)"),
    ("otto", "operator", f"customer:{layout.AURORA}", "Otto (demo operator of Aurora)"),
    ("britt", "operator", f"customer:{layout.BOREALIS}", "Britt (demo operator of Borealis)"),
    ("lena", "lead", "*", "Lena (demo lead)"),
    ("ada", "admin", "*", "Ada (demo admin)"),
)


def cast(folder: Path) -> tuple[tuple[str, str, str, str], ...]:
    """Return the demo's people: name, role, scope, full name."""
    layout = layout_in(folder)
    if not layout.recorded:
        return CAST
    scope = f"customer:{layout.slas[0].customer}"
    otto = ("otto", "operator", scope, "Otto (demo operator)")
    others = [member for member in CAST if member[0] not in ("otto", "britt")]
    return (otto, *others)


def make_world(
    folder: Path, *, speed: float | None, healthy: bool, recorded: RecordedDemo | None = None
) -> str:
    """Make the fleet with its past, or keep what is there.

    speed      fleet seconds per wall second; None keeps what the home has, or the default
    recorded   a file of outages to live through, instead of drawn ones
    raises     BadInput: that file cannot be lived through, or another fleet is here
    """
    world, wall_now = world_of(folder), SystemClock().now()
    if recorded:
        year = read_year(recorded.file, fleet_size=recorded.fleet_size, spares=recorded.spares)
        as_of = year.instant_of(recorded.as_of)
        if world.exists() and layout_in(folder).recorded != year.layout.recorded:
            raise BadInput(
                f"{folder} holds another fleet.",
                remedy="Name another folder for this one: --home FOLDER.",
            )
        if not world.exists():
            create_recorded_world(
                world, year, as_of=as_of, wall_now=wall_now, speed=speed or DEMO_SPEED
            )
            return f"{year.layout.recorded}, as of {instant(as_of):%Y-%m-%d %H:%M} UTC"
    if not world.exists():
        create_world(world, now=wall_now, healthy=healthy, speed=speed or DEMO_SPEED)
        gpus = len(layout.places()) * layout.SKU.gpus_per_node
        return f"{gpus:,} GPUs, {HISTORY_DAYS} days of history"
    if speed is not None and speed != load_clock(world).speed:
        anchor_clock(world, wall_now=wall_now, speed=speed)
    return "was there; its time goes on from where it stopped"


def refuse_other_health(folder: Path, *, healthy: bool) -> None:
    """Raise BadInput where a healthy fleet is asked for and one with faults is there."""
    if not healthy or not world_of(folder).exists():
        return
    with open_world(world_of(folder)) as connection:
        was_healthy = read_meta(connection)["healthy"] == "1"
    if not was_healthy:
        raise BadInput(
            f"the fleet in {folder} has faults already",
            remedy="Name another folder for the healthy one: --home FOLDER.",
        )
