"""The evidence packet: raw books and figures as deterministic bytes, and their re-building."""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Mapping
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
from scuderia.fleet.engine.report_figures import ReportDay, SlaReport
from scuderia.fleet.engine.sla import Request, report_of
from scuderia.fleet.nouns import LedgerClass

Row = TypeVar("Row")

VERSION = 2
EVENTS = "events.json"
FIGURES = "figures.json"
DAYS_TABLE = "days.csv"
OUTAGES_TABLE = "outages.csv"
MANIFEST = "manifest.json"
AMENDMENTS_TABLE = "amendments.csv"
SLAS_TABLE = "slas.csv"
PRICES_TABLE = "prices.csv"
EXCLUSIONS_TABLE = "exclusions.csv"
PROMISES_CHANGED_TABLE = "promises_changed.csv"
PARTS = (
    DAYS_TABLE,
    EVENTS,
    EXCLUSIONS_TABLE,
    FIGURES,
    OUTAGES_TABLE,
    PRICES_TABLE,
    SLAS_TABLE,
)
"""The parts of every packet."""
SOMETIMES = (AMENDMENTS_TABLE, PROMISES_CHANGED_TABLE)
"""The parts of a packet whose outages were amended, or whose promises after their days began."""


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
        SLAS_TABLE: _slas_table(facts),
        PRICES_TABLE: _prices_table(facts),
        EXCLUSIONS_TABLE: _exclusions_table(report),
    }
    if facts.amendments:
        files[AMENDMENTS_TABLE] = _amendments_table(facts)
    if report.promises_changed:
        files[PROMISES_CHANGED_TABLE] = _promises_changed_table(report)
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
    version = manifest.get("version")
    if isinstance(version, int) and 0 < version < VERSION:
        raise EvidenceBroken(
            f"{MANIFEST} is of version {version}, whose figures were defined otherwise",
            remedy="Verify it with the release that wrote it, or ask for the packet again.",
            file=MANIFEST,
        )
    if version != VERSION or not isinstance(hashes, dict):
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
    columns: dict[str, Callable[[ReportDay], object]] = {
        "day": lambda entry: entry.day.isoformat(),
        "length_s": lambda entry: entry.length_s,
        "availability": lambda entry: _share(entry.availability),
        "availability_after_exclusions": lambda entry: _share(entry.availability_after_exclusions),
        "target": lambda entry: _share(entry.target),
    }
    of_class = {kind.value: partial(_seconds, kind) for kind in LedgerClass}
    return _table(report.days, columns | of_class)


def _seconds(kind: LedgerClass, entry: ReportDay) -> int:
    return entry.seconds[kind]


def _share(value: float | None) -> str:
    return "" if value is None else repr(value)


def _slas_table(facts: FleetFacts) -> bytes:
    return _table(
        [(customer.name, sla) for customer in facts.customers for sla in customer.slas],
        {
            "customer": lambda row: _harmless(row[0]),
            "from": lambda row: row[1].first_day,
            "target": lambda row: repr(row[1].target),
            "time_zone": lambda row: row[1].time_zone,
        },
    )


def _promises_changed_table(report: SlaReport) -> bytes:
    return _table(
        report.promises_changed,
        {
            "customer": lambda one: _harmless(one.customer),
            "from": lambda one: one.first_day.isoformat(),
            "to": lambda one: one.last_day.isoformat(),
            "target_before": lambda one: repr(one.target_before),
            "time_zone_before": lambda one: one.zone_before,
            "target_after": lambda one: _share(one.target_after),
            "time_zone_after": lambda one: one.zone_after,
            "changed_at": lambda one: one.changed_at.isoformat(),
            "changed_by": lambda one: one.changed_by,
            "reason": lambda one: _harmless(one.reason),
        },
    )


def _exclusions_table(report: SlaReport) -> bytes:
    return _table(
        report.excluded,
        {
            "customer": lambda one: _harmless(one.customer),
            "from": lambda one: one.start.isoformat(),
            "to": lambda one: "" if one.end is None else one.end.isoformat(),
            "cause": lambda one: _harmless(one.cause),
            "reason": lambda one: _harmless(one.reason),
            "seconds": lambda one: one.seconds,
        },
    )


def _prices_table(facts: FleetFacts) -> bytes:
    own = [(customer.name, price) for customer in facts.customers for price in customer.prices]
    return _table(
        [*(("", price) for price in facts.prices), *own],
        {
            "sku": lambda row: _harmless(row[1].sku),
            "customer": lambda row: _harmless(row[0]),
            "from": lambda row: row[1].first_day,
            "cents_per_gpu_hour": lambda row: row[1].cents_per_gpu_hour,
        },
    )


def _outages_table(facts: FleetFacts) -> bytes:
    columns: dict[str, Callable[[OutageFact], object]] = {
        "node": lambda fact: facts.nodes[fact.node].name,
        "start": lambda fact: _instant(fact.start),
        "end": lambda fact: _instant(fact.end),
        "cause": lambda fact: _harmless(fact.cause),
        "planned": lambda fact: "true" if fact.planned else "false",
        "detected": lambda fact: _instant(fact.detected),
        "source_key": lambda fact: fact.source_key,
        "gpus_lost": lambda fact: "" if fact.gpus_lost is None else fact.gpus_lost,
        "gpu_indices": lambda fact: ",".join(map(str, fact.gpu_indices)),
        "severity": lambda fact: fact.severity.value,
    }
    return _table(facts.outages, columns)


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
