"""Django's PostgreSQL with one transaction at a time, as SQLite's IMMEDIATE has it.

Rules are asked in the transaction that acts on their answer: no claim after a brake, no action
over a budget, no fork of the audit chain. Under PostgreSQL's own isolation two transactions may
each miss what the other is about to write; so each first takes one lock, for its whole length.
Reads outside transactions never wait.
"""

from django.db.backends.postgresql import base

WRITER_LOCK = 0x5C0DE21A


class DatabaseWrapper(base.DatabaseWrapper):
    """Takes the writer's lock at the beginning of every outermost transaction."""

    def _set_autocommit(self, autocommit: bool) -> None:  # noqa: FBT001 - Django's signature
        super()._set_autocommit(autocommit)  # type: ignore[misc]  # absent from the stubs alone
        if autocommit:
            return
        try:
            with self.wrap_database_errors, self.connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [WRITER_LOCK])
        except BaseException:
            self.close()  # a half-begun transaction is let go of with its connection
            raise
