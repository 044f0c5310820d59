"""A zone's report: what its customer may be told, what nobody saw, and who signed it."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scuderia.basics.errors import NotFound
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.models.customers import Customer
from scuderia.fleet.models.inventory import Node
from scuderia.fleet.nouns import VersionKind
from scuderia.fleet.operations.node_versions import SeenVersions, note_versions
from scuderia.freeze.engine.zone_report import (
    APART,
    Finding,
    SeenSpan,
    classes_unseen,
    is_of_others,
    kinds_watched,
    not_known,
)
from scuderia.freeze.nouns import (
    AskedUpdate,
    GlassAsked,
    Interval,
    UpdateClass,
    ZoneScope,
)
from scuderia.freeze.operations import zones
from scuderia.freeze.operations.breaches import watch_zones
from scuderia.freeze.operations.break_glass import (
    approve_break_glass,
    request_break_glass,
    use_break_glass,
)
from scuderia.freeze.operations.envelopes import sealed_decision, sealed_report
from scuderia.freeze.operations.gate_decisions import ask_gate
from scuderia.freeze.operations.signing_keys import public_key
from scuderia.freeze.operations.zone_swaps import follow_swaps
from scuderia.freeze.playbook import zone_gate
from scuderia.freeze.queries.bundle import read_keys
from scuderia.freeze.queries.envelopes import check_decision, check_report
from scuderia.freeze.queries.zone_report import zone_report
from scuderia.freeze.queries.zones import get_zone
from scuderia.loop.engine.json_codec import spell_verdicts
from scuderia.loop.models.proposals import Proposal
from scuderia.loop.nouns import GateRequest, Phase, Plan
from scuderia.loop.operations import audit
from scuderia.loop.queries.audit import get_head
from tests.examples import examples
from tests.freeze.small_fleet import NOW, asked, make_cast, make_fleet, person

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
BEGINS = NOW + timedelta(days=3, hours=19)  # 24 July, midnight in Los Angeles
ENDS = BEGINS + timedelta(days=7)
DURING = BEGINS + timedelta(days=2)
stored = [pytest.mark.django_db, pytest.mark.postgres]


@pytest.fixture
def zone(db):
    """A zone for aurora over racks of which borealis holds a node, and nobody another."""
    make_fleet()
    make_cast()
    scope = ZoneScope(("rack:r1", "rack:r2", "node:r3-n2"))
    typed = asked(scope=scope, classes=("firmware",))
    made = zones.request_zone(actor=person("lena"), asked=typed, now=NOW).zone_id
    zones.approve_zone(actor=person("ada"), zone_id=made, reason="agreed", now=NOW)
    return made


def see(at, *nodes, firmware="24.10", boot="1"):
    told = {VersionKind.FIRMWARE: firmware, VersionKind.BOOT_ID: boot}
    seen = tuple(SeenVersions(node, told) for node in nodes)
    note_versions(actor=person("ada"), source="probe", seen=seen, at=at)


def update(*nodes, start=DURING + HOUR, kind="firmware", work=45 * MINUTE):
    return AskedUpdate(nodes, kind, int(start.timestamp()), int(work.total_seconds()))


def ask(*nodes, name="vera", at=DURING, **other):
    return ask_gate(actor=person(name), update=update(*nodes, **other), now=at)


def break_glass(*nodes, at=DURING, **other):
    told = GlassAsked(update(*nodes, **other), 180, "a hole in the firmware", "SEC-1")
    glass = request_break_glass(actor=person("lena"), asked=told, now=at).id
    approve_break_glass(actor=person("ada"), glass_id=glass, reason="it burns", now=at)
    use_break_glass(actor=person("lena"), glass_id=glass, now=at)
    return glass


def proposed(kind, target):
    return Proposal.objects.create(
        kind=kind, kind_version=1, filed_by="agent:x", title="t", targets=[target], digest="d",
        plan_digest="d", policy="p", rehearsal={}, rehearsed_for="d", blast={},
        dedup_key=target, filed_at=DURING, expires_at=DURING + HOUR,
    )  # fmt: skip


def hold(node, customer, start, end=None):
    Allocation.objects.filter(node__name=node, end__isnull=True).update(end=start)
    Allocation.objects.create(
        customer=Customer.objects.get(name=customer), node=Node.objects.get(name=node),
        start=start, end=end,
    )  # fmt: skip


def report(zone_id, name="ada", at=ENDS + HOUR):
    return zone_report(person(name), zone_id, at)


def names(told):
    return [one.node for one in told.machines]


class TestTheStory:
    pytestmark = stored

    def test_a_quiet_zone_is_quiet_only_where_every_machine_was_seen_to_its_end(self, zone):
        machines = ("r1-n1", "r1-n2", "r2-n1", "r3-n2")
        see(BEGINS - MINUTE, *machines)
        assert report(zone, at=NOW).finding is Finding.NOT_BEGUN
        see(DURING, *machines)
        told = report(zone, at=DURING)
        assert (told.finding, told.so_far, told.until) == (Finding.QUIET, True, DURING)
        see(ENDS - MINUTE, *machines[:-1])
        told = report(zone)
        assert (told.finding, told.so_far, told.until) == (Finding.NOT_KNOWN, False, ENDS)
        assert told.not_known == ("r3-n2",)
        see(ENDS, "r3-n2")
        assert report(zone).finding is Finding.QUIET
        assert told.kinds == ("boot_id", "firmware")

    def test_a_machine_that_nobody_ever_saw_is_never_quiet(self, zone):
        see(BEGINS, "r1-n1", "r1-n2", "r2-n1")
        see(ENDS, "r1-n1", "r1-n2", "r2-n1")
        told = report(zone)
        assert told.finding is Finding.NOT_KNOWN
        assert told.not_known == ("r3-n2",)
        assert told.machines[-1].seen == {}
        assert told.machines[-1].not_known == ("boot_id", "firmware")

    def test_of_a_machine_that_the_zone_holds_since_this_instant_nothing_is_known(self, zone):
        zones.end_zone(actor=person("ada"), zone_id=zone, reason="over", now=NOW)
        late = zones.request_zone(
            actor=person("lena"), asked=asked(scope=ZoneScope(("node:r1-n1",))), now=DURING
        ).zone_id
        zones.approve_zone(actor=person("ada"), zone_id=late, reason="agreed", now=DURING)
        told = report(late, at=DURING)
        assert (told.finding, told.not_known) == (Finding.NOT_KNOWN, ("r1-n1",))
        assert report(zone, at=DURING).finding is Finding.NOT_BEGUN

    def test_a_change_is_told_with_when_it_can_have_been_made(self, zone):
        see(DURING - HOUR, "r1-n1")
        see(DURING, "r1-n1", firmware="25.01")
        watch_zones(now=DURING)
        told = report(zone)
        assert told.finding is Finding.CHANGED
        (breach,) = told.breaches
        assert (breach.node, breach.was, breach.value) == ("r1-n1", "24.10", "25.01")
        assert (breach.last_seen, breach.seen) == (DURING - HOUR, DURING)
        assert told.let_through == ()

    def test_what_a_break_glass_let_through_is_no_breach_and_bears_names(self, zone):
        glass = break_glass("r1-n1")
        start = DURING + HOUR
        see(start - MINUTE, "r1-n1", "r1-n2")
        see(start + 9 * MINUTE, "r1-n1", "r1-n2", firmware="25.01", boot="2")
        assert watch_zones(now=start + 9 * MINUTE) == 2  # of the one that nobody opened
        view = get_zone(person("ada"), zone, start + 9 * MINUTE)
        assert {one.node for one in view.breaches} == {"r1-n2"}
        assert {(one.node, one.kind) for one in view.let_through} == {
            ("r1-n1", "firmware"), ("r1-n1", "boot_id"),
        }  # fmt: skip
        one = view.let_through[0]
        assert (one.break_glass, one.asked_by, one.approved_by, one.reason, one.ticket) == (
            glass, "person:lena", "person:ada", "a hole in the firmware", "SEC-1",
        )  # fmt: skip
        step = next(step for step in view.steps if step.step == "let through")
        assert "asked for by person:lena, approved by person:ada" in step.reason
        assert watch_zones(now=start + HOUR) == 0
        told = report(zone)
        assert [one.node for one in told.breaches] == ["r1-n2", "r1-n2"]
        assert [(one.id, one.approval_reason) for one in told.break_glass] == [
            (str(glass), "it burns")
        ]

    @pytest.mark.parametrize(
        ("last", "seen", "node", "kind", "breaches"),
        [
            (-MINUTE, 9 * MINUTE, "r1-n1", "firmware", 0),
            (-6 * MINUTE, 9 * MINUTE, "r1-n1", "firmware", 1),  # perhaps long before it
            (-MINUTE, timedelta(), "r1-n1", "firmware", 1),  # before it
            (MINUTE, 44 * MINUTE, "r1-n1", "firmware", 0),
            (MINUTE, 45 * MINUTE, "r1-n1", "firmware", 1),  # perhaps after it
            (MINUTE, 9 * MINUTE, "r1-n2", "firmware", 1),  # of another machine
            (MINUTE, 9 * MINUTE, "r1-n1", "host_os", 1),  # of another class
        ],
    )
    def test_outside_of_its_update_a_break_glass_lets_nothing_through(
        self, zone, last, seen, node, kind, breaches
    ):
        if kind == "host_os":
            scope = ZoneScope(("node:r1-n1",))
            other = zones.request_zone(
                actor=person("lena"), asked=asked(scope=scope), now=NOW
            ).zone_id
            zones.approve_zone(actor=person("ada"), zone_id=other, reason="yes", now=NOW)
        break_glass("r1-n1", kind=kind)
        start = DURING + HOUR
        see(start + last, node)
        see(start + seen, node, firmware="25.01")
        watch_zones(now=start + HOUR)
        assert len(get_zone(person("ada"), zone, start + HOUR).breaches) == breaches

    def test_a_break_glass_that_was_not_used_or_bears_no_signature_lets_nothing_through(self, zone):
        told = GlassAsked(update("r1-n1"), 180, "why", "SEC-1")
        glass = request_break_glass(actor=person("lena"), asked=told, now=DURING).id
        approve_break_glass(actor=person("ada"), glass_id=glass, reason="yes", now=DURING)
        start = DURING + HOUR
        see(start, "r1-n1")
        see(start + MINUTE, "r1-n1", firmware="25.01")
        assert watch_zones(now=start + MINUTE) == 1

    def test_the_gate_s_answers_stand_in_it_with_who_asked_and_by_whose_leave(self, zone):
        refused = ask("r1-n1", "r2-n2", name="vera")
        ask("r3-n1")  # of no zone
        ask("r1-n1", start=ENDS + HOUR)  # after it
        glass = break_glass("r1-n1")
        allowed = ask("r1-n1")
        other = ask("r1-n2", kind="driver")  # of a class that it does not stop
        told = report(zone)
        assert [(one.id, one.allowed, one.break_glass) for one in told.decisions] == [
            (refused.decision_id, False, ""),
            (allowed.decision_id, True, str(glass)),
            (other.decision_id, True, ""),
        ]
        assert told.decisions[0].nodes == ("r1-n1",)  # and not the one that borealis holds
        assert told.decisions[0].asked_by == "person:vera"

    def test_our_own_action_that_the_gate_refused_stands_in_it(self, zone):
        for target in ("node:r1-n1", "node:r2-n2"):  # the latter is another customer's
            proposal = proposed("fleet.drain_node", target)
            plan = Plan("fleet.drain_node", (SubjectRef.parse(target),), {})
            verdict = zone_gate.ZoneGate().decide(
                GateRequest(
                    plan, frozenset({EVERYTHING}), person("lena"), DURING, Phase.DECIDE, False
                )
            )
            audit.record(
                person("lena"), "proposal.approval_refused", subject=f"proposal:{proposal.pk}",
                at=DURING, detail={"gates": spell_verdicts([verdict])},
            )  # fmt: skip
        (told,) = report(zone).refused_actions
        assert (told.kind, told.targets, told.by) == (
            "fleet.drain_node", ("node:r1-n1",), "person:lena",
        )  # fmt: skip

    def test_later_ends_and_an_early_one_are_told(self, zone):
        later = "2026-08-07 00:00 America/Los_Angeles"
        zones.extend_zone(
            actor=person("lena"), zone_id=zone, end=later, reason="it runs on", now=DURING
        )
        zones.approve_zone(actor=person("ada"), zone_id=zone, reason="agreed", now=DURING)
        zones.end_zone(actor=person("ada"), zone_id=zone, reason="it is done", now=DURING + HOUR)
        told = report(zone, at=DURING + 2 * HOUR)
        assert [one.step for one in told.steps] == [
            "requested", "approved", "extension requested", "extended", "ended early",
        ]  # fmt: skip
        assert (told.so_far, told.until) == (False, DURING + HOUR)

    def test_a_swap_is_told_by_who_came_and_who_left(self, zone):
        Allocation.objects.filter(node__name="r1-n1").update(end=DURING)
        hold("r3-n1", "borealis", DURING - HOUR)
        Allocation.objects.filter(node__name="r3-n1", end__isnull=True).update(end=DURING - MINUTE)
        hold("r3-n1", "aurora", DURING)
        assert follow_swaps(now=DURING + MINUTE) == 1
        told = {one.node: one for one in report(zone).machines}
        assert told["r1-n1"].left
        assert told["r1-n1"].until == DURING + MINUTE
        assert told["r3-n1"].in_place_of == "r1-n1"
        assert not told["r3-n1"].left


class TestWhoIsToldWhat:
    pytestmark = stored

    def test_what_another_customer_held_is_neither_named_nor_numbered(self, zone):
        told = report(zone)
        assert names(told) == ["r1-n1", "r1-n2", "r2-n1", "r3-n2"]
        assert (told.gpus, told.untold) == (32, 0)
        assert "r2-n2" not in json.dumps(told.told())
        assert "borealis" not in json.dumps(told.told())

    def test_of_a_machine_that_passed_on_nothing_is_told_from_then_on(self, zone):
        hold("r2-n1", "borealis", DURING)
        see(DURING - HOUR, "r2-n1")
        see(DURING - MINUTE, "r2-n1", firmware="25.01")
        see(DURING + HOUR, "r2-n1", firmware="25.02")
        watch_zones(now=DURING + HOUR)
        ask("r2-n1", start=DURING + 2 * HOUR)
        mine = ask("r2-n1", start=DURING - HOUR, at=DURING - 2 * HOUR)
        told = report(zone)
        assert [one.value for one in told.breaches] == ["25.01"]
        assert [one.id for one in told.decisions] == [mine.decision_id]

    def test_a_reader_of_less_is_told_how_many_machines_more_there_are(self, zone):
        assert (names(report(zone, "rosa")), report(zone, "rosa").untold) == (
            ["r1-n1", "r1-n2"], 2,
        )  # fmt: skip
        assert report(zone, "rosa").finding is Finding.NOT_KNOWN
        told = report(zone, "otto")  # of aurora: the free machine is not theirs to read
        assert (names(told), told.untold) == (["r1-n1", "r1-n2", "r2-n1"], 1)
        assert told.made_for == "person:otto"
        for name in ("britt", "olaf"):
            with pytest.raises(NotFound):
                report(zone, name)

    def test_a_customer_is_told_of_a_machine_that_it_held_then_and_holds_no_longer(self, zone):
        hold("r1-n1", "borealis", ENDS + MINUTE)
        assert "r1-n1" in names(report(zone, "otto"))


class TestTheEnvelope:
    pytestmark = stored

    def keys(self):
        told = public_key(person("vera"))
        return read_keys(json.dumps({"kty": told.kty, "crv": told.crv, "x": told.x}).encode())

    def test_the_report_is_signed_with_the_audit_s_head(self, zone):
        raw = sealed_report(actor=person("ada"), zone_id=zone, now=DURING)
        told = check_report(raw, self.keys())
        assert told["format"] == "scuderia-zone-report/1"
        assert (told["head_seq"], told["head_hash"]) == (get_head().seq, get_head().hash)
        assert told["so_far"] is True
        audit.record(person("ada"), "a.b", subject="zone:x", at=DURING)
        again = check_report(
            sealed_report(actor=person("ada"), zone_id=zone, now=DURING), self.keys()
        )
        assert again["head_seq"] == told["head_seq"] + 1

    def test_a_decision_is_signed_as_it_was_kept(self, zone):
        kept = ask("r1-n1")
        raw = sealed_decision(actor=person("vera"), decision_id=kept.decision_id, now=DURING)
        told = check_decision(raw, self.keys())
        assert (told["id"], told["allowed"]) == (str(kept.decision_id), False)
        assert told["reasons"][0]["zone"] == str(zone)


INSTANT = st.integers(0, 40).map(lambda n: datetime(2026, 1, 1, tzinfo=UTC) + n * HOUR)
SPANS = st.tuples(INSTANT, INSTANT).filter(lambda two: two[0] < two[1])


@given(span=SPANS, cuts=st.lists(INSTANT, max_size=8, unique=True))
@examples(200)
def test_others_held_it_all_through_where_they_did_at_every_instant(span, cuts):
    cuts = sorted(cuts)
    others = [Interval(a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    hours = int((span[1] - span[0]) / HOUR)
    every = all(
        any(one.start <= span[0] + n * HOUR < one.end for one in others) for n in range(hours)
    )
    assert is_of_others(Interval(*span), others) == every


@given(span=SPANS, looks=SPANS)
@examples(100)
def test_a_machine_is_known_of_where_it_was_seen_at_both_ends(span, looks):
    seen = SeenSpan("firmware", *looks)
    known = looks[0] <= span[0] + APART and looks[1] >= span[1] - APART
    assert not_known(Interval(*span), [seen], ("firmware",)) == (() if known else ("firmware",))


def test_which_classes_show_by_a_version_and_which_by_a_restart_alone():
    assert kinds_watched([UpdateClass.FIRMWARE]) == ("boot_id", "firmware")
    assert kinds_watched([UpdateClass.POWER]) == ("boot_id",)
    assert classes_unseen(UpdateClass) == ("config", "fabric", "power", "storage")
