"""Projects: described by who may, seen within reach, changed with a reason, never by halves."""

from decimal import Decimal

import pytest

from scuderia.basics.errors import NotAuthorised, NotFound
from scuderia.datasets.models.projects import Project
from scuderia.datasets.nouns import ProjectKind, ProjectState
from scuderia.datasets.operations.projects import (
    BadProject,
    ProjectKnown,
    edit_project,
    set_state,
)
from scuderia.datasets.queries.projects import get_project, list_projects
from scuderia.loop.models.audit import AuditEntry
from tests.datasets.small_projects import add
from tests.freeze.small_fleet import NOW, make_cast, make_fleet, person

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]


@pytest.fixture(autouse=True)
def _cast(db):
    make_fleet()
    make_cast()


def names(who, **asked):
    return [row.name for row in list_projects(person(who), NOW, **asked)]


def test_a_lead_sees_the_projects_of_their_customers_alone():
    add()
    add("other", customer="borealis", by="britt")
    assert (names("lara"), names("britt")) == (["pairs"], ["other"])
    assert names("lena") == names("vera") == ["other", "pairs"]
    assert names("olaf") == []
    with pytest.raises(NotFound):
        get_project(person("britt"), "pairs", NOW)
    with pytest.raises(NotFound):
        edit_project(
            actor=person("britt"), name="pairs", changes={"title": "x"}, reason="why", now=NOW
        )


@pytest.mark.parametrize(
    ("who", "refusal"), [("otto", NotAuthorised), ("vera", NotAuthorised), ("britt", NotFound)]
)
def test_only_a_lead_of_the_customer_adds_a_project(who, refusal):
    with pytest.raises(refusal):
        add(by=who)
    assert not Project.objects.exists()


@pytest.mark.parametrize(
    ("kind", "terms", "words"),
    [
        (ProjectKind.PAIRWISE, {"target_items": 0}, "no target"),
        (ProjectKind.PAIRWISE, {"judgments_per_item": 0}, "make no sense"),
        (ProjectKind.PAIRWISE, {"quality_bar": 1.2}, "no share"),
        (ProjectKind.PAIRWISE, {"time_zone": "Rome"}, "no time zone"),
        (ProjectKind.PAIRWISE, {"price": Decimal("1.2")}, "currency"),
        (ProjectKind.PAIRWISE, {"price": Decimal("NaN"), "currency": "EUR"}, "0 or more"),
        (ProjectKind.PAIRWISE, {"price": Decimal(1), "currency": "Euro"}, "currency"),
        (ProjectKind.PAIRWISE, {"labels": ("x", "y")}, "neither labels"),
        (ProjectKind.PAIRWISE, {"diversity": {"law": 1.0}}, "of an attribute"),
        (
            ProjectKind.PAIRWISE,
            {"diversity": {"law": 0.4}, "diversity_by": "topic"},
            "add up to 1",
        ),
        (ProjectKind.LABEL, {}, "2 labels"),
        (ProjectKind.LABEL, {"labels": ("x", "x")}, "twice"),
        (ProjectKind.RATING, {"low": 5, "high": 1}, "scale"),
        (ProjectKind.RATING, {}, "scale"),
    ],
)
def test_terms_that_make_no_sense_are_refused(kind, terms, words):
    with pytest.raises(BadProject, match=words):
        add(kind=kind, **terms)
    assert not Project.objects.exists()


def test_a_name_is_taken_once():
    add()
    with pytest.raises(ProjectKnown):
        add(customer="borealis", by="lena")


def test_terms_are_changed_with_a_reason_and_the_audit_tells_both():
    add(pay=Decimal("0.10"), currency="EUR")
    change = {"pay": Decimal("0.25"), "target_items": 9}
    with pytest.raises(BadProject, match="no reason"):
        edit_project(actor=person("lara"), name="pairs", changes=change, reason=" ", now=NOW)
    asked = {"actor": person("lara"), "name": "pairs", "changes": change, "now": NOW}
    assert edit_project(**asked, reason="harder than thought")
    assert not edit_project(**asked, reason="again")
    row = get_project(person("lara"), "pairs", NOW).project
    assert (row.pay, row.target_judgments) == (Decimal("0.25"), 18)
    told = AuditEntry.objects.get(verb="datasets.project.edited")
    assert '"target_items":[3,9]' in told.detail
    assert "0.25" in told.detail
    assert "|customer:aurora|" in told.reach


def test_a_closed_project_leaves_the_list_and_can_be_opened_again():
    add()
    lead = {"actor": person("lara"), "name": "pairs", "now": NOW}
    assert set_state(**lead, state=ProjectState.CLOSED, reason="delivered")
    assert not set_state(**lead, state=ProjectState.CLOSED, reason="delivered")
    assert (names("lara"), names("lara", closed=True)) == ([], ["pairs"])
    assert set_state(**lead, state=ProjectState.ACTIVE, reason="more is wanted")
    assert names("lara") == ["pairs"]
