"""No-fly zones over JSON: listed, shown, asked for, decided on, extended, ended."""

from collections.abc import Callable, Mapping
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema, Status

from scuderia.freeze.api.gate import JSON, enveloped
from scuderia.freeze.nouns import ZoneAsked, ZoneScope
from scuderia.freeze.operations import zones
from scuderia.freeze.operations.envelopes import sealed_report
from scuderia.freeze.operations.zones import ZonePreview
from scuderia.freeze.queries.zone_decisions import ZoneDecisionRow, list_zone_decisions
from scuderia.freeze.queries.zones import ZoneRow, ZoneView, get_zone, list_zones
from scuderia.loop.api import common

router = Router(tags=["no-fly zones"])
Texts = Annotated[list[common.SubjectText], Field(max_length=2_000)]


class EndIn(Schema):
    """An end: date, time and zone as people write them; or that it is open, and its review."""

    end: common.SubjectText = ""
    open_end: bool = False
    review: common.SubjectText = ""
    reason: common.Words = ""


class ZoneIn(EndIn):
    """A zone: what it holds, by subjects (`under`) or as so many GPUs; from when to when, why.

    labels   key=value or key!=value: of those alone that meet all of them
    hold     the count is of free, healthy GPUs of the node type, kept for the customer's run
    """

    customer: common.SubjectText
    under: Texts = []
    gpus: Annotated[int, Field(ge=1, le=common.COUNT_MAX)] | None = None
    sku: common.SubjectText = ""
    site: common.SubjectText = ""
    labels: Texts = []
    hold: bool = False
    start: common.SubjectText
    classes: Texts = []
    title: common.Words = ""
    ticket: common.Words = ""
    rrule: common.Words = ""
    exdates: Texts = []
    rdates: Texts = []
    end_kind: common.SubjectText = "wall"
    dry_run: bool = False


@router.get("/zones", response=common.answers(common.PageOut[ZoneRow]))
def get_zones(
    request: HttpRequest, *, past: bool = False, page: common.Page
) -> Mapping[str, object]:
    """Return the zones within reach, the last to start first; with `past` those over too."""
    found = list_zones(**common.asked_by(request), past=past, limit=page.rows_max)
    return page.of(found)


@router.get("/zones/{zone_id}", response=common.answers(ZoneView))
def get_one_zone(request: HttpRequest, zone_id: UUID) -> ZoneView:
    """Return one zone, with the first of its nodes and its steps."""
    return get_zone(**common.asked_by(request), zone_id=zone_id)


@router.get("/zones/{zone_id}/decisions", response=common.answers(common.PageOut[ZoneDecisionRow]))
def get_zone_decisions(
    request: HttpRequest, zone_id: UUID, *, page: common.Page
) -> Mapping[str, object]:
    """Return what the gate answered about the zone's nodes within reach, newest first."""
    found = list_zone_decisions(**common.asked_by(request), zone_id=zone_id, limit=page.rows_max)
    return page.of(found)


@router.get(
    "/zones/{zone_id}/report",
    response=common.answers(None),
    openapi_extra=common.file_answer(JSON, "the report in a DSSE envelope, signed"),
)
def get_zone_report(request: HttpRequest, zone_id: UUID) -> HttpResponse:
    """Return what became of a zone, signed, as `freeze report verify` takes it."""
    return enveloped(sealed_report(**common.asked_by(request), zone_id=zone_id))


@router.post("/zones", response=common.answers(ZonePreview))
def request_zone(request: HttpRequest, said: ZoneIn) -> ZonePreview:
    """Ask for a zone; another person approves it before it stops anything."""
    scope = ZoneScope(
        tuple(said.under), said.gpus, said.sku, said.site, tuple(said.labels), said.hold
    )
    lists = {"classes", "exdates", "rdates"}
    told = said.dict(exclude={"under", "gpus", "sku", "site", "labels", "hold", "dry_run", *lists})
    asked = ZoneAsked(
        scope=scope,
        classes=tuple(said.classes),
        exdates=tuple(said.exdates),
        rdates=tuple(said.rdates),
        **told,
    )
    return zones.request_zone(**common.asked_by(request), asked=asked, dry_run=said.dry_run)


@router.post("/zones/{zone_id}/extend", response=common.answers(None, status=204))
def extend_zone(request: HttpRequest, zone_id: UUID, said: EndIn) -> Status[None]:
    """Ask for a later end; the old one holds until another person approves."""
    zones.extend_zone(**common.asked_by(request), zone_id=zone_id, **said.dict())
    return Status(204, None)


@router.post("/zones/{zone_id}/approve", response=common.answers(None, status=204))
def approve_zone(request: HttpRequest, zone_id: UUID, said: common.ReasonIn) -> Status[None]:
    """Say yes to a zone that somebody else asked for, or to its extension."""
    return _decided(zones.approve_zone, request, zone_id, said)


@router.post("/zones/{zone_id}/reject", response=common.answers(None, status=204))
def reject_zone(request: HttpRequest, zone_id: UUID, said: common.ReasonIn) -> Status[None]:
    """Say no to a zone, or to its extension."""
    return _decided(zones.reject_zone, request, zone_id, said)


@router.post("/zones/{zone_id}/end", response=common.answers(None, status=204))
def end_zone(request: HttpRequest, zone_id: UUID, said: common.ReasonIn) -> Status[None]:
    """End a zone before its time."""
    return _decided(zones.end_zone, request, zone_id, said)


def _decided(
    operation: Callable[..., None], request: HttpRequest, zone_id: UUID, said: common.ReasonIn
) -> Status[None]:
    operation(**common.asked_by(request), zone_id=zone_id, reason=said.reason)
    return Status(204, None)
