"""Measure the intake beside bare csv and pyarrow's CSV reader, on a clean and a dirty file.

    python -m benchmarks.intake [--rows 1000000]

Prints one JSON object. Each reader runs in a process of its own: CPU seconds, peak memory in MB.
"intake import" is `scuderia import outages` in a new home, "intake read" stops before the books.
The dirty file has one row in a thousand made bad: a field more, a field less, an open quote, a NUL,
a byte that is not UTF-8. `longest_write_s` is the longest write transaction of the import,
`another_writer` what a process waited that wrote every 50 ms meanwhile.
`missing` is how many fewer rows a reader gave than are good (below zero:
it gave bad ones), `placed` how many bad rows it named by their true line, `misplaced` how many
lines it named that are good.
"""

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.write_locks import waiting_writer, watched_writes
from scuderia.basics.actors import IMPORTER
from scuderia.intake.archives import Source, open_source
from scuderia.intake.pipeline import ANY_NUMBER, ImportOptions, OnError, run_import
from scuderia.intake.profiles import Profile
from scuderia.intake.readers.open_records import open_records
from scuderia.intake.records import Bad

START = datetime(2026, 1, 1, tzinfo=UTC)
BAD_EVERY = 1_000
NODES = 4_096
LOCKS: dict[str, object] = {}  # of the import in this process
HEADER = b"node,start,end,cause,planned\n"
READERS = ("intake import", "intake read", "csv", "pyarrow")


def row(number: int) -> bytes:
    start = START + timedelta(seconds=number * 17)
    end = start + timedelta(seconds=number % 90_000)
    cause = b'"GPU fell off the bus, slot %d"' % (number % 8) if number % 3 else b"fan"
    cells = (b"node%05d" % (number % NODES), start.isoformat().encode(), end.isoformat().encode())
    return b",".join((*cells, cause, b"false")) + b"\n"


def spoiled(line: bytes, way: int) -> bytes:
    """Return the row made bad in one of five ways."""
    node, rest = line[:9], line[9:]
    if way == 0:
        return line[:-1] + b",more\n"
    if way == 1:
        return node + b"\n"
    if way == 2:  # noqa: PLR2004 - the third way
        return node + b',x,y,"never closed,false\n'
    return node + (b"\0" if way == 3 else b"\xff") + rest  # noqa: PLR2004 - the fourth


def write_files(folder: Path, rows: int) -> set[int]:
    """Write clean.csv and dirty.csv; return the lines of the dirty one that are bad."""
    bad = set()
    with (folder / "clean.csv").open("wb") as clean, (folder / "dirty.csv").open("wb") as dirty:
        for stream in (clean, dirty):
            stream.write(HEADER)
        for number in range(rows):
            line = row(number)
            clean.write(line)
            if number % BAD_EVERY == BAD_EVERY // 2:
                line = spoiled(line, number // BAD_EVERY % 5)
                bad.add(number + 2)
            dirty.write(line)
    return bad


def read_by_import(path: Path) -> tuple[int, list[int]]:
    """Import the file as a user would: onto the books of a home of its own."""
    import django
    from django.core.management import call_command

    os.environ |= {
        "SCUDERIA_HOME": str(path.parent / "home"),
        "DJANGO_SETTINGS_MODULE": "scuderia.config.settings",
    }
    Path(os.environ["SCUDERIA_HOME"]).mkdir(exist_ok=True)
    django.setup()
    call_command("migrate", verbosity=0)
    from scuderia.fleet.operations.outage_imports import OutageImport, StoodUp

    kind = OutageImport(now=START, source=path.stem, fleet=StoodUp(fleet_size=NODES))
    options = ImportOptions(on_error=OnError.QUARANTINE, accept_bad=ANY_NUMBER)
    books = Path(os.environ["SCUDERIA_HOME"]) / "scuderia.sqlite3"
    with waiting_writer(books) as waits, watched_writes() as held:
        report = run_import(
            kind, Source.of_path(path), Profile(), options, actor=IMPORTER, now=START
        )
    LOCKS.update(longest_write_s=held.longest_s, another_writer=waits)
    lines = []
    if report.quarantine_file:
        with Path(report.quarantine_file).open() as stream:
            lines = [json.loads(line)["record"] for line in stream]
    return report.good_records, lines


def read_by_intake(path: Path) -> tuple[int, list[int]]:
    good, bad = 0, []
    with open_source(Source.of_path(path)) as file, open_records(file, Profile()) as records:
        for entry in records.rows:
            if isinstance(entry, Bad):
                bad.append(entry.number)
            else:
                good += 1
    return good, bad


def read_by_csv(path: Path) -> tuple[int, list[int]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return sum(1 for _ in csv.reader(stream, strict=True)) - 1, []


def read_by_pyarrow(path: Path) -> tuple[int, list[int]]:
    import pyarrow as pa
    import pyarrow.csv as arrow

    bad: list[int] = []
    text = {name: pa.string() for name in HEADER.decode().strip().split(",")}

    def skip(found: arrow.InvalidRow) -> str:
        bad.append(found.number or 0)
        return "skip"

    parse = arrow.ParseOptions(newlines_in_values=True, invalid_row_handler=skip)
    read = arrow.ReadOptions(use_threads=False)
    good = 0
    convert = arrow.ConvertOptions(column_types=text)
    options = {"read_options": read, "parse_options": parse, "convert_options": convert}
    with arrow.open_csv(path, **options) as batches:
        for batch in batches:
            good += len(list(zip(*(column.to_pylist() for column in batch), strict=True)))
    return good, bad


def measure_here(reader: str, path: Path) -> dict[str, object]:
    """Read the file in this process and say what it cost."""
    read = dict(
        zip(READERS, (read_by_import, read_by_intake, read_by_csv, read_by_pyarrow), strict=True)
    )[reader]
    before = resource.getrusage(resource.RUSAGE_SELF)
    try:
        good, bad = read(path)
    except Exception as error:  # noqa: BLE001 - that a reader stops is the finding
        return {"stopped": f"{type(error).__name__}: {str(error)[:120]}"}
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    found = {"cpu_s": round(cpu_s, 2), "peak_mb": used.ru_maxrss >> 10, "good": good, "bad": bad}
    return found | LOCKS


def measure(reader: str, path: Path) -> dict[str, object]:
    """Read the file in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.intake", "--reader", reader, "--file", str(path)]
    done = subprocess.run(command, capture_output=True, check=True, text=True)  # noqa: S603 - ours
    found: dict[str, object] = json.loads(done.stdout)
    return found


def judged(found: dict[str, object], rows: int, spoilt: set[int]) -> dict[str, object]:
    """Say what a reader lost and took; a reader that stopped is told as such."""
    lines, good = found.pop("bad", None), found.get("good")
    if not isinstance(lines, list) or not isinstance(good, int):
        return found
    named = set(lines)
    whole = rows - len(spoilt)
    return found | {
        "missing": whole - good,
        "placed": len(named & spoilt),
        "misplaced": len(named - spoilt),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--reader", choices=READERS)
    parser.add_argument("--file", type=Path)
    asked = parser.parse_args()
    if asked.reader:
        print(json.dumps(measure_here(asked.reader, asked.file)))
        return
    with tempfile.TemporaryDirectory() as folder:
        spoilt = write_files(Path(folder), asked.rows)
        files = {"clean": set(), "dirty": spoilt}
        figures = {
            name: {
                reader: judged(measure(reader, Path(folder) / f"{name}.csv"), asked.rows, bad)
                for reader in READERS
            }
            for name, bad in files.items()
        }
        size = (Path(folder) / "clean.csv").stat().st_size
    print(json.dumps({"rows": asked.rows, "bytes": size, "bad_rows": len(spoilt), **figures}))


if __name__ == "__main__":
    main()
