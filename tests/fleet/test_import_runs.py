"""An import is written in bounded turns, and seen whole from one instant on, or never."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import connection

from scuderia.basics.actors import WORKER, Actor, ActorKind
from scuderia.basics.clock import parse_instant
from scuderia.basics.subjects import EVERYTHING
from scuderia.fleet import jobs
from scuderia.fleet.models.amendments import OutageAmendment
from scuderia.fleet.models.columns import CHUNK, chunks
from scuderia.fleet.models.import_runs import ImportRun
from scuderia.fleet.models.inventory import Gpu, Node
from scuderia.fleet.models.outages import ImportBatch, Outage
from scuderia.fleet.models.repairs import Repair
from scuderia.fleet.nouns import (
    Inventory,
    NodeName,
    NodeObservation,
    NodePlace,
    NodeState,
    ObservationPage,
    Sku,
)
from scuderia.fleet.operations import import_runs, inventory, observations
from scuderia.fleet.operations.amendments import OutageChanges, amend_outage, retract_outage
from scuderia.fleet.operations.import_runs import ImportRunning, ImportUnsettled
from scuderia.fleet.operations.outage_imports import OutageImport, StoodUp
from scuderia.fleet.queries.amendments import list_amendments
from scuderia.fleet.queries.inventory import list_sites
from scuderia.fleet.queries.nodes import fleet_board
from scuderia.fleet.queries.outages import open_outages, outages_between
from scuderia.fleet.queries.repairs import phases_between
from scuderia.intake.archives import Source
from scuderia.intake.pipeline import ImportOptions, run_import
from scuderia.intake.profiles import Profile
from scuderia.loop.models.audit import AuditEntry
from scuderia.loop.nouns import Role
from scuderia.loop.operations import audit, people, write_turns
from scuderia.loop.operations.process_holds import this_process

pytestmark = pytest.mark.django_db
NOW = parse_instant("2026-08-01T00:00:00Z", field="now")
T0 = parse_instant("2026-07-01T00:00:00Z", field="t0")
HOUR = timedelta(hours=1)
SETUP = Actor(ActorKind.SERVICE, "setup")
LENA = Actor(ActorKind.PERSON, "lena")
HEAD = "key,node,start,end,cause,planned\n"
FIRST = HEAD + "".join(
    f"K{n},g{n},2026-07-0{n}T00:00:00Z,2026-07-0{n}T06:00:00Z,fan,false\n" for n in (1, 2, 3)
)
SECOND = FIRST.replace("fan", "psu") + "K4,g4,2026-07-04T00:00:00Z,2026-07-04T06:00:00Z,nic,false\n"


class Killed(BaseException):
    """Stands for kill -9: nothing of ours runs after it."""


@pytest.fixture(autouse=True)
def lead():
    people.create_person(actor=SETUP, name="lena", now=NOW)
    people.give_role(actor=SETUP, person="lena", role=Role.LEAD, scope=EVERYTHING, now=NOW)


@pytest.fixture
def bring(tmp_path):
    def _bring(text, *, name="", fleet=4):
        path = tmp_path / (name or f"{len(list(tmp_path.iterdir()))}.csv")
        path.write_text(text, encoding="utf-8")
        kind = OutageImport(now=NOW, fleet=StoodUp(fleet_size=fleet) if fleet else None)
        options = ImportOptions()
        return run_import(
            kind, Source.of_path(path), Profile(), options, actor=LENA, now=NOW
        ).commit

    return _bring


def seen():
    """What the readers say: pages, API, commands and reports stand on these."""
    start, end = T0 - timedelta(days=1), NOW
    return {
        "nodes": sorted(str(one.place.node) for one in fleet_board(T0 + HOUR).nodes),
        "outages": [(r.node, r.start, r.end, r.cause) for r in outages_between(start, end)],
        "open": [one.place.node for one in open_outages(NOW)],
        "phases": [(p.node, p.state, p.start, p.end) for p in phases_between(start, end)],
        "amended": [
            (row.source_key, row.before, row.after)
            for node in Node.objects.order_by("name")
            for row in list_amendments(LENA, node.name)
        ],
        "sites": list_sites(),
    }


def rows():
    """Every row that an import writes, seen or unseen, without the numbers of rows."""
    return {
        "nodes": sorted(Node.every.values_list("name", "active_from", "active_to")),
        "gpus": Gpu.objects.count(),
        "outages": sorted(
            Outage.every.values_list("source_key", "version", "start", "end", "cause")
        ),
        "phases": sorted(Repair.every.values_list("outage__source_key", "start", "end")),
        "amendments": sorted(OutageAmendment.every.values_list("source_key", "amended_by")),
        "batches": sorted(ImportBatch.objects.values_list("sha256", "outages")),
        "audit": sorted(AuditEntry.objects.values_list("verb", "detail")),
        "replaced": Outage.every.filter(replaced_in__isnull=False).count(),
        "runs": ImportRun.objects.filter(is_settled=False).count(),
    }


def before_publishing(monkeypatch, act):
    """Do `act` when all is staged and nothing is published."""
    publish = import_runs.publish

    def acting(run, write):
        act()
        return publish(run, write)

    monkeypatch.setattr(import_runs, "publish", acting)


def test_nothing_is_seen_until_all_of_it_is(bring, monkeypatch):
    nothing, staged = seen(), {}

    def look():
        staged.update(seen=seen(), rows=Outage.every.count(), nodes=Node.every.count())

    before_publishing(monkeypatch, look)
    bring(FIRST)
    assert staged == {"seen": nothing, "rows": 3, "nodes": 4}
    assert [row[3] for row in seen()["outages"]] == ["fan"] * 3
    assert len(seen()["nodes"]) == 4


def test_what_a_file_amends_changes_with_the_rest_of_it(bring, monkeypatch):
    bring(FIRST)
    Repair.objects.create(
        outage=Outage.objects.get(node__name="g1"), state=NodeState.IN_REPAIR.value,
        start=T0 + HOUR, end=T0 + 2 * HOUR,
    )  # fmt: skip
    before, staged = seen(), {}
    before_publishing(monkeypatch, lambda: staged.update(seen()))
    bring(SECOND)
    assert staged == before
    after = seen()
    assert [row[3] for row in after["outages"]] == ["psu", "psu", "psu", "nic"]
    assert len(after["amended"]) == 3
    assert after["phases"] == before["phases"]
    assert rows()["replaced"] == 0
    assert Outage.every.filter(version=1).count() == 0
    assert AuditEntry.objects.filter(verb="fleet.outage.amended").count() == 3
    assert audit.verify().holds


def turns_of(monkeypatch):
    """Count the turns and what each wrote, and let one be the last: `kill` at its number."""
    told = {"turns": 0, "kill": 0, "most": 0}
    turn = write_turns.take_turn

    def counted(write):
        told["turns"] += 1
        if told["turns"] == told["kill"]:
            raise Killed
        before = Outage.every.count(), Gpu.objects.count()
        done = turn(write)
        after = Outage.every.count(), Gpu.objects.count()
        told["most"] = max(told["most"], after[0] - before[0])
        return done

    monkeypatch.setattr(import_runs, "take_turn", counted)
    return told


def rows_by_turn(monkeypatch):
    """Return how many rows each turn writes; the turn that publishes is told apart."""
    told = {"staged": [], "published": [], "settled": []}
    turn, publish, way = write_turns.take_turn, import_runs.publish, ["staged"]

    def changed():
        with connection.cursor() as cursor:
            return cursor.execute("SELECT total_changes()").fetchone()[0]

    def counted(write):
        before = changed()
        done = turn(write)
        told[way[0]].append(changed() - before)
        return done

    def publishing(run, write):
        way[0] = "published"
        done = publish(run, write)
        way[0] = "settled"
        return done

    monkeypatch.setattr(import_runs, "take_turn", counted)
    monkeypatch.setattr(import_runs, "publish", publishing)
    return told


def year_of(count, cause):
    """Return a file of so many outages of four nodes, of which two last."""
    lines = [HEAD]
    for number in range(count):
        day, node = divmod(number, 4)
        at = T0 - timedelta(days=2) - (day + 1) * HOUR
        end = at + HOUR / 2
        lines.append(f"K{number},g{node},{at.isoformat()},{end.isoformat()},{cause},false\n")
    lines += [f"L{node},g{node},2026-07-30T00:00:00Z,,{cause},false\n" for node in (0, 1)]
    return "".join(lines)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="counts what SQLite says it changed")
def test_no_write_of_an_import_grows_with_its_file(bring, monkeypatch):
    """New or amended: what publishes it counts nodes alone, every other turn has its bound."""
    monkeypatch.setattr(import_runs, "ROWS", 50)
    monkeypatch.setattr("scuderia.fleet.operations.outage_writer.ROWS", 50)
    monkeypatch.setattr("scuderia.fleet.operations.outage_writer.chunks", partial(chunks, size=50))
    published = []
    for count, cause in ((150, "fan"), (600, "fan"), (600, "psu")):
        with monkeypatch.context() as patch:
            told = rows_by_turn(patch)
            done = bring(year_of(count, cause), name=f"{count}-{cause}.csv")
        assert done.amended == (0 if cause == "fan" else 602)
        # a row, its amendment and the mark of the old one; then an entry, the head, both rows
        assert max(told["staged"]) <= 3 * 50 + 1
        assert max(told["settled"]) <= 4 * import_runs._AUDITED
        published += told["published"]
    assert published[0] == published[1] <= 4 * 4
    assert len(published) == 3
    assert published[2] <= 4 * 4
    assert Outage.objects.count() == 602


def test_an_outage_that_lasts_is_amended_and_still_lasts(bring):
    """It was refused as a second open outage of its node."""
    bring(year_of(0, "fan"))
    bring(year_of(0, "psu"))
    assert sorted((row[0], row[2], row[3]) for row in seen()["outages"]) == [
        ("g0", None, "psu"), ("g1", None, "psu"),
    ]  # fmt: skip
    assert len(seen()["amended"]) == 2
    assert AuditEntry.objects.filter(verb="fleet.outage.amended").count() == 2
    assert audit.verify().holds


@pytest.mark.parametrize("amends", [False, True])
def test_a_kill_at_any_turn_leaves_nothing_or_all_and_the_next_one_clears_up(
    bring, monkeypatch, amends
):
    if amends:
        bring(FIRST)
    text = SECOND
    told = turns_of(monkeypatch)
    start, before = rows(), seen()
    bring(text)
    whole, after, turns = rows(), seen(), told["turns"]
    assert turns > 4
    states = set()
    for number in range(1, turns + 1):
        with connection_taken_back():
            told.update(turns=0, kill=0)
            if amends:
                put_back(bring)
            with monkeypatch.context() as patch:
                told.update(turns=0, kill=number)
                patch.setattr(import_runs, "discard", lambda _run: None)
                with pytest.raises(Killed):
                    bring(text, name="killed.csv")
            told.update(turns=0, kill=0)
            states.add(facts(seen()) == facts(after))
            assert facts(seen()) in (facts(before), facts(after))
            ImportRun.objects.update(held_by=this_process().rpartition(":")[0] + ":999999999")
            if number % 2:  # else the next import clears it away
                jobs.tidy_imports()
                assert rows()["runs"] == rows()["replaced"] == 0
                assert facts(rows()) in (facts(start), facts(whole))
            bring(text, name="killed.csv")
            assert facts(seen()) == facts(after)
            assert facts(rows()) == facts(whole)
            assert audit.verify().holds
    assert states == {False, True}


def facts(told):
    """Leave out what a second try adds: its own rows of the audit, its empty site."""
    return {
        name: value for name, value in told.items() if name not in ("audit", "sites", "batches")
    }


class connection_taken_back:  # noqa: N801 - reads as a context
    """Take everything back at the end: each kill meets the same start."""

    def __enter__(self):
        Outage.every.all().delete()
        OutageAmendment.every.all().delete()
        ImportRun.objects.update(batch=None)
        Gpu.objects.all().delete()
        for table in ("allocation", "node", "importrun", "importbatch"):
            with connection.cursor() as cursor:
                cursor.execute(f"DELETE FROM fleet_{table}")  # noqa: S608 - three names of ours

    def __exit__(self, *_: object):
        return None


def put_back(bring):
    bring(FIRST)


def test_a_second_import_is_refused_while_one_is_under_way(bring, monkeypatch):
    refused = []

    def second():
        with pytest.raises(ImportRunning) as told:
            bring(SECOND, name="second.csv")
        refused.append(told.value.remedy)

    before_publishing(monkeypatch, second)
    bring(FIRST)
    assert refused
    assert [row[3] for row in seen()["outages"]] == ["fan"] * 3


@pytest.mark.parametrize("retracts", [False, True])
def test_a_person_who_amends_what_is_being_replaced_is_heard(bring, monkeypatch, retracts):
    bring(FIRST)
    key = Outage.objects.get(node__name="g2").source_key
    kept = rows()

    def amend():
        if retracts:
            retract_outage(actor=LENA, source_key=key, reason="never was", now=NOW)
        else:
            amend_outage(
                actor=LENA, source_key=key, changes=OutageChanges(cause="spilt tea"),
                reason="seen", now=NOW,
            )  # fmt: skip

    before_publishing(monkeypatch, amend)
    with pytest.raises(ImportUnsettled, match="changed while it was imported"):
        bring(SECOND)
    causes = [row[3] for row in seen()["outages"]]
    assert causes == (["fan", "fan"] if retracts else ["fan", "spilt tea", "fan"])
    assert rows()["nodes"] == kept["nodes"]
    assert (rows()["runs"], rows()["replaced"], rows()["gpus"]) == (0, 0, kept["gpus"])


def observe(node, at, state):
    seen_now = NodeObservation(NodeName(node), at, state)
    page = ObservationPage((seen_now,), "p", more=False, as_of=at)
    return observations.record_observations(page, source="live", now=at)


def test_an_observation_that_ends_what_is_being_replaced_is_heard(bring, monkeypatch):
    bring(HEAD + "K1,g1,2026-07-01T00:00:00Z,,fan,false\n")
    before_publishing(monkeypatch, lambda: observe("g1", T0 + 9 * HOUR, NodeState.UP))
    with pytest.raises(ImportUnsettled):
        bring(HEAD + "K1,g1,2026-07-01T00:00:00Z,2026-07-01T05:00:00Z,psu,false\n")
    assert [row[1:] for row in seen()["outages"]] == [(T0, T0 + 9 * HOUR, "fan")]


def test_a_live_outage_and_one_of_the_file_that_both_last_are_never_both_booked(bring, monkeypatch):
    bring(FIRST)
    kept = rows()
    before_publishing(monkeypatch, lambda: observe("g1", T0 + 24 * HOUR, NodeState.DOWN))
    with pytest.raises(ImportUnsettled):
        bring(
            HEAD
            + "K9,g1,2026-07-09T00:00:00Z,,psu,false\n"
            + "K8,g2,2026-07-09T00:00:00Z,2026-07-10T00:00:00Z,x,\n"
        )
    assert [row[1] for row in seen()["outages"] if row[2] is None] == [T0 + 24 * HOUR]
    assert len(rows()["outages"]) == len(kept["outages"]) + 1


def test_live_words_about_other_nodes_do_not_wait_for_an_import(bring, monkeypatch):
    bring(FIRST)
    told = []
    before_publishing(monkeypatch, lambda: told.append(observe("g1", NOW, NodeState.DOWN)))
    bring(SECOND)
    assert told[0].disputed == ()
    assert seen()["open"] == ["g1"]


def test_a_reader_that_lists_a_node_which_is_being_imported_is_refused_in_words(bring, monkeypatch):
    place = NodePlace(NodeName("g1"), "s", "c", "r", "k")

    def register():
        with pytest.raises(inventory.PlaceConflict, match="being imported"):
            inventory.register_inventory(
                Inventory((place,), (Sku("k", 1, "gpu", 1),), (), {}),
                actor=WORKER, now=NOW, active_from=T0,
            )  # fmt: skip

    before_publishing(monkeypatch, register)
    bring(FIRST)
    assert "g1" in seen()["nodes"]


def test_no_turn_grows_with_the_file(bring, monkeypatch):
    told = turns_of(monkeypatch)
    lines = (
        f"K{n},g{n % 4},{(T0 + n * timedelta(minutes=9)).isoformat()},"
        f"{(T0 + n * timedelta(minutes=9) + HOUR).isoformat()},fan,false\n"
        for n in range(3 * CHUNK)
    )
    bring(HEAD + "".join(lines))
    assert told["most"] == CHUNK


def test_a_dry_run_writes_nothing_at_all(tmp_path, bring, monkeypatch):
    bring(FIRST)
    kept = rows()
    monkeypatch.setattr(import_runs, "begin", None)
    path = tmp_path / "dry.csv"
    path.write_text(SECOND, encoding="utf-8")
    kind = OutageImport(now=NOW, fleet=StoodUp(fleet_size=4))
    done = run_import(
        kind, Source.of_path(path), Profile(), ImportOptions(dry_run=True), actor=LENA, now=NOW
    )
    assert (done.forecast.added, done.forecast.amended) == (1, 3)
    assert rows() == kept
