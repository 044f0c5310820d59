"""The offline bundle: zones in one signed, expiring file, from which the gate decides alone.

The file is JSON in its one canonical spelling, so that no byte of it can be another. The signature
is over the digest of what the file says; whoever decides from it pins the key beforehand.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from scuderia.basics.canonical import canonical_json, sha256_of
from scuderia.basics.errors import Refused
from scuderia.freeze.engine.gate import INSTANT_MAX, Circumstances
from scuderia.freeze.engine.signatures import claims_of, signed
from scuderia.freeze.engine.zone_index import ZoneIndex, compile_zones
from scuderia.freeze.nouns import UpdateClass, ZoneCover

FORMAT = "scuderia-freeze-bundle/1"
KIND = "freeze-bundle+jws"
NODES_MAX = 1_000_000
ZONES_MAX = 10_000
INTERVALS_MAX = 1_000_000
CLOCKS_APART_S = 300
"""How far the clock here may run behind the issuer's before it is not believed."""
_SEQUENCE_MAX = 2**53


class BadBundle(Refused):
    """An offline bundle was changed, is damaged, or is of a form that nobody here knows."""

    code = "FREEZE-027"
    remedy = "Fetch the bundle again; until then decide as if everything were frozen."


class RolledBack(Refused):
    """An offline bundle is older than one that was seen here before."""

    code = "FREEZE-028"
    remedy = "Fetch the newest bundle; if the older one is meant, remove the file of what was seen."


@dataclass(frozen=True, slots=True)
class Bundle:
    """The zones over an inventory, as they stood when it was issued.

    sequence   each bundle has a higher one than the one before
    issued     Unix seconds
    expires    Unix seconds; what lies later is stale, and stale is refused for frozen scope
    nodes      the inventory, ascending
    """

    sequence: int
    issued: int
    expires: int
    nodes: tuple[str, ...]
    zones: tuple[ZoneCover, ...]

    def compiled(self) -> ZoneIndex:
        """Return the index that the gate decides from."""
        return compile_zones(self.zones, self.nodes)

    def circumstances(self, now: int) -> Circumstances:
        """Return what the gate must know when it has nothing but the bundle."""
        return Circumstances(
            now=now,
            zones_until=self.expires,
            clock_is_good=now >= self.issued - CLOCKS_APART_S,
        )


@dataclass(frozen=True, slots=True)
class SeenBundle:
    """The newest bundle that was accepted here."""

    sequence: int
    digest: str


def seal_bundle(bundle: Bundle, key: Ed25519PrivateKey) -> bytes:
    """Return the file.

    raises   BadBundle: what it holds is out of bounds
    """
    told = _told(bundle)
    _bundle_of(told)
    claims = _claims(told, bundle)
    return _file({"bundle": told, "signature": signed(claims, key, kind=KIND)})


def open_bundle(raw: bytes, keys: Mapping[str, Ed25519PublicKey]) -> tuple[Bundle, str]:
    """Return what the file holds and its digest, once both are seen to be what was signed.

    keys     pinned, by their ids
    raises   BadBundle, BadSignature
    """
    try:
        found = json.loads(raw)
        told, token = found["bundle"], found["signature"]
        # Any other spelling, a doubled key or a stray space included, is another file.
        whole = _file({"bundle": told, "signature": token}) == raw
    except (ValueError, TypeError, LookupError, RecursionError):
        raise BadBundle("the file is no bundle") from None
    if not whole or not isinstance(token, str):
        raise BadBundle("the file is not spelled as a bundle is")
    try:
        claims = claims_of(token, keys, kind=KIND)
    except RecursionError:
        raise BadBundle("the signature is no JWS") from None
    if claims.get("sha256") != sha256_of(told):
        raise BadBundle("what was signed is another bundle")
    bundle = _bundle_of(told)
    if claims != _claims(told, bundle):
        raise BadBundle("the signature tells another sequence or another age")
    return bundle, str(claims["sha256"])


def refuse_rolled_back(bundle: Bundle, digest: str, seen: SeenBundle | None) -> None:
    """Refuse a bundle that is older than one seen before, or another one of the same number.

    raises   RolledBack
    """
    if seen is None or bundle.sequence > seen.sequence:
        return
    if bundle.sequence < seen.sequence:
        raise RolledBack(f"bundle {bundle.sequence} after bundle {seen.sequence} was seen here")
    if digest != seen.digest:
        raise RolledBack(f"another bundle {bundle.sequence} was seen here")


def _claims(told: object, bundle: Bundle) -> dict[str, object]:
    return {
        "exp": bundle.expires,
        "iat": bundle.issued,
        "sequence": bundle.sequence,
        "sha256": sha256_of(told),
    }


def _file(found: Mapping[str, object]) -> bytes:
    return canonical_json(found).encode() + b"\n"


def _told(bundle: Bundle) -> dict[str, object]:
    number = {name: at for at, name in enumerate(bundle.nodes)}
    return {
        "format": FORMAT,
        "sequence": bundle.sequence,
        "issued": bundle.issued,
        "expires": bundle.expires,
        "nodes": bundle.nodes,
        "zones": [
            {
                "zone": zone.zone,
                "nodes": _runs(sorted(number[name] for name in zone.nodes & number.keys())),
                "classes": sorted(zone.classes),
                "intervals": zone.intervals,
            }
            for zone in bundle.zones
        ],
    }


def _bundle_of(told: object) -> Bundle:
    """Read what `_told` wrote.

    raises   BadBundle
    """
    try:
        fields = dict(cast("Mapping[str, object]", told))
        if fields.pop("format") != FORMAT:
            raise BadBundle(f"the bundle is not of the form {FORMAT}")
        nodes = tuple(_texts(fields.pop("nodes"), NODES_MAX))
        rows = cast("Sequence[Mapping[str, object]]", fields.pop("zones"))
        bundle = Bundle(
            sequence=_whole(fields.pop("sequence"), _SEQUENCE_MAX),
            issued=_whole(fields.pop("issued"), INSTANT_MAX),
            expires=_whole(fields.pop("expires"), INSTANT_MAX),
            nodes=nodes,
            zones=tuple(_zone(row, nodes) for row in rows[: ZONES_MAX + 1]),
        )
    except (TypeError, ValueError, LookupError, AttributeError):
        raise BadBundle("the bundle lacks a field, or has one that cannot be read") from None
    ascending = all(one < other for one, other in pairwise(nodes))
    intervals = sum(len(zone.intervals) for zone in bundle.zones)
    named_once = len({zone.zone for zone in bundle.zones}) == len(bundle.zones)
    if fields or not ascending or not named_once or bundle.issued >= bundle.expires:
        raise BadBundle("the bundle contradicts itself, or holds what nobody knows")
    if len(bundle.zones) > ZONES_MAX or intervals > INTERVALS_MAX:
        raise BadBundle("the bundle holds more zones or intervals than a verifier takes")
    return bundle


def _zone(row: Mapping[str, object], nodes: Sequence[str]) -> ZoneCover:
    """Read one zone; what it says beside the four fields could matter, so it is refused."""
    if set(row) != {"zone", "nodes", "classes", "intervals"}:
        raise ValueError("fields")
    (name,) = _texts([row["zone"]], 1)
    spans = cast("Sequence[Sequence[object]]", row["intervals"])
    intervals = tuple(
        (_whole(start, INSTANT_MAX), _whole(end, INSTANT_MAX)) for start, end in spans
    )
    if any(start >= end for start, end in intervals):
        raise ValueError("intervals")
    runs = [_whole(one, NODES_MAX) for one in cast("Sequence[object]", row["nodes"])]
    held: list[str] = []
    for first, count in zip(runs[::2], runs[1::2], strict=True):
        if count == 0 or first + count > len(nodes) or len(held) + count > len(nodes):
            raise ValueError("nodes")
        held.extend(nodes[first : first + count])
    classes = frozenset(UpdateClass(one) for one in _texts(row["classes"], len(UpdateClass)))
    return ZoneCover(name, frozenset(held), classes, intervals)


def _runs(numbers: Iterable[int]) -> list[int]:
    """Return ascending numbers as first, count, first, count: zones are mostly whole racks."""
    found: list[int] = []
    for number in numbers:
        if found and found[-2] + found[-1] == number:
            found[-1] += 1
        else:
            found += [number, 1]
    return found


def _whole(value: object, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise ValueError("number")
    return value


def _texts(value: object, most: int) -> list[str]:
    if not isinstance(value, list | tuple) or len(value) > most:
        raise TypeError("list")
    if not all(isinstance(one, str) and one for one in value):
        raise TypeError("text")
    return list(value)
