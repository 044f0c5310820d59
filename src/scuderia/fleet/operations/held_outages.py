"""Reads the facts of one source that a file may restate, with all that they ever said."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Q

from scuderia.basics.clock import parse_instant
from scuderia.fleet.engine.facts import indices_of, instant_of, seconds_of
from scuderia.fleet.engine.outage_rows import OutageRow, is_of_source, key_of
from scuderia.fleet.engine.restatements import Held
from scuderia.fleet.models.amendments import OutageAmendment
from scuderia.fleet.models.columns import chunks
from scuderia.fleet.models.outages import Outage
from scuderia.fleet.nouns import GpuShare, Severity

_COLUMNS = (
    "source_key", "node__name", "start", "end", "cause", "planned", "detected_at",
    "gpus_lost", "gpu_indices", "severity",
)  # fmt: skip


def held_outages(source: str, rows: Sequence[OutageRow], tolerance_s: int) -> list[Held]:
    """Return the source's facts of the rows' nodes that begin, or ever began, around the rows.

    Beside them those that the source's own keys name; what a person retracted is among them.
    """
    nodes = dict.fromkeys(row.node for row in rows)
    said = _amended(nodes, source)
    around = Q(
        start__gte=instant_of(min(row.start for row in rows) - tolerance_s),
        start__lte=instant_of(max(row.start for row in rows) + tolerance_s),
    )
    found: dict[str, Held] = {}
    for chunk in chunks(nodes):
        found |= _booked(Q(around, node__name__in=chunk), source)
    keys = {key_of(source, row) for row in rows if row.key} | said.keys()
    for chunk in chunks(keys - found.keys()):
        found |= _booked(Q(source_key__in=chunk), source)
    for key, amendments in said.items():
        if amendments[-1].after is None:
            found[key] = _retracted(amendments[-1])
    return [_with_history(fact, said.get(fact.key, [])) for fact in found.values()]


def _booked(wanted: Q, source: str) -> dict[str, Held]:
    rows = Outage.objects.filter(wanted).values_list(*_COLUMNS)
    return {row[0]: _held(*row) for row in rows if is_of_source(row[0], source)}


def _held(key: str, node: str, start: Any, end: Any, cause: str, *rest: Any) -> Held:
    planned, detected, count, indices, severity = rest
    return Held(
        key=key,
        node=node,
        start=seconds_of(start),
        end=None if end is None else seconds_of(end),
        cause=cause,
        planned=planned,
        detected=None if detected is None else seconds_of(detected),
        gpus_lost=GpuShare(count, indices_of(indices)),
        severity=Severity(severity),
    )


def _amended(nodes: Iterable[str], source: str) -> dict[str, list[OutageAmendment]]:
    """Return the amendments of the nodes' facts by key, oldest first."""
    found: dict[str, list[OutageAmendment]] = {}
    for chunk in chunks(nodes):
        rows = OutageAmendment.objects.filter(node__name__in=chunk).select_related("node")
        for row in rows.order_by("pk"):
            if is_of_source(row.source_key, source):
                found.setdefault(row.source_key, []).append(row)
    return found


def _retracted(last: OutageAmendment) -> Held:
    before = last.before
    return Held(
        key=last.source_key,
        node=last.node.name,
        start=_second(before["start"]),
        end=None if before["end"] is None else _second(before["end"]),
        cause=before["cause"],
        planned=before["planned"],
        detected=None,
        is_retracted=True,
    )


def _second(text: str) -> int:
    return seconds_of(parse_instant(text, field="start"))


def _with_history(fact: Held, amendments: Sequence[OutageAmendment]) -> Held:
    told = [entry.before for entry in amendments]
    told += [entry.after for entry in amendments if entry.after is not None]
    by_hand = {
        name
        for entry in amendments
        if entry.batch_id is None and entry.after is not None
        for name, value in entry.after.items()
        if entry.before.get(name) != value
    }
    return fact._replace(
        starts=frozenset({fact.start, *(_second(each["start"]) for each in told)}),
        causes=frozenset({fact.cause, *(each["cause"] for each in told)}),
        by_hand=frozenset(by_hand),
    )
