"""The form that asks for a zone: tried first, then asked for; what it costs stands on its page."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from scuderia.basics.canonical import sha256_of
from scuderia.basics.errors import BadInput
from scuderia.fleet.operations.descriptions import expand_nodes
from scuderia.fleet.queries.customers import list_customers
from scuderia.fleet.queries.shared_parts import counted
from scuderia.freeze.nouns import UpdateClass, ZoneAsked, ZonePower, ZoneScope
from scuderia.freeze.operations.zones import ZonePreview, request_zone
from scuderia.freeze.pages.forms import LIST_MAX, WHY_MAX, filled
from scuderia.loop.operations.access import require_somewhere
from scuderia.web.base_views import SEE_OTHER, attempt, page, show
from scuderia.web.components import Crumb, Field
from scuderia.web.request_context import form_value, request_context

DIGITS_MAX = 9
NAMES_TOLD = 12
_AT = "Date, time and zone, e.g. 2026-07-24 00:00 America/Los_Angeles."
_CLASSES = ", ".join(one.value for one in UpdateClass)
_MEANT: Mapping[str, str] = {
    "FREEZE-010": "reason",
    "FREEZE-011": "gpus",
    "FREEZE-012": "nodes",
    "FLEET-001": "customer",
    "FLEET-060": "labels",
}
FIELDS = (
    Field("customer", "Customer", "select", required=True),
    Field("gpus", "So many GPUs", longest=DIGITS_MAX,
          help="Of those that the customer holds. Left out: all of them, or what is named below."),
    Field("sku", "Of this SKU", longest=128, help="With a count; left out: any."),
    Field("site", "At this site", longest=128, help="With a count; left out: any."),
    Field("hold", "Take them from", "select",
          choices=(("", "what the customer holds"), ("hold", "free spares, kept for its run")),
          help="With a count and a SKU: kept from the approval to the zone's end."),
    Field("nodes", "Or these", "area", longest=LIST_MAX,
          help="Node names, hostlists such as node[001-128], or rack:r01, cluster:c1, site:s1."),
    Field("labels", "Only with labels", longest=2_000,
          help="key=value or key!=value, parted by spaces: of the above, those that meet all."),
    Field("start", "From", required=True, longest=80, help=_AT),
    Field("end", "To", longest=80, help="The first instant after it, in the same zone."),
    Field("review", "Or open, reviewed at", longest=80,
          help="Where no end is known: when it is looked at again."),
    Field("classes", "Update classes", longest=200,
          help=f"Left out: all of them. Known: {_CLASSES}."),
    Field("reason", "Why", required=True, longest=WHY_MAX),
    Field("title", "Title", longest=200),
    Field("ticket", "Ticket", longest=200),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ZoneRequestPage:
    """The form; `preview` what the zone would hold and `previewed` names exactly what was tried."""

    crumbs: tuple[Crumb, ...]
    fields: tuple[Field, ...]
    preview: str
    previewed: str


@require_http_methods(["GET", "HEAD", "POST"])
@page
def ask_for_zone(request: HttpRequest) -> HttpResponse:
    """Show the form, try what was typed, or ask for the zone."""
    asked = request_context(request)
    require_somewhere(asked.actor, ZonePower.REQUEST)
    if request.method != "POST":
        return _shown(request)
    typed = {field.name: form_value(request, field.name) for field in FIELDS}
    digest = sha256_of(typed)
    is_tried = form_value(request, "previewed") == digest
    made: list[ZonePreview] = []

    def doing() -> str:
        made.append(
            request_zone(actor=asked.actor, asked=_read(typed), now=asked.now, dry_run=not is_tried)
        )
        return _told(made[0])

    words = attempt(request, doing)
    if words is None or made[0].zone_id is None:
        return _shown(request, words or "", digest if words else "")
    messages.success(request, "Asked for. It stops nothing before another person approves it.",
                     extra_tags="ok")  # fmt: skip
    there = reverse("zone", args=[made[0].zone_id])
    return HttpResponseRedirect(there, status=SEE_OTHER)


def _read(typed: Mapping[str, str]) -> ZoneAsked:
    """Return the zone as typed; what is named to be held is nodes or, with a colon, subjects."""
    counted = _count(typed["gpus"])
    parts = typed["nodes"].replace(", ", " ").split()
    under = [part for part in parts if ":" in part]
    try:
        names = [part for part in parts if ":" not in part]
        under += [f"node:{name}" for name in (expand_nodes(names) if names else ())]
    except BadInput as error:
        raise BadInput(error.message, remedy=error.remedy, field="nodes") from None
    labels = tuple(typed["labels"].replace(",", " ").split())
    if counted is None and not under and not labels:
        under = [f"customer:{typed['customer']}"]
    return ZoneAsked(
        customer=typed["customer"],
        scope=ZoneScope(
            tuple(under), counted, typed["sku"], typed["site"], labels, hold=bool(typed["hold"])
        ),
        start=typed["start"],
        end=typed["end"],
        open_end=bool(typed["review"]) and not typed["end"],
        review=typed["review"],
        classes=tuple(typed["classes"].replace(",", " ").split()),
        title=typed["title"],
        ticket=typed["ticket"],
        reason=typed["reason"],
    )


def _count(text: str) -> int | None:
    digits = text.replace(",", "")
    if not digits:
        return None
    if not (digits.isascii() and digits.isdigit() and len(digits) <= DIGITS_MAX):
        said = f"{text[:40]!r} is no number of GPUs"
        raise BadInput(said, remedy="Write digits alone.", field="gpus")
    return int(digits)


def _told(made: ZonePreview) -> str:
    more = len(made.nodes) - NAMES_TOLD
    names = ", ".join(made.nodes[:NAMES_TOLD]) + (f" and {more:,} more" if more > 0 else "")
    until = f"until {made.ends_at:%Y-%m-%d %H:%M}" if made.ends_at else "with an open end"
    nodes = f"{len(made.nodes):,} node{'s' * (len(made.nodes) != 1)}"
    parts = f" And {counted(made.parts)} on which they hang." if made.parts else ""
    return (
        f"It would hold {nodes} with {made.gpus:,} GPUs, from "
        f"{made.starts_at:%Y-%m-%d %H:%M} UTC {until}: {names}.{parts}"
    )


def _shown(request: HttpRequest, preview: str = "", previewed: str = "") -> HttpResponse:
    asked = request_context(request)
    names = tuple(str(one.name) for one in list_customers(asked.actor, asked.now))
    choices = (("", "Choose"), *((name, name) for name in names))
    customer, *others = FIELDS
    chosen = Field("customer", customer.label, "select", choices=choices, required=True)
    context = ZoneRequestPage(
        crumbs=(Crumb("No-fly zones", reverse("zones")), Crumb("Ask for a zone")),
        fields=filled(request, (chosen, *others), meant=_MEANT),
        preview=preview,
        previewed=previewed,
    )
    return show(request, "freeze/zone_request.html", context)
