"""The form by which a person corrects an outage on its node's page."""

from django.http import HttpRequest

from scuderia.basics.clock import AwareDatetime, parse_instant
from scuderia.fleet.operations.amendments import OutageChanges, share_said
from scuderia.fleet.queries.nodes import NodeTimeline
from scuderia.web.components import Field
from scuderia.web.request_context import form_value

OFFERED = 50
KINDS = (("", "as it is"), ("true", "planned"), ("false", "unplanned"))


def fields_of(told: NodeTimeline) -> tuple[Field, ...]:
    """Return the form's fields; what is left empty stays as it is on the books."""
    known = tuple(
        (one.source_key, f"{one.start:%Y-%m-%d %H:%M} {one.cause or 'cause unknown'}"[:80])
        for one in told.outages[:OFFERED]
    )
    return (
        Field("outage", "Outage", "select", choices=known, required=True),
        Field("start", "It began", help="e.g. 2026-07-01T08:00:00Z; empty keeps it.", longest=40),
        Field("end", "It ended", help="The same; empty keeps it.", longest=40),
        Field("cause", "Cause", help="Empty keeps it.", longest=200),
        Field("planned", "Kind", "select", choices=KINDS),
        Field("gpus_lost", "GPUs lost", help='How many, or "all"; empty keeps it.', longest=4),
        Field("gpu_indices", "Which GPUs", help="From 0, as 0,3; empty where nobody knows.",
              longest=400),
        Field("reason", "Why", required=True, longest=2000, help="Kept in the audit."),
    )  # fmt: skip


def changes_from(request: HttpRequest) -> OutageChanges:
    """Read the form.

    raises   BadInput: an instant, or GPUs, that cannot be read
    """
    planned = form_value(request, "planned")
    return OutageChanges(
        start=_instant(request, "start"),
        end=_instant(request, "end"),
        cause=form_value(request, "cause") or None,
        planned=None if planned not in {"true", "false"} else planned == "true",
        gpus_lost=share_said(form_value(request, "gpus_lost"), form_value(request, "gpu_indices")),
    )


def _instant(request: HttpRequest, name: str) -> AwareDatetime | None:
    text = form_value(request, name)
    return parse_instant(text, field=name) if text else None
