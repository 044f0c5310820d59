"""The gate over JSON: one update, or up to 200,000 in one signed answer; and the key of it."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema
from pydantic import ConfigDict

from scuderia.freeze.nouns import UpdateOutcome
from scuderia.freeze.operations.bundle_exports import export_bundle
from scuderia.freeze.operations.envelopes import sealed_decision
from scuderia.freeze.operations.gate_batches import BATCH_BYTES_MAX, ask_gate_batch
from scuderia.freeze.operations.gate_decisions import GateAnswer, ask_gate, ask_gate_for_planned
from scuderia.freeze.operations.gate_reports import report_update
from scuderia.freeze.operations.signing_keys import PublicKey, public_key
from scuderia.freeze.queries.asked_updates import read_bound, read_update
from scuderia.freeze.queries.gate_decisions import GateDecisionRow, GateReportRow, get_decision
from scuderia.loop.api.common import Asked, Instant, SubjectText, answers, asked_by, file_answer

router = Router(tags=["gate"])
bundles = Router(tags=["gate"])
JSON = "application/json"
BATCH_BODY = {
    "type": "object",
    "required": ["targets"],
    "properties": {"targets": {"type": "array", "maxItems": 200_000, "items": {"type": "object"}}},
}


class UpdateIn(Schema):
    """An update; lengths as 45m or 1h30m, the start with a zone, Z or an offset."""

    nodes: Annotated[list[SubjectText], Field(min_length=1, max_length=10_000)]
    update_class: SubjectText
    start: SubjectText
    duration: SubjectText
    bake: SubjectText = "0s"
    rollback: SubjectText = "0s"


class DescribedIn(UpdateIn):
    """An update that the deployer describes itself."""

    model_config = ConfigDict(extra="forbid")


class PlannedIn(Schema):
    """An update of the calendar; with `start` it is judged as if it began then."""

    model_config = ConfigDict(extra="forbid")
    update: Annotated[SubjectText, Field(min_length=1)]
    start: SubjectText = ""


class ReportIn(Schema):
    """How an update ended that the gate was asked for."""

    decision_id: UUID
    outcome: UpdateOutcome
    ended_at: Instant


@router.post("/decide", response=answers(GateAnswer))
def decide(request: HttpRequest, said: UpdateIn) -> GateAnswer:
    """Say whether the update may be made, over its whole length; the decision is kept."""
    return ask_gate(**asked_by(request), update=read_update(**said.dict()))


@router.post(
    "/decide-batch",
    response=answers(None),
    openapi_extra={
        "requestBody": {"required": True, "content": {JSON: {"schema": BATCH_BODY}}},
        "responses": {
            200: {"description": "the answer, signed", "content": {JSON: {"schema": {}}}}
        },
    },
)
def decide_batch(request: HttpRequest) -> HttpResponse:
    """Judge each target by itself, and sign one root over all of the decisions."""
    text = request.read(BATCH_BYTES_MAX + 1)
    return enveloped(ask_gate_batch(**asked_by(request), text=text))


@router.get(
    "/decisions/{decision_id}/envelope",
    response=answers(None),
    openapi_extra=file_answer(JSON, "the decision in a DSSE envelope, signed"),
)
def get_decision_envelope(request: HttpRequest, decision_id: UUID) -> HttpResponse:
    """Return one decision that was kept, signed, as `freeze decision verify` takes it."""
    return enveloped(sealed_decision(**asked_by(request), decision_id=decision_id))


def enveloped(body: bytes) -> HttpResponse:
    """Return what was signed as an answer that no cache keeps."""
    return HttpResponse(body, content_type=JSON, headers={"Cache-Control": "private, no-store"})


@router.post("/ask", response=answers(GateAnswer))
def ask(request: HttpRequest, said: DescribedIn | PlannedIn) -> GateAnswer:
    """Say whether a deployer may make the update: one it describes, or one of the calendar."""
    return ask_for(asked_by(request), said)


def ask_for(asked: Asked, said: UpdateIn | PlannedIn) -> GateAnswer:
    """Ask the gate for an update, described or of the calendar."""
    if isinstance(said, UpdateIn):
        return ask_gate(**asked, update=read_update(**said.dict()))
    start = read_bound(said.start, "start")
    return ask_gate_for_planned(**asked, key=said.update, start=start)


@router.post("/report", response=answers(GateReportRow))
def report(request: HttpRequest, said: ReportIn) -> GateReportRow:
    """Say how the update ended; it is kept with the decision, once."""
    return report_update(**asked_by(request), **said.dict())


@router.get("/decisions/{decision_id}", response=answers(GateDecisionRow))
def decision(request: HttpRequest, decision_id: UUID) -> GateDecisionRow:
    """Return what the gate answered, and what became of it: to who asked, and who reads all."""
    return get_decision(**asked_by(request), decision_id=decision_id)


@bundles.get(
    "/bundle",
    response=answers(None),
    openapi_extra=file_answer(JSON, "the signed bundle, as `freeze bundle verify` takes it"),
)
def get_bundle(
    request: HttpRequest, *, hours: Annotated[int, Query(ge=1, le=336)] = 72
) -> HttpResponse:
    """Issue a signed bundle of the zones, from which a deployer may decide for so many hours."""
    return enveloped(export_bundle(**asked_by(request), lasts=timedelta(hours=hours)))


@router.get("/key", response=answers(PublicKey))
def key(request: HttpRequest) -> PublicKey:
    """Return the public key (RFC 8037) that the gate's answers are checked with."""
    return public_key(asked_by(request)["actor"])
