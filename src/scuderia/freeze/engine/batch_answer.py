"""The batch as JSON: from the text of a question to the text of the signed answer."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from scuderia.basics.errors import BadInput
from scuderia.freeze.engine.batch import Batch, Targets, decide_batch
from scuderia.freeze.engine.gate import Circumstances
from scuderia.freeze.engine.signatures import signed
from scuderia.freeze.engine.zone_index import ZoneIndex

KIND = "freeze-decisions+jws"


class BadBatch(BadInput):
    """The question is no JSON of the form that is asked for."""

    code = "FREEZE-006"
    remedy = (
        'Send {"targets": [{"node": ..., "update_class": ..., "start": ..., "end": ...}]}, '
        "instants in Unix seconds or ISO 8601 with an offset."
    )


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


def read_targets(text: bytes) -> Targets:
    """Return the targets of a question.

    raises   BadBatch: names the target and the field
    """
    try:
        rows = json.loads(text)["targets"]
        nodes = [row["node"] for row in rows]
        classes = [row["update_class"] for row in rows]
        starts = [row["start"] for row in rows]
        ends = [row["end"] for row in rows]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadBatch(f"the question cannot be read: {str(error)[:80]}") from None
    if not set(map(type, nodes)) | set(map(type, classes)) <= {str}:
        raise BadBatch("node and update_class are text in every target")
    if not set(map(type, starts)) | set(map(type, ends)) <= {int}:
        starts = [_instant(place, "start", one) for place, one in enumerate(starts)]
        ends = [_instant(place, "end", one) for place, one in enumerate(ends)]
    return Targets(nodes, classes, starts, ends)


def _instant(place: int, field: str, value: object) -> int:
    if type(value) is int:
        return value
    try:
        at = datetime.fromisoformat(cast("str", value))
    except (TypeError, ValueError):
        at = None
    if at is None or at.tzinfo is None:
        raise BadBatch(f"target {place}: {field} is no instant: {str(value)[:40]!r}")
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
