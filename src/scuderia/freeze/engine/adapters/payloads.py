"""Reads what other systems send: JSON of a known shape, or a flaw by the field's name."""

import json
from collections.abc import Mapping

from scuderia.basics.errors import BadInput

TEXT_MAX = 2_000
WHOLE_MAX = 2**53
"""What every JSON reader still tells apart."""


class BadPayload(BadInput):
    """What was sent is not of the shape that its system documents, so the gate was not asked."""

    code = "FREEZE-080"
    remedy = "See docs/deployers.md for what each system sends, and which events to subscribe to."


def read_object(body: bytes) -> Mapping[str, object]:
    """Return the JSON object.

    raises   BadPayload
    """
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise BadPayload("the body is no JSON") from None
    if not isinstance(found, dict):
        raise BadPayload("the body is no JSON object")
    return found


def text_at(payload: Mapping[str, object], *path: str) -> str:
    """Return the text at a path of keys.

    raises   BadPayload: none is there, it is empty, too long or holds a zero byte
    """
    found = _at(payload, path)
    if not isinstance(found, str) or not found.strip() or len(found) > TEXT_MAX or "\0" in found:
        raise BadPayload(f"{'.'.join(path)} is no text of 1 to {TEXT_MAX:,} characters")
    return found


def whole_at(payload: Mapping[str, object], *path: str) -> int:
    """Return the whole number above zero at a path of keys.

    raises   BadPayload
    """
    found = _at(payload, path)
    if type(found) is not int or not 0 < found <= WHOLE_MAX:
        raise BadPayload(f"{'.'.join(path)} is no whole number above zero")
    return found


def _at(payload: object, path: tuple[str, ...]) -> object:
    for key in path:
        payload = payload.get(key) if isinstance(payload, dict) else None
    return payload
