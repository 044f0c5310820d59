"""How nouns are spelled in JSON columns, and read back."""

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from scuderia.basics.canonical import JsonObject, JsonValue, canonical_json
from scuderia.basics.capacity import CapacityUnit
from scuderia.basics.clock import parse_instant
from scuderia.basics.subjects import SubjectRef
from scuderia.loop.nouns import Answer, BlastRadius, Evidence, GateVerdict, Plan, Rehearsal

_REHEARSAL = tuple(column.name for column in fields(Rehearsal))
_UNKEPT = re.compile("[\\x00\\ud800-\\udfff]")
_SCALARS = frozenset({int, bool, type(None)})
_EVIDENCE = tuple(column.name for column in fields(Evidence))


class JsonText(str):
    """A value that is spelled as JSON already."""

    __slots__ = ()


Stored = Mapping[str, Any]
"""What a JSON column gives back; its shape was checked when it was written."""


def plain(value: object) -> Any:
    """Return the value as JSON would give it back; dates become text, sets become lists.

    What no database keeps as text, NUL and halves of characters, becomes U+FFFD.
    raises   ValueError, TypeError: JSON has no word for it, NaN included
    """
    if type(value) is str:
        return keepable(value)
    if type(value) is dict and all(type(name) is str for name in value):
        return {keepable(name): plain(value[name]) for name in sorted(value)}
    if type(value) is list or type(value) is tuple:
        return [plain(one) for one in value]
    if type(value) in _SCALARS or (type(value) is float and math.isfinite(value)):
        return value
    return _keepable(json.loads(canonical_json(value)))  # what is rarer, or refused


def keepable(text: str) -> str:
    """Return the text with U+FFFD for what PostgreSQL cannot keep."""
    if text.isprintable():  # the common case, told faster
        return text
    return _UNKEPT.sub("\ufffd", text)


def _keepable(value: Any) -> Any:
    match value:
        case str():
            return keepable(value)
        case list():
            return [_keepable(one) for one in value]
        case dict():
            return {keepable(name): _keepable(one) for name, one in value.items()}
    return value


def spell_targets(targets: Iterable[SubjectRef]) -> list[str]:
    """Return the targets as text, in their order."""
    return [str(target) for target in targets]


def read_targets(stored: Sequence[str]) -> tuple[SubjectRef, ...]:
    """Return the targets in their order."""
    return tuple(SubjectRef.parse(text) for text in stored)


def read_plan(kind: str, targets: Sequence[str], params: JsonObject) -> Plan:
    """Return the plan that three columns name."""
    return Plan(kind=kind, targets=read_targets(targets), params=params)


def spell_rehearsal(rehearsal: Rehearsal) -> dict[str, object]:
    """Return the rehearsal as one JSON object."""
    told = {name: getattr(rehearsal, name) for name in _REHEARSAL}
    capacity = rehearsal.capacity
    spelled: dict[str, object] = plain(told | {"capacity": capacity and asdict(capacity)})
    return spelled


def read_rehearsal(stored: Stored) -> Rehearsal:
    """Return the rehearsal that was stored."""
    capacity = stored.get("capacity")
    return Rehearsal(**{**stored, "capacity": CapacityUnit(**capacity) if capacity else None})


def spell_blast(radius: BlastRadius) -> dict[str, object]:
    """Return the blast radius as one JSON object."""
    names = ("count", "denominator_count", "unit")
    return {
        **{name: getattr(radius, name) for name in names},
        "details": list(radius.details),
        "affected": list(radius.affected),
    }


def read_blast(stored: Stored) -> BlastRadius:
    """Return the blast radius that was stored."""
    lists = {name: tuple(stored[name]) for name in ("details", "affected")}
    return BlastRadius(**{**stored, **lists})


def spell_evidence(evidence: Iterable[Evidence]) -> list[dict[str, object]]:
    """Return the evidence as JSON objects, in order."""
    return [plain({name: getattr(one, name) for name in _EVIDENCE}) for one in evidence]


def evidence_text(evidence: Iterable[Evidence], spelled: dict[int, str]) -> JsonText:
    """Return `spell_evidence` as JSON text; values are spelled once, and kept under their id."""
    told = []
    for one in evidence:
        value = spelled.get(id(one.value))
        if value is None:
            value = spelled[id(one.value)] = _text(one.value)
        rest = {name: getattr(one, name) for name in _EVIDENCE if name != "value"}
        told.append(f'{_text(rest)[:-1]}, "value": {value}}}')
    return JsonText(f"[{', '.join(told)}]")


def _text(value: object) -> str:
    """Return the JSON text of `plain(value)`; what needs no change is spelled at once."""
    try:
        text = json.dumps(value, sort_keys=True, allow_nan=False)
    except TypeError:  # a date, a set: plain has words for it, or refuses
        return json.dumps(plain(value))
    changes = "\\u0000" in text or "\\ud" in text
    return json.dumps(plain(value)) if changes else text


def read_evidence(stored: Sequence[Stored]) -> tuple[Evidence, ...]:
    """Return the evidence that was stored."""
    return tuple(Evidence(**one) for one in stored)


def spell_verdicts(verdicts: Iterable[GateVerdict]) -> list[dict[str, JsonValue]]:
    """Return every gate's word as JSON objects."""
    return [
        {
            "gate": one.gate,
            "answer": one.answer.value,
            "reasons": list(one.reasons),
            "not_before": one.not_before.isoformat() if one.not_before else None,
        }
        for one in verdicts
    ]


def read_verdicts(stored: Sequence[Stored]) -> tuple[GateVerdict, ...]:
    """Return the gates' words that were stored."""
    return tuple(
        GateVerdict(
            gate=one["gate"],
            answer=Answer(one["answer"]),
            reasons=tuple(one["reasons"]),
            not_before=(
                parse_instant(one["not_before"], field="not_before") if one["not_before"] else None
            ),
        )
        for one in stored
    )
