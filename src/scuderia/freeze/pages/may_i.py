"""May I: asks the gate for an update and explains its verdict, row by row of the precedence."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from scuderia.basics.errors import BadInput
from scuderia.fleet.operations.descriptions import expand_nodes
from scuderia.freeze.nouns import AskedUpdate, Ground, UpdateClass
from scuderia.freeze.operations.gate_decisions import GateAnswer, ask_gate
from scuderia.freeze.pages.forms import LIST_MAX, filled
from scuderia.freeze.queries.asked_updates import read_update
from scuderia.loop.nouns import Power
from scuderia.loop.operations.access import require_somewhere
from scuderia.web.base_views import attempt, page, show
from scuderia.web.components import Crumb, Field
from scuderia.web.page_chrome import place_of
from scuderia.web.request_context import form_value, request_context

PRECEDENCE: Mapping[Ground, tuple[str, str]] = {
    Ground.UNKNOWN_NODE: ("A node is unknown", "Refused if any zone stops that class then."),
    Ground.UNKNOWN_CLASS: ("The class is unknown", "Refused if any zone holds a node then."),
    Ground.STALE_ZONES: ("The zones are out of date", "Refused if one ever held a node."),
    Ground.BAD_CLOCK: ("The asker's clock is off", "Refused if a zone ever held a node."),
    Ground.BREAK_GLASS: ("Two people broke the glass for it", "Allowed, once."),
    Ground.ZONE: ("A zone overlaps it", "Refused, from its start to the end of a rollback."),
    Ground.CLEAR: ("Nothing stands against it", "Allowed."),
}
FIELDS = (
    Field("update_class", "Update class", "select",
          choices=tuple((one.value, one.value.replace("_", " ")) for one in UpdateClass)),
    Field("nodes", "Nodes", "area", required=True, longest=LIST_MAX,
          help="Names, hostlists such as node[001-128], or switch:S, feed:F, storage:S."),
    Field("start", "From", required=True, longest=80,
          help="Date, time and zone, e.g. 2026-07-24 00:00 America/Los_Angeles, or ...T07:00Z."),
    Field("duration", "Takes at most", value="45m", required=True, longest=20,
          help="Such as 45m or 1h30m."),
    Field("bake", "Watched afterwards", value="0s", required=True, longest=20),
    Field("rollback", "Taking it back takes", value="0s", required=True, longest=20),
)  # fmt: skip
_MEANT = {"FREEZE-004": "nodes", "FREEZE-022": "duration"}


@dataclass(frozen=True, slots=True)
class GroundLine:
    """One row of the precedence: `mark` is "passed", "decided" or "after"."""

    words: str
    comes_of_it: str
    mark: str


@dataclass(frozen=True, slots=True)
class ObjectionLine:
    """Why not, in words; `href` leads to the zone, "" where the reader may not know of it."""

    words: str
    href: str


@dataclass(frozen=True, slots=True)
class MayIPage:
    """The form, and the gate's answer once it was asked."""

    crumbs: tuple[Crumb, ...]
    fields: tuple[Field, ...]
    answer: GateAnswer | None
    precedence: tuple[GroundLine, ...]
    objections: tuple[ObjectionLine, ...]


@require_http_methods(["GET", "HEAD", "POST"])
@page
def may_i(request: HttpRequest) -> HttpResponse:
    """Show the form; ask the gate, which keeps what it answered."""
    asked = request_context(request)
    require_somewhere(asked.actor, Power.READ)
    answers: list[GateAnswer] = []

    def doing() -> str:
        answers.append(ask_gate(actor=asked.actor, update=_read(request), now=asked.now))
        return ""

    if request.method == "POST":
        attempt(request, doing)
    answer = answers[0] if answers else None
    context = MayIPage(
        crumbs=(Crumb("No-fly zones", reverse("zones")), Crumb("May I?")),
        fields=filled(request, FIELDS, meant=_MEANT),
        answer=answer,
        precedence=_precedence(answer) if answer else (),
        objections=_objections(answer) if answer else (),
    )
    return show(request, "freeze/may_i.html", context)


def _read(request: HttpRequest) -> AskedUpdate:
    typed = {field.name: form_value(request, field.name) for field in FIELDS}
    try:
        nodes = expand_nodes(typed.pop("nodes").replace(", ", " ").split())
    except BadInput as error:
        raise BadInput(error.message, remedy=error.remedy, field="nodes") from None
    return read_update(nodes=nodes, **typed)


def _precedence(answer: GateAnswer) -> tuple[GroundLine, ...]:
    """Return every row down to the one that decided, and those that were not reached."""
    order = list(PRECEDENCE)
    decided = order.index(Ground(answer.ground))
    marks = ("passed", "decided", "after")
    return tuple(
        GroundLine(*PRECEDENCE[ground], marks[(place >= decided) + (place > decided)])
        for place, ground in enumerate(order)
    )


def _objections(answer: GateAnswer) -> tuple[ObjectionLine, ...]:
    return tuple(
        ObjectionLine(one.words, place_of(f"zone:{one.zone}") if one.zone else "")
        for one in answer.reasons
    )
