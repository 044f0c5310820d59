"""The kind of file `updates`: an update calendar, checked against the fleet and booked whole."""

from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.operations.description_imports import DescriptionImport
from scuderia.freeze.engine import update_rows
from scuderia.freeze.engine.update_rows import UpdateRow
from scuderia.freeze.operations.updates import compare_updates, keep_updates, lock_updates


def update_import(now: AwareDatetime) -> DescriptionImport[UpdateRow]:
    """Return the kind for one calendar."""
    return DescriptionImport(
        room="freeze",
        name="updates",
        order="",
        fields=update_rows.FIELDS,
        row_of=update_rows.row_of,
        same_row=update_rows.same_row,
        compare=compare_updates,
        keep=keep_updates,
        lock=lambda rows: lock_updates({row.name for row in rows}),
        now=now,
    )
