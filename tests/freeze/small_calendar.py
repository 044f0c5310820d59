"""A calendar over the small fleet, read as a person's file is."""

import csv
import io

from scuderia.freeze.operations.update_imports import update_import
from scuderia.intake.archives import Source
from scuderia.intake.pipeline import ImportOptions, OnError, run_import
from scuderia.intake.profiles import Profile
from tests.freeze.small_fleet import NOW, person

FIRMWARE = {
    "key": "fw-r1", "class": "firmware", "nodes": "rack:r1", "start": "2026-07-24T09:00Z",
    "p95_minutes": "60", "campaign": "fw", "ring": "0", "at_once": "1",
}  # fmt: skip
DRIVER = {
    "key": "drv-r3", "class": "driver", "nodes": "r3-n[1-2]", "start": "2026-07-23T09:00Z",
    "p95_minutes": "30", "at_once": "1", "cves": "CVE-2026-0001 high 2026-07-01",
    "deadline": "2026-07-29T00:00Z",
}  # fmt: skip
SECOND_RING = FIRMWARE | {
    "key": "fw-r2", "nodes": "rack:r2", "start": "2026-08-02T09:00Z", "ring": "1",
}  # fmt: skip
BOREALIS = {
    "key": "os-b", "class": "host_os", "nodes": "r2-n2", "start": "2026-07-26T09:00Z",
    "p95_minutes": "45",
}  # fmt: skip


def load(*rows, now=NOW, name="ada", on_error=OnError.ABORT, **options):
    """Import these rows as a CSV."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(rows)
    source = Source("calendar.csv", stream=io.BytesIO(text.getvalue().encode()))
    actor = person(name)
    return run_import(
        update_import(now), source, Profile(), ImportOptions(on_error=on_error, **options),
        actor=actor, now=now,
    )  # fmt: skip
