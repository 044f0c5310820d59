"""Evidence run again."""

from datetime import datetime

from django.http import HttpRequest
from ninja import Field, Router, Schema

from scuderia.loop.api.common import (
    Name,
    Scalar,
    answers,
    request_actor,
)
from scuderia.loop.api.row_schemas import Facts
from scuderia.loop.operations import evidence
from scuderia.loop.ports import registry

router = Router(tags=["evidence"])


class EvidenceIn(Schema):
    """The parameters of a registered query, as its evidence states them."""

    params: dict[Name, Scalar | bool | None] = Field(default_factory=dict, max_length=20)


class EvidenceAgainOut(Schema):
    """What the query says now."""

    query: str
    params: Facts
    value: Facts
    asked_at: datetime


@router.post("/evidence/{query}", response=answers(EvidenceAgainOut))
def run_evidence(request: HttpRequest, query: str, said: EvidenceIn) -> dict[str, object]:
    """Run a registered query again; every subject that it names must be readable."""
    value = evidence.run_evidence(request_actor(request), query, said.params)
    return {"query": query, "params": said.params, "value": value, "asked_at": registry.clock.now()}
