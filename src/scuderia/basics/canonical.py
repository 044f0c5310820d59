"""One spelling for each JSON value, so that a digest names exactly one thing."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import TypeAlias

from scuderia.basics.clock import require_aware

JsonValue: TypeAlias = (
    "bool | int | float | str | Sequence[JsonValue] | Mapping[str, JsonValue] | None"
)
JsonObject: TypeAlias = Mapping[str, JsonValue]


def canonical_json(value: object) -> str:
    """Return `value` as JSON with sorted keys, no spaces and no NaN.

    raises   ValueError: a NaN, an infinity, or a key that is not text
             TypeError: a type that JSON has no word for
    """
    return json.dumps(
        _plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def sha256_of(value: object) -> str:
    """Return the SHA-256 of the canonical spelling, as 64 hex digits."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def _plain(value: object) -> object:
    match value:
        case Enum():
            return value.value
        case None | bool() | int() | str():
            return value
        case float():
            if not math.isfinite(value):
                message = "JSON has no NaN or infinity"
                raise ValueError(message)
            return value
        case Decimal():
            return str(value)
        case datetime():
            return require_aware(value, field="instant").isoformat()
        case Mapping():
            return {_key(name): _plain(item) for name, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case set() | frozenset():
            return sorted((_plain(item) for item in value), key=canonical_json)
    message = f"no canonical JSON for {type(value).__name__}"
    raise TypeError(message)


def _key(name: object) -> str:
    if not isinstance(name, str):
        message = f"a JSON key must be text, not {type(name).__name__}"
        raise ValueError(message)  # noqa: TRY004 - one error for every unspeakable value
    return name
