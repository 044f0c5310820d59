"""Hands over an evidence packet as one zip; the same books give the same bytes."""

import io
import tempfile
import zipfile
from pathlib import Path

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.operations.evidence import write_evidence
from scuderia.fleet.queries.reports import Period

_FIRST_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


def zip_evidence(*, actor: Actor, customer: str, period: Period, now: AwareDatetime) -> bytes:
    """Return the packet of a customer's period, recorded in the audit as written."""
    body = io.BytesIO()
    with tempfile.TemporaryDirectory(prefix="scuderia-packet-") as place:
        folder = Path(place) / "packet"
        write_evidence(
            folder, start=period.start, end=period.end, customer=customer, actor=actor, now=now
        )
        with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(folder.iterdir()):
                entry = zipfile.ZipInfo(file.name, date_time=_FIRST_ZIP_DATE)
                archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)
    return body.getvalue()
