"""Which release the tables are of: older than this one, newer, or the same; needs Django ready."""

from importlib.metadata import version

from scuderia.basics.errors import Refused


class TablesBehind(Refused):
    """The tables are older than this release, so nothing was started on them."""

    code = "RUN-006"
    remedy = "Run `scuderia upgrade`: it makes a backup, then brings the tables to this release."


class TablesAhead(Refused):
    """The tables were written by a newer release, so nothing of this one touches them."""

    code = "RUN-014"
    remedy = "Install that release again, or restore the backup made before it was installed."


def release() -> str:
    """Return the number of this release."""
    return version("scuderia")


def waiting_migrations() -> int:
    """Return how many migrations of this release the tables have not seen."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def applied_heads() -> dict[str, str]:
    """Return the newest migration that the tables have seen, by app."""
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    return dict(sorted(MigrationRecorder(connection).applied_migrations()))


def unknown_heads(heads: dict[str, str]) -> list[str]:
    """Return those of them that this release does not bring, of apps that it has."""
    from django.apps import apps
    from django.db.migrations.loader import MigrationLoader

    known = MigrationLoader(None).disk_migrations
    ours = {config.label for config in apps.get_app_configs()}
    return [
        f"{app}.{name}" for app, name in heads.items() if app in ours and (app, name) not in known
    ]


def refuse_newer_tables() -> None:
    """Raise TablesAhead where the tables have seen a migration that this release does not bring."""
    if unknown := unknown_heads(applied_heads()):
        raise TablesAhead(f"the tables have seen {', '.join(unknown)}, unknown to {release()}")


def require_tables_of_this_release() -> None:
    """Raise TablesAhead or TablesBehind unless the tables have seen exactly our migrations."""
    refuse_newer_tables()
    if waiting := waiting_migrations():
        raise TablesBehind(f"{waiting} migrations wait to be applied")
