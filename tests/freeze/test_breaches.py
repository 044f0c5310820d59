"""A zone is watched at the machines: what changed there without leave is found and told."""

from datetime import timedelta

import pytest

from scuderia.basics.errors import NotAuthorised, NotFound
from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.models.customers import Customer
from scuderia.fleet.models.inventory import Node
from scuderia.fleet.models.node_versions import NodeVersion
from scuderia.fleet.models.outages import Outage
from scuderia.fleet.nouns import SeenVersions, VersionKind
from scuderia.fleet.operations.node_versions import BadVersions, note_versions
from scuderia.freeze.engine.breaches import STOPS, Certainty, Changed, breaks
from scuderia.freeze.nouns import UpdateClass, ZoneScope
from scuderia.freeze.operations import zones
from scuderia.freeze.operations.breaches import watch_zones
from scuderia.freeze.queries.zones import get_zone
from scuderia.loop.models.audit import AuditEntry
from tests.freeze.small_fleet import NOW, asked, make_cast, make_fleet, person

FIRMWARE, BOOT = VersionKind.FIRMWARE, VersionKind.BOOT_ID
MINUTE = timedelta(minutes=1)
BEGINS = NOW + timedelta(days=3, hours=19)  # 24 July, midnight in Los Angeles
DURING = BEGINS + timedelta(days=2)


@pytest.fixture
def zone(db):
    make_fleet()
    make_cast()
    scope = ZoneScope(("rack:r1",))
    typed = asked(scope=scope, classes=("firmware",))
    made = zones.request_zone(actor=person("rosa"), asked=typed, now=NOW).zone_id
    zones.approve_zone(actor=person("lena"), zone_id=made, reason="agreed", now=NOW)
    return made


def see(at, node="r1-n1", name="ada", **versions):
    told = {VersionKind(kind): value for kind, value in versions.items()}
    return note_versions(
        actor=person(name), source="probe", seen=(SeenVersions(node, told),), at=at
    )


def found(zone_id, at=DURING):
    return [
        (one.node, one.kind, one.was, one.value)
        for one in get_zone(person("ada"), zone_id, at).breaches
    ]


@pytest.mark.django_db
@pytest.mark.postgres
def test_a_change_that_nobody_asked_for_is_found_once_and_told(zone):
    see(BEGINS - MINUTE, firmware="24.10")
    see(DURING - 2 * MINUTE, firmware="24.10")
    assert watch_zones(now=DURING) == 0
    see(DURING - MINUTE, firmware="25.01")
    assert watch_zones(now=DURING) == 1
    assert watch_zones(now=DURING) == 0
    assert found(zone) == [("r1-n1", "firmware", "24.10", "25.01")]
    view = get_zone(person("rosa"), zone, DURING)
    assert view.steps[-1].step == "breach found"
    assert "while it was in force" in view.steps[-1].reason
    assert view.watched == 1
    assert AuditEntry.objects.filter(verb="freeze.zone.breach_found").count() == 1
    with pytest.raises(NotFound):
        get_zone(person("britt"), zone, DURING)


@pytest.mark.django_db
def test_a_machine_out_of_the_reader_s_reach_is_told_without_its_name(zone):
    Allocation.objects.filter(node__name="r1-n1").update(
        customer=Customer.objects.get(name="borealis")
    )
    for node in ("r1-n1", "r1-n2"):
        see(DURING - 2 * MINUTE, node, firmware="24.10")
        see(DURING - MINUTE, node, firmware="25.01")
    assert watch_zones(now=DURING) == 2
    for name, told in (("ada", ["r1-n1", "r1-n2"]), ("otto", ["", "r1-n2"])):
        view = get_zone(person(name), zone, DURING)
        assert [one.node for one in view.breaches] == told
        assert "r1-n" not in " ".join(step.reason for step in view.steps)


@pytest.mark.django_db
@pytest.mark.postgres
@pytest.mark.parametrize(
    ("looks", "breaches"),
    [
        ([("r1-n1", BEGINS - 2 * MINUTE, "a"), ("r1-n1", BEGINS - MINUTE, "b")], 0),
        ([("r1-n1", BEGINS - MINUTE, "a"), ("r1-n1", BEGINS + MINUTE, "b")], 1),  # perhaps
        ([("r1-n1", DURING, "a")], 0),  # never seen before
        ([("r2-n1", DURING - MINUTE, "a"), ("r2-n1", DURING, "b")], 0),  # not of the zone
        (
            [
                ("r1-n1", DURING - 3 * MINUTE, "a"),
                ("r1-n1", DURING - MINUTE, "b"),
                ("r1-n1", DURING, "a"),
            ],
            2,
        ),  # taken back is another change
    ],
)
def test_what_counts_as_a_change_inside(zone, looks, breaches):
    for node, at, value in looks:
        see(at, node, firmware=value)
    assert watch_zones(now=DURING + MINUTE) == breaches


@pytest.mark.django_db
def test_a_node_that_failed_and_started_again_was_not_updated(zone):
    see(DURING - 9 * MINUTE, boot_id="1")
    see(DURING - 9 * MINUTE, "r1-n2", boot_id="1")
    Outage.objects.create(
        node=Node.objects.get(name="r1-n1"), start=DURING - 8 * MINUTE, end=DURING - 5 * MINUTE,
        cause="fell off the bus", planned=False, source_key="k1", detected_at=DURING - 8 * MINUTE,
    )  # fmt: skip
    see(DURING - MINUTE, boot_id="2")
    see(DURING - MINUTE, "r1-n2", boot_id="2")
    assert watch_zones(now=DURING) == 1
    assert found(zone) == [("r1-n2", "boot_id", "1", "2")]


@pytest.mark.django_db
@pytest.mark.postgres
def test_versions_are_noted_as_stretches_by_who_describes_the_fleet(db):
    make_fleet()
    make_cast()
    see(NOW, firmware="a", driver="550")
    assert see(NOW + MINUTE, firmware="a").changed == 0
    assert see(NOW + 2 * MINUTE, firmware="b").changed == 1
    assert see(NOW + MINUTE, firmware="late").seen == 0
    rows = NodeVersion.objects.filter(kind="firmware").order_by("since")
    assert [(row.value, row.since, row.seen_at) for row in rows] == [
        ("a", NOW, NOW + MINUTE),
        ("b", NOW + 2 * MINUTE, NOW + 2 * MINUTE),
    ]
    for wrong in ({"node": "nowhere", "firmware": "a"}, {"firmware": " "}):
        with pytest.raises(BadVersions):
            see(NOW + 9 * MINUTE, **wrong)
    for name in ("otto", "vera"):
        with pytest.raises((NotAuthorised, NotFound)):
            see(NOW + 9 * MINUTE, name=name, firmware="x")


@pytest.mark.parametrize(
    ("last", "seen", "how"),
    [
        (10, 20, Certainty.INSIDE),
        (9, 20, Certainty.MAYBE),
        (9, 9, None),
        (10, 10, Certainty.INSIDE),
        (29, 30, Certainty.MAYBE),
        (30, 31, None),
        (5, 40, Certainty.MAYBE),
        (41, 42, Certainty.INSIDE),
    ],
)
def test_when_a_change_can_have_been_made(last, seen, how):
    stretches = [(10, 30), (40, 50)]
    assert breaks(Changed("firmware", last, seen), [UpdateClass.FIRMWARE], stretches) is how


def test_each_kind_of_change_breaks_the_zones_of_its_classes_alone():
    for kind, classes in STOPS.items():
        for one in UpdateClass:
            told = breaks(Changed(kind, 1, 2), [one], [(0, 9)])
            assert (told is not None) == (one in classes)
