"""Nodes and allocations by command and by file: whole or not, known again, and reported right."""

import json
from collections import Counter
from datetime import timedelta

import pytest

from scuderia.basics.clock import parse_instant
from scuderia.basics.errors import BadInput, NotAuthorised, NotFound
from scuderia.config.cli.main import run
from scuderia.fleet.engine.facts import seconds_of
from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.models.inventory import Gpu, Node, Rack
from scuderia.fleet.operations.allocations import allocate_nodes
from scuderia.fleet.operations.customers import Promise, add_customer
from scuderia.fleet.operations.description_imports import (
    TooManyRows,
    allocation_import,
    node_import,
)
from scuderia.fleet.operations.descriptions import DescribedAlready, ReasonMissing
from scuderia.fleet.operations.import_runs import ImportUnsettled
from scuderia.fleet.operations.nodes import NodeFacts, add_nodes, edit_nodes, retire_nodes
from scuderia.fleet.operations.outages import close_outage, open_outage
from scuderia.fleet.operations.skus import SkuChanges, add_sku
from scuderia.fleet.queries.facts import load_facts
from scuderia.fleet.queries.reports import ledger_for
from scuderia.intake.archives import Source
from scuderia.intake.instants import TimeRules
from scuderia.intake.pipeline import ImportOptions, OnError, RecordRefused, run_import
from scuderia.intake.profiles import NameRules, Profile
from scuderia.loop.models.audit import AuditEntry
from scuderia.loop.operations import audit
from tests.fleet.painter import paint
from tests.fleet.test_descriptions import DAY, H8, LENA, NOW, OTTO, SETUP, T0, VERA, cast

__all__ = ["cast"]
pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
NODES = "node,site,cluster,rack,sku,in_service_from,in_service_to\n"
HOLDS = "node,customer,from,to\n"
HERE = NodeFacts(site="turin", cluster="c1", rack="r1", sku="h-8", in_service_from=T0)


@pytest.fixture
def described(cast):
    for gpus in (4, 8):
        sku = SkuChanges(gpus_per_node=gpus, gpu_model="H100")
        add_sku(actor=LENA, name=f"h-{gpus}", sku=sku, now=NOW)
    for name in ("ada", "bo"):
        add_customer(actor=LENA, name=name, promise=Promise(0.9, "Europe/Rome"), now=NOW)


@pytest.fixture
def bring(described, tmp_path):
    def _bring(kind, text, *, actor=LENA, quarantine=False, dry_run=False, profile=None, now=NOW):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.csv"
        path.write_text(text, encoding="utf-8")
        options = ImportOptions(
            on_error=OnError.QUARANTINE if quarantine else OnError.ABORT,
            accept_bad=-1,
            dry_run=dry_run,
        )
        return run_import(
            kind(now), Source.of_path(path), profile or Profile(), options, actor=actor, now=now
        )

    return _bring


def came_to(report):
    return report.commit.added, report.commit.amended, report.commit.unchanged


def node_line(name="n1", rack="r1", sku="h-8", begins="2026-07-01T00:00:00Z", ends=""):
    return f"{name},turin,c1,{rack},{sku},{begins},{ends}\n"


def held():
    rows = Allocation.objects.order_by("node__name", "start")
    return [
        (row.node.name, row.customer.name, row.start.day, row.end and row.end.day) for row in rows
    ]


def add(*nodes, facts=HERE, actor=LENA, **more):
    return add_nodes(actor=actor, nodes=nodes, facts=facts, now=NOW, **more)


def test_nodes_are_added_with_their_gpus_and_places_once(described):
    assert add("n1", "n2", dry_run=True).added == 2
    assert not Node.objects.exists()
    assert add("n1", "n2").added == 2
    entries = AuditEntry.objects.count()
    assert add("n1", "n2").unchanged == 2
    assert (AuditEntry.objects.count(), Gpu.objects.count()) == (entries, 16)
    elsewhere = NodeFacts(site="turin", cluster="c1", rack="r2", sku="h-8", in_service_from=T0)
    with pytest.raises(DescribedAlready, match="rack is r1, not r2"):
        add("n3", "n1", facts=elsewhere)
    assert not Node.objects.filter(name="n3").exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sku": "h-9"}, "sku: no SKU"),
        ({"site": "rome"}, "cluster: the cluster c1 stands at the site turin"),
        ({"cluster": "c2"}, "rack: the rack r1 stands in the cluster c1"),
        ({"rack": "r 1"}, "rack: 'r 1' is no name"),
        ({"in_service_from": NOW + DAY}, "in_service_from: .* has not come yet"),
        ({"in_service_to": T0}, "in_service_to: it does not lie after"),
        ({"rack": None}, "without its place"),
    ],
)
def test_what_is_no_node_is_refused_by_its_field(described, changes, words):
    add("n1")
    told = {name: getattr(HERE, name) for name in HERE.__slots__} | changes
    with pytest.raises(BadInput, match=words) as refused:
        add("n2", facts=NodeFacts(**told))
    assert refused.value.remedy
    assert Node.objects.count() == 1


def test_a_node_is_corrected_with_a_reason_and_its_gpus_follow_its_type(described):
    add("n1")
    facts = NodeFacts(rack="r2", sku="h-4")
    with pytest.raises(ReasonMissing):
        edit_nodes(actor=LENA, nodes=["n1"], facts=facts, reason="", now=NOW)
    done = edit_nodes(actor=LENA, nodes=["n1"], facts=facts, reason="moved", now=NOW)
    assert done.amended == 1
    assert (Node.objects.get().rack.name, Gpu.objects.count()) == ("r2", 4)
    (entry,) = AuditEntry.objects.filter(verb="fleet.nodes.edited")
    detail = json.loads(entry.detail)
    assert (detail["before"][0]["rack"], detail["after"]["rack"]) == ("r1", "r2")
    assert edit_nodes(actor=LENA, nodes=["n1"], facts=facts, reason="", now=NOW).unchanged == 1


def test_a_node_retires_once_nobody_holds_it(described):
    add("n1")
    allocate_nodes(actor=LENA, nodes=["n1"], customer="ada", start=T0, end=None, now=NOW)
    with pytest.raises(BadInput, match="somebody holds it") as refused:
        retire_nodes(actor=LENA, nodes=["n1"], end=T0 + 9 * DAY, now=NOW)
    assert "deallocate" in refused.value.remedy
    Allocation.objects.update(end=T0 + 10 * DAY)
    with pytest.raises(BadInput, match="held to 2026-07-11"):
        retire_nodes(actor=LENA, nodes=["n1"], end=T0 + 9 * DAY, now=NOW)
    late = NodeFacts(in_service_from=T0 + DAY)
    with pytest.raises(BadInput, match="held from 2026-07-01"):
        edit_nodes(actor=LENA, nodes=["n1"], facts=late, reason="x", now=NOW)
    assert retire_nodes(actor=LENA, nodes=["n1"], end=T0 + 10 * DAY, now=NOW).amended == 1
    with pytest.raises(ReasonMissing):
        retire_nodes(actor=LENA, nodes=["n1"], end=T0 + 11 * DAY, now=NOW)
    with pytest.raises(BadInput, match="in service from"):
        allocate_nodes(
            actor=LENA, nodes=["n1"], customer="bo", start=T0 + 10 * DAY, end=None, now=NOW
        )


@pytest.mark.parametrize(("actor", "error"), [(VERA, NotAuthorised), (OTTO, NotFound)])
def test_only_who_may_import_describes_nodes_or_brings_files(bring, actor, error):
    add("n1")
    writes = (
        lambda: add("n2", actor=actor),
        lambda: edit_nodes(
            actor=actor, nodes=["n1"], facts=NodeFacts(rack="r2"), reason="x", now=NOW
        ),
        lambda: retire_nodes(actor=actor, nodes=["n1"], end=NOW, now=NOW),
        lambda: bring(node_import, NODES + node_line("n2"), actor=actor),
        lambda: bring(allocation_import, HOLDS + "n1,ada,2026-07-01,\n", actor=actor),
    )
    for write in writes:
        with pytest.raises((NotAuthorised, NotFound, RecordRefused)) as refused:
            write()
        assert isinstance(refused.value, error | RecordRefused)
    assert (Node.objects.count(), Allocation.objects.count()) == (1, 0)


def test_a_file_of_nodes_is_booked_known_again_and_amended(bring):
    text = NODES + node_line("n[1-3]") + node_line("m1", ends="2026-07-20T00:00:00Z")
    spread = Profile(names=NameRules(hostlists=True))
    seen = bring(node_import, text, profile=spread, dry_run=True)
    assert (seen.forecast.added, Node.objects.count()) == (4, 0)
    assert came_to(bring(node_import, text, profile=spread)) == (4, 0, 0)
    entries = AuditEntry.objects.count()
    assert came_to(bring(node_import, text, profile=spread)) == (0, 0, 4)
    assert AuditEntry.objects.count() == entries
    moved = bring(node_import, NODES + node_line("n2", rack="r9", sku="h-4"))
    assert came_to(moved) == (0, 1, 0)
    changes = [(one.field, one.before, one.after) for one in moved.commit.changes]
    assert changes == [("rack", "r1", "r9"), ("sku", "h-8", "h-4")]
    assert Gpu.objects.filter(node__name="n2").count() == 4
    last = AuditEntry.objects.latest("seq")
    assert (last.verb, json.loads(last.detail)["amended"]) == ("fleet.nodes.imported", 1)
    assert audit.verify().holds


def test_bad_nodes_are_set_aside_by_field_and_the_good_are_booked(bring):
    text = NODES + "".join(
        (
            node_line("n1"),
            node_line("n2", sku="h-9"),
            node_line("n3", ends="2026-06-01T00:00:00Z"),
            node_line("n4", begins="2027-01-01T00:00:00Z"),
            "n5,rome,c1,r1,h-8,2026-07-01T00:00:00Z,\n",
        )
    )
    with pytest.raises(RecordRefused):
        bring(node_import, text)
    assert (Node.objects.count(), Rack.objects.count()) == (0, 0)
    report = bring(node_import, text, quarantine=True)
    fields = [(bad.number, bad.field) for bad in report.bad]
    assert fields == [
        (3, "sku"), (4, "in_service_to"), (5, "in_service_from"), (6, "cluster")
    ]  # fmt: skip
    assert list(Node.objects.values_list("name", flat=True)) == ["n1"]


def test_a_file_of_allocations_is_booked_known_again_and_amended(bring):
    add("n1", "n2")
    text = HOLDS + "n1,ada,2026-07-01,2026-07-05\nn1,bo,2026-07-05,\nn2,ada,2026-07-01,\n"
    clocks = Profile(times=TimeRules(bare_date_zone="UTC"))
    assert came_to(bring(allocation_import, text, profile=clocks)) == (3, 0, 0)
    assert came_to(bring(allocation_import, text, profile=clocks)) == (0, 0, 3)
    # n2 passes to bo, n1 lasted with ada: an end, a beginning, and a hold gone lasting to ended
    later = HOLDS + "n2,ada,2026-07-01,2026-07-03\nn2,bo,2026-07-03,\n"
    done = bring(allocation_import, later, profile=clocks)
    assert came_to(done) == (1, 1, 0)
    assert [(one.field, one.before) for one in done.commit.changes] == [("to", "")]
    assert held() == [
        ("n1", "ada", 1, 5), ("n1", "bo", 5, None), ("n2", "ada", 1, 3), ("n2", "bo", 3, None)
    ]  # fmt: skip
    other = bring(allocation_import, HOLDS + "n1,bo,2026-07-01,2026-07-05\n", profile=clocks)
    assert [(one.field, one.before, one.after) for one in other.commit.changes] == [
        ("customer", "ada", "bo")
    ]


def test_a_hold_that_lasts_may_pass_from_one_row_to_another_in_one_file(bring):
    add("n1")
    bring(
        allocation_import, HOLDS + "n1,ada,2026-07-01T00Z,2026-07-05T00Z\nn1,bo,2026-07-05T00Z,\n"
    )
    turned = HOLDS + "n1,bo,2026-07-05T00Z,2026-07-06T00Z\nn1,ada,2026-07-07T00Z,\n"
    assert came_to(bring(allocation_import, turned)) == (1, 1, 0)
    with pytest.raises(RecordRefused, match="n1 is held by"):
        bring(allocation_import, HOLDS + "n1,ada,2026-07-01T00Z,\n")


def test_holds_that_meet_are_set_aside_with_those_that_only_they_made_room_for(bring):
    add("n1")
    bring(allocation_import, HOLDS + "n1,ada,2026-07-01T00Z,2026-07-10T00Z\n")
    # record 2 would make room for 3, and is itself bad: what it leaves stands against 3
    text = HOLDS + "n1,eve,2026-07-01T00Z,2026-07-02T00Z\nn1,bo,2026-07-04T00Z,2026-07-06T00Z\n"
    report = bring(allocation_import, text + "n1,bo,2026-07-10T00Z,\n", quarantine=True)
    assert [(bad.number, bad.field) for bad in report.bad] == [(2, "customer"), (3, "from")]
    assert held() == [("n1", "ada", 1, 10), ("n1", "bo", 10, None)]


def test_a_file_is_refused_whole_where_the_books_changed_after_its_check(bring, monkeypatch):
    add("n1")
    kind = allocation_import(NOW)
    real = type(kind).check

    def check_then_change(self, rows):
        yield from real(self, rows)
        allocate_nodes(actor=LENA, nodes=["n1"], customer="bo", start=T0, end=None, now=NOW)

    monkeypatch.setattr(type(kind), "check", check_then_change)
    with pytest.raises(ImportUnsettled):
        bring(allocation_import, HOLDS + "n1,ada,2026-07-02T00Z,\n")
    assert [row[1] for row in held()] == ["bo"]


def test_a_file_too_long_for_one_step_is_refused(bring, monkeypatch):
    monkeypatch.setattr("scuderia.fleet.operations.description_imports.NODES_MAX", 2)
    with pytest.raises(TooManyRows):
        bring(node_import, NODES + "".join(node_line(f"n{i}") for i in range(3)))


@pytest.mark.parametrize("turn", ["2026-03-29", "2026-10-25"])
def test_a_report_over_a_change_of_clocks_gives_each_holder_its_own_seconds(described, turn):
    """Rome's day of 23 hours and its day of 25: the ledger against the painter, by the second."""
    day = parse_instant(f"{turn}T00:00:00Z", field="day")
    begins, now = day - 4 * HOUR, day + 60 * DAY
    facts = NodeFacts(site="turin", cluster="c1", rack="r1", sku="h-8", in_service_from=begins)
    add_nodes(actor=LENA, nodes=["n1", "n2"], facts=facts, now=now)
    turns = (("ada", begins, day + HOUR), ("bo", day + HOUR, day + 5 * HOUR),
             ("ada", day + 5 * HOUR, None))  # fmt: skip
    for customer, start, end in turns:
        allocate_nodes(actor=LENA, nodes=["n1"], customer=customer, start=start, end=end, now=now)
    open_outage(node="n1", start=day + HOUR / 2, cause="fan", source_key="k1")
    close_outage(node="n1", end=day + 2 * HOUR)
    start, end = begins, day + 30 * HOUR
    told = load_facts(before=seconds_of(end))
    painted = paint(told, seconds_of(start), seconds_of(end))
    for customer in ("ada", "bo"):
        found = ledger_for(start=start, end=end, customer=customer)
        gpu_seconds = Counter()
        for _, gpus, who, _ in (row for rows in painted.values() for row in rows):
            gpu_seconds.update(gpus if who == customer else {})
        mine = Counter({kind: count // 8 for kind, count in gpu_seconds.items()})
        totals = Counter()
        for entry in found.days:
            totals.update({kind.value: count for kind, count in entry.seconds.items() if count})
        assert totals == mine
    bo = ledger_for(start=start, end=end, customer="bo")
    assert sum(sum(entry.seconds.values()) for entry in bo.days) == 4 * 3600


def test_a_fleet_is_described_and_reported_on_the_command_line(tmp_path, capsys, cast):
    def typed(*command):
        code = run([*command, "--as", "lena"])
        return code, capsys.readouterr()

    add_sku(actor=LENA, name="h-8", sku=H8, now=NOW)
    place = ("--site", "turin", "--cluster", "c1", "--rack", "r1", "--sku", "h-8")
    code, out = typed("fleet", "node", "add", "n[1-2]", *place, "--from", "2026-07-01", "--json")
    assert (code, json.loads(out.out)["added"]) == (0, 2)
    assert typed("fleet", "node", "n1")[0] == 0
    assert typed("fleet", "node", "show", "n1")[0] == 0
    code, out = typed("fleet", "node", "--json", "n1")
    assert json.loads(out.out)["status"]["place"]["node"] == "n1"
    assert typed("fleet", "node", "nobody")[0] == 3
    assert typed("fleet", "node", "retire", "n2", "--to", "2026-07-05")[0] == 0
    typed("fleet", "customer", "add", "ada", "--target", "0.9")
    path = tmp_path / "holds.csv"
    path.write_text(HOLDS + "n1,ada,2026-07-01T00:00:00Z,\n", encoding="utf-8")
    assert typed("import", "allocations", str(path))[0] == 0
    code, out = typed("fleet", "allocations", "--json")
    assert [(row["node"], row["customer"]) for row in json.loads(out.out)] == [("n1", "ada")]


def test_setup_is_a_service_and_may_bring_files(bring):
    assert came_to(bring(node_import, NODES + node_line(), actor=SETUP)) == (1, 0, 0)
