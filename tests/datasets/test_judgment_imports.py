"""Judgments and items from files: whole or not at all, under pseudonyms, amended when retold."""

import pytest
from django.db import IntegrityError

from scuderia.basics.errors import NotAuthorised, NotFound
from scuderia.datasets.models.judgments import Contributor, DataImport, Judgment, ProjectItem
from scuderia.datasets.models.projects import Project
from scuderia.datasets.nouns import ContributorKind, ProjectKind, ProjectState
from scuderia.datasets.operations import data_imports, file_imports
from scuderia.datasets.operations.data_imports import ImportRunning
from scuderia.datasets.operations.projects import ProjectClosed, set_state
from scuderia.datasets.queries.projects import get_project
from scuderia.intake.pipeline import RecordRefused
from scuderia.loop.models.audit import AuditEntry
from tests.datasets.small_projects import add, load, said
from tests.freeze.small_fleet import NOW, make_cast, make_fleet, person

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]
TEXTS = {"prompt": "Which?", "a": "one", "b": "two"}


@pytest.fixture(autouse=True)
def _project(db):
    make_fleet()
    make_cast()
    add()


def project():
    return get_project(person("lara"), "pairs", NOW).project


def test_a_file_is_booked_whole_and_known_again():
    rows = [said("i1", "w1", "a1", **TEXTS), said("i1", "w2", "tie"), said("i2", "w1", "b")]
    report = load(*rows)
    assert (report.commit.added, report.commit.amended) == (3, 0)
    row = project()
    assert (row.items, row.judgments, row.contributors, row.progress) == (2, 3, 2, 0.5)
    values = Judgment.objects.order_by("item_key", "value").values_list("item_key", "value")
    assert list(values) == [("i1", "a"), ("i1", "tie"), ("i2", "b")]
    assert ProjectItem.objects.get(key="i1").content == TEXTS
    again = load(*rows)
    assert (again.commit.added, again.commit.unchanged) == (0, 3)
    assert project().judgments == 3
    assert AuditEntry.objects.filter(verb="datasets.judgments.imported").count() == 1


def test_days_are_those_of_the_project_s_zone():
    add("rome", time_zone="Europe/Rome")
    load(said("i1", "w1", "a", made_at="2026-07-01T22:30:00Z"), into="rome")
    day = get_project(person("lara"), "rome", NOW).days[0]
    assert (day.day.isoformat(), day.judgments) == ("2026-07-02", 1)


def test_what_is_told_otherwise_is_amended_and_what_stood_there_is_kept():
    load(said("i1", "w1", "a", judgment="j1"), said("i1", "w2", "b", judgment="j2"))
    later = "2026-07-03T12:00:00Z"
    report = load(
        said("i1", "w1", "tie", judgment="j1", made_at=later), said("i1", "w2", "b", judgment="j2")
    )
    assert (report.commit.amended, report.commit.unchanged) == (1, 1)
    change = report.commit.changes[0]
    assert (change.field, change.before, change.after) == ("value", "a", "tie")
    stands = Judgment.objects.get(value="tie")
    assert stands.version == 1
    assert Judgment.every.filter(key=stands.key).count() == 2
    days = {one.day.day: one.judgments for one in get_project(person("lara"), "pairs", NOW).days}
    assert days == {1: 1, 3: 1}
    assert project().judgments == 2


def test_no_name_of_a_contributor_is_kept_and_customers_share_none():
    add("theirs", customer="borealis", by="britt")
    load(said("i1", "worker-one@example.org", "a", judgment="worker-one@example.org/i1"))
    load(said("i1", "worker-one@example.org", "a"), into="theirs", by="britt")
    ours, theirs = Contributor.objects.order_by("customer")
    assert ours.pseudonym != theirs.pseudonym
    kept = str(list(Judgment.every.values())) + str(list(Contributor.objects.values()))
    kept += str(list(AuditEntry.objects.values()))
    assert "worker-one" not in kept
    load(said("i2", "worker-one@example.org", "b"))
    assert Contributor.objects.filter(customer="aurora").count() == 1


@pytest.mark.parametrize(
    ("row", "field", "words"),
    [
        (said("i1", "w1", "c"), "value", "neither a, b nor tie"),
        (said("", "w1", "a"), "item", "empty"),
        (said("i1", "", "a"), "contributor", "empty"),
        (said("i1", "w1", "a", made_at="2026-07-01 12:00"), "made_at", "time zone"),
        (said("i1", "w1", "a", started_at="2026-07-02T12:00Z"), "made_at", "before it was begun"),
        (said("i1", "w1", "a", reason="x" * 4_001), "reason", "4000"),
    ],
)
def test_a_bad_row_is_refused_by_its_field_and_nothing_is_booked(row, field, words):
    with pytest.raises(RecordRefused) as refused:
        load(said("i0", "w0", "a"), row)
    assert f"field {field}" in str(refused.value)
    assert words in str(refused.value)
    assert not Judgment.every.exists()
    assert not DataImport.objects.exists()


def test_an_item_cannot_have_two_texts():
    load({"item": "i1", **TEXTS, "gold": "a", "topic": "law"}, items=True)
    assert ProjectItem.objects.get().attributes == {"topic": "law"}
    for rows in (
        [said("i1", "w1", "a", a="other")],
        [said("i9", "w1", "a", a="one"), said("i9", "w2", "a", a="other")],
    ):
        with pytest.raises(RecordRefused, match="other texts"):
            load(*rows)
    load(said("i1", "w1", "a", **TEXTS))
    assert project().items == 1
    report = load({"item": "i1", **TEXTS, "gold": "b"}, items=True)
    assert {one.field for one in report.commit.changes} == {"attributes", "gold"}
    assert ProjectItem.objects.get().gold == "b"


@pytest.mark.parametrize(
    ("kind", "terms", "good", "bad"),
    [
        (ProjectKind.LABEL, {"labels": ("cat", "dog")}, ("cat", "cat"), "bird"),
        (ProjectKind.RATING, {"low": 1, "high": 5}, ("3.50", "3.5"), "5.01"),
        (ProjectKind.RATING, {"low": 1, "high": 5}, ("1e0", "1"), "nan"),
        (ProjectKind.RANKING, {}, ("r2>r1", "r2 > r1"), "r1>r1"),
    ],
)
def test_each_kind_of_project_takes_its_own_answers(kind, terms, good, bad):
    add("other", kind=kind, **terms)
    load(said("i1", "w1", good[0]), into="other")
    assert Judgment.objects.get().value == good[1]
    with pytest.raises(RecordRefused, match="value"):
        load(said("i2", "w1", bad), into="other")


def test_nobody_else_imports_and_a_closed_project_takes_nothing():
    for who, refusal in (("otto", NotAuthorised), ("vera", NotAuthorised), ("britt", NotFound)):
        with pytest.raises(refusal):
            load(said("i1", "w1", "a"), by=who)
    set_state(actor=person("lara"), name="pairs", state=ProjectState.PAUSED, reason="why", now=NOW)
    with pytest.raises(ProjectClosed):
        load(said("i1", "w1", "a"))


def test_a_dry_run_counts_what_it_would_come_to_and_leaves_no_trace():
    load(said("i1", "w1", "a", judgment="j1"))
    report = load(said("i1", "w1", "b", judgment="j1"), said("i2", "w2", "a"), dry_run=True)
    assert (report.forecast.added, report.forecast.amended) == (1, 1)
    assert Judgment.every.count() == DataImport.objects.count() == Contributor.objects.count() == 1


def test_readers_see_all_of_an_import_or_nothing(monkeypatch):
    monkeypatch.setattr(file_imports, "ROWS", 2)
    seen = []
    whole = data_imports.stage

    def stage(run, write):
        done = whole(run, write)
        seen.append((Judgment.objects.count(), Judgment.every.count(), project().judgments))
        return done

    load(said("i1", "w1", "a", judgment="j1"))
    monkeypatch.setattr(data_imports, "stage", stage)
    load(*(said(f"i{n}", "w1", "b", judgment=f"j{n}") for n in range(1, 6)))
    assert seen == [(1, 3, 1), (1, 5, 1), (1, 6, 1)]
    assert project().judgments == Judgment.objects.count() == 5


def test_what_fails_half_way_is_taken_back(monkeypatch):
    load(said("i1", "w1", "a", judgment="j1"))
    before = list(Judgment.every.values())

    def fail(*_args, **_told):
        raise IntegrityError("the disk says no")

    monkeypatch.setattr(file_imports.FileImport, "_count", fail)
    with pytest.raises(data_imports.ImportUnsettled, match="disk says no"):
        load(said("i1", "w1", "b", judgment="j1"), said("i2", "w1", "b"))
    assert list(Judgment.every.values()) == before
    assert DataImport.objects.count() == 1


def test_an_import_that_died_is_cleared_by_the_next_and_a_live_one_is_waited_for():
    load(said("i1", "w1", "a", judgment="j1"))
    DataImport.objects.update(is_open=True)
    assert Judgment.objects.count() == 0
    DataImport.objects.update(touched_at="2035-01-01T00:00:00Z")
    with pytest.raises(ImportRunning):
        load(said("i2", "w1", "a"))
    host = DataImport.objects.get().held_by.rpartition(":")[0]
    DataImport.objects.update(held_by=f"{host}:999999999")
    load(said("i2", "w1", "a"))
    assert list(Judgment.every.values_list("item_key", flat=True)) == ["i2"]


def test_a_model_s_judgments_are_told_apart():
    load(said("i1", "grader-2", "a"), who=ContributorKind.MODEL)
    assert Contributor.objects.get().kind == "model"
    assert Project.objects.get().contributors == 1
