"""Every row of the tables as statements that put it back: to fill the stage takes six CPU seconds.

SQLite's alone: rows that bring their own numbers leave PostgreSQL's counters behind.
"""

from django.apps import apps
from django.db import connection

NUMBERED_BY_DJANGO = {"auth_permission", "django_content_type"}


def statements() -> list[str]:
    """Return one statement for each row of every table, in SQLite's own exact spelling.

    But for what Django numbers by itself in each worker's tables, and anew after every flush.
    """
    models = apps.get_models(include_auto_created=True)
    found = []
    with connection.cursor() as cursor:
        for table in sorted({model._meta.db_table for model in models} - NUMBERED_BY_DJANGO):
            cursor.execute(f"SELECT name FROM pragma_table_info('{table}')")  # noqa: S608 - ours
            quoted = " || ', ' || ".join(f'quote("{name}")' for (name,) in cursor.fetchall())
            cursor.execute(f"SELECT {quoted} FROM {table}")  # noqa: S608 - ours
            found += [
                f"INSERT OR REPLACE INTO {table} VALUES ({row})"  # noqa: S608 - quoted by SQLite
                for (row,) in cursor.fetchall()
            ]
    return found


def put_back(kept: list[str]) -> None:
    """Run the statements in the caller's transaction; what has the number of a row is replaced."""
    cursor = connection.connection.cursor()
    for one in kept:
        cursor.execute(one)
