"""The evidence packet: raw books and figures as deterministic bytes, and their re-building."""

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from typing import Any

from scuderia.basics.canonical import canonical_json
from scuderia.basics.errors import BadInput
from scuderia.fleet.engine.facts import FleetFacts, instant_of, read_rows, rows_of
from scuderia.fleet.engine.report_figures import SlaReport
from scuderia.fleet.engine.sla import Request, report_of
from scuderia.fleet.nouns import LedgerClass

VERSION = 1
EVENTS = "events.json"
FIGURES = "figures.json"
DAYS_TABLE = "days.csv"
OUTAGES_TABLE = "outages.csv"
MANIFEST = "manifest.json"
AMENDMENTS_TABLE = "amendments.csv"
PARTS = (DAYS_TABLE, EVENTS, FIGURES, OUTAGES_TABLE)
"""The parts of every packet; one whose outages were amended has AMENDMENTS_TABLE beside them."""


class EvidenceBroken(BadInput):
    """A packet does not hold together: a file or a figure was changed, or is missing."""

    code = "FLEET-017"
    remedy = "Ask for the packet again from the books; do not rely on this copy."


def packet_of(facts: FleetFacts, request: Request) -> dict[str, bytes]:
    """Return the packet's files by name; the same books give the same bytes."""
    report = report_of(facts, request)
    files = {
        EVENTS: _bytes({"version": VERSION, "request": _plain(request), "books": rows_of(facts)}),
        FIGURES: _bytes(_plain(report)),
        DAYS_TABLE: _days_table(report),
        OUTAGES_TABLE: _outages_table(facts),
    }
    if facts.amendments:
        files[AMENDMENTS_TABLE] = _amendments_table(facts)
    hashes = {name: hashlib.sha256(body).hexdigest() for name, body in sorted(files.items())}
    return files | {MANIFEST: _bytes({"version": VERSION, "sha256": hashes})}


def verify_packet(files: Mapping[str, bytes]) -> SlaReport:
    """Check every hash, rebuild every figure from the raw events, and compare; return the report.

    raises   EvidenceBroken: names the file or the figure that does not hold
    """
    hashes = _manifest(files)
    for name in sorted({*PARTS, *hashes}):
        if name not in files:
            raise EvidenceBroken(f"{name} is missing from the packet", file=name)
        if hashlib.sha256(files[name]).hexdigest() != hashes.get(name):
            raise EvidenceBroken(f"{name} is not the file that the manifest names", file=name)
    facts, request = _read_events(files[EVENTS])
    try:
        rebuilt = packet_of(facts, request)
    except (IndexError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise EvidenceBroken(f"{EVENTS} holds no books: {error!r}"[:200], file=EVENTS) from None
    _compare_figures(files[FIGURES], rebuilt[FIGURES])
    for name in sorted({*hashes, *rebuilt} - {MANIFEST}):
        if files.get(name) != rebuilt.get(name):
            raise EvidenceBroken(f"{name} does not follow from the raw events", file=name)
    return report_of(facts, request)


def _manifest(files: Mapping[str, bytes]) -> Mapping[str, str]:
    if MANIFEST not in files:
        raise EvidenceBroken(f"{MANIFEST} is missing: this is no evidence packet", file=MANIFEST)
    manifest = _json(files[MANIFEST], MANIFEST)
    hashes = manifest.get("sha256")
    if manifest.get("version") != VERSION or not isinstance(hashes, dict):
        raise EvidenceBroken(f"{MANIFEST} is of another version or none", file=MANIFEST)
    return hashes


def _compare_figures(written: bytes, rebuilt: bytes) -> None:
    """Name the first figure that the raw events do not give."""
    claimed, true = _json(written, FIGURES), _json(rebuilt, FIGURES)
    for name in sorted({*claimed, *true}):
        if name not in true:
            raise EvidenceBroken(f"{FIGURES}: {name[:60]!r} is no figure", file=FIGURES)
        if claimed.get(name) != true[name]:
            shown = f"says {str(claimed.get(name))[:60]}, the events give {str(true[name])[:60]}"
            raise EvidenceBroken(f"{FIGURES}: {name} {shown}", file=FIGURES, figure=name)


def _read_events(body: bytes) -> tuple[FleetFacts, Request]:
    events = _json(body, EVENTS)
    try:
        facts = read_rows(events["books"])
        request = Request(**events["request"])
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise EvidenceBroken(f"{EVENTS} holds no books: {error!r}"[:200], file=EVENTS) from None
    return facts, request


def _json(body: bytes, name: str) -> dict[str, Any]:
    try:
        value = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise EvidenceBroken(f"{name} is not JSON", file=name) from None
    if not isinstance(value, dict):
        raise EvidenceBroken(f"{name} is not an object", file=name)
    return value


def _bytes(value: object) -> bytes:
    return (canonical_json(value) + "\n").encode()


def _plain(value: object) -> dict[str, Any]:
    assert is_dataclass(value)  # noqa: S101
    assert not isinstance(value, type)  # noqa: S101
    plain = _as_json(asdict(value))
    assert isinstance(plain, dict)  # noqa: S101
    return plain


def _as_json(value: object) -> object:
    match value:
        case datetime():
            return value.isoformat()
        case date():
            return value.isoformat()
        case dict():
            return {str(name): _as_json(item) for name, item in value.items()}
        case list() | tuple():
            return [_as_json(item) for item in value]
    return value


def _days_table(report: SlaReport) -> bytes:
    header = ["day", "length_s", "availability", *(kind.value for kind in LedgerClass)]
    rows = [
        [
            entry.day.isoformat(),
            entry.length_s,
            "" if entry.availability is None else repr(entry.availability),
            *(entry.seconds[kind] for kind in LedgerClass),
        ]
        for entry in report.days
    ]
    return _table(header, rows)


def _outages_table(facts: FleetFacts) -> bytes:
    header = ["node", "start", "end", "cause", "planned", "detected", "source_key"]
    rows = [
        [
            facts.nodes[fact.node].name,
            instant_of(fact.start).isoformat(),
            "" if fact.end is None else instant_of(fact.end).isoformat(),
            _harmless(fact.cause),
            "true" if fact.planned else "false",
            "" if fact.detected is None else instant_of(fact.detected).isoformat(),
            fact.source_key,
        ]
        for fact in facts.outages
    ]
    return _table(header, rows)


def _amendments_table(facts: FleetFacts) -> bytes:
    header = ["node", "source_key", "amended_at", "amended_by", "reason", "before", "after"]
    rows = [
        [
            facts.nodes[fact.node].name,
            fact.source_key,
            instant_of(fact.amended_at).isoformat(),
            fact.amended_by,
            _harmless(fact.reason),
            fact.before,
            fact.after or "retracted",
        ]
        for fact in facts.amendments
    ]
    return _table(header, rows)


def _harmless(text: str) -> str:
    """Keep a spreadsheet from reading other people's words as a formula."""
    return "'" + text if text[:1] in {"=", "+", "-", "@"} else text


def _table(header: list[str], rows: list[list[Any]]) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return stream.getvalue().encode()
