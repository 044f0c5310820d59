"""A deployer that asks nobody changes a machine in a zone: the demo's own watch finds it by clock.

The jobs are called as often as the demo's worker calls them, on the demo's clock; nothing sleeps.
"""

from datetime import timedelta

import pytest

from scuderia.basics.actors import BY_COMMAND_LINE, Actor, ActorKind
from scuderia.basics.subjects import SubjectRef
from scuderia.connectors.embedded.apps import ROOM
from scuderia.connectors.embedded.executor import EmbeddedControl
from scuderia.connectors.embedded.seeding import DEMO_SPEED
from scuderia.connectors.embedded.versions import inject_update
from scuderia.fleet import jobs as fleet_jobs
from scuderia.fleet.models.node_versions import NodeVersion
from scuderia.fleet.nouns import ControlVerb, NodeState, VersionKind
from scuderia.fleet.playbook.cluster_executor import ControlCommand
from scuderia.fleet.ports import registry as fleet
from scuderia.fleet.queries.nodes import fleet_board
from scuderia.freeze import jobs as freeze_jobs
from scuderia.freeze.nouns import ZoneAsked, ZoneScope
from scuderia.freeze.operations import breaches, zones
from scuderia.freeze.operations.breaches import OWN_LASTS
from scuderia.freeze.queries.zones import get_zone
from scuderia.loop.operations.people import create_person, give_role
from tests.pages.stage import CAST, NOW, PASSWORD, SETUP, poll, registered

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
BEAT = timedelta(seconds=2 * DEMO_SPEED)
"""How much of the demo's time passes between two looks of its worker."""
ADA, LENA = (Actor(ActorKind.PERSON, name, BY_COMMAND_LINE) for name in ("ada", "lena"))


@pytest.fixture
def clock(db, tmp_path):
    with registered(tmp_path) as fixed:
        for name, role, scope in CAST[:2]:
            giver = SETUP if name == "ada" else ADA
            create_person(actor=giver, name=name, password=PASSWORD, now=NOW)
            give_role(actor=giver, person=name, role=role, scope=SubjectRef.parse(scope), now=NOW)
        poll()
        yield fixed


def open_zone(clock):
    """Have a zone over the whole cluster, in force from an hour from now for 40 days."""
    begins, ends = clock.now() + timedelta(hours=1), clock.now() + timedelta(days=40)
    asked = ZoneAsked(
        customer="demo-aurora",
        scope=ZoneScope(("cluster:paddock",)),
        start=f"{begins:%Y-%m-%d %H:%M} UTC",
        end=f"{ends:%Y-%m-%d %H:%M} UTC",
        reason="the run",
    )
    made = zones.request_zone(actor=ADA, asked=asked, now=clock.now()).zone_id
    zones.approve_zone(actor=LENA, zone_id=made, reason="agreed", now=clock.now())
    clock.advance(timedelta(hours=1, minutes=1))
    return made


def beat(clock):
    poll()
    fleet_jobs.see_versions()
    freeze_jobs.watch_zones()
    clock.advance(BEAT)


def seen(clock, zone):
    return [(one.node, one.kind) for one in get_zone(LENA, zone, clock.now()).breaches]


def in_state(state, clock):
    return next(one.place.node for one in fleet_board(clock.now()).nodes if one.state is state)


def test_a_silent_change_is_found_within_five_minutes_of_the_demos_clock(clock, tmp_path):
    beats = dict(ROOM.demo.task_seconds)
    assert beats["see versions"] == beats["watch zones"] == BEAT.total_seconds() / DEMO_SPEED
    zone = open_zone(clock)
    for _ in range(3):
        beat(clock)
    assert seen(clock, zone) == []
    node, planted = in_state(NodeState.UP, clock), clock.now()
    new = {VersionKind.FIRMWARE: "25.01.3"}
    inject_update(tmp_path / "world.sqlite3", node, at=planted, versions=new)
    beats_needed = 0
    while not seen(clock, zone):
        beat(clock)
        beats_needed += 1
        assert clock.now() - planted <= timedelta(minutes=5)
    assert beats_needed <= 2
    assert seen(clock, zone) == [(node, "boot_id"), (node, "firmware")]
    told = NodeVersion.objects.get(node=node, kind="firmware", value="25.01.3")
    assert told.source == "embedded"
    assert told.since == planted
    for _ in range(3):
        beat(clock)
    assert len(seen(clock, zone)) == 2


def test_a_node_that_breaks_and_is_mended_in_a_zone_breaks_no_zone(clock):
    zone = open_zone(clock)
    beat(clock)
    for _ in range(35 * 4):
        clock.advance(timedelta(hours=6) - BEAT)
        beat(clock)
    rows = NodeVersion.objects.filter(kind="boot_id")
    assert rows.count() - rows.values("node").distinct().count() >= 2
    assert seen(clock, zone) == []


def test_an_overhaul_of_our_own_is_told_apart_in_words(clock, monkeypatch):

    zone = open_zone(clock)
    beat(clock)
    node = next(
        one.place.node
        for one in fleet_board(clock.now()).nodes
        if one.state is NodeState.UP and one.customer is None
    )
    control: EmbeddedControl = fleet.controls["paddock"]
    for verb in (ControlVerb.DRAIN, ControlVerb.OVERHAUL):
        control.apply(ControlCommand(verb, SubjectRef("node", node), {}), key=verb.value)
    begun = clock.now()
    asked = []

    def last_action(subject, *, since, until):
        asked.append((subject.name, since <= begun <= until))
        return "fleet.pull_lemon", begun

    monkeypatch.setattr(breaches, "last_action_on", last_action)
    while not seen(clock, zone):
        clock.advance(timedelta(hours=3))
        beat(clock)
        assert clock.now() - begun < OWN_LASTS
    assert seen(clock, zone) == [(node, "boot_id")]
    step = get_zone(LENA, zone, clock.now()).steps[-1]
    assert f"after our own fleet.pull_lemon of {begun:%Y-%m-%d %H:%M} UTC" in step.reason
    assert set(asked) == {(node, True)}
