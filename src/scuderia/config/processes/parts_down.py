"""Which parts are down: word left in the home by the supervisor, for the pages to read."""

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from scuderia.config.home import Home, write_private


def write_down(home: Home, names: Sequence[str]) -> None:
    """Leave word of the parts that are down; none of them when all are up.

    A disk that takes no word stops nothing: the terminal has it too.
    """
    with suppress(OSError):
        if names:
            write_private(_file(home), json.dumps(list(names)) + "\n")
        else:
            _file(home).unlink(missing_ok=True)


def read_down(home: Home) -> tuple[str, ...]:
    """Return the names of the parts that are down."""
    try:
        return tuple(json.loads(_file(home).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return ()


def _file(home: Home) -> Path:
    return home.path / "parts-down.json"
