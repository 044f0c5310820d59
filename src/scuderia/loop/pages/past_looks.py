"""A past day: what the crew would have proposed knowing only what was then known; nothing filed."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from scuderia.basics.clock import AwareDatetime, parse_instant
from scuderia.loop.nouns import PastLookId, Power
from scuderia.loop.operations import past_looks
from scuderia.loop.pages.display import effect_of, quantity_words
from scuderia.loop.queries.access import may_somewhere
from scuderia.loop.queries.past_looks import (
    AgentPastLook,
    KeptLookBack,
    PastClaim,
    PastLookRow,
    PastProposal,
    get_past_look,
    list_past_looks,
    told_stretch,
)
from scuderia.web.base_views import act, page, show
from scuderia.web.components import Crumb, Field
from scuderia.web.request_context import form_value, request_context
from scuderia.web.svg import Effect

SHOWN_MAX = 25
"""Proposals, and claims, of one agent that the page draws; the API tells all."""


@dataclass(frozen=True, slots=True)
class PastLooksPage:
    """The looks that are kept, and the form that asks for one.

    stretch   from and until when the books tell; None where of nothing
    may_ask   the person may have the crew look somewhere
    """

    as_of: AwareDatetime
    crumbs: tuple[Crumb, ...]
    looks: tuple[PastLookRow, ...]
    stretch: tuple[AwareDatetime, AwareDatetime] | None
    fields: tuple[Field, ...]
    may_ask: bool


@dataclass(frozen=True, slots=True)
class Wish:
    """One proposal that would have been made, with both courses drawn."""

    said: PastProposal
    effect: Effect
    cost_of_delay: str


@dataclass(frozen=True, slots=True)
class AgentPart:
    """What one agent would have said; `more` proposals and claims are not drawn."""

    look: AgentPastLook
    wishes: tuple[Wish, ...]
    claims: tuple[tuple[PastClaim, str], ...]
    more: int


@dataclass(frozen=True, slots=True)
class PastLookPage:
    """One past instant.

    kept      the look as it is kept
    day       its day and time, as the form takes them, to ask anew
    may_ask   as on the list
    """

    as_of: AwareDatetime
    crumbs: tuple[Crumb, ...]
    kept: KeptLookBack
    parts: tuple[AgentPart, ...]
    proposals: int
    may_ask: bool


@require_http_methods(["GET", "HEAD", "POST"])
@page
def past_looks_page(request: HttpRequest) -> HttpResponseBase:
    """Show the looks that are kept, or ask for one."""
    return _ask(request) if request.method == "POST" else _shown(request)


@require_safe
@page
def past_look(request: HttpRequest, look_id: UUID) -> HttpResponse:
    """Show what the crew would have said at one past instant."""
    asked = request_context(request)
    kept = get_past_look(asked.actor, PastLookId(look_id))
    parts = tuple(map(_part, kept.told.looks)) if kept.told else ()
    context = PastLookPage(
        as_of=kept.row.as_of,
        crumbs=(
            Crumb("Crew", reverse("crew")),
            Crumb("Past days", reverse("past-looks")),
            Crumb(f"{kept.row.as_of:%Y-%m-%d %H:%M} UTC"),
        ),
        kept=kept,
        parts=parts,
        proposals=sum(len(part.look.proposals) for part in parts),
        may_ask=may_somewhere(asked.actor, Power.RUN_CREW),
    )
    return show(request, "loop/past_look.html", context)


def _ask(request: HttpRequest) -> HttpResponse:
    asked = request_context(request)
    there = [reverse("past-looks")]

    def doing() -> str:
        look_id = past_looks.ask_past_look(
            actor=asked.actor,
            at=_instant(request),
            again=form_value(request, "again") == "1",
            now=asked.now,
        )
        there[0] = reverse("past-look", args=[look_id])
        return "The crew looks at that instant; nothing of it is filed."

    answer = act(request, doing, then="", again=lambda: _shown(request))
    if answer.has_header("Location"):
        answer["Location"] = there[0]
    return answer


def _instant(request: HttpRequest) -> datetime:
    day, time = form_value(request, "day"), form_value(request, "time") or "00:00"
    return parse_instant(f"{day}T{time}+00:00", field="the day and time")


def _shown(request: HttpRequest) -> HttpResponse:
    asked = request_context(request)
    stretch = told_stretch(asked.now)
    context = PastLooksPage(
        as_of=asked.now,
        crumbs=(Crumb("Crew", reverse("crew")), Crumb("Past days")),
        looks=list_past_looks(asked.actor),
        stretch=stretch,
        fields=_fields(request, stretch) if stretch else (),
        may_ask=may_somewhere(asked.actor, Power.RUN_CREW),
    )
    return show(request, "loop/past_looks.html", context)


def _fields(
    request: HttpRequest, stretch: tuple[AwareDatetime, AwareDatetime]
) -> tuple[Field, ...]:
    begins, ends = stretch
    refusal = getattr(request, "refusal", None)
    within = f"The books tell from {begins:%Y-%m-%d %H:%M} until before {ends:%Y-%m-%d %H:%M}."
    return (
        Field("day", "Day, UTC", "date", form_value(request, "day"), required=True, help=within,
              error=refusal.message if refusal else "",
              minimum=f"{begins:%Y-%m-%d}", maximum=f"{ends:%Y-%m-%d}", longest=10),
        Field("time", "Time, UTC", "time", form_value(request, "time") or "00:00", required=True,
              longest=8),
    )  # fmt: skip


def _part(look: AgentPastLook) -> AgentPart:
    wishes = look.proposals[:SHOWN_MAX]
    claims = look.claims[:SHOWN_MAX]
    return AgentPart(
        look=look,
        wishes=tuple(
            Wish(one, effect_of(one.rehearsal), quantity_words(one.cost_of_delay)) for one in wishes
        ),
        claims=tuple((one, quantity_words(one.severity)) for one in claims),
        more=len(look.proposals) - len(wishes) + len(look.claims) - len(claims),
    )
