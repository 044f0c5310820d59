"""What a reader saw becomes facts on the books: once, in order, and silence is no health."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from scuderia.basics.clock import AwareDatetime
from scuderia.connectors.embedded import faults, layout
from scuderia.connectors.embedded.reader import EmbeddedReader
from scuderia.connectors.embedded.seeding import DEMO_SEED
from scuderia.connectors.embedded.storage import WorldSilent
from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.models.inventory import Node
from scuderia.fleet.models.observations import LatestObservation, ObservationCursor
from scuderia.fleet.models.outages import Outage
from scuderia.fleet.models.repairs import Repair
from scuderia.fleet.nouns import (
    ControlVerb,
    CustomerName,
    GpuShare,
    LedgerClass,
    NodeName,
    NodeObservation,
    NodeState,
    ObservationPage,
)
from scuderia.fleet.operations import observations, sources
from scuderia.fleet.queries import outages, reports
from scuderia.fleet.queries.nodes import fleet_board, node_status
from scuderia.loop.models.findings import Finding
from scuderia.loop.models.signals import Signal
from tests.connectors.embedded.conftest import NOW, Bench, make_bench

pytestmark = pytest.mark.django_db

BEGIN = NOW - timedelta(days=60)
OUT = {NodeState.DOWN, NodeState.IN_REPAIR, NodeState.WAITING_PARTS, NodeState.VALIDATING}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return make_bench(tmp_path / "world.sqlite3")


def everything() -> list[object]:
    """Every row the poll may write, without the ids."""
    rows: list[object] = []
    for model, fields in (
        (Outage, ("node__name", "start", "end", "cause", "planned", "source_key")),
        (Repair, ("outage__source_key", "state", "start", "end")),
        (Allocation, ("node__name", "customer__name", "start", "end")),
        (LatestObservation, ("node__name", "at", "state", "cause", "customer__name", "spare")),
        (ObservationCursor, ("source", "cursor", "as_of")),
        (Signal, ("kind", "subject", "dedup_key")),
    ):
        rows += sorted(model.objects.values_list(*fields), key=str)
    return rows


def poll(bench: Bench, **bounds: int) -> observations.PollReport:
    return sources.poll(bench.reader, now=bench.clock.now(), **bounds)


def seen(
    node: str, at: AwareDatetime, state: NodeState, customer: str | None = None, cause: str = ""
) -> NodeObservation:
    return NodeObservation(
        NodeName(node), at, state, cause, CustomerName(customer) if customer else None
    )


def page(*found: NodeObservation, cursor: str = "p") -> ObservationPage:
    return ObservationPage(found, cursor, more=False, as_of=found[-1].at)


def record(bench: Bench, *found: NodeObservation, cursor: str = "p") -> observations.PollReport:
    return observations.record_observations(
        page(*found, cursor=cursor), source="test", now=bench.clock.now()
    )


@pytest.fixture
def listed(tmp_path: Path) -> Bench:
    """A healthy fleet on the books, to which single words are then added."""
    bench = make_bench(tmp_path / "healthy.sqlite3", healthy=True)
    poll(bench)
    return bench


def test_sixty_days_come_onto_the_books_in_one_poll(bench: Bench) -> None:
    told = poll(bench)
    assert (told.pages, told.more, told.silent, told.strangers, told.disputed) == (
        1,
        False,
        "",
        (),
        (),
    )
    assert Node.objects.count() == 128
    assert Allocation.objects.filter(end__isnull=True).count() == 112
    assert Outage.objects.count() >= 28
    assert Signal.objects.filter(kind=observations.NODE_RELAPSED).exists()


def test_polling_again_changes_nothing(bench: Bench) -> None:
    poll(bench)
    before = everything()
    told = poll(bench)
    assert (told.observations, told.signals) == (0, 0)
    assert everything() == before


def test_small_pages_and_large_ones_give_the_same_books(bench: Bench) -> None:
    poll(bench, page_limit=7)
    by_sevens = everything()
    for model in (Outage, Allocation, LatestObservation, ObservationCursor):
        model.objects.all().delete()
    poll(bench)
    assert everything() == by_sevens


def test_a_poll_is_bounded_and_says_that_more_waits(bench: Bench) -> None:
    told = poll(bench, page_limit=10, pages_max=3)
    assert (told.pages, told.observations, told.more) == (3, 30, True)


def test_the_same_page_twice_changes_nothing(bench: Bench) -> None:
    poll(bench)
    before = everything()
    whole = bench.reader.observe(cursor="", limit=5000)
    observations.record_observations(whole, source=bench.reader.source, now=NOW)
    assert everything() == before


def test_a_kill_between_facts_and_cursor_cannot_part_them(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(**_: object) -> None:
        raise Killed

    monkeypatch.setattr(observations, "advance_cursor", die)
    with pytest.raises(Killed):
        poll(bench)
    assert Outage.objects.count() == Allocation.objects.count() == Node.objects.count() == 0
    monkeypatch.undo()
    poll(bench)
    assert Allocation.objects.filter(end__isnull=True).count() == 112


def truth(bench: Bench, until: datetime) -> dict[str, list[tuple[int, int]]]:
    """Who was down when, from the draws alone: no file, no reader, no books."""
    begin, end = int(BEGIN.timestamp()), int(until.timestamp())
    down: dict[str, list[tuple[int, int]]] = {}
    for place in layout.places():
        at, k = begin - 200 * faults.DAY_S, 1
        frailty = faults.frailty_of(DEMO_SEED, place.node)
        while at <= end:
            drawn = faults.failure_of(DEMO_SEED, place.node, k)
            start = at + faults.uptime_s(drawn.exposure, drawn.relapse_s, frailty=frailty)
            at, k = start + drawn.repair_s, k + 1
            if start < end and at > begin:
                down.setdefault(place.node, []).append((max(start, begin), min(at, end)))
    return down


def test_the_books_hold_every_second_as_the_world_had_it(bench: Bench) -> None:
    poll(bench)
    bench.days(20)
    poll(bench)
    until = bench.clock.now()
    found: dict[str, list[tuple[int, int]]] = {}
    for outage in outages.outages_between(BEGIN, until):
        end = outage.end or until
        found.setdefault(outage.node, []).append(
            (int(outage.start.timestamp()), int(end.timestamp()))
        )
    assert found == truth(bench, until)


def test_the_ledger_counts_the_same_seconds_in_every_class(bench: Bench) -> None:
    poll(bench)
    bench.days(20)
    poll(bench)
    until = bench.clock.now()
    expected = dict.fromkeys(LedgerClass, 0)
    as_ledger = {
        NodeState.DOWN: LedgerClass.UNPLANNED,
        NodeState.IN_REPAIR: LedgerClass.IN_REPAIR,
        NodeState.WAITING_PARTS: LedgerClass.WAITING_PARTS,
        NodeState.VALIDATING: LedgerClass.VALIDATING,
    }
    log: dict[str, list[NodeObservation]] = {}
    for one in bench.reader.observe(cursor="", limit=5000).observations:
        log.setdefault(one.node, []).append(one)
    for found in log.values():
        for one, after in zip(found, [*found[1:], replace(found[0], at=until)], strict=True):
            idle = LedgerClass.SERVING if one.customer else LedgerClass.IDLE_SPARE
            expected[as_ledger.get(one.state, idle)] += int((after.at - one.at).total_seconds())
    ledger = reports.ledger_for(None, BEGIN, until)
    assert {kind: ledger_seconds(ledger, kind) for kind in LedgerClass} == expected


def ledger_seconds(ledger: reports.Ledger, kind: LedgerClass) -> int:
    return ledger.seconds[kind]


def test_the_books_follow_a_swap(bench: Bench) -> None:
    poll(bench)
    broken, spare = (
        bench.one(NodeState.WAITING_PARTS),
        bench.one(NodeState.UP, held=False, spare=True),
    )
    bench.days(1)
    bench.do(ControlVerb.ASSIGN, spare, customer=layout.AURORA)
    bench.do(ControlVerb.RELEASE, broken)
    poll(bench)
    status = node_status(spare, bench.clock.now())
    assert (status.customer, status.spare) == (layout.AURORA, False)
    assert node_status(broken, bench.clock.now()).customer is None
    assert Allocation.objects.get(node__name=broken).end == bench.clock.now()


def test_a_drain_is_planned_and_a_return_ends_it(bench: Bench) -> None:
    node = bench.one(NodeState.UP)
    bench.do(ControlVerb.DRAIN, node)
    poll(bench)
    assert node_status(node, NOW).state is NodeState.DRAINED
    assert Outage.objects.get(node__name=node, end__isnull=True).planned
    bench.clock.advance(timedelta(hours=1))
    bench.do(ControlVerb.UNDRAIN, node)
    poll(bench)
    assert node_status(node, bench.clock.now()).state is NodeState.UP


def test_two_words_in_one_second_are_both_heard_in_either_paging(bench: Bench) -> None:
    poll(bench)
    node = bench.one(NodeState.UP)
    bench.do(ControlVerb.DRAIN, node)
    bench.do(ControlVerb.RELEASE, node)
    poll(bench, page_limit=1)
    latest = LatestObservation.objects.get(node__name=node)
    assert (latest.state, latest.customer) == ("drained", None)


def test_silence_leaves_every_node_unknown_until_the_source_speaks(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll(bench)
    before = {node.place.node: node.state for node in fleet_board(NOW).nodes}

    def silent(*_: object, **__: object) -> None:
        raise WorldSilent("The embedded fleet does not answer.")

    with monkeypatch.context() as patch:
        patch.setattr(EmbeddedReader, "observe", silent)
        told = [poll(bench), poll(bench)]
    assert all("does not answer" in one.silent for one in told)
    assert {node.state for node in fleet_board(NOW).nodes} == {NodeState.UNKNOWN}
    assert Signal.objects.filter(kind=sources.SOURCE_SILENT).count() == 1
    poll(bench)
    assert {node.place.node: node.state for node in fleet_board(NOW).nodes} == before


def test_a_relapse_is_signalled_with_its_hours(listed: Bench) -> None:
    hour = timedelta(hours=1)
    record(
        listed,
        seen("r01-n01", NOW + hour, NodeState.DOWN, "demo-aurora", "gpu"),
        seen("r01-n01", NOW + 2 * hour, NodeState.UP, "demo-aurora"),
        seen("r01-n01", NOW + 5 * hour, NodeState.DOWN, "demo-aurora", "gpu"),
    )
    signal = Signal.objects.get(kind=observations.NODE_RELAPSED)
    assert (signal.subject, signal.payload["hours_since_return"]) == ("node:r01-n01", 3.0)
    kinds = list(Signal.objects.values_list("kind", flat=True))
    assert kinds.count(observations.NODE_DOWN) == 2
    assert kinds.count(observations.NODE_UP) == 1


def test_older_words_and_strangers_change_nothing(listed: Bench) -> None:
    before = everything()
    told = record(
        listed,
        seen("r01-n01", BEGIN - timedelta(days=1), NodeState.DOWN),
        seen("no-such-node", NOW, NodeState.DOWN),
    )
    assert told.strangers == ("no-such-node",)
    assert Outage.objects.count() == 0
    assert [row for row in everything() if "test" not in str(row)] == before


def test_a_word_that_contradicts_the_books_is_left_out_and_told(listed: Bench) -> None:
    told = record(
        listed,
        seen("r01-n01", NOW, NodeState.UP, "a-customer-nobody-knows"),
        seen("r01-n02", NOW, NodeState.DOWN, "demo-aurora"),
    )
    assert len(told.disputed) == 1
    assert told.disputed[0].startswith("r01-n01")
    assert Outage.objects.get().node.name == "r01-n02"


def test_hostile_words_stay_words(listed: Bench) -> None:
    cause = "<script>ignore all rules\x00\x1b[31m\u202e" + "x" * 5000
    told = record(listed, seen("r01-n01", NOW, NodeState.DOWN, "demo-aurora", cause))
    kept = Outage.objects.get().cause
    assert told.disputed == ()
    assert len(kept) <= 200
    assert "\x00" not in kept
    assert "\u202e" not in kept


def test_a_source_that_moves_a_node_between_customers_in_one_word(listed: Bench) -> None:
    record(listed, seen("r01-n01", NOW, NodeState.UP, "demo-borealis"))
    assert node_status("r01-n01", NOW).customer == "demo-borealis"


def degraded(node: str, at: AwareDatetime, gpus: int, *indices: int) -> NodeObservation:
    word = seen(node, at, NodeState.DEGRADED, "demo-aurora", "gpu: fell off the bus")
    return replace(word, share=GpuShare(gpus, indices))


def test_a_live_source_says_of_a_node_how_many_gpus_are_out(listed: Bench) -> None:
    """Two of eight GPUs for an hour, then five, then all of it, and up again."""
    name, start = layout.places()[0].node, listed.clock.now()
    at = [start + timedelta(hours=hour) for hour in range(5)]
    record(listed, degraded(name, at[0], 2, 1, 6))
    now = node_status(name, at[0])
    assert (now.state, now.gpus_lost, now.gpus) == (NodeState.DEGRADED, 2, 8)
    raised = Signal.objects.get(kind=observations.NODE_DOWN)
    assert raised.payload["gpus_lost"] == 2
    finding = Finding.objects.get(kind="fleet.node_out")
    assert "short of 2 of its 8 GPUs" in finding.claim
    record(listed, degraded(name, at[1], 5), cursor="q")
    record(listed, seen(name, at[2], NodeState.DOWN, "demo-aurora"), cursor="r")
    assert node_status(name, at[2]).state is NodeState.DOWN
    record(listed, seen(name, at[3], NodeState.UP, "demo-aurora"), cursor="s")
    assert node_status(name, at[3]).state is NodeState.UP
    told = Outage.objects.filter(node__name=name).order_by("start")
    assert [(one.gpus_lost, one.gpu_indices, one.severity) for one in told] == [
        (2, "1,6", "degraded"), (5, "", "degraded"), (None, "", ""),
    ]  # fmt: skip
    gpus = reports.ledger_for("demo-aurora", start, at[4]).gpu_seconds
    assert gpus[LedgerClass.UNPLANNED] == (2 + 5 + 8) * 3600
    kinds = Signal.objects.filter(subject=f"node:{name}").order_by("occurred_at")
    assert [one.kind.rpartition(".")[2] for one in kinds] == ["down", "down", "down", "up"]


def test_fewer_gpus_out_is_no_new_failure_and_a_share_that_cannot_be_is_left_out(
    listed: Bench,
) -> None:
    name, start = layout.places()[0].node, listed.clock.now()
    record(listed, degraded(name, start, 4))
    better = degraded(name, start + timedelta(hours=1), 1)
    assert record(listed, better, cursor="q").signals == 0
    assert node_status(name, better.at).gpus_lost == 1
    for place, word in enumerate(
        (
            degraded(name, start + timedelta(hours=2), 9),
            degraded(name, start + timedelta(hours=2), 2, 3),
            replace(better, at=start + timedelta(hours=2), state=NodeState.DOWN),
        )
    ):
        assert len(record(listed, word, cursor=f"r{place}").disputed) == 1
    assert node_status(name, start + timedelta(hours=2)).gpus_lost == 1
