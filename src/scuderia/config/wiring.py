"""The table of contents of the product: which part fills which port."""

from importlib import import_module
from importlib.util import find_spec

from scuderia.config.home import current_home
from scuderia.fleet.ports import sockets as fleet
from scuderia.loop.ports import sockets as loop


def plug() -> None:
    """Plug what every process needs; the runner is plugged by the worker alone."""
    for catalogue in ("scuderia.fleet.playbook.catalogue", "scuderia.crew.playbook.roster"):
        if _is_built(catalogue):
            import_module(catalogue).plug(loop)
    plug_embedded_fleet()


def plug_embedded_fleet() -> None:
    """Plug the demo's outside world and its clock, where this home has one."""
    world = current_home().embedded_fleet
    if not world.exists() or not _is_built("scuderia.connectors.embedded.reader"):
        return
    fleet.reader = None


def _is_built(name: str) -> bool:
    """Say whether a room's catalogue has landed yet."""
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False
