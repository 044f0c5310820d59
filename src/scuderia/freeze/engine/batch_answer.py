"""The batch as JSON: from the text of a question to the text of the signed answer."""

import gc
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from scuderia.basics.errors import BadInput
from scuderia.freeze.engine.batch import Batch, Targets, decide_batch
from scuderia.freeze.engine.gate import Circumstances
from scuderia.freeze.engine.signatures import signed
from scuderia.freeze.engine.zone_index import ZoneIndex

KIND = "freeze-decisions+jws"
_PLACE = re.compile(r" - at `\$\.targets\[(\d+)\](?:\.(\w+))?`$")


class _Target(msgspec.Struct, gc=False):
    """One target as it is typed; an instant in Unix seconds, or ISO 8601."""

    node: str
    update_class: str
    start: int | str
    end: int | str


class _Question(msgspec.Struct):
    targets: list[_Target]


_QUESTION = msgspec.json.Decoder(_Question)


class BadBatch(BadInput):
    """The question is no JSON of the form that is asked for."""

    code = "FREEZE-006"
    remedy = (
        'Send {"targets": [{"node": ..., "update_class": ..., "start": ..., "end": ...}]}, '
        "instants in Unix seconds or ISO 8601 with an offset."
    )


@contextmanager
def _unswept() -> Iterator[None]:
    """Put off the collector: what a batch makes is much, and holds no circle.

    Other threads' circles wait as well, for some tenths of a second. Only who put it off puts it
    on again, so that two at once never leave it off.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@_unswept()
def answer_batch(
    index: ZoneIndex, text: bytes, at: Circumstances, key: Ed25519PrivateKey, *, issuer: str
) -> bytes:
    """Read the question, judge it, sign one root over all decisions, and return the answer.

    returns  JSON: `allowed` in the order asked; `refused`: the places of the others, and beside
             it `objections` (zones by their places in `zones`) and `not_before`; `token`: a JWS
             whose `root` is the Merkle root over all decisions
    raises   BadBatch, BadUpdate
    """
    return answer_targets(index, read_targets(text), at, key, issuer=issuer)[0]


@_unswept()
def answer_targets(
    index: ZoneIndex,
    targets: Targets,
    at: Circumstances,
    key: Ed25519PrivateKey,
    *,
    issuer: str,
) -> tuple[bytes, Batch]:
    """Return the same of targets that were read, beside the decisions themselves.

    raises   BadUpdate
    """
    batch = decide_batch(index, targets, at)
    claims: Mapping[str, object] = {
        "iss": issuer,
        "iat": at.now,
        "root": batch.root.hex(),
        "size": len(batch.leaves),
        "refused": len(batch.refused),
    }
    return _written(index, batch, signed(claims, key, kind=KIND)), batch


@_unswept()
def read_targets(text: bytes) -> Targets:
    """Return the targets of a question.

    raises   BadBatch: names the target and the field
    """
    try:
        rows = _QUESTION.decode(text).targets
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _unreadable(str(error)) from None
    starts, ends = [row.start for row in rows], [row.end for row in rows]
    return Targets(
        [row.node for row in rows],
        [row.update_class for row in rows],
        _instants("start", starts),
        _instants("end", ends),
    )


def _unreadable(said: str) -> BadBatch:
    """Return the refusal that names the target and the field, where the reader named them."""
    place = _PLACE.search(said)
    if place is None:
        return BadBatch(f"the question cannot be read: {said[:80]}")
    number, field = place.groups()
    why = said[: place.start()]
    if field in ("start", "end"):
        return BadBatch(f"target {number}: {field} is no instant: {why}")
    return BadBatch(f"target {number}{f': {field}' if field else ''}: {why}")


def _instants(field: str, told: list[int | str]) -> list[int]:
    """Return the instants as Unix seconds.

    raises   BadBatch
    """
    return [
        one if isinstance(one, int) else _instant(place, field, one)
        for place, one in enumerate(told)
    ]


def _instant(place: int, field: str, value: str) -> int:
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise BadBatch(f"target {place}: {field} is no instant: {value[:40]!r}")
    return int(at.astimezone(UTC).timestamp())


def _written(index: ZoneIndex, batch: Batch, token: str) -> bytes:
    answer = {
        "allowed": batch.allowed,
        "refused": batch.refused,
        "objections": batch.objections,
        "not_before": batch.not_before,
        "zones": [zone.zone for zone in index.zones],
        "token": token,
    }
    return json.dumps(answer, separators=(",", ":"), check_circular=False).encode()
