"""A zone's life: two people, each step told once, seen by those alone whom it concerns."""

from datetime import timedelta
from itertools import product

import pytest
from django.db import IntegrityError, transaction

from scuderia.basics.actors import Actor, ActorKind
from scuderia.basics.errors import NotAuthorised, NotFound, Refused
from scuderia.basics.subjects import SubjectRef
from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.operations.labels import label_nodes
from scuderia.fleet.queries.inventory import UnknownSubject
from scuderia.freeze.engine.zone_scope import TooFewGpus
from scuderia.freeze.models.zones import Zone, ZoneNode
from scuderia.freeze.nouns import BadZone, ZoneScope, ZoneState
from scuderia.freeze.operations import zones
from scuderia.freeze.queries.zones import get_zone, list_zones, zones_version
from scuderia.loop.models.audit import AuditEntry
from scuderia.loop.operations import people
from tests.freeze.small_fleet import NOW, WHY, asked, make_cast, make_fleet, person

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]
LATER = NOW + timedelta(hours=1)
BEGUN = NOW + timedelta(days=5)
OVER = NOW + timedelta(days=20)


@pytest.fixture(autouse=True)
def _fleet(db):
    make_fleet()
    make_cast()


def request(name="otto", *, now=NOW, **typed):
    return zones.request_zone(actor=person(name), asked=asked(**typed), now=now).zone_id


def token(name):
    """Give the person a token named "all", which leaves them every power over zones."""
    people.issue_token(
        actor=person(name),
        person=name,
        name="all",
        powers=("read", "request_zone", "approve_zone"),
        scope=SubjectRef.parse("*"),
        expires_at=NOW + timedelta(days=9),
        now=NOW,
    )


def label(*nodes, **labels):
    label_nodes(actor=person("ada"), nodes=nodes, changes=labels, now=NOW)


def approve(zone_id, name="lena", *, now=LATER):
    zones.approve_zone(actor=person(name), zone_id=zone_id, reason="agreed", now=now)


def steps(zone_id):
    return [step.step for step in get_zone(person("ada"), zone_id, OVER).steps]


def state(zone_id, at):
    return get_zone(person("ada"), zone_id, at).zone.state


def test_a_zone_lives_from_its_request_to_its_end_each_step_audited_with_its_reason():
    zone_id = request()
    assert state(zone_id, NOW) is ZoneState.REQUESTED
    approve(zone_id)
    assert [state(zone_id, at) for at in (LATER, BEGUN, OVER)] == [
        ZoneState.SCHEDULED, ZoneState.ACTIVE, ZoneState.ENDED,
    ]  # fmt: skip
    assert [zones.record_passages(now=at) for at in (LATER, BEGUN, BEGUN, OVER, OVER)] == [
        0, 1, 0, 1, 0,
    ]  # fmt: skip
    assert steps(zone_id) == ["requested", "approved", "active", "ended"]
    told = AuditEntry.objects.filter(subject=f"zone:{zone_id}").order_by("seq")
    assert [(entry.verb, entry.actor, entry.reason) for entry in told] == [
        ("freeze.zone.requested", "person:otto", WHY),
        ("freeze.zone.approved", "person:lena", "agreed"),
        ("freeze.zone.active", "service:worker", ""),
        ("freeze.zone.ended", "service:worker", ""),
    ]


def test_the_nodes_are_previewed_and_pinned_as_they_stand_at_approval():
    made = zones.request_zone(
        actor=person("otto"), asked=asked(scope=ZoneScope(gpus=17)), now=NOW, dry_run=True
    )
    assert (made.zone_id, made.nodes, made.gpus) == (None, ("r1-n1", "r1-n2", "r2-n1"), 24)
    assert not Zone.objects.exists()
    zone_id = request(scope=ZoneScope(gpus=17))
    Allocation.objects.filter(node__name="r2-n1").update(end=NOW + timedelta(minutes=1))
    approve(zone_id)
    pinned = ZoneNode.objects.filter(zone=zone_id).order_by("node").values_list("node", flat=True)
    assert list(pinned) == ["r1-n1", "r1-n2", "r3-n1"]


def test_labels_are_read_as_they_stand_at_approval_and_change_nothing_after_it():
    scope = ZoneScope(labels=("pool=training", "tier!=b"))
    label("r1-n1", "r1-n2", "r2-n2", pool="training")
    label("r1-n2", tier="b")
    zone_id = request(scope=scope)
    assert get_zone(person("otto"), zone_id, NOW).node_names == ("r1-n1",)
    label("r1-n2", "r3-n1", tier=None, pool="training")
    approve(zone_id)
    label("r1-n1", pool=None)
    view = get_zone(person("otto"), zone_id, LATER)
    assert view.node_names == ("r1-n1", "r1-n2", "r3-n1")
    assert view.zone.scope == "what it holds with pool=training, tier!=b"


def test_a_count_that_is_no_longer_held_at_approval_is_refused_and_nothing_is_written():
    zone_id = request(scope=ZoneScope(gpus=32))
    Allocation.objects.filter(node__name="r2-n1").update(end=NOW + timedelta(minutes=1))
    with pytest.raises(TooFewGpus, match="aurora holds 24 GPUs, 32 are asked for"):
        approve(zone_id)
    assert steps(zone_id) == ["requested"]


def test_who_asked_may_not_approve_by_whatever_way_they_come():
    zone_id = request("lena")
    token("lena")
    for via in ("", "cli", "all"):
        with pytest.raises(zones.SamePerson):
            zones.approve_zone(
                actor=Actor(ActorKind.PERSON, "lena", via), zone_id=zone_id, reason="x", now=LATER
            )
    with pytest.raises(zones.SamePerson):
        approve(zone_id, "lena")
    approve(zone_id, "ada")


def test_the_tables_themselves_refuse_that_one_person_asks_and_approves():
    zone_id = request("lena")
    with pytest.raises(IntegrityError), transaction.atomic():
        Zone.objects.filter(pk=zone_id).update(state="scheduled", decided_by="person:lena")


def test_no_identity_alone_brings_a_zone_to_stop_anything():
    """Search every word that one identity can say, three words deep, by every way they come."""
    token("lena")
    identities = [
        [person("lena"), Actor(ActorKind.PERSON, "lena", "all"), Actor(ActorKind.PERSON, "lena")],
        [person("ada"), Actor(ActorKind.PERSON, "ada")],
        [person("lara")],
        [Actor(ActorKind.AGENT, "lena"), Actor(ActorKind.SERVICE, "worker")],
    ]
    reached = set()
    for ways in identities:
        for words in product(("request", "approve", "extend", "reject"), repeat=3):
            zone_id = None
            for place, word in enumerate(words):
                zone_id = said(word, ways[place % len(ways)], zone_id) or zone_id
            reached |= set(Zone.objects.values_list("state", flat=True))
    assert reached == {"requested", "rejected"}


def said(word, actor, zone_id):
    try:
        if word == "request":
            return zones.request_zone(actor=actor, asked=asked(), now=NOW).zone_id
        if word == "extend":
            zones.extend_zone(
                actor=actor, zone_id=zone_id or NOWHERE, end="2026-08-09 00:00 America/Los_Angeles",
                reason="x", now=NOW,
            )  # fmt: skip
        else:
            act = zones.approve_zone if word == "approve" else zones.reject_zone
            act(actor=actor, zone_id=zone_id or NOWHERE, reason="x", now=NOW)
    except Refused:
        return None


NOWHERE = "01a20ae1-3300-7462-9a80-445740bdf228"


@pytest.mark.parametrize(
    ("name", "error"),
    [("vera", NotAuthorised), ("otto", NotAuthorised), ("britt", NotFound), ("olaf", NotFound)],
)
def test_who_lacks_the_power_approves_nothing_and_a_stranger_knows_of_nothing(name, error):
    zone_id = request("lara")
    with pytest.raises(error):
        approve(zone_id, name)


@pytest.mark.parametrize(
    ("name", "scope", "error"),
    [
        ("vera", ("customer:aurora",), NotAuthorised),
        ("olaf", ("customer:aurora",), NotFound),
        ("britt", ("customer:aurora",), NotFound),
        ("otto", ("rack:r2",), NotFound),
        ("otto", ("node:r2-n2",), NotFound),
        ("otto", ("node:nowhere",), NotFound),
        ("otto", ("node:r1-n1", "site:s1"), NotFound),
    ],
)
def test_a_zone_is_asked_for_over_what_one_holds_the_power_for_alone(name, scope, error):
    with pytest.raises(error):
        request(name, scope=ZoneScope(scope))
    assert not Zone.objects.exists()


def test_a_machine_asks_for_nothing():
    for actor in (Actor(ActorKind.AGENT, "scout"), Actor(ActorKind.SERVICE, "worker")):
        with pytest.raises(NotAuthorised):
            zones.request_zone(actor=actor, asked=asked(), now=NOW)


def test_a_customer_that_is_not_known_is_not_there():
    with pytest.raises(UnknownSubject, match="no customer is named 'corona'"):
        request("lena", customer="corona", scope=ZoneScope(gpus=8))
    with pytest.raises(UnknownSubject, match="no customer is named 'borealis'"):
        request("rosa", customer="borealis", scope=ZoneScope(("rack:r1",)))


def test_other_customers_people_see_nothing_of_it():
    zone_id = request()
    for name in ("ada", "vera", "otto", "rosa"):
        assert [row.id for row in list_zones(person(name), NOW)] == [zone_id]
    assert list_zones(person("britt"), NOW) == ()
    with pytest.raises(NotFound):
        get_zone(person("britt"), zone_id, NOW)
    with pytest.raises(NotFound):
        list_zones(person("olaf"), NOW)


def test_an_extension_holds_once_another_person_approved_it():
    zone_id = request()
    approve(zone_id)
    before = get_zone(person("ada"), zone_id, BEGUN).zone.ends_at
    later = {"end": "2026-08-07 00:00 America/Los_Angeles", "reason": "it runs on", "now": BEGUN}
    zones.extend_zone(actor=person("lena"), zone_id=zone_id, **later)
    row = get_zone(person("ada"), zone_id, BEGUN).zone
    assert (row.ends_at, row.waits_for) == (before, "extension")
    with pytest.raises(zones.NotNow, match="another extension waits"):
        zones.extend_zone(actor=person("otto"), zone_id=zone_id, **later)
    with pytest.raises(zones.SamePerson):
        approve(zone_id, "lena", now=BEGUN)
    approve(zone_id, "ada", now=BEGUN)
    row = get_zone(person("ada"), zone_id, BEGUN).zone
    assert (row.ends_at, row.waits_for) == (before + timedelta(days=7), "")
    assert steps(zone_id) == ["requested", "approved", "extension requested", "extended"]


def test_an_extension_that_is_rejected_or_no_later_changes_nothing():
    zone_id = request()
    approve(zone_id)
    before = get_zone(person("ada"), zone_id, BEGUN).zone.ends_at
    with pytest.raises(BadZone, match="no later end"):
        zones.extend_zone(
            actor=person("otto"), zone_id=zone_id, reason="x", now=BEGUN,
            end="2026-07-30 00:00 America/Los_Angeles",
        )  # fmt: skip
    zones.extend_zone(
        actor=person("otto"), zone_id=zone_id, open_end=True, review="2026-08-20T00:00Z",
        reason="x", now=BEGUN,
    )  # fmt: skip
    zones.reject_zone(actor=person("ada"), zone_id=zone_id, reason="too long", now=BEGUN)
    row = get_zone(person("ada"), zone_id, BEGUN).zone
    assert (row.ends_at, row.waits_for, row.state) == (before, "", ZoneState.ACTIVE)


def test_a_zone_is_ended_early_with_a_reason_and_before_it_began_as_well():
    first, second = request(), request()
    approve(first)
    approve(second)
    with pytest.raises(BadZone, match="no reason"):
        zones.end_zone(actor=person("lena"), zone_id=first, reason=" ", now=BEGUN)
    zones.end_zone(actor=person("lena"), zone_id=first, reason="the run is over", now=BEGUN)
    zones.end_zone(actor=person("lena"), zone_id=second, reason="called off", now=LATER)
    assert get_zone(person("ada"), first, BEGUN).zone.ends_at == BEGUN
    row = get_zone(person("ada"), second, LATER).zone
    assert (row.state, row.ends_at) == (ZoneState.ENDED, row.starts_at)
    with pytest.raises(zones.NotNow):
        zones.end_zone(actor=person("lena"), zone_id=first, reason="again", now=BEGUN)


def test_what_is_over_or_was_never_approved_goes_no_further():
    zone_id = request()
    with pytest.raises(zones.NotNow):
        approve(zone_id, now=OVER)
    with pytest.raises(zones.NotNow):
        zones.end_zone(actor=person("lena"), zone_id=zone_id, reason="x", now=LATER)
    zones.reject_zone(actor=person("lena"), zone_id=zone_id, reason="not so", now=LATER)
    with pytest.raises(zones.NotNow):
        approve(zone_id)
    assert list_zones(person("ada"), LATER) == ()
    assert len(list_zones(person("ada"), LATER, past=True)) == 1


def test_every_change_draws_another_version():
    seen = [zones_version()]
    zone_id = request()
    seen.append(zones_version())
    approve(zone_id)
    seen.append(zones_version())
    assert [number for number, _ in seen] == [0, 1, 2]
    assert len({token for _, token in seen}) == 3


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"reason": "  "}, "no reason"),
        ({"classes": ("firmwear",)}, "no update class is called 'firmwear'"),
        ({"title": "x" * 201}, "at most 200"),
    ],
)
def test_a_zone_without_its_words_is_refused_and_not_half_written(typed, words):
    with pytest.raises(BadZone, match=words):
        request(**typed)
    assert not Zone.objects.exists()
    assert not AuditEntry.objects.filter(verb__startswith="freeze").exists()


def test_a_reader_is_told_the_names_of_the_nodes_that_they_may_read_and_the_number_of_the_others():
    zone = request("lena", scope=ZoneScope(("rack:r1", "rack:r2", "node:r3-n2")))
    approve(zone, "ada")
    everywhere = ("r1-n1", "r1-n2", "r2-n1", "r2-n2", "r3-n2")
    for name, told in (
        ("ada", everywhere),
        ("vera", everywhere),
        ("otto", ("r1-n1", "r1-n2", "r2-n1")),
        ("rosa", ("r1-n1", "r1-n2")),
    ):
        view = get_zone(person(name), zone, BEGUN)
        assert view.node_names == told
        assert view.nodes_untold == 5 - len(told)
        assert view.zone.nodes == 5
        assert view.zone.scope == "rack:r1, rack:r2, 1 node"
        assert not any(name in view.zone.title for name in everywhere)
