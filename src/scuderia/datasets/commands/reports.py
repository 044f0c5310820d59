"""How this room's commands say how far they are, and write a whole report into a file."""

import json
import os
import sys
from pathlib import Path

from scuderia.basics.errors import BadInput
from scuderia.loop.commands.output import plain


class ReportUnwritable(BadInput):
    """A report cannot be written where it was asked for."""

    code = "DATA-035"
    remedy = "Name a file in a folder that can be written to."


def show_progress(stage: str, done: int, whole: int) -> None:
    """Say on stderr how far the work is, in one line that is written over."""
    if not sys.stderr.isatty():
        return
    share = f" {done:,} of {whole:,}" if done else ""
    end = "\n" if done == whole else "\r"
    sys.stderr.write(f"\x1b[2K{stage}{share}{end}")
    sys.stderr.flush()


def write_report(report: object, path: Path) -> None:
    """Write a report as JSON, whole or not at all.

    raises   ReportUnwritable
    """
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(json.dumps(plain(report), sort_keys=True) + "\n", encoding="utf-8")
        os.replace(part, path)  # noqa: PTH105 - os.replace is the atomic one by name
    except OSError as error:
        raise ReportUnwritable(f"{path}: {error.strerror or 'it cannot be written'}") from None
