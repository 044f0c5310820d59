"""Where a pull of the brake holds at once: files of the home, or a row of its own on a server."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from scuderia.basics.actors import actor_named
from scuderia.basics.clock import parse_instant
from scuderia.basics.errors import Unable
from scuderia.config.home import write_private
from scuderia.loop.nouns import BrakeScope, PulledBrake
from scuderia.loop.ports import PullHold

PULL_LOCK = 0x5C0DE21B
"""Beside the writer's lock: whoever holds that one for long does not keep a pull back."""


class PullsUnread(Unable):
    """The brake's own store cannot be read or written, so nothing may be done."""

    code = "RUN-011"
    remedy = "See that the folder `pulls` of the home can be written and its disk is not full."


@dataclass(slots=True)
class _FileHold:
    path: Path
    descriptor: int | None = None

    def take(self) -> None:
        """Take the folder's lock."""
        self.descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self.descriptor, fcntl.LOCK_EX)

    def let_go(self) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)


@dataclass(frozen=True, slots=True)
class FilePulls:
    """One file a pull, written whole; whoever writes to the database is not asked."""

    folder: Path

    def pull(self, pulled: PulledBrake) -> bool:
        """Write the pull's file, to the disk."""
        with _told(), self.hold() as hold:
            hold.take()
            path = self.folder / f"{pulled.at:%Y%m%dT%H%M%S%f}-{pulled.id}.json"
            write_private(path, json.dumps(_spelled(pulled)))
            for written, flags in ((path, os.O_RDONLY), (self.folder, os.O_DIRECTORY)):
                descriptor = os.open(written, flags)
                os.fsync(descriptor)
                os.close(descriptor)
        return True

    def pending(self) -> tuple[PulledBrake, ...]:
        """Read what was pulled and not forgotten."""
        with _told():
            found = []
            for path in sorted(self.folder.glob("*.json")):
                with suppress(FileNotFoundError):  # booked and forgotten at this moment
                    found.append(_read(json.loads(path.read_text(encoding="utf-8"))))
            return tuple(found)

    def forget(self, pull_id: UUID) -> None:
        """Remove the pull's file."""
        with _told():
            for path in self.folder.glob(f"*-{pull_id}.json"):
                path.unlink(missing_ok=True)

    @contextmanager
    def hold(self) -> Iterator[PullHold]:
        """Return the folder's lock, to be taken within."""
        with _told():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        hold = _FileHold(self.folder / "lock")
        try:
            yield hold
        finally:
            hold.let_go()


class _ServerHold:
    def take(self) -> None:
        """Take the pulls' lock, until the transaction ends."""
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [PULL_LOCK])


class ServerPulls:
    """One row a pull, over a connection of its own that waits for no writer's lock."""

    def pull(self, pulled: PulledBrake) -> bool:
        """Write the pull's row."""
        import psycopg
        from django.db import connection

        row = (
            pulled.id, pulled.stops.value, pulled.value, pulled.reason, str(pulled.by),
            pulled.by.via, pulled.at,
        )  # fmt: skip
        try:
            with psycopg.connect(**connection.get_connection_params()) as own:
                own.execute("SELECT pg_advisory_xact_lock(%s)", [PULL_LOCK])
                own.execute(_INSERT, row)
        except psycopg.Error as error:
            raise PullsUnread(str(error), remedy=_SERVER_REMEDY) from error
        return True

    def pending(self) -> tuple[PulledBrake, ...]:
        """Read the rows that are not booked."""
        from scuderia.loop.queries.brake_pulls import list_unbooked

        return list_unbooked()

    def forget(self, pull_id: UUID) -> None:
        """Nothing: the row stays, and says that it is booked."""

    @contextmanager
    def hold(self) -> Iterator[PullHold]:
        """Return the pulls' lock, to be taken within."""
        yield _ServerHold()


_INSERT = (
    "INSERT INTO loop_brakepull (id, stops, value, reason, pulled_by, via, pulled_at)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s)"
)
_SERVER_REMEDY = "See that the server runs and lets one more connection in."


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, KeyError) as error:
        raise PullsUnread(f"the pulls of the brake: {error}") from error


def _spelled(pulled: PulledBrake) -> dict[str, str]:
    return {
        "id": str(pulled.id),
        "stops": pulled.stops.value,
        "value": pulled.value,
        "reason": pulled.reason,
        "by": str(pulled.by),
        "via": pulled.by.via,
        "at": pulled.at.isoformat(),
    }


def _read(spelled: dict[str, str]) -> PulledBrake:
    return PulledBrake(
        id=UUID(spelled["id"]),
        stops=BrakeScope(spelled["stops"]),
        value=spelled["value"],
        reason=spelled["reason"],
        by=actor_named(spelled["by"], via=spelled["via"]),
        at=parse_instant(spelled["at"], field="at"),
    )
