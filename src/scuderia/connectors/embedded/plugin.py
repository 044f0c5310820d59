"""The embedded fleet in a home folder: the one place that knows where it lies and what it fills."""

from collections.abc import Mapping
from pathlib import Path

from django.http import HttpRequest

from scuderia.basics.clock import Clock, FixedClock, SystemClock
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
_registered: list[Path] = []


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
        control = EmbeddedControl(world, loop.clock)
        fleet.register_control(layout_in(folder).cluster, control)
        _registered[:] = [world]


def keep_time() -> None:
    """Let the world come to the present, so that a restart takes fleet time up from about here."""
    for world in _registered:
        tick(world, now=loop.clock.now())


def notices(request: HttpRequest) -> tuple[Notice, ...]:  # noqa: ARG001 - a notice may ask
    """Say on every page that this fleet is a demo, where it is one."""
    if not _registered:
        return ()
    with open_world(_registered[0]) as connection:
        meta = read_meta(connection)
    recorded = layout_of(meta).recorded
    if not recorded:
        return (DEMO,)
    over = " The file ends here: nothing fails any more." if _is_over(meta) else ""
    return (
        Notice(
            f"Replay of {recorded}, under an accelerated clock, as of {loop.clock.now():%Y-%m-%d}. "
            f"Outages come as recorded; nothing real is touched.{over}"
        ),
    )


def _is_over(meta: Mapping[str, str]) -> bool:
    return loop.clock.now() >= instant(int(meta["recorded_end"]))
