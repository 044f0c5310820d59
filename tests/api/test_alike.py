"""Page, API and command line show each of the cast the same, and nobody another customer's."""

import json

import pytest

from scuderia.basics.actors import Actor, ActorKind
from scuderia.basics.errors import NotFound
from scuderia.config.cli.main import run
from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.models.customers import Customer
from scuderia.fleet.models.inventory import Node
from scuderia.fleet.queries.nodes import get_timeline
from scuderia.loop.nouns import BrakeScope
from scuderia.loop.operations import brakes
from tests.api.caller import Caller
from tests.pages.stage import LENA, NOW, timedelta

WHY = {
    "customer:demo-aurora": "aurora's audit",
    "customer:demo-borealis": "borealis's audit",
    "site:north": "the power feed",
}
READERS = {
    "lena": set(WHY.values()),
    "vera": set(WHY.values()),
    "otto": {WHY["customer:demo-aurora"]},
    "britt": {WHY["customer:demo-borealis"]},
    "olaf": set(),
}


@pytest.fixture
def braked(stage):
    for scope, reason in WHY.items():
        brakes.set_brake(actor=LENA, scope=BrakeScope.SCOPE, value=scope, reason=reason, now=NOW)


def typed(capsys, *command):
    capsys.readouterr()
    code = run([*command, "--json"])
    return json.loads(capsys.readouterr().out) if code == 0 else []


def brakes_told(name, as_person, capsys, *, by):
    match by:
        case "api":
            answer = Caller(name).get("/brakes")
            return answer.content.decode() if answer.status_code == 200 else ""
        case "page":
            return as_person(name).get("/brake").content.decode()
        case "notice":
            return as_person(name).get("/").content.decode()
        case "command":
            return json.dumps(typed(capsys, "brake", "status", "--as", name))


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("by", ["api", "page", "notice", "command"])
def test_a_brake_on_a_customer_is_told_to_whom_it_concerns_alone(
    name, by, braked, as_person, capsys
):
    told = brakes_told(name, as_person, capsys, by=by).replace("&#x27;", "'")
    unknown = set(WHY.values()) - READERS[name]
    assert [reason for reason in unknown if reason in told] == []
    if by in {"api", "page"}:
        assert [reason for reason in READERS[name] if reason not in told] == []


def test_a_brake_that_stops_a_readers_own_node_is_told_wherever_it_was_pulled(stage):
    from scuderia.loop.operations import people
    from scuderia.loop.queries.brakes import list_brakes
    from tests.pages.stage import ADA, Role, SubjectRef

    brakes.set_brake(actor=LENA, scope=BrakeScope.SCOPE, value="site:north", reason="feed", now=NOW)
    people.give_role(
        actor=ADA, person="olaf", role=Role.VIEWER,
        scope=SubjectRef("node", stage.node), now=NOW,
    )  # fmt: skip
    assert [row.reason for row in list_brakes(Actor(ActorKind.PERSON, "olaf"))] == ["feed"]


@pytest.mark.parametrize("name", ["lena", "vera", "otto", "britt"])
def test_nodes_and_customers_are_the_same_by_every_way(name, stage, as_person, capsys):
    caller = Caller(name)
    by_api = {row["place"]["node"] for row in _all(caller, "/fleet/nodes")}
    by_command = {row["place"]["node"] for row in typed(capsys, "fleet", "nodes", "--as", name)}
    page = as_person(name).get("/fleet").content.decode()
    assert by_api == by_command
    assert all(f'data-key="{node}"' in page for node in by_api)
    assert page.count('class="tile tile--') - page.count('class="legend__entry"') == len(by_api)
    customers = {row["name"] for row in caller.items("/fleet/customers")}
    assert customers == {row["name"] for row in typed(capsys, "fleet", "customers", "--as", name)}


def _all(caller, path):
    rows, offset = [], 0
    while offset is not None:
        answer = caller.get(f"{path}?limit=200&offset={offset}").json()
        rows, offset = rows + answer["items"], answer["next_offset"]
    return rows


def test_who_held_a_node_before_is_told_to_whoever_may_read_the_node_itself(stage, as_person):
    node = Node.objects.get(name=stage.node)
    before = NOW - timedelta(days=30)
    Allocation.objects.filter(node=node).update(start=before + timedelta(days=1))
    other = Customer.objects.get(name="demo-borealis")
    Allocation.objects.create(
        node=node, customer=other, start=before, end=before + timedelta(days=1)
    )
    otto = Caller("otto").get(f"/fleet/nodes/{stage.node}/timeline").json()
    assert {hold["customer"] for hold in otto["allocations"]} == {"demo-aurora"}
    assert (
        "demo-borealis" not in as_person("otto").get(f"/fleet/nodes/{stage.node}").content.decode()
    )
    assert "demo-borealis" in as_person("lena").get(f"/fleet/nodes/{stage.node}").content.decode()


def test_the_other_customers_operator_is_told_of_no_node_by_any_way(stage, as_person, capsys):
    path = f"/fleet/nodes/{stage.node}"
    assert Caller("britt").get(path).status_code == 404
    assert as_person("britt").get(path).status_code == 404
    assert run(["fleet", "node", stage.node, "--as", "britt"]) == 3
    assert run(["fleet", "report", "--customer", "demo-aurora", "--as", "britt"]) == 3
    assert run(["fleet", "report", "--as", "britt"]) == 3
    with pytest.raises(NotFound):
        get_timeline(Actor(ActorKind.PERSON, "britt"), stage.node, NOW, NOW + timedelta(1))


def test_evidence_run_again_on_a_page_asks_for_the_same_sight_as_over_json(stage, as_person):
    swap = f"/proposals/{stage.swap.id}?again=0"
    assert "now:" in as_person("otto").get(swap).content.decode()
    assert as_person("britt").get(swap).status_code == 404
