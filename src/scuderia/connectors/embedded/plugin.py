"""The embedded fleet in a home folder: the one place that knows where it lies and what it fills."""

from dataclasses import dataclass
from pathlib import Path

from django.http import HttpRequest

from scuderia.basics.clock import AwareDatetime, Clock, FixedClock, SystemClock
from scuderia.connectors.embedded.clock import anchor_clock, load_clock, tick
from scuderia.connectors.embedded.executor import EmbeddedControl
from scuderia.connectors.embedded.layout import Layout, layout_of
from scuderia.connectors.embedded.reader import EmbeddedReader
from scuderia.connectors.embedded.storage import open_world, read_meta
from scuderia.connectors.embedded.world import instant
from scuderia.fleet.ports import registry as fleet
from scuderia.loop.ports import registry as loop
from scuderia.web.page_chrome import Notice

DEMO = Notice(
    "Demo: an invented fleet with invented customers, under an accelerated clock. "
    "Nothing real is touched."
)


@dataclass(frozen=True, slots=True)
class _World:
    """What of a registered world never changes, read once: its pages ask for it each time.

    recorded, ends   the file that it lives through and that file's end; empty where none is
    """

    path: Path
    recorded: str
    ends: AwareDatetime | None


_registered: list[_World] = []


def world_of(folder: Path) -> Path:
    """Return where a home folder keeps the embedded fleet's world."""
    return folder / "embedded-fleet.sqlite3"


def is_in(folder: Path) -> bool:
    """Say whether this home folder holds an embedded fleet."""
    return world_of(folder).exists()


def layout_in(folder: Path) -> Layout:
    """Return what stands where in a home's fleet.

    raises   WorldSilent: there is none
    """
    with open_world(world_of(folder)) as connection:
        return layout_of(read_meta(connection))


def clock(folder: Path, *, served: bool) -> Clock | None:
    """Return fleet time, running while the home is served; None where there is no fleet."""
    if not is_in(folder):
        return None
    if served:
        return load_clock(world_of(folder))
    with open_world(world_of(folder)) as connection:
        return FixedClock(instant(int(read_meta(connection)["come_to"])))


def start_time(folder: Path) -> None:
    """Let fleet time go on from where it stopped, at the speed it had."""
    if is_in(folder):
        speed = load_clock(world_of(folder)).speed
        anchor_clock(world_of(folder), wall_now=SystemClock().now(), speed=speed)


def register(folder: Path) -> None:
    """Register the demo's outside world, where this home has one."""
    if is_in(folder):
        world = world_of(folder)
        fleet.register_reader(EmbeddedReader(world, loop.clock))
        with open_world(world) as connection:
            meta = read_meta(connection)
        layout = layout_of(meta)
        fleet.register_control(layout.cluster, EmbeddedControl(world, loop.clock))
        ends = instant(int(meta["recorded_end"])) if layout.recorded else None
        _registered[:] = [_World(world, layout.recorded, ends)]


def keep_time() -> None:
    """Let the world come to the present, so that a restart takes fleet time up from about here."""
    for world in _registered:
        tick(world.path, now=loop.clock.now())


def notices(request: HttpRequest) -> tuple[Notice, ...]:  # noqa: ARG001 - a notice may ask
    """Say on every page that this fleet is a demo, where it is one."""
    if not _registered:
        return ()
    world, now = _registered[0], loop.clock.now()
    if world.ends is None:
        return (DEMO,)
    over = " The file ends here: nothing fails any more." if now >= world.ends else ""
    return (
        Notice(
            f"Replay of {world.recorded}, under an accelerated clock, as of {now:%Y-%m-%d}. "
            f"Outages come as recorded; nothing real is touched.{over}"
        ),
    )
