"""The outages that last, within one's reach, over JSON."""

from collections.abc import Mapping
from typing import Annotated, Literal

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from scuderia.fleet.nouns import Severity
from scuderia.fleet.operations.amendments import (
    OutageChanges,
    amend_outage,
    retract_outage,
    share_said,
)
from scuderia.fleet.queries import outages
from scuderia.fleet.queries.outages import OpenOutage
from scuderia.loop.api import common
from scuderia.loop.api.row_schemas import made_from
from scuderia.loop.ports import registry

router = Router()
GpuIndex = Annotated[int, Field(ge=0, le=1023)]
SourceKey = Annotated[str, Field(min_length=1, max_length=120, pattern=common.NO_NUL)]


@made_from(OpenOutage, leave_out={"age"})
class OpenOutageOut(Schema):
    """An outage that lasts; `phase` null means that nobody said."""

    age_s: int

    @staticmethod
    def resolve_age_s(outage: OpenOutage) -> int:
        """Return the age in whole seconds."""
        return int(outage.age.total_seconds())


@router.get("/outages", response=common.answers(common.PageOut[OpenOutage]))
def list_open_outages(request: HttpRequest, *, page: common.LongPage) -> Mapping[str, object]:
    """Return the outages that last, oldest first."""
    found = outages.list_open_outages(common.request_actor(request), registry.clock.now())
    return page.of(found)


class AmendIn(Schema):
    """What is to stand there instead; what is left out stays, and a reason is always given.

    gpus_lost     how many of the node's GPUs it took; "all": the whole node
    gpu_indices   which ones, from 0
    """

    outage: SourceKey
    reason: common.Words
    start: common.Instant | None = None
    end: common.Instant | None = None
    cause: common.Words | None = None
    planned: bool | None = None
    gpus_lost: Literal["all"] | Annotated[int, Field(ge=1, le=1024)] | None = None
    gpu_indices: Annotated[list[GpuIndex], Field(max_length=1024)] = []
    severity: Severity | None = None
    retract: bool = False


@router.post("/outages/amend", response=common.answers(None, status=204))
def amend(request: HttpRequest, said: AmendIn) -> Status[None]:
    """Correct one outage by its source's key, or take one off the books that never was."""
    actor, now = common.request_actor(request), registry.clock.now()
    if said.retract:
        retract_outage(actor=actor, source_key=said.outage, reason=said.reason, now=now)
    else:
        changes = OutageChanges(
            start=said.start,
            end=said.end,
            cause=said.cause,
            planned=said.planned,
            gpus_lost=share_said(str(said.gpus_lost or ""), ",".join(map(str, said.gpu_indices))),
            severity=said.severity,
        )
        amend_outage(
            actor=actor, source_key=said.outage, changes=changes, reason=said.reason, now=now
        )
    return Status(204, None)
