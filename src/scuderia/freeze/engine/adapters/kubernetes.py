"""Kubernetes' ValidatingAdmissionWebhook: an AdmissionReview in, the same with a response out.

The fields relied on, and where they are documented:
    request: apiVersion admission.k8s.io/v1, kind AdmissionReview, request.uid, .operation, .dryRun,
        .object and .oldObject (DELETE has the old one alone) (kubernetes.io, "Dynamic Admission
        Control", Request)
    response: the same apiVersion and kind, response.uid, .allowed, .status.code and .message,
        .warnings (the same, Response)
    dryRun: a webhook with sideEffects NoneOnDryRun changes nothing then (the same, Side effects)
What an object says of itself, as annotations (or labels where the value can be one):
    scuderia.dev/update-class   firmware, driver, host_os ...
    scuderia.dev/nodes          hostlists or names, parted by blanks; of a Node object: its own name
    scuderia.dev/duration       45m; beside it bake, rollback; or
    scuderia.dev/update         the key of an update on the calendar, in place of all of these
"""

from collections.abc import Mapping
from dataclasses import dataclass

from scuderia.basics.canonical import JsonValue
from scuderia.freeze.engine.adapters.payloads import BadPayload, text_at

VERSION, KIND = "admission.k8s.io/v1", "AdmissionReview"
PREFIX = "scuderia.dev/"
WORDS = ("update", "update-class", "nodes", "duration", "bake", "rollback")
FORBIDDEN, UNREADABLE = 403, 422
MESSAGE_MAX = 2_000
UID_MAX = 128


@dataclass(frozen=True, slots=True)
class Admission:
    """One object that is to be let in.

    said     what it says of the update that it is, by word; empty: it says nothing
    is_dry   nothing may be kept
    """

    uid: str
    said: Mapping[str, str]
    is_dry: bool


def read_admission(payload: Mapping[str, object]) -> Admission:
    """Return what is to be let in.

    raises   BadPayload
    """
    if payload.get("apiVersion") != VERSION or payload.get("kind") != KIND:
        raise BadPayload(f"it is no {KIND} of {VERSION}")
    uid = text_at(payload, "request", "uid")
    if len(uid) > UID_MAX:
        raise BadPayload(f"request.uid is longer than {UID_MAX} characters")
    text_at(payload, "request", "operation")
    request = _mapping(payload, "request")
    held = _mapping(request, "object") or _mapping(request, "oldObject")
    metadata = _mapping(held, "metadata")
    marks = _mapping(metadata, "labels") | _mapping(metadata, "annotations")
    said = {word: _text(marks, word) for word in WORDS if f"{PREFIX}{word}" in marks}
    if said and "nodes" not in said and held.get("kind") == "Node":
        said["nodes"] = text_at(metadata, "name")
    return Admission(uid, said, is_dry=request.get("dryRun") is True)


def response(
    uid: str, *, allowed: bool, words: str = "", code: int = FORBIDDEN
) -> dict[str, JsonValue]:
    """Return the review with its response; `code` and `words` are told with a no."""
    told: dict[str, JsonValue] = {"uid": uid, "allowed": allowed}
    if not allowed:
        told["status"] = {"code": code, "message": words[:MESSAGE_MAX]}
    return {"apiVersion": VERSION, "kind": KIND, "response": told}


def _mapping(payload: Mapping[str, object], key: str) -> dict[str, object]:
    found = payload.get(key)
    return dict(found) if isinstance(found, dict) else {}


def _text(marks: Mapping[str, object], word: str) -> str:
    found = marks[f"{PREFIX}{word}"]
    if not isinstance(found, str) or len(found) > MESSAGE_MAX or "\0" in found:
        raise BadPayload(f"{PREFIX}{word} is no text")
    return found
