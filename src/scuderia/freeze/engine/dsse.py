"""DSSE envelopes: a signature over what was said and over how it is meant to be read.

The form is the public one of secure-systems-lab (DSSE v1), so that any verifier that knows it, or a
dozen lines around a stock Ed25519, checks what this home signed.
"""

import binascii
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from scuderia.basics.canonical import canonical_json
from scuderia.basics.errors import Refused
from scuderia.freeze.engine.signatures import BadSignature, key_id

ZONE_REPORT = "application/vnd.scuderia.zone-report+json"
GATE_DECISION = "application/vnd.scuderia.gate-decision+json"
_SIGNATURES_MAX = 16


class BadEnvelope(Refused):
    """A file is no DSSE envelope, or holds another kind of statement."""

    code = "FREEZE-090"
    remedy = "Fetch it again: `scuderia freeze report ZONE --out FILE`."


def signed_bytes(payload_type: str, payload: bytes) -> bytes:
    """Return what is signed: DSSE's pre-authentication encoding, lengths in bytes."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def seal(payload: bytes, key: Ed25519PrivateKey, *, payload_type: str) -> bytes:
    """Return the payload in an envelope that this key signed, as JSON."""
    signature = key.sign(signed_bytes(payload_type, payload))
    envelope = {
        "payload": b64encode(payload).decode(),
        "payloadType": payload_type,
        "signatures": [{"keyid": key_id(key.public_key()), "sig": b64encode(signature).decode()}],
    }
    return canonical_json(envelope).encode()


def open_envelope(raw: bytes, keys: Mapping[str, Ed25519PublicKey], *, payload_type: str) -> bytes:
    """Return the payload, once a pinned key is seen to have signed it as of this type.

    keys     by their ids: the only ones believed, whatever the envelope names
    raises   BadEnvelope; BadSignature: no signature is by a pinned key, or one of them is broken
    """
    found = _read(raw)
    payload = _decoded(found.get("payload"))
    if found.get("payloadType") != payload_type:
        raise BadEnvelope(f"it holds no {payload_type}")
    signatures = found.get("signatures")
    if not isinstance(signatures, list) or not 0 < len(signatures) <= _SIGNATURES_MAX:
        raise BadEnvelope("it bears no signature")
    message, holds = signed_bytes(payload_type, payload), False
    for one in signatures:
        if not isinstance(one, dict):
            raise BadEnvelope("a signature of it cannot be read")
        key, signature = keys.get(str(one.get("keyid"))), _decoded(one.get("sig"))
        if key is None:
            continue
        try:
            key.verify(signature, message)
        except InvalidSignature:
            raise BadSignature("the signature does not hold") from None
        holds = True
    if not holds:
        raise BadSignature("no pinned key signed it")
    return payload


def _read(raw: bytes) -> dict[str, object]:
    try:
        found = json.loads(raw, object_pairs_hook=_without_doubles)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadEnvelope("it is no JSON object")
    return found


def _without_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return the object; a doubled name is refused: readers differ on which of the two counts."""
    found = dict(pairs)
    if len(found) != len(pairs):
        message = "a name stands there twice"
        raise ValueError(message)
    return found


def _decoded(text: object) -> bytes:
    """Return the bytes of standard base64 in its one spelling."""
    try:
        raw = b64decode(text, validate=True) if isinstance(text, str) else None
    except (binascii.Error, ValueError):
        raw = None
    if raw is None or b64encode(raw).decode() != text:
        raise BadEnvelope("a part of it is no base64")
    return raw
