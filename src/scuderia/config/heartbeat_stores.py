"""Where workers say that they are alive: files of the home, or rows beside the writer's lock.

Neither waits for whoever writes to the tables, so that no storm makes a living worker look dead.
"""

import json
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from scuderia.basics.clock import AwareDatetime, parse_instant
from scuderia.basics.errors import Unable
from scuderia.loop.nouns import WorkerHeartbeat


class HeartbeatsUnread(Unable):
    """The heartbeats of workers cannot be read or written, so nobody knows which are alive."""

    code = "RUN-023"
    remedy = "See that the folder `heartbeats` of the home can be written and its disk is not full."


@dataclass(frozen=True, slots=True)
class FileHeartbeats:
    """One file an executor, written whole; a machine that dies takes its workers with it."""

    folder: Path

    def record(self, told: WorkerHeartbeat) -> None:
        """Write the executor's file anew."""
        path = self._file(told.executor_id)
        draft = path.with_name(f".{path.name}.{told.incarnation}")
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft.write_text(_spelled(told), encoding="utf-8")
            draft.replace(path)
        except OSError as error:
            raise HeartbeatsUnread(f"{self.folder}: {error.strerror}") from error

    def list_all(self) -> tuple[WorkerHeartbeat, ...]:
        """Read every executor's file."""
        found = []
        try:
            for path in self.folder.glob("*.json"):
                with suppress(FileNotFoundError):  # forgotten at this moment
                    found.append(_read(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError) as error:
            raise HeartbeatsUnread(f"{self.folder}: {error}") from error
        return tuple(sorted(found, key=lambda one: one.executor_id))

    def forget(self, executor_id: str, *, until: AwareDatetime) -> None:
        """Remove the executor's file, unless it was heard of since."""
        for one in self.list_all():
            if one.executor_id == executor_id and one.at <= until:
                self._file(executor_id).unlink(missing_ok=True)

    def _file(self, executor_id: str) -> Path:
        return self.folder / f"{sha256(executor_id.encode()).hexdigest()[:32]}.json"


class ServerHeartbeats:
    """One row an executor, written in one statement outside any transaction of ours."""

    def record(self, told: WorkerHeartbeat) -> None:
        """Write the executor's row."""
        _execute(
            "INSERT INTO loop_heartbeat (executor_id, incarnation, beat_at, host, pid)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (executor_id) DO UPDATE SET"
            " incarnation = EXCLUDED.incarnation, beat_at = EXCLUDED.beat_at,"
            " host = EXCLUDED.host, pid = EXCLUDED.pid",
            told.executor_id, told.incarnation, told.at, told.host, told.pid,
        )  # fmt: skip

    def list_all(self) -> tuple[WorkerHeartbeat, ...]:
        """Read the rows."""
        from scuderia.loop.queries.workers import list_heartbeats

        return list_heartbeats()

    def forget(self, executor_id: str, *, until: AwareDatetime) -> None:
        """Remove the executor's row, unless it was heard of since."""
        statement = "DELETE FROM loop_heartbeat WHERE executor_id = %s AND beat_at <= %s"
        _execute(statement, executor_id, until)


def _execute(statement: str, *given: str | int | AwareDatetime) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, given)


def _spelled(told: WorkerHeartbeat) -> str:
    return json.dumps({
        "executor_id": told.executor_id, "incarnation": told.incarnation,
        "at": told.at.isoformat(), "host": told.host, "pid": told.pid,
    })  # fmt: skip


def _read(text: str) -> WorkerHeartbeat:
    told = json.loads(text)
    return WorkerHeartbeat(**told | {"at": parse_instant(told["at"], field="at")})
