"""What an offline bundle says, and what the gate decides from it alone."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput
from scuderia.freeze.engine.argocd import parse_go_duration
from scuderia.freeze.engine.bundle import Bundle, SeenBundle, open_bundle, refuse_rolled_back
from scuderia.freeze.engine.gate import decide
from scuderia.freeze.engine.signatures import key_id, x_of
from scuderia.freeze.engine.wall_times import read_instant
from scuderia.freeze.nouns import AskedUpdate, Verdict


class BadKey(BadInput):
    """A public key cannot be read, or is none of Ed25519."""

    code = "FREEZE-029"
    remedy = "Name a file with the gate's public key: PEM, or JSON Web Keys (OKP, Ed25519)."


@dataclass(frozen=True, slots=True)
class CheckedBundle:
    """A bundle that may be believed: what it holds, and what is to be remembered of it."""

    bundle: Bundle
    seen: SeenBundle

    def is_expired(self, now: AwareDatetime) -> bool:
        """Say whether it has expired; then it refuses whatever it ever froze."""
        return int(now.timestamp()) > self.bundle.expires


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateAsked:
    """An update as typed: an instant with its zone, and durations such as 45m."""

    nodes: tuple[str, ...]
    update_class: str
    start: str
    duration: str
    bake: str = "0"
    rollback: str = "0"


def read_keys(raw: bytes) -> dict[str, Ed25519PublicKey]:
    """Return the public keys of a file, by their ids.

    raises   BadKey
    """
    try:
        if b"BEGIN" in raw:
            found = [load_pem_public_key(raw)]
        else:
            told = json.loads(raw)
            rows = told.get("keys", [told])
            found = [Ed25519PublicKey.from_public_bytes(x_of(row)) for row in rows]
    except (ValueError, TypeError, LookupError, AttributeError, UnsupportedAlgorithm):
        raise BadKey("the file holds no public key that can be read") from None
    keys = {key_id(key): key for key in found if isinstance(key, Ed25519PublicKey)}
    if not keys:
        raise BadKey("the file holds no public key of Ed25519")
    return keys


def check_bundle(
    raw: bytes, keys: Mapping[str, Ed25519PublicKey], seen: SeenBundle | None
) -> CheckedBundle:
    """Return the bundle if it is whole, signed by a pinned key and not rolled back.

    seen     the newest one that was accepted here
    raises   BadBundle, BadSignature, RolledBack
    """
    bundle, digest = open_bundle(raw, keys)
    refuse_rolled_back(bundle, digest, seen)
    return CheckedBundle(bundle, SeenBundle(bundle.sequence, digest))


def ask_bundle(checked: CheckedBundle, asked: UpdateAsked, now: AwareDatetime) -> Verdict:
    """Say whether the update may be made, from the bundle alone.

    raises   UnclearInstant, UnknownTimeZone, BadDuration, BadUpdate
    """
    start = read_instant(asked.start, field="--start")
    lengths = [
        int(-(-parse_go_duration(text).total_seconds() // 1))
        for text in (asked.duration, asked.bake, asked.rollback)
    ]
    update = AskedUpdate(asked.nodes, asked.update_class, int(start.timestamp()), *lengths)
    bundle = checked.bundle
    return decide(bundle.compiled(), update, bundle.circumstances(int(now.timestamp())))
