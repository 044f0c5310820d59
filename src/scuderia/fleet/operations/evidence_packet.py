"""Writes an evidence packet to a folder or as one zip, and checks one without believing it."""

import io
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from scuderia.basics.actors import Actor, ActorKind
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput, Unable
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.fleet.engine.evidence_packet import (
    MANIFEST,
    PARTS,
    SOMETIMES,
    packet_of,
    verify_packet,
)
from scuderia.fleet.engine.report_figures import SlaReport
from scuderia.fleet.queries.reports import Period, request_facts
from scuderia.loop.nouns import Power
from scuderia.loop.operations import access, audit

FILE_BYTES_MAX = 512 * 1024 * 1024


class FolderTaken(BadInput):
    """The folder for the packet already holds something."""

    code = "FLEET-018"
    remedy = "Name a folder that does not exist yet, or an empty one."


class PacketUnwritable(Unable):
    """The packet could not be written or read."""

    code = "FLEET-019"
    remedy = "Check the folder, its permissions and the space on its disk."


@dataclass(frozen=True, slots=True)
class PacketReport:
    """Where a packet lies and what it holds."""

    folder: str
    files: dict[str, int]  # name -> bytes
    customer: str | None
    availability: float | None


def write_evidence(
    folder: Path,
    *,
    start: AwareDatetime,
    end: AwareDatetime,
    customer: str | None,
    actor: Actor,
    now: AwareDatetime,
) -> PacketReport:
    """Write the packet of a period into `folder`; the same books give the same bytes.

    raises   NotAuthorised, UnknownSubject, NotAPeriod, FolderTaken, PacketUnwritable
    """
    subject = EVERYTHING if customer is None else SubjectRef("customer", customer)
    if actor.kind is not ActorKind.SERVICE:
        access.require(actor, Power.READ, subject)
    facts, request = request_facts(start, end, customer=customer, with_amendments=True)
    files = packet_of(facts, request)
    _write(folder, files)
    with transaction.atomic():
        audit.record(
            actor,
            "fleet.evidence.written",
            subject=subject,
            at=now,
            detail={"from": start.isoformat(), "to": end.isoformat()},
            lineage=frozenset({subject}),
        )
    return PacketReport(
        folder=str(folder),
        files={name: len(body) for name, body in sorted(files.items())},
        customer=customer,
        availability=verify_packet(files).availability,
    )


def verify_evidence(folder: Path) -> SlaReport:
    """Rebuild every figure of the packet from its raw events and compare.

    raises   EvidenceBroken: names the file or the figure; PacketUnwritable: cannot be read
    """
    files: dict[str, bytes] = {}
    try:
        for name in (*PARTS, *SOMETIMES, MANIFEST):
            path = folder / name
            if path.is_file() and path.stat().st_size <= FILE_BYTES_MAX:
                files[name] = path.read_bytes()
    except OSError as error:
        raise PacketUnwritable(f"{folder} cannot be read: {error.strerror}") from None
    return verify_packet(files)


def _write(folder: Path, files: dict[str, bytes]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise FolderTaken(f"{folder} is not empty")
        for name, body in files.items():
            (folder / name).write_bytes(body)
    except OSError as error:
        raise PacketUnwritable(f"{folder} cannot be written: {error.strerror}") from None


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
