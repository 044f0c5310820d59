"""Takes a bundle over at a deployer, and remembers beside it which was the newest."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from scuderia.basics.errors import Refused, Unable
from scuderia.freeze.engine.bundle import SeenBundle
from scuderia.freeze.queries.bundle import CheckedBundle, check_bundle

_STATE_BYTES_MAX = 4_096


class UnreadableState(Refused):
    """The file of which bundle was seen last is damaged, so no bundle can be believed."""

    code = "FREEZE-030"
    remedy = "Fetch the newest bundle, make sure that it is, and remove the damaged file."


class UnwritableState(Unable):
    """Which bundle was seen last cannot be remembered, so a roll-back could not be refused."""

    code = "FREEZE-031"
    remedy = "Let the verifier write beside the bundle, or say --state with a path that it may."


def accept_bundle(
    raw: bytes, keys: Mapping[str, Ed25519PublicKey], *, state: Path
) -> CheckedBundle:
    """Check the bundle against the newest seen before, and remember it if it is newer.

    state    the small file of what was seen; made when the first bundle is accepted
    raises   BadBundle, BadSignature, RolledBack, UnreadableState, UnwritableState
    """
    with _alone(state.parent):
        seen = _seen(state)
        checked = check_bundle(raw, keys, seen)
        if checked.seen != seen:
            _remember(checked.seen, state)
    return checked


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one verifier at a time read and write there: the older of two would else be kept."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise UnwritableState(f"{folder}: {error.strerror}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _seen(state: Path) -> SeenBundle | None:
    try:
        with state.open("rb") as file:
            told = json.loads(file.read(_STATE_BYTES_MAX))
        sequence, digest = told["sequence"], told["sha256"]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, LookupError):
        raise UnreadableState(f"{state} cannot be read") from None
    if not isinstance(sequence, int) or not isinstance(digest, str):
        raise UnreadableState(f"{state} cannot be read")
    return SeenBundle(sequence, digest)


def _remember(seen: SeenBundle, state: Path) -> None:
    """Write the state whole or not at all, through a power cut too."""
    fresh = state.with_name(f"{state.name}.new")
    try:
        with fresh.open("w", encoding="utf-8") as file:
            json.dump({"sequence": seen.sequence, "sha256": seen.digest}, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(state)
        folder = os.open(state.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise UnwritableState(f"{state}: {error.strerror}") from None
