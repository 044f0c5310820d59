"""Break-glass: two people in person, one update, once, and never past its time."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from django.db import IntegrityError, transaction

from scuderia.basics.actors import Actor, ActorKind
from scuderia.basics.errors import NotAuthorised, NotFound, Refused
from scuderia.basics.subjects import SubjectRef
from scuderia.freeze.engine.break_glass import BadBreakGlass, digest_of, opens
from scuderia.freeze.models.break_glass import BreakGlass
from scuderia.freeze.models.gate_decisions import GateDecision
from scuderia.freeze.nouns import AskedUpdate, GlassAsked, GlassState, ZoneScope
from scuderia.freeze.operations import break_glass, zones
from scuderia.freeze.operations.break_glass import GlassNotNow, NothingToBreak, NotInPerson
from scuderia.freeze.operations.gate_decisions import ask_gate
from scuderia.freeze.queries.break_glass import list_break_glass
from scuderia.freeze.queries.zones import get_zone
from scuderia.loop.models.audit import AuditEntry
from scuderia.loop.operations import people
from tests.freeze.small_fleet import NOW, asked, make_cast, make_fleet, person

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]
INSIDE = NOW + timedelta(days=5)
START = int((INSIDE + timedelta(minutes=30)).timestamp())
UPDATE = AskedUpdate(("r1-n1", "r1-n2"), "firmware", START, 2_700, 600, 300)
SOON = INSIDE + timedelta(minutes=1)
OVER = INSIDE + timedelta(hours=2)


@pytest.fixture(autouse=True)
def _fleet(db):
    make_fleet()
    make_cast()


def zone(**other):
    zone_id = zones.request_zone(actor=person("lena"), asked=asked(**other), now=NOW).zone_id
    zones.approve_zone(actor=person("ada"), zone_id=zone_id, reason="agreed", now=NOW)
    return zone_id


def request(name="otto", update=UPDATE, now=INSIDE, **other):
    told = {"minutes": 120, "reason": "a fire", "ticket": "INC-7"} | other
    return break_glass.request_break_glass(
        actor=actor_of(name), asked=GlassAsked(update=update, **told), now=now
    ).id


def approve(glass_id, name="lara", now=SOON):
    return break_glass.approve_break_glass(
        actor=actor_of(name), glass_id=glass_id, reason="so be it", now=now
    )


def use(glass_id, name="otto", now=SOON):
    return break_glass.use_break_glass(actor=actor_of(name), glass_id=glass_id, now=now)


def actor_of(who):
    return who if isinstance(who, Actor) else person(who)


def answer(update=UPDATE, now=SOON, name="ada"):
    return ask_gate(actor=person(name), update=update, now=now)


def broken(**other):
    glass_id = request(**other)
    approve(glass_id)
    use(glass_id)
    return glass_id


def test_two_people_let_exactly_one_update_through_until_it_expires():
    zone_id = zone()
    assert not answer().allowed
    glass_id = request()
    assert not answer().allowed
    approve(glass_id)
    assert not answer().allowed
    assert use(glass_id).state is GlassState.USED
    told = answer()
    assert (told.allowed, told.ground, told.opened_by) == (True, "break_glass", str(glass_id))
    kept = GateDecision.objects.get(pk=told.decision_id)
    assert (kept.opened_by, kept.ground, kept.allowed) == (str(glass_id), "break_glass", True)
    assert not answer(now=OVER).allowed
    steps = [(one.step, one.by) for one in get_zone(person("ada"), zone_id, SOON).steps]
    assert steps[-1] == ("glass broken", "person:otto")


@pytest.mark.parametrize(
    "other",
    [
        {"nodes": ("r1-n1",)},
        {"nodes": ("r1-n1", "r1-n2", "r2-n1")},
        {"nodes": ("r1-n1", "r2-n1")},
        {"update_class": "driver"},
        {"start": START + 1},
        {"start": START - 1},
        {"work_s": 2_701},
        {"bake_s": 0},
    ],
)
def test_any_other_update_is_refused_as_before(other):
    zone()
    broken()
    assert answer().allowed
    assert not answer(replace(UPDATE, **other)).allowed


def test_the_same_update_told_otherwise_is_the_same():
    zone()
    broken()
    assert answer(AskedUpdate(("r1-n2", "r1-n1"), "Firmware", START, 3_600)).allowed


def test_a_zone_that_the_glass_does_not_name_keeps_it_shut():
    zone()
    broken()
    zone(scope=ZoneScope(("rack:r1",)), end="2026-08-09 00:00 America/Los_Angeles")
    told = answer()
    assert (told.allowed, told.opened_by) == (False, "")


def test_it_names_every_zone_that_objects_and_each_tells_it():
    first, second = zone(), zone(scope=ZoneScope(("rack:r1",)))
    glass_id = request("lena")
    approve(glass_id, "ada")
    row = use(glass_id, "lena")
    assert row.zones == tuple(sorted((first, second)))
    assert answer().allowed
    for zone_id in (first, second):
        assert get_zone(person("ada"), zone_id, SOON).steps[-1].step == "glass broken"


def test_every_step_is_audited_and_the_customer_is_told():
    zone()
    glass_id = broken()
    told = AuditEntry.objects.filter(verb__startswith="freeze.break_glass").order_by("seq")
    assert [(one.verb, one.actor, one.subject) for one in told] == [
        ("freeze.break_glass.requested", "person:otto", f"break_glass:{glass_id}"),
        ("freeze.break_glass.approved", "person:lara", f"break_glass:{glass_id}"),
        ("freeze.break_glass.used", "person:otto", f"break_glass:{glass_id}"),
        ("freeze.break_glass.told", "person:otto", "customer:aurora"),
    ]
    assert AuditEntry.objects.filter(verb="freeze.zone.glass_broken").count() == 1


NAMES = ("ada", "lara", "otto", "vera")
IDENTITIES = [
    Actor(kind, name, via) for kind, name, via in product(ActorKind, NAMES, ("", "cli", "all"))
]


def token(name):
    """Give the person a token named "all", with every power that zones know."""
    people.issue_token(
        actor=person(name), person=name, name="all", now=NOW, scope=SubjectRef.parse("*"),
        powers=("read", "request_zone", "break_glass", "approve_break_glass"),
        expires_at=NOW + timedelta(days=9),
    )  # fmt: skip


def test_no_single_identity_and_no_machine_opens_by_any_way_it_comes():
    """Search every identity kind x name x way of coming in every one of the three steps."""
    zone()
    for name in NAMES:
        token(name)
    asked_by, approved_by, used_by, opened = set(), set(), set(), set()
    for asker in IDENTITIES:
        with tried(request, asker) as glass_id:
            if not glass_id:
                continue
            asked_by.add(asker)
            for approver in IDENTITIES:
                with tried(lambda who, glass_id=glass_id: approve(glass_id, who), approver) as yes:
                    if not yes:
                        continue
                    approved_by.add(approver)
                    for user in IDENTITIES:
                        with tried(lambda who, glass_id=glass_id: use(glass_id, who), user) as row:
                            if row:
                                used_by.add(user)
                            if row or user == asker:
                                assert answer().allowed is bool(row)
                                opened.add((asker.name, approver.name, user.name))
    in_person = {one for one in IDENTITIES if one.kind is ActorKind.PERSON and one.via != "all"}
    assert asked_by == used_by == {one for one in in_person if one.name != "vera"}
    assert approved_by == {one for one in in_person if one.name in ("ada", "lara")}
    assert opened == {
        (asker, approver, asker)
        for asker, approver in product(("ada", "lara", "otto"), ("ada", "lara"))
        if asker != approver
    }


@contextmanager
def tried(step, who):
    """Take a step; what it wrote stands within the block alone, None where it was refused."""
    with transaction.atomic():
        try:
            with transaction.atomic():
                found = step(who)
        except Refused:
            found = None
        yield found
        transaction.set_rollback(True)


def test_a_step_is_taken_once_and_in_its_time():
    zone()
    glass_id = request()
    with pytest.raises(GlassNotNow, match="it is requested"):
        use(glass_id)
    approve(glass_id)
    with pytest.raises(GlassNotNow, match="it is approved"):
        approve(glass_id)
    with pytest.raises(GlassNotNow, match="was to begin before"):
        use(glass_id, now=INSIDE + timedelta(minutes=31))
    use(glass_id)
    with pytest.raises(GlassNotNow, match="it is used"):
        use(glass_id)
    late = request()
    with pytest.raises(GlassNotNow, match="was to begin before"):
        approve(late, now=INSIDE + timedelta(minutes=31))
    with pytest.raises(GlassNotNow, match="it is expired"):
        approve(late, now=OVER)


def test_who_asked_never_approves_and_nobody_else_uses_it():
    zone()
    glass_id = request("lara")
    with pytest.raises(zones.SamePerson):
        approve(glass_id, "lara")
    approve(glass_id, "lena")
    with pytest.raises(NotAuthorised, match="uses it alone"):
        use(glass_id, "lena")


def test_a_stranger_knows_of_none_and_a_token_is_told_to_come_in_person():
    zone()
    glass_id = request()
    for name in ("britt", "olaf"):
        with pytest.raises(NotFound):
            approve(glass_id, name)
    token("ada")
    with pytest.raises(NotInPerson):
        approve(glass_id, Actor(ActorKind.PERSON, "ada", "all"))
    with pytest.raises(NotAuthorised):
        approve(glass_id, "vera")
    assert list_break_glass(person("britt"), SOON) == ()
    assert [row.id for row in list_break_glass(person("vera"), SOON)] == [glass_id]
    assert list_break_glass(person("ada"), OVER) == ()
    assert [row.state for row in list_break_glass(person("ada"), OVER, past=True)] == ["expired"]


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"reason": " "}, "no reason"),
        ({"ticket": ""}, "no ticket"),
        ({"ticket": "x" * 201}, "more than 200"),
        ({"minutes": 4}, "5 to 240"),
        ({"minutes": 241}, "5 to 240"),
        ({"minutes": 89}, "end after 89"),
        ({"update": replace(UPDATE, start=int(INSIDE.timestamp()) - 1)}, "in the past"),
    ],
)
def test_what_lacks_words_or_does_not_fit_its_time_is_refused_unwritten(other, words):
    zone()
    with pytest.raises(BadBreakGlass, match=words):
        request(**other)
    assert not BreakGlass.objects.exists()
    request(minutes=90)


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        (("r2-n2",), "'clear'"),
        (("nowhere",), "'unknown_node'"),
        (("r1-n1", "r2-n2"), "none of these zones holds"),
    ],
)
def test_where_no_zone_alone_stands_in_the_way_no_glass_is_broken(nodes, words):
    zone()
    with pytest.raises(NothingToBreak, match=words):
        request("lena", update=replace(UPDATE, nodes=nodes))


def test_a_row_that_was_changed_behind_our_back_opens_nothing():
    zone()
    glass_id = broken()
    other = replace(UPDATE, nodes=("r1-n1",))
    BreakGlass.objects.filter(pk=glass_id).update(digest=digest_of(other))
    assert not answer(other).allowed
    BreakGlass.objects.filter(pk=glass_id).update(
        digest=digest_of(UPDATE), expires_at=OVER + timedelta(days=1)
    )
    assert not answer(now=OVER).allowed
    assert answer().allowed
    BreakGlass.objects.filter(pk=glass_id).update(token="")
    assert not answer().allowed


def test_the_tables_themselves_refuse_one_person_or_a_machine_in_both_parts():
    zone()
    rows = BreakGlass.objects.filter(pk=request())
    for columns in (
        {"approved_by": "person:otto"},
        {"approved_by": "service:worker"},
        {"requested_by": "agent:scout"},
        {"used_at": SOON},
        {"expires_at": INSIDE},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**columns)


def test_a_key_opens_only_what_it_says_while_it_says_so():
    claims = {
        "update": digest_of(UPDATE), "zones": ["a", "b"], "nbf": 10, "exp": UPDATE.end,
        "asked_by": "person:otto", "approved_by": "person:lara",
    }  # fmt: skip
    assert opens(claims, UPDATE, {"a"}, 10)
    assert opens(claims, UPDATE, {"a", "b"}, UPDATE.end - 1)
    for other, objecting, at in (
        ({}, {"c"}, 10),
        ({}, set(), 10),
        ({}, {"a"}, 9),
        ({}, {"a"}, UPDATE.end),
        ({"exp": UPDATE.end - 1}, {"a"}, 10),
        ({"approved_by": "person:otto"}, {"a"}, 10),
        ({"approved_by": "agent:lara"}, {"a"}, 10),
        ({"asked_by": None}, {"a"}, 10),
        ({"zones": "ab"}, {"a"}, 10),
        ({"nbf": None}, {"a"}, 10),
        ({"update": ""}, {"a"}, 10),
    ):
        assert not opens(claims | other, UPDATE, objecting, at)
