"""Who is told of what stands on a scope: who reads it from above, and whom it binds from above."""

import pytest

from scuderia.basics.subjects import SubjectRef
from scuderia.loop.nouns import Autonomy, BrakeScope, Role
from scuderia.loop.operations import people
from scuderia.loop.operations.approval_rules import set_approval_rule
from scuderia.loop.operations.brakes import set_brake
from scuderia.loop.operations.grants import Budget, give_grant
from scuderia.loop.queries.access import concerning
from scuderia.loop.queries.approval_rules import list_approval_rules
from scuderia.loop.queries.brakes import list_brakes
from scuderia.loop.queries.grants import list_grants
from tests.loop.factories import NOW, later, person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cast")]
ADA = person("ada")
EVERY = ("*", "customer:acme", "hall:hall-acme", "valve:v1", "valve:v2", "customer:birch",
         "hall:hall-birch", "valve:v3")  # fmt: skip
TOLD = {
    "*": EVERY,
    "customer:acme": ("*", "customer:acme", "hall:hall-acme", "valve:v1", "valve:v2"),
    "hall:hall-acme": ("*", "customer:acme", "hall:hall-acme", "valve:v1", "valve:v2"),
    "valve:v1": ("*", "customer:acme", "hall:hall-acme", "valve:v1"),
    "valve:v3": ("*", "customer:birch", "hall:hall-birch", "valve:v3"),
    "valve:gone": ("*",),
}


def reader_of(scope):
    people.give_role(
        actor=ADA, person="oscar", role=Role.VIEWER, scope=SubjectRef.parse(scope), now=NOW
    )
    return person("oscar")


@pytest.fixture
def stood():
    """A brake, a grant and an approval rule on each of the scopes."""
    for text in EVERY:
        scope = SubjectRef.parse(text)
        set_approval_rule(actor=ADA, scope=scope, reason="dear", now=NOW)
        give_grant(
            actor=ADA, agent="plumber", kind="*", scope=scope, level=Autonomy.ADVISE,
            expires_at=later(5), budget=Budget(), reason="a trial", now=NOW,
        )  # fmt: skip
        if text != "*":
            set_brake(actor=ADA, scope=BrakeScope.SCOPE, value=text, reason="smoke", now=NOW)


@pytest.mark.parametrize("scope", TOLD)
def test_rules_grants_and_brakes_are_told_alike_above_and_below_what_one_reads(stood, scope):
    reader, told = reader_of(scope), sorted(TOLD[scope])
    assert sorted(str(row.scope) for row in list_approval_rules(reader)) == told
    assert sorted(str(row.scope) for row in list_grants(reader, now=NOW)) == told
    assert sorted([*(row.value for row in list_brakes(reader)), "*"]) == told


def test_who_reads_nothing_is_told_nothing_of_everything_too(stood):
    outsider = person("oscar")
    assert list_approval_rules(outsider) == ()
    assert list_grants(outsider, now=NOW) == ()
    assert concerning(frozenset(), EVERY) == frozenset()


def test_what_stands_on_a_subject_that_is_gone_is_told_to_who_reads_everything():
    assert concerning(frozenset({"*"}), ["valve:gone"]) == {"valve:gone"}
    assert concerning(frozenset({"customer:acme"}), ["valve:gone"]) == frozenset()
