"""The crew: each agent's job, last look, what it dropped and why, its record and its brake."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import EVERYTHING
from scuderia.loop.nouns import Autonomy, Power
from scuderia.loop.operations import access, agents
from scuderia.loop.pages.crew_tables import GRANTS, ROUNDS, rounds_of
from scuderia.loop.queries.access import may
from scuderia.loop.queries.agents import AgentCard, get_agent, list_agents
from scuderia.loop.queries.grants import list_grants
from scuderia.web.base_views import act, page, show
from scuderia.web.components import Crumb
from scuderia.web.request_context import request_context
from scuderia.web.table_csv import csv_answer
from scuderia.web.tables import DataTable, open_table, rows_in_memory

LEVEL_WORDS = {
    Autonomy.WATCH: "0 watch: findings only",
    Autonomy.ADVISE: "1 advise: you act",
    Autonomy.ACT_ONCE_APPROVED: "2 act once approved",
    Autonomy.ACT_UNLESS_VETOED: "3 act unless vetoed (not built)",
    Autonomy.ACT_AND_REPORT: "4 act and report (not built)",
}


@dataclass(frozen=True, slots=True)
class Member:
    """One agent as the page shows it.

    levels     ("KIND on SCOPE", the level in words) of its active grants
    decided    proposals answered yes or no
    measured   outcomes with a verdict, inconclusive ones too
    """

    card: AgentCard
    levels: tuple[tuple[str, str], ...]
    decided: int
    measured: int


@dataclass(frozen=True, slots=True)
class CrewPage:
    """The crew as it stands.

    grants      those that the person may read, closed ones too
    may_brake   the person may pull the brake on everything, and so each agent's
    may_run     the person may have every agent look now
    """

    as_of: AwareDatetime
    members: tuple[Member, ...]
    grants: DataTable
    may_brake: bool
    may_run: bool


@dataclass(frozen=True, slots=True)
class AgentPage:
    """One agent with its latest looks.

    rounds      its looks, newest first
    may_brake   as on the crew's page: agents are everywhere, so the power must be too
    """

    as_of: AwareDatetime
    member: Member
    crumbs: tuple[Crumb, ...]
    rounds: DataTable
    may_brake: bool


@require_safe
@page
def crew(request: HttpRequest) -> HttpResponseBase:
    """Show every agent."""
    asked = request_context(request)
    grants = rows_in_memory(GRANTS, lambda: list_grants(asked.actor, now=asked.now))
    return csv_answer(GRANTS, grants, request) or _shown(request)


@require_POST
@page
def look_now(request: HttpRequest) -> HttpResponse:
    """Have every agent look now."""
    asked = request_context(request)

    def doing() -> str:
        access.require(asked.actor, Power.RUN_CREW, EVERYTHING)
        reports = agents.make_rounds(actor=asked.actor, now=asked.now)
        filed = sum(report.filed for report in reports)
        return f"{len(reports)} agents looked and filed {filed} new proposals."

    return act(request, doing, then=reverse("crew"), again=lambda: _shown(request))


@require_safe
@page
def agent(request: HttpRequest, name: str) -> HttpResponseBase:
    """Show one agent."""
    asked = request_context(request)
    rounds = rounds_of(asked.actor, name)
    if sheet := csv_answer(ROUNDS, rounds, request):
        return sheet
    card = get_agent(asked.actor, name)
    context = AgentPage(
        as_of=asked.now,
        member=_member(card),
        crumbs=(Crumb("Crew", reverse("crew")), Crumb(card.title)),
        rounds=open_table(ROUNDS, rounds, request),
        may_brake=may(asked.actor, Power.BRAKE, frozenset({EVERYTHING})),
    )
    return show(request, "loop/agent.html", context)


def _shown(request: HttpRequest) -> HttpResponse:
    asked = request_context(request)
    everywhere = frozenset({EVERYTHING})
    grants = rows_in_memory(GRANTS, list_grants(asked.actor, now=asked.now))
    context = CrewPage(
        as_of=asked.now,
        members=tuple(_member(card) for card in list_agents(asked.actor)),
        grants=open_table(GRANTS, grants, request, path=reverse("crew")),
        may_brake=may(asked.actor, Power.BRAKE, everywhere),
        may_run=may(asked.actor, Power.RUN_CREW, everywhere),
    )
    return show(request, "loop/crew.html", context)


def _member(card: AgentCard) -> Member:
    track = card.track
    return Member(
        card=card,
        levels=tuple((where, LEVEL_WORDS[level]) for where, level in sorted(card.levels.items())),
        decided=track.approved + track.rejected,
        measured=track.met + track.missed + track.inconclusive,
    )
