"""A project's forecast from the books: its own judgments, its finished neighbours, within reach."""

import json
from datetime import timedelta

import pytest

from scuderia.basics.errors import NotFound
from scuderia.config.cli.main import run
from scuderia.datasets.engine.forecasts import ForecastState
from scuderia.datasets.models.projects import Project
from scuderia.datasets.nouns import ProjectState
from scuderia.datasets.queries.forecasts import Change, get_forecast
from tests.datasets.small_projects import add, load, said
from tests.freeze.small_fleet import NOW, make_cast, make_fleet, person

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]


@pytest.fixture(autouse=True)
def _cast(db):
    make_fleet()
    make_cast()


def judged(name, count, *, items, days, by="lara", **terms):
    """Bring a project with `count` judgments, spread evenly over the days before NOW."""
    add(name, by=by, target_items=items, judgments_per_item=1, **terms)
    load(
        *(
            said(
                f"i{at}",
                f"c{at % 5}",
                "a",
                made_at=(
                    NOW - timedelta(days=days) + timedelta(days=days) * at / count
                ).isoformat(),
            )
            for at in range(count)
        ),
        into=name,
        by=by,
    )


def test_a_project_half_way_through_needs_about_as_long_again():
    judged("half", 60, items=120, days=6, due_at=NOW + timedelta(days=1))
    view = get_forecast(person("lara"), "half", NOW)
    assert (view.state, view.done, view.target, view.past) == (ForecastState.EXPECTED, 60, 120, 1)
    assert abs((view.p50 - NOW).total_seconds() / 86_400 - 6) < 1.5
    assert view.late is True
    assert view.movers
    later = get_forecast(person("lara"), "half", NOW, change=Change(lost_days=3.0))
    assert later.p50 > view.p50
    with pytest.raises(NotFound):
        get_forecast(person("britt"), "half", NOW)


def test_only_finished_projects_within_reach_widen_it():
    judged("half", 60, items=120, days=6)
    judged("done", 50, items=50, days=5)
    judged("open", 50, items=500, days=5)
    judged("theirs", 50, items=50, days=5, by="britt", customer="borealis")
    own = get_forecast(person("lara"), "half", NOW)
    wider = get_forecast(person("lena"), "half", NOW)
    assert (own.past, wider.past) == (1, 1)  # side by side they are one project
    Project.objects.filter(name="done").update(judgments=0)
    Project.objects.filter(name="theirs").update(judgments=0)
    alone = get_forecast(person("lara"), "half", NOW)
    assert alone.p95 != own.p95


@pytest.mark.parametrize(
    ("state", "words"), [(ProjectState.PAUSED, "paused"), (ProjectState.CLOSED, "closed")]
)
def test_a_project_that_is_not_active_has_no_date(state, words):
    judged("half", 60, items=120, days=6)
    Project.objects.filter(name="half").update(state=state)
    view = get_forecast(person("lara"), "half", NOW)
    assert (view.p50, view.late) == (None, None)
    assert view.words.startswith(words)


def test_a_judgment_without_an_instant_counts_as_done_and_not_as_a_rate():
    add("pairs")
    load(*(said("i1", f"c{at}", "a", made_at=None) for at in range(6)))
    assert get_forecast(person("lara"), "pairs", NOW).state is ForecastState.REACHED
    add("more", target_items=9)
    load(*(said("i1", f"c{at}", "a", made_at=None) for at in range(6)), into="more")
    view = get_forecast(person("lara"), "more", NOW)
    assert (view.state, view.done) == (ForecastState.NO_WORK, 6)


def test_the_command_tells_the_percentiles(capsys):
    judged("half", 60, items=120, days=6)
    assert run(["datasets", "forecast", "half", "--as", "lara", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["p50"] < told["p80"] < told["p95"]
    assert run(["datasets", "forecast", "half", "--as", "lara", "--overlap", "-1"]) == 2
