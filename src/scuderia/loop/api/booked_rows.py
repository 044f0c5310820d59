"""Rows that come over the API, booked as a file of them would be: all of them or none."""

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from scuderia.intake.archives import Source
from scuderia.intake.fields import CommitReport, ImportKind
from scuderia.intake.pipeline import ImportOptions, run_import
from scuderia.intake.profiles import Profile
from scuderia.loop.api.common import Asked


def book_rows(
    kind: ImportKind[Any], rows: Sequence[Mapping[str, object]], name: str, asked: Asked
) -> CommitReport:
    """Book the rows, and return what they came to.

    name     what errors call them, in place of a file
    raises   what the intake and the kind raise: a bad row is named and nothing is booked
    """
    text = "\n".join(map(json.dumps, rows))
    source = Source(name, stream=io.BytesIO(text.encode()))
    report = run_import(kind, source, Profile(), ImportOptions(), **asked)
    return report.commit or CommitReport()
