"""Reads a file that was named on the command line, within bounds."""

import sys
from pathlib import Path

from scuderia.basics.errors import BadInput

_BYTES_MAX = 64 * 2**20


class UnreadableFile(BadInput):
    """A file that was named cannot be read."""

    code = "FREEZE-026"
    remedy = "Check the path and who may read it; - reads stdin."


def read_file(path: Path) -> bytes:
    """Return the file's bytes; `-` is stdin.

    raises   UnreadableFile
    """
    try:
        if str(path) == "-":
            raw = sys.stdin.buffer.read(_BYTES_MAX + 1)
        else:
            with path.open("rb") as source:
                raw = source.read(_BYTES_MAX + 1)
    except OSError as error:
        raise UnreadableFile(f"{path}: {error.strerror or 'cannot be read'}") from None
    if len(raw) > _BYTES_MAX:
        raise UnreadableFile(f"{path} holds more than {_BYTES_MAX:,} bytes")
    return raw
