"""The evidence packet: raw books and figures as deterministic bytes, and their re-building."""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from functools import partial
from typing import Any, TypeVar

from scuderia.basics.canonical import canonical_json
from scuderia.basics.errors import BadInput
from scuderia.fleet.engine.facts import (
    FleetFacts,
    OutageFact,
    instant_of,
    read_rows,
    rows_of,
)
from scuderia.fleet.engine.report_figures import LedgerDay, SlaReport
from scuderia.fleet.engine.sla import Request, report_of
from scuderia.fleet.nouns import LedgerClass

Row = TypeVar("Row")

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
        FIGURES: _bytes(_figures(report, facts)),
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


def _says_shares(facts: FleetFacts) -> bool:
    """Say whether an outage speaks of its share of a node; without, a packet is as of old."""
    return any(fact.gpus_lost is not None or fact.severity for fact in facts.outages)


def _figures(report: SlaReport, facts: FleetFacts) -> dict[str, Any]:
    figures = _plain(report)
    if not _says_shares(facts):
        figures = _without(figures, _OF_GPUS)
        for name in ("days", "headline"):
            figures[name] = [_without(entry, _OF_GPUS) for entry in figures[name]]
        figures["longest"] = [_without(entry, _OF_A_SHARE) for entry in figures["longest"]]
    return figures


_OF_GPUS = frozenset({"gpu_seconds", "downtime_gpu_s"})
_OF_A_SHARE = frozenset({"gpus_lost", "gpu_indices", "severity"})


def _without(entry: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in names}


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
    columns: dict[str, Callable[[LedgerDay], object]] = {
        "day": lambda entry: entry.day.isoformat(),
        "length_s": lambda entry: entry.length_s,
        "availability": lambda entry: (
            "" if entry.availability is None else repr(entry.availability)
        ),
    }
    of_class = {kind.value: partial(_seconds, kind) for kind in LedgerClass}
    return _table(report.days, columns | of_class)


def _seconds(kind: LedgerClass, entry: LedgerDay) -> int:
    return entry.seconds[kind]


def _outages_table(facts: FleetFacts) -> bytes:
    columns: dict[str, Callable[[OutageFact], object]] = {
        "node": lambda fact: facts.nodes[fact.node].name,
        "start": lambda fact: _instant(fact.start),
        "end": lambda fact: _instant(fact.end),
        "cause": lambda fact: _harmless(fact.cause),
        "planned": lambda fact: "true" if fact.planned else "false",
        "detected": lambda fact: _instant(fact.detected),
        "source_key": lambda fact: fact.source_key,
    }
    shares: dict[str, Callable[[OutageFact], object]] = {
        "gpus_lost": lambda fact: "" if fact.gpus_lost is None else fact.gpus_lost,
        "gpu_indices": lambda fact: ",".join(map(str, fact.gpu_indices)),
        "severity": lambda fact: fact.severity.value,
    }
    return _table(facts.outages, columns | (shares if _says_shares(facts) else {}))


def _amendments_table(facts: FleetFacts) -> bytes:
    return _table(
        facts.amendments,
        {
            "node": lambda fact: facts.nodes[fact.node].name,
            "source_key": lambda fact: fact.source_key,
            "amended_at": lambda fact: _instant(fact.amended_at),
            "amended_by": lambda fact: fact.amended_by,
            "reason": lambda fact: _harmless(fact.reason),
            "before": lambda fact: fact.before,
            "after": lambda fact: fact.after or "retracted",
        },
    )


def _instant(at: int | None) -> str:
    return "" if at is None else instant_of(at).isoformat()


def _harmless(text: str) -> str:
    """Keep a spreadsheet from reading other people's words as a formula."""
    return "'" + text if text[:1] in {"=", "+", "-", "@"} else text


def _table(rows: Iterable[Row], columns: Mapping[str, Callable[[Row], object]]) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([read(row) for read in columns.values()] for row in rows)
    return stream.getvalue().encode()
