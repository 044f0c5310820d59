"""Answers Kubernetes whether an object may be let in: asks the gate for the update that it is."""

from dataclasses import replace

from scuderia.basics.actors import Actor
from scuderia.basics.canonical import JsonValue
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput
from scuderia.fleet.operations.descriptions import expand_nodes
from scuderia.freeze.engine.adapters import kubernetes
from scuderia.freeze.engine.adapters.payloads import read_object
from scuderia.freeze.nouns import AskedUpdate
from scuderia.freeze.operations.adapter_deliveries import words_of
from scuderia.freeze.operations.gate_decisions import (
    GateAnswer,
    Judged,
    NoPlannedStart,
    ask_gate,
    judge_update,
    planned_ahead,
)
from scuderia.freeze.operations.updates import NoSuchUpdate
from scuderia.freeze.queries.asked_updates import read_seconds
from scuderia.freeze.queries.updates import PlannedUpdate
from scuderia.loop.nouns import Power
from scuderia.loop.operations import access

SAYS_NOTHING = (
    "the object does not say what it touches: annotate scuderia.dev/update, or "
    "scuderia.dev/update-class, nodes and duration"
)


def answer_admission(*, actor: Actor, body: bytes, now: AwareDatetime) -> dict[str, JsonValue]:
    """Return the AdmissionReview with its response; what cannot be put to the gate is a no.

    A dry run keeps nothing. The same review asked twice is answered twice: nothing follows from it.
    raises   BadPayload: it is no review; NotFound: the actor may read nothing at all
    """
    access.require_somewhere(actor, Power.READ)
    review = kubernetes.read_admission(read_object(body))
    try:
        answer = _asked(actor, review, now)
    except (BadInput, NoSuchUpdate, NoPlannedStart) as error:
        words = f"{error.message} ({error.code}). {error.remedy}"
        return kubernetes.response(
            review.uid, allowed=False, words=words, code=kubernetes.UNREADABLE
        )
    allowed = answer.allowed if isinstance(answer, GateAnswer) else answer.verdict.allowed
    return kubernetes.response(review.uid, allowed=allowed, words=words_of(answer))


def _asked(actor: Actor, review: kubernetes.Admission, now: AwareDatetime) -> GateAnswer | Judged:
    """Ask the gate, from now on, for the update that the object says it is.

    raises   BadInput; NoSuchUpdate, NoPlannedStart
    """
    planned = _planned(actor, review, now)
    update = _described(review, now) if planned is None else planned.asked
    update = replace(update, start=int(now.timestamp()))
    hide_nodes = planned is not None and not planned.is_whole
    if review.is_dry:
        return judge_update(actor=actor, update=update, now=now, hide_nodes=hide_nodes)
    return ask_gate(actor=actor, update=update, now=now, planned=planned, hide_nodes=hide_nodes)


def _planned(
    actor: Actor, review: kubernetes.Admission, now: AwareDatetime
) -> PlannedUpdate | None:
    key = review.said.get("update")
    if key is None:
        return None
    if len(review.said.keys() - {"nodes"}) > 1:
        raise BadInput("it names an update of the calendar and describes one", remedy="Say one.")
    return planned_ahead(actor, key, now)


def _described(review: kubernetes.Admission, now: AwareDatetime) -> AskedUpdate:
    said = review.said
    if not {"update-class", "nodes", "duration"} <= said.keys():
        raise BadInput(SAYS_NOTHING, remedy="See docs/deployers.md, Kubernetes.")
    return AskedUpdate(
        nodes=tuple(expand_nodes(said["nodes"].split())),
        update_class=said["update-class"],
        start=int(now.timestamp()),
        work_s=read_seconds(said["duration"]),
        bake_s=read_seconds(said.get("bake", "0s")),
        rollback_s=read_seconds(said.get("rollback", "0s")),
    )
