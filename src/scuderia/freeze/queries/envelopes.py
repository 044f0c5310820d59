"""What an envelope of this home's says, to whoever holds it and a public key: no home is needed."""

import json
from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from scuderia.freeze.engine.dsse import GATE_DECISION, ZONE_REPORT, BadEnvelope, open_envelope
from scuderia.freeze.engine.zone_report import read_payload


def check_report(raw: bytes, keys: Mapping[str, Ed25519PublicKey]) -> dict[str, object]:
    """Return what a zone's report says, once a pinned key is seen to have signed it.

    raises   BadEnvelope, BadSignature
    """
    return read_payload(open_envelope(raw, keys, payload_type=ZONE_REPORT))


def check_decision(raw: bytes, keys: Mapping[str, Ed25519PublicKey]) -> dict[str, object]:
    """Return what a decision of the gate says, once a pinned key is seen to have signed it.

    raises   BadEnvelope, BadSignature
    """
    found = json.loads(open_envelope(raw, keys, payload_type=GATE_DECISION))
    if not isinstance(found, dict):
        raise BadEnvelope("it is no decision")
    return found
