"""Many readers: a silent one hides its own nodes alone, and a command finds its own cluster."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from scuderia.basics.actors import IMPORTER, Actor, ActorKind
from scuderia.basics.errors import Unable
from scuderia.basics.subjects import SubjectRef
from scuderia.fleet import jobs
from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.models.customers import Customer
from scuderia.fleet.models.inventory import Gpu, Node, Site
from scuderia.fleet.models.inventory import Sku as SkuRow
from scuderia.fleet.nouns import (
    ControlVerb,
    CustomerName,
    Inventory,
    NodeName,
    NodeObservation,
    NodePlace,
    NodeState,
    ObservationPage,
    Receipt,
    Sku,
    SlaDefinition,
)
from scuderia.fleet.operations import inventory, sources
from scuderia.fleet.operations.customers import edit_customer
from scuderia.fleet.operations.inventory import first_price
from scuderia.fleet.operations.observations import PollReport
from scuderia.fleet.operations.skus import SkuChanges, edit_sku
from scuderia.fleet.playbook.cluster_executor import (
    NotInCluster,
    SourceSilent,
    read_cluster,
    step_of,
)
from scuderia.fleet.playbook.repairs import DRAIN_NODE
from scuderia.fleet.ports import NoCluster
from scuderia.fleet.ports import registry as fleet
from scuderia.fleet.queries.nodes import node_status
from scuderia.fleet.queries.silence import FleetSilence
from scuderia.fleet.queries.slas import list_slas
from scuderia.fleet.queries.sources import list_sources

pytestmark = pytest.mark.django_db
T0 = datetime(2026, 7, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
ADMIN = Actor(ActorKind.SERVICE, "setup")
SKU = Sku(name="box", gpus_per_node=8, gpu_model="X", cents_per_gpu_hour=100)


@dataclass
class Reader:
    """A cluster of two nodes that says what it is told to, or nothing."""

    source: str
    at: object = T0
    silent: str = ""
    bug: bool = False
    slas: tuple[SlaDefinition, ...] = ()
    sku: Sku = SKU
    states: dict[str, NodeState] = field(default_factory=dict)

    @property
    def names(self):
        return [f"{self.source}-n1", f"{self.source}-n2"]

    def inventory(self):
        self._answer()
        places = tuple(
            NodePlace(NodeName(name), f"{self.source}-site", self.source, f"{self.source}-r", "box")
            for name in self.names
        )
        return Inventory(
            places=places, skus=(self.sku,), slas=self.slas, spare_pool={self.source: 1}
        )

    def observe(self, *, cursor, limit):
        self._answer()
        seen = tuple(self.current().values())
        return ObservationPage(observations=seen, cursor="c", as_of=self.at, more=False)

    def current(self):
        self._answer()
        return {
            name: NodeObservation(
                node=NodeName(name), at=self.at, state=self.states.get(name, NodeState.UP),
                customer=None, cause="", spare=False,
            )
            for name in self.names
        }  # fmt: skip

    def _answer(self):
        if self.bug:
            raise ZeroDivisionError
        if self.silent:
            raise Unable(self.silent)


@dataclass
class Control:
    got: list = field(default_factory=list)

    def apply(self, command, *, key):
        self.got.append((command.verb, command.subject, key))
        return Receipt(key=key, at=T0, said="done")

    def receipt(self, key):
        return None


@pytest.fixture
def two(monkeypatch):
    monkeypatch.setattr(fleet, "readers", {})
    monkeypatch.setattr(fleet, "controls", {})
    milan, turin = Reader("milan"), Reader("turin")
    for reader in (milan, turin):
        fleet.register_reader(reader)
        fleet.register_control(reader.source, Control())
        sources.poll(reader, now=T0)
    return milan, turin


def states():
    names = ("milan-n1", "milan-n2", "turin-n1", "turin-n2")
    return [node_status(name, T0 + HOUR).state for name in names]


def test_a_silent_source_hides_its_own_nodes_alone_and_gives_them_back(two):
    milan, turin = two
    milan.silent = "no route to host"
    sources.poll(milan, now=T0 + HOUR)
    assert states() == [NodeState.UNKNOWN, NodeState.UNKNOWN, NodeState.UP, NodeState.UP]
    turin.at = T0 + HOUR
    sources.poll(turin, now=T0 + HOUR)
    assert states()[:2] == [NodeState.UNKNOWN] * 2, "another's word breaks no silence"
    told = {row.source: row for row in list_sources(IMPORTER)}
    assert told["milan"].silent_since == T0 + HOUR
    assert told["milan"].error == "no route to host"
    assert (told["turin"].silent_since, told["turin"].nodes) == (None, 2)
    sources.poll(milan, now=T0 + 2 * HOUR)
    assert {row.source: row.silent_since for row in list_sources(IMPORTER)}["milan"] == T0 + HOUR
    milan.silent, milan.at = "", T0 + 3 * HOUR
    sources.poll(milan, now=T0 + 3 * HOUR)
    assert states() == [NodeState.UP] * 4
    assert {row.silent_since for row in list_sources(IMPORTER)} == {None}


def test_of_what_is_silent_it_is_told_since_when(two):
    milan, _ = two
    customer, other = (SubjectRef("customer", name) for name in ("acme", "birch"))
    for node, name in (("milan-n1", "acme"), ("turin-n1", "birch")):
        Allocation.objects.create(
            node=Node.objects.get(name=node),
            customer=Customer.objects.get_or_create(name=name)[0],
            start=T0,
        )
    named = [SubjectRef("node", "milan-n1"), SubjectRef("node", "turin-n1")]
    asked = [*named, SubjectRef("cluster", "milan"), SubjectRef("cluster", "turin")]
    told = FleetSilence().silent_since
    assert told([*asked, customer, other]) == {}
    milan.silent = "no route to host"
    sources.poll(milan, now=T0 + HOUR)
    assert told([*asked, customer, other]) == dict.fromkeys(
        [named[0], asked[2], customer], T0 + HOUR
    )
    assert [node_status(one.name, T0 + HOUR).silent_since for one in named] == [T0 + HOUR, None]
    milan.silent, milan.at = "", T0 + 3 * HOUR
    sources.poll(milan, now=T0 + 3 * HOUR)
    assert told([*asked, customer, other]) == {}


def test_a_reader_with_a_bug_is_silent_and_holds_up_nobody(two, monkeypatch):
    milan, turin = two
    milan.bug, turin.at = True, T0 + HOUR
    turin.states = {"turin-n1": NodeState.DOWN}
    jobs.poll_fleet()
    assert states() == [NodeState.UNKNOWN, NodeState.UNKNOWN, NodeState.DOWN, NodeState.UP]


def test_the_world_is_seen_as_far_as_it_answers(two):
    milan, turin = two
    whole = read_cluster()
    assert len(whole.nodes) == 4
    assert whole.pool_sizes == {"milan": 1, "turin": 1}
    with pytest.raises(NotInCluster):
        whole.node("rome-n1")
    milan.silent = "gone"
    seen = read_cluster()
    assert seen.silent == ("milan",)
    assert seen.node("turin-n1").state is NodeState.UP
    with pytest.raises(SourceSilent, match="milan"):
        seen.node("milan-n1")
    with pytest.raises(SourceSilent):
        seen.cluster_nodes("milan")
    turin.silent = "gone too"
    with pytest.raises(Unable, match="gone"):
        read_cluster()


def test_a_command_goes_to_the_cluster_of_its_subject(two):
    step = step_of(0, ControlVerb.DRAIN, SubjectRef("node", "turin-n1"))
    DRAIN_NODE.perform(step, key="k1")
    assert fleet.control_of("milan").got == []
    assert fleet.control_of("turin").got == [
        (ControlVerb.DRAIN, SubjectRef("node", "turin-n1"), "k1")
    ]
    with pytest.raises(NoCluster, match="rome"):
        fleet.control_of("rome")


def listed(nodes, *, target=0.9, spares=1):
    """Return an inventory of so many nodes, four to a rack."""
    places = tuple(
        NodePlace(NodeName(f"w{n:03}"), "wide", "wide", f"wide-r{n // 4}", "box")
        for n in range(nodes)
    )
    sla = SlaDefinition(CustomerName("ada"), target, "UTC")
    return Inventory(places=places, skus=(SKU,), slas=(sla,), spare_pool={"wide": spares})


class WideReader(Reader):
    """A cluster that lists `nodes` nodes, and speaks of two."""

    nodes = 8
    names = ("w000", "w001")

    def inventory(self):
        return listed(self.nodes)


def test_a_poll_writes_as_little_in_a_large_fleet_as_in_a_small_one():
    costs = []
    for nodes in (8, 400):
        reader = WideReader("wide")
        reader.nodes = nodes
        sources.poll(reader, now=T0)
        with CaptureQueriesContext(connection) as asked:
            sources.poll(reader, now=T0)
        told = [one["sql"] for one in asked.captured_queries]
        first = next(place for place, sql in enumerate(told) if sql.startswith("SAVEPOINT"))
        assert not [sql for sql in told[first:] if "fleet_site" in sql or "fleet_sku" in sql]
        costs.append(len(told))
    assert costs[0] == costs[1]
    assert Node.objects.count() == 400


def test_a_changed_inventory_is_noticed_and_an_unchanged_one_is_known():
    def register(told):
        return inventory.register_inventory(told, actor=IMPORTER, now=T0, active_from=T0)

    first = listed(9)
    assert not inventory.is_registered(first)
    register(first)
    assert inventory.is_registered(first)
    assert register(first).is_nothing
    moved = (replace(first.places[0], rack="wide-r2"), *first.places[1:])
    dearer = replace(SKU, cents_per_gpu_hour=101)
    for change in (
        listed(10), listed(9, target=0.95), listed(9, spares=2), replace(first, places=moved),
        replace(first, skus=(dearer,)),
    ):  # fmt: skip
        register(first)
        assert not inventory.is_registered(change)
        assert not register(change).is_nothing
        assert inventory.is_registered(change)
        assert register(change).is_nothing
    assert Gpu.objects.count() == 8 * 10


def test_a_place_that_stands_elsewhere_refuses_the_whole_inventory():
    first = listed(9)
    inventory.register_inventory(first, actor=IMPORTER, now=T0, active_from=T0)
    for changes in ({"site": "other"}, {"cluster": "other"}):
        told = replace(listed(10), places=(*first.places, replace(first.places[0], **changes)))
        assert not inventory.is_registered(told)
        with pytest.raises(inventory.PlaceConflict):
            inventory.register_inventory(told, actor=IMPORTER, now=T0, active_from=T0)
    assert Node.objects.count() == 9
    assert not Site.objects.filter(name="other").exists()


def test_pages_are_as_long_as_the_books_may_be_held(monkeypatch):
    asked, clock, word_s = [], [0.0], [0.0]

    class Talker(WideReader):
        def observe(self, *, cursor, limit):
            asked.append(limit)
            seen = tuple(self.current().values())
            return ObservationPage(observations=seen, cursor=cursor, as_of=self.at, more=True)

    def book(*_, **__):
        clock[0] += word_s[0] * asked[-1]
        return PollReport()

    def turn(write, *, pause_share):
        clock[0] += 60.0  # waiting for the lock says nothing of the page
        return write()

    monkeypatch.setattr(sources, "take_turn", turn)
    monkeypatch.setattr(sources, "_book", book)
    monkeypatch.setattr(sources.time, "monotonic", lambda: clock[0])
    for word_s[0], limits in (
        (0.0, [500, 1000, 1000]), (0.0008, [500, 312, 312]), (0.1, [500, 250, 250]),
    ):  # fmt: skip
        asked.clear()
        sources.poll(Talker("wide"), now=T0, pages_max=3)
        assert asked == limits
    asked.clear()
    sources.poll(Talker("wide"), now=T0, pages_max=2, page_limit=7)
    assert asked == [7, 7]


@pytest.mark.parametrize(
    ("limit", "most", "took_s", "following"),
    [
        (500, 1000, 0.25, 500),
        (500, 1000, 0.01, 1000),
        (400, 1000, 0.01, 800),
        (1000, 1000, 0.5, 500),
        (1000, 1000, 60.0, 250),
        (250, 1000, 9.0, 250),
        (7, 7, 9.0, 7),
    ],
)
def test_a_page_is_as_long_as_the_last_one_took_within_its_bounds(limit, most, took_s, following):
    assert sources._next_limit(limit, most, took_s) == following


def test_a_source_never_takes_back_a_promise_or_a_price_that_a_person_corrected(two):
    milan, _ = two
    milan.slas = (SlaDefinition(CustomerName("ada"), 0.95, "UTC"),)
    sources.poll(milan, now=T0 + HOUR)
    said = [sla.target for sla in list_slas(T0 + HOUR)], first_price(SkuRow.objects.get())
    assert said == ([0.95], 100)
    edit_customer(actor=ADMIN, name="ada", target=0.9, reason="as signed", now=T0 + HOUR)
    changes = SkuChanges(cents_per_gpu_hour=250)
    edit_sku(actor=ADMIN, name="box", changes=changes, reason="as billed", now=T0 + HOUR)
    assert inventory.is_registered(milan.inventory()), "nothing is written again at every poll"
    milan.sku = replace(SKU, gpu_model="Y")
    sources.poll(milan, now=T0 + 2 * HOUR)
    said = [sla.target for sla in list_slas(T0 + 2 * HOUR)], first_price(SkuRow.objects.get())
    assert said == ([0.9], 250)
    assert SkuRow.objects.get().gpu_model == "Y", "what nobody corrected is the source's to say"


def test_a_source_corrects_its_own_word_of_a_promise_and_a_price(two):
    milan, _ = two
    milan.slas = (SlaDefinition(CustomerName("ada"), 0.95, "UTC"),)
    sources.poll(milan, now=T0)
    changes = SkuChanges(gpu_model="Z")
    edit_sku(actor=ADMIN, name="box", changes=changes, reason="another model", now=T0)
    milan.slas = (SlaDefinition(CustomerName("ada"), 0.97, "UTC"),)
    milan.sku = replace(SKU, gpu_model="Z", cents_per_gpu_hour=120)
    sources.poll(milan, now=T0 + HOUR)
    said = [sla.target for sla in list_slas(T0 + HOUR)], first_price(SkuRow.objects.get())
    assert said == ([0.97], 120)
