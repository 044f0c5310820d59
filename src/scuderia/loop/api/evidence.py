"""Evidence run again."""

from collections.abc import Mapping
from datetime import datetime

from django.http import HttpRequest
from ninja import Field, Router, Schema

from scuderia.basics.errors import BadInput, NotFound, ScuderiaError
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.loop.api.common import (
    Facts,
    Name,
    Scalar,
    answers,
    request_actor,
)
from scuderia.loop.nouns import Power
from scuderia.loop.operations import access
from scuderia.loop.ports import registry
from scuderia.loop.queries.access import scopes_with

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


class BadEvidence(BadInput):
    """The query cannot answer for these parameters."""

    code = "WEB-009"
    remedy = "Give the parameters as the finding's evidence states them."


@router.post("/evidence/{query}", response=answers(EvidenceAgainOut))
def run_evidence(request: HttpRequest, query: str, said: EvidenceIn) -> dict[str, object]:
    """Run a registered query again; every subject that it names must be readable."""
    actor, now = request_actor(request), registry.clock.now()
    found = registry.evidence.get(query)
    if found is None or not scopes_with(actor, Power.READ):
        raise NotFound("no such query is visible to you")
    for subject in _subjects(said.params) or [EVERYTHING]:
        access.require(actor, Power.READ, subject)
    try:
        value = found.run(said.params)
    except ScuderiaError:
        raise
    except (KeyError, TypeError, ValueError, OverflowError):
        raise BadEvidence(f"{query[:64]} cannot answer for these parameters") from None
    return {"query": query, "params": said.params, "value": value, "asked_at": now}


def _subjects(params: Mapping[str, object]) -> list[SubjectRef]:
    """Return every subject that the parameters name, as `node: r01` or as `of: node:r01`."""
    named = []
    for name, value in params.items():
        text = str(value)
        if name in registry.lineages:
            named.append(SubjectRef.parse(f"{name}:{text.removeprefix(f'{name}:')}"))
        elif text.partition(":")[0] in registry.lineages:
            named.append(SubjectRef.parse(text))
    return named
