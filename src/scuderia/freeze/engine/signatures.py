"""Signs what the gate says, and checks it: compact JWS by Ed25519 (RFC 7515, 8037)."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from scuderia.basics.errors import Refused

ALGORITHM = "EdDSA"
_TOKEN_MAX = 2**20


class BadSignature(Refused):
    """What was signed is not what is shown, or another key signed it."""

    code = "FREEZE-005"
    remedy = "Ask the gate again, and check with the gate's published key."


def key_id(key: Ed25519PublicKey) -> str:
    """Return the key's thumbprint (RFC 7638), by which a signature names it."""
    x = _encoded(key.public_bytes_raw())
    return _encoded(sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'.encode()).digest())


def x_of(jwk: Mapping[str, object]) -> bytes:
    """Return the raw public key of a JSON Web Key (RFC 8037, 2).

    raises   ValueError: it is none of Ed25519
    """
    x = jwk.get("x")
    if jwk.get("kty") != "OKP" or jwk.get("crv") != "Ed25519" or not isinstance(x, str):
        raise ValueError("no key of Ed25519")
    return urlsafe_b64decode(x + "=" * (-len(x) % 4))


def signed(claims: Mapping[str, object], key: Ed25519PrivateKey, *, kind: str) -> str:
    """Return the claims as a compact JWS.

    kind   the header's `typ`: one kind of statement is never taken for another
    """
    header = {"alg": ALGORITHM, "kid": key_id(key.public_key()), "typ": kind}
    told = f"{_encoded(_json(header))}.{_encoded(_json(claims))}"
    return f"{told}.{_encoded(key.sign(told.encode()))}"


def claims_of(token: str, keys: Mapping[str, Ed25519PublicKey], *, kind: str) -> dict[str, object]:
    """Return what a token claims, once its signature is seen to hold.

    keys     by their ids: the only ones believed, whatever the token names
    raises   BadSignature
    """
    parts = token.split(".") if len(token) <= _TOKEN_MAX else []
    if len(parts) != 3:  # noqa: PLR2004 - header, claims, signature
        raise BadSignature("this is no compact JWS")
    header, claims = _read(parts[0]), _read(parts[1])
    if header.get("alg") != ALGORITHM or header.get("typ") != kind:
        raise BadSignature(f"this is no {kind} signed by {ALGORITHM}")
    key = keys.get(str(header.get("kid")))
    if key is None:
        raise BadSignature("an unknown key signed it")
    try:
        key.verify(_decoded(parts[2]), f"{parts[0]}.{parts[1]}".encode())
    except InvalidSignature:
        raise BadSignature("the signature does not hold") from None
    return claims


def _read(part: str) -> dict[str, object]:
    try:
        found = json.loads(_decoded(part))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise BadSignature("this is no compact JWS")
    return found


def _json(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def _encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise BadSignature("this is no compact JWS") from None
    # Another spelling of the same bytes would be another token with the same meaning.
    if _encoded(raw) != text:
        raise BadSignature("this is no compact JWS")
    return raw
