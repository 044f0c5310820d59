"""The brake: one switch stops every agent, or one agent, kind or scope; never the way back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from textwrap import shorten

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from scuderia.basics.actors import actor_of
from scuderia.basics.clock import AwareDatetime, parse_instant
from scuderia.basics.errors import NotFound
from scuderia.basics.subjects import EVERYTHING
from scuderia.loop.nouns import BrakeScope, Power
from scuderia.loop.operations import brakes
from scuderia.loop.pages.brake_table import PAST_BRAKES
from scuderia.loop.pages.forms import BadForm
from scuderia.loop.ports import registry
from scuderia.loop.queries.access import may, may_somewhere
from scuderia.loop.queries.brakes import BrakeRow, list_brakes
from scuderia.web.base_views import act, page, show
from scuderia.web.components import Field
from scuderia.web.page_chrome import Notice
from scuderia.web.request_context import form_value, request_context
from scuderia.web.table_csv import csv_answer
from scuderia.web.tables import DataTable, open_table, rows_in_memory


@dataclass(frozen=True, slots=True)
class BrakePage:
    """The brakes that hold, the switch, and those of the past.

    all_stopped     the brake on everything is among those that hold
    fields          of the form that stops a part
    may_brake       the person may stop something somewhere; the operation asks where
    may_brake_all   the person may stop everything
    may_release     the person may let something go somewhere
    """

    as_of: AwareDatetime
    on: tuple[BrakeRow, ...]
    past: DataTable
    all_stopped: bool
    fields: tuple[Field, ...]
    may_brake: bool
    may_brake_all: bool
    may_release: bool


@require_safe
@page
def brake(request: HttpRequest) -> HttpResponseBase:
    """Show the brakes."""
    actor = request_context(request).actor
    past = rows_in_memory(PAST_BRAKES, lambda: _past(list_brakes(actor, on_only=False)))
    return csv_answer(PAST_BRAKES, past, request) or _shown(request)


@require_POST
@page
def set_it(request: HttpRequest) -> HttpResponse:
    """Stop what the form names."""
    words = "Stopped. Undo, return to service and paging stay open."
    return _acted(request, brakes.set_brake, words, usual_reason="Stopped from the control room.")


@require_POST
@page
def lift_it(request: HttpRequest) -> HttpResponse:
    """Let go of what the form names."""
    words = "Released. Runs that were halted wait for a person to resume them."
    return _acted(request, lambda **by: brakes.lift_brake(as_of=_looked_at(request), **by), words)


def _acted(
    request: HttpRequest, change: Callable[..., None], words: str, *, usual_reason: str = ""
) -> HttpResponse:
    asked = request_context(request)

    def doing() -> str:
        scope, value = _named(request)
        reason = form_value(request, "reason") or usual_reason
        change(actor=asked.actor, scope=scope, value=value, reason=reason, now=asked.now)
        return words

    return act(request, doing, then=_back(request), again=lambda: _shown(request))


def brake_notices(request: HttpRequest) -> tuple[Notice, ...]:
    """Return the line that every page shows while anything is stopped."""
    try:
        on = list_brakes(actor_of(request.user))
    except NotFound:
        return ()
    if not on:
        return ()
    everything = next((one for one in on if one.stops is BrakeScope.ALL), None)
    words = (
        f"Every agent is stopped: {shorten(everything.reason, 120, placeholder=' …')}"
        if everything
        else f"{len(on)} brake{'s are' if len(on) > 1 else ' is'} on."
    )
    return (Notice(words, "bad" if everything else "hold", reverse("brake"), "See the brake"),)


def _named(request: HttpRequest) -> tuple[BrakeScope, str]:
    try:
        scope = BrakeScope(form_value(request, "stops"))
    except ValueError:
        raise BadForm("what to stop is none of all, agent, kind, scope") from None
    return scope, "" if scope is BrakeScope.ALL else form_value(request, "value")


def _looked_at(request: HttpRequest) -> AwareDatetime | None:
    said = form_value(request, "as_of")
    return parse_instant(said, field="as_of") if said else None


def _back(request: HttpRequest) -> str:
    return reverse("crew") if form_value(request, "back") == "crew" else reverse("brake")


def _past(rows: Sequence[BrakeRow]) -> Sequence[BrakeRow]:
    return [row for row in rows if row.lifted_at]


def _shown(request: HttpRequest) -> HttpResponse:
    asked = request_context(request)
    rows = list_brakes(asked.actor, on_only=False)
    on = tuple(row for row in rows if row.lifted_at is None)
    past = rows_in_memory(PAST_BRAKES, _past(rows))
    context = BrakePage(
        as_of=asked.now,
        on=on,
        past=open_table(PAST_BRAKES, past, request, path=reverse("brake")),
        all_stopped=any(row.stops is BrakeScope.ALL for row in on),
        fields=_fields(),
        may_brake=may_somewhere(asked.actor, Power.BRAKE),
        may_brake_all=may(asked.actor, Power.BRAKE, frozenset({EVERYTHING})),
        may_release=may_somewhere(asked.actor, Power.RELEASE_BRAKE),
    )
    return show(request, "loop/brake.html", context)


def _fields() -> tuple[Field, ...]:
    known = [*sorted(registry.agents), *sorted(registry.executors)]
    return (
        Field("stops", "Stop", "select", value="agent", choices=(
            ("agent", "one agent"), ("kind", "one kind of action"), ("scope", "one scope"))),
        Field("value", "Which", required=True, longest=161,
              help=f"An agent, a kind, or a scope, kind:name. Known: {', '.join(known)}."),
        Field("reason", "Why", required=True, longest=2000),
    )  # fmt: skip
