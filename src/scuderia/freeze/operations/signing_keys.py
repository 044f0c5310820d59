"""The home's key for what the gate signs: made on first use, readable by its owner alone."""

import os
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

from scuderia.basics.actors import Actor
from scuderia.basics.errors import Unable
from scuderia.freeze.engine.signatures import key_id
from scuderia.loop.nouns import Power
from scuderia.loop.operations import access

FILE = "gate-signing.key"
_SIZE = 32


class KeyUnreadable(Unable):
    """The home's signing key is no key, so nothing was signed."""

    code = "FREEZE-015"
    remedy = f"Put {FILE} of a backup of the home in place; a new key would not be believed."


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key as RFC 8037 writes it; `kid` is its thumbprint (RFC 7638)."""

    kty: str
    crv: str
    x: str
    kid: str


def signing_key() -> Ed25519PrivateKey:
    """Return the key; where there is none yet it is made, whole or not at all.

    raises   KeyUnreadable
    """
    path = Path(settings.HOME.path) / FILE
    if not path.exists():
        _make(path)
    raw = path.read_bytes()
    if len(raw) != _SIZE:
        raise KeyUnreadable(f"{FILE} holds {len(raw)} bytes, not {_SIZE}")
    return Ed25519PrivateKey.from_private_bytes(raw)


def public_key(actor: Actor) -> PublicKey:
    """Return what others check signatures with.

    raises   NotFound: the actor may read nothing at all
    """
    access.require_somewhere(actor, Power.READ)
    public = signing_key().public_key()
    x = urlsafe_b64encode(public.public_bytes_raw()).rstrip(b"=").decode()
    return PublicKey("OKP", "Ed25519", x, key_id(public))


def public_pem(actor: Actor) -> str:
    """Return the same key as PEM, as openssl reads it.

    raises   NotFound: the actor may read nothing at all
    """
    access.require_somewhere(actor, Power.READ)
    public = signing_key().public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _make(path: Path) -> None:
    """Write a key beside and link it there: of two who begin at once, one key is everybody's."""
    beside = path.with_name(f".{FILE}.{secrets.token_hex(8)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(Ed25519PrivateKey.generate().private_bytes_raw())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(beside, path)
        except FileExistsError:
            return
    finally:
        beside.unlink()
