"""When a project reaches its target: by its judgments, and by what finished ones were like."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.datasets.engine.forecast_errors import BackTest
from scuderia.datasets.engine.forecasts import (
    Arrivals,
    Change,
    Forecast,
    ForecastAsked,
    ForecastState,
    Mover,
    Pause,
    back_tests,
    forecast,
    side_by_side,
    what_moves,
)
from scuderia.datasets.models.judgments import Judgment
from scuderia.datasets.models.projects import Project
from scuderia.datasets.nouns import ProjectState
from scuderia.datasets.queries.projects import projects_within_reach, visible_project

__all__ = ["Change", "ForecastView", "get_forecast"]

PAST_MAX = 12
PAST_JUDGMENTS_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class ForecastView:
    """A project's forecast.

    state          expected (there are dates), reached, paused, no_work
    words          what the dates assume, or why there are none
    done, target   judgments there are, and how many are asked for
    p50, p80, p95  by when the target is reached with that probability
    low, high      the interval of 80 %: the P10 and the P90
    work_days      the days of work left, by the same three
    late           whether the P80 lies after the day it is promised for; none without either
    past           how many independent finished projects it was widened by
    interrupted    how many of them stood still after such progress
    movers         what moves the P50, and by how many days
    """

    project: str
    state: ForecastState
    words: str
    done: int
    target: int
    due_at: AwareDatetime | None
    p50: AwareDatetime | None
    p80: AwareDatetime | None
    p95: AwareDatetime | None
    low: AwareDatetime | None
    high: AwareDatetime | None
    work_days: tuple[float, float, float] | None
    late: bool | None
    past: int
    interrupted: int
    movers: tuple[Mover, ...]


def get_forecast(
    actor: Actor, name: str, now: AwareDatetime, *, change: Change | None = None, seed: int = 0
) -> ForecastView:
    """Return when a project reaches its target; `change`: what if.

    A judgment without an instant is there, and says nothing of the rate.

    raises   NotFound: none of that name within the actor's reach
             BadForecast: a change without sense
    """
    project = visible_project(actor, name)
    target = project.target_items * project.judgments_per_item
    came = _arrivals(project.pk, now)
    undated = Judgment.objects.filter(project=project).count() - came.seconds.size
    stopped = project.state != ProjectState.ACTIVE
    asked = ForecastAsked(
        target=max(0, target - undated),
        now=now,
        seed=seed,
        pauses=(Pause(now),) if stopped else (),
    )
    past = _past(actor, project, now)
    told = forecast(came, asked, past, change)
    movers = () if told.state is ForecastState.REACHED else what_moves(came, asked, past)
    return _view(project, told, target, came.seconds.size + undated, movers)


def _view(
    project: Project, told: Forecast, target: int, done: int, movers: tuple[Mover, ...]
) -> ForecastView:
    is_closed = project.state == ProjectState.CLOSED and told.state is ForecastState.PAUSED
    late = None if told.p80 is None or project.due_at is None else told.p80 > project.due_at
    return ForecastView(
        project=project.name,
        state=told.state,
        words="closed before its target: nothing more comes" if is_closed else told.words,
        done=done,
        target=target,
        due_at=project.due_at,
        p50=told.p50,
        p80=told.p80,
        p95=told.p95,
        low=told.low,
        high=told.high,
        work_days=told.work_days,
        late=late,
        past=told.groups,
        interrupted=told.interrupted,
        movers=movers,
    )


def _arrivals(project: UUID, now: AwareDatetime) -> Arrivals:
    came = Judgment.objects.filter(project=project, made_at__isnull=False, made_at__lte=now)
    told = came.values_list("contributor_id", "made_at").iterator(10_000)
    return Arrivals.of((str(contributor), at) for contributor, at in told if at is not None)


def _past(actor: Actor, project: Project, now: AwareDatetime) -> Sequence[BackTest]:
    """Return the back-tests of the latest finished projects of its kind within the reach."""
    found = projects_within_reach(actor).filter(kind=project.kind).exclude(pk=project.pk)
    done: dict[str, tuple[Arrivals, int]] = {}
    budget = PAST_JUDGMENTS_MAX
    for other in found.filter(judgments__gt=0).order_by("-last_judged_at")[: 4 * PAST_MAX]:
        target = other.target_items * other.judgments_per_item
        if other.judgments < target or other.judgments > budget or len(done) >= PAST_MAX:
            continue
        budget -= other.judgments
        done[other.name] = (_arrivals(other.pk, now), target)
    groups = side_by_side({name: came for name, (came, _) in done.items()})
    return [
        one
        for name, (came, target) in done.items()
        for one in back_tests(came, target, groups[name])
    ]
