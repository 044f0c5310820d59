"""The envelope: a stock Ed25519 and a dozen lines check it, and no byte of it can be another."""

import json
from base64 import b64decode, b64encode

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from scuderia.freeze.engine.dsse import (
    GATE_DECISION,
    ZONE_REPORT,
    BadEnvelope,
    open_envelope,
    seal,
    signed_bytes,
)
from scuderia.freeze.engine.signatures import BadSignature, key_id
from tests.examples import examples

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
KEYS = {key_id(KEY.public_key()): KEY.public_key()}
PAYLOAD = '{"node":"r1-n1","words":"ä"}'.encode()
REFUSED = (BadEnvelope, BadSignature)


def verified_elsewhere(raw, public):
    """Check an envelope as its standard says, by `cryptography` and nothing of ours."""
    told = json.loads(raw)
    body, kind = b64decode(told["payload"]), told["payloadType"].encode()
    message = b" ".join([b"DSSEv1", str(len(kind)).encode(), kind, str(len(body)).encode(), body])
    for one in told["signatures"]:
        public.verify(b64decode(one["sig"]), message)
    return body


def test_the_signed_bytes_are_those_of_the_standard_s_own_example():
    told = signed_bytes("http://example.com/HelloWorld", b"hello world")
    assert told == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


@given(payload=st.binary(max_size=300))
@examples(100)
def test_whatever_is_sealed_is_opened_here_and_verified_elsewhere(payload):
    raw = seal(payload, KEY, payload_type=ZONE_REPORT)
    assert open_envelope(raw, KEYS, payload_type=ZONE_REPORT) == payload
    assert verified_elsewhere(raw, KEY.public_key()) == payload
    with pytest.raises(InvalidSignature):
        verified_elsewhere(raw, OTHER.public_key())


def test_no_byte_can_be_another_but_it_is_refused():
    raw = seal(PAYLOAD, KEY, payload_type=ZONE_REPORT)
    for place in range(len(raw)):
        for bit in (0x01, 0x20):
            changed = bytearray(raw)
            changed[place] ^= bit
            with pytest.raises(REFUSED):
                open_envelope(bytes(changed), KEYS, payload_type=ZONE_REPORT)


def changed(**other):
    told = json.loads(seal(PAYLOAD, KEY, payload_type=ZONE_REPORT))
    return json.dumps({name: value for name, value in (told | other).items() if value is not None})


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        changed(payload=None),
        changed(payload=7),
        changed(payload="aGVsbG8"),  # without its padding
        changed(payload=b64encode(PAYLOAD + b" ").decode()),
        changed(payloadType="text/plain"),
        changed(payloadType=GATE_DECISION),
        changed(signatures=None),
        changed(signatures=[]),
        changed(signatures=[7]),
        changed(signatures=[{}]),
        changed(signatures=[{"keyid": next(iter(KEYS)), "sig": ""}]),
        changed(signatures=[{"keyid": "", "sig": b64encode(bytes(64)).decode()}]),
        changed(signatures=[{"keyid": "x", "sig": b64encode(bytes(64)).decode()}] * 17),
        changed()[:-1] + ', "payload": "aGVsbG8="}',  # told twice
        seal(PAYLOAD, OTHER, payload_type=ZONE_REPORT),
        seal(PAYLOAD, KEY, payload_type=GATE_DECISION),
    ],
)
def test_what_is_no_envelope_of_ours_is_refused(raw):
    raw = raw.encode() if isinstance(raw, str) else raw
    with pytest.raises(REFUSED):
        open_envelope(raw, KEYS, payload_type=ZONE_REPORT)


def test_a_signature_beside_ours_by_an_unknown_key_is_no_matter_and_a_broken_one_of_ours_is():
    told = json.loads(seal(PAYLOAD, KEY, payload_type=ZONE_REPORT))
    unknown = {"keyid": "somebody", "sig": b64encode(bytes(64)).decode()}
    broken = {"keyid": next(iter(KEYS)), "sig": b64encode(bytes(64)).decode()}
    mine = told["signatures"]
    raw = json.dumps(told | {"signatures": [unknown, *mine]}).encode()
    assert open_envelope(raw, KEYS, payload_type=ZONE_REPORT) == PAYLOAD
    with pytest.raises(BadSignature):
        open_envelope(
            json.dumps(told | {"signatures": [*mine, broken]}).encode(),
            KEYS,
            payload_type=ZONE_REPORT,
        )
