"""Writes the bad records with their reasons and raw text beside the file, whole or not at all."""

import json
import os
from collections.abc import Iterable
from pathlib import Path

from scuderia.basics.errors import Unable
from scuderia.intake.records import Bad


class QuarantineUnwritable(Unable):
    """The bad records could not be written; nothing was imported."""

    code = "INTAKE-005"
    remedy = "Make the file's folder writable, or import a copy of it from a folder that is."


def quarantine_path(folder: Path, file: str, sha256: str) -> Path:
    """Return where the bad records of a file go."""
    return folder / f"{file}.{sha256[:8]}.quarantine.jsonl"


def write_quarantine(bad: Iterable[Bad], target: Path, *, file: str) -> None:
    """Write one JSON object a line: file, record, field, reason, remedy, raw.

    raises   QuarantineUnwritable; what stood at `target` before stays
    """
    part = target.with_name(f".{target.name}.part")
    try:
        with part.open("w", encoding="ascii") as stream:
            for entry in bad:
                stream.write(json.dumps(_entry(entry, file)) + "\n")
        os.replace(part, target)  # noqa: PTH105 - os.replace is the atomic one by name
    except OSError as error:
        part.unlink(missing_ok=True)
        said = f"{target.name} cannot be written: {error.strerror}; nothing was imported"
        raise QuarantineUnwritable(said) from None


def _entry(entry: Bad, file: str) -> dict[str, object]:
    return {
        "file": file,
        "record": entry.number,
        "field": entry.field,
        "reason": entry.reason,
        "remedy": entry.remedy,
        "raw": entry.raw,
    }
