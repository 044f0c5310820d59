"""Zones and the gate over the API: the life of a zone, the signed batch, hostile bodies."""

import json
import stat
from base64 import urlsafe_b64decode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings
from django.test import Client

from scuderia.freeze.engine.signatures import claims_of
from scuderia.freeze.models.gate_decisions import GateDecision
from scuderia.freeze.models.zones import Zone
from scuderia.freeze.operations import gate_batches
from scuderia.loop.nouns import Power
from tests.api.caller import Caller
from tests.api.test_alike import typed
from tests.api.test_cast import BEFORE, UPDATE, ZONE

LATER = {"end": "2027-01-05 00:00 Europe/Berlin", "reason": "it runs on"}
AT_NOON = "2026-12-24T12:00:00Z"


@pytest.fixture
def zone(stage, lena):
    """A zone over all of demo-aurora, asked for and not yet approved."""
    return lena.post("/freeze/zones", ZONE).json()["zone_id"]


def state(caller, zone):
    return caller.get(f"/freeze/zones/{zone}").json()["zone"]["state"]


def aurora_node(lena):
    return lena.items("/fleet/nodes?customer=demo-aurora&limit=1")[0]["place"]["node"]


def test_a_zone_lives_over_the_api_as_on_the_command_line(zone, lena, capsys):
    ada, where = Caller("ada"), f"/freeze/zones/{zone}"
    assert lena.post(f"{where}/approve", {"reason": "x"}).json()["code"] == "FREEZE-013"
    assert ada.post(f"{where}/approve", {"reason": "agreed"}).status_code == 204
    assert state(ada, zone) == "scheduled"
    assert lena.post(f"{where}/extend", LATER).status_code == 204
    assert lena.post(f"{where}/approve", {"reason": "x"}).json()["code"] == "FREEZE-013"
    assert ada.post(f"{where}/reject", {"reason": "too long"}).status_code == 204
    for name, caller, seen in (
        ("ada", ada, [zone]),
        ("otto", Caller("otto"), [zone]),
        ("britt", Caller("britt"), []),
    ):
        told = typed(capsys, "freeze", "list", "--as", name)
        assert [one["id"] for one in told] == seen
        assert [one["id"] for one in caller.items("/freeze/zones")] == seen
    assert ada.post(f"{where}/end", {"reason": "called off"}).status_code == 204
    assert state(ada, zone) == "ended"
    steps = [one["step"] for one in ada.get(where).json()["steps"]]
    assert steps == [
        "requested", "approved", "extension requested", "extension rejected", "ended early",
    ]  # fmt: skip


def test_a_node_out_of_reach_is_counted_and_not_named_on_api_and_command_line(zone, lena, capsys):
    other = lena.items("/fleet/nodes?customer=demo-borealis&limit=1")[0]["place"]["node"]
    mine = aurora_node(lena)
    body = ZONE | {"under": [f"node:{mine}", f"node:{other}"]}
    made = lena.post("/freeze/zones", body).json()["zone_id"]
    Caller("ada").post(f"/freeze/zones/{made}/approve", {"reason": "agreed"})
    for name, caller, told in (("lena", lena, {mine, other}), ("otto", Caller("otto"), {mine})):
        over_api = caller.get(f"/freeze/zones/{made}").json()
        for view in (over_api, typed(capsys, "freeze", "show", made, "--as", name)):
            assert set(view["node_names"]) == told
            assert view["nodes_untold"] == 2 - len(told)
            assert (other in json.dumps(view)) == (other in told)


def test_other_customers_and_strangers_are_told_that_there_is_no_such_zone(zone):
    for name in ("britt", "olaf"):
        caller = Caller(name)
        assert caller.get(f"/freeze/zones/{zone}").status_code == 404
        for act in ("approve", "reject", "end", "extend"):
            assert caller.post(f"/freeze/zones/{zone}/{act}", LATER).status_code == 404


def test_a_token_without_the_power_asks_for_and_approves_nothing(zone):
    weak = Caller("ada", powers=[Power.READ])
    assert weak.post("/freeze/zones", ZONE).status_code == 403
    assert weak.post(f"/freeze/zones/{zone}/approve", {"reason": "x"}).status_code == 403
    header = {"Authorization": "Bearer wrong"}
    for path in ("/freeze/zones", "/gate/decide", "/gate/decide-batch"):
        answer = Client().post(f"/api/v1{path}", {}, "application/json", headers=header)
        assert answer.status_code == 401
    assert Zone.objects.count() == 1


@pytest.mark.parametrize(
    "broken",
    [
        {"start": "2026-12-24"}, {"start": "2026-12-24 00:00 Mars/Olympus"}, {"end": ""},
        {"reason": " "}, {"gpus": 8}, {"gpus": 0}, {"under": []}, {"under": ["dataset:x"]},
        {"under": ["nonsense"]}, {"classes": ["firmwear"]}, {"rrule": "FREQ=SOON"},
        {"under": ["rack:r01"] * 2_001}, {"title": "x" * 201}, {"reason": "x" * 2_001},
        {"customer": "a\x00"}, {"end_kind": "vague"},
    ],
)  # fmt: skip
def test_a_zone_that_makes_no_sense_is_refused_with_a_remedy(broken, stage, lena):
    answer = lena.post("/freeze/zones", ZONE | broken)
    assert answer.status_code == 422, answer.content
    assert answer.json()["remedy"]
    assert not Zone.objects.exists()


def test_one_update_is_decided_alike_by_the_api_and_the_command_line(zone, lena, capsys):
    Caller("ada").post(f"/freeze/zones/{zone}/approve", {"reason": "agreed"})
    node = aurora_node(lena)
    told = lena.post("/gate/decide", UPDATE | {"nodes": [node], "start": AT_NOON}).json()
    assert (told["allowed"], told["ground"]) == (False, "zone")
    assert [one["zone"] for one in told["reasons"]] == [zone]
    typed_out = asked_on_the_command_line(capsys, node)
    ids = {told.pop("decision_id"), typed_out.pop("decision_id")}
    assert {str(one) for one in GateDecision.objects.values_list("pk", flat=True)} == ids
    assert _instants(told) == _instants(typed_out)


def asked_on_the_command_line(capsys, node):
    from scuderia.config.cli.main import run

    capsys.readouterr()
    code = run(
        ["freeze", "ask", "--as", "lena", "--json", "--update-class", "firmware", "--node", node,
         "--start", AT_NOON, "--duration", "45m"]
    )  # fmt: skip
    assert code == 3
    return json.loads(capsys.readouterr().out)


def _instants(told):
    return json.dumps(told, sort_keys=True).replace("+00:00", "Z")


def test_a_batch_is_judged_each_by_itself_and_signed_by_the_homes_own_key(zone, lena):
    Caller("ada").post(f"/freeze/zones/{zone}/approve", {"reason": "agreed"})
    node, spare = aurora_node(lena), lena.items("/fleet/nodes?limit=200")[-1]["place"]["node"]
    rows = [
        {"node": name, "update_class": "firmware", "start": AT_NOON, "end": "2026-12-24T13:00:00Z"}
        for name in (node, spare)
    ]
    answer = lena.post("/gate/decide-batch", {"targets": rows})
    told, key = answer.json(), lena.get("/gate/key").json()
    assert (told["allowed"], told["refused"], told["zones"]) == ([False, True], [0], [zone])
    public = Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(key["x"] + "="))
    claims = claims_of(told["token"], {key["kid"]: public}, kind="freeze-decisions+jws")
    kept = GateDecision.objects.get()
    assert (claims["root"], claims["size"], kept.update) == (
        kept.root, 2, {"targets": 2, "refused": 1},
    )  # fmt: skip
    path = Path(settings.HOME.path) / "gate-signing.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes().hex() not in json.dumps([told, key])


def test_a_batch_that_is_too_long_or_no_batch_is_refused_and_not_kept(stage, lena, monkeypatch):
    for text in ("", "{", "[]", "null", '{"targets": [1]}', '{"targets": [{"node": 1}]}'):
        assert lena.post("/gate/decide-batch", text).status_code == 422, text
    monkeypatch.setattr("scuderia.freeze.api.gate.BATCH_BYTES_MAX", 40)
    monkeypatch.setattr(gate_batches, "BATCH_BYTES_MAX", 40)
    long = lena.post("/gate/decide-batch", {"targets": [{"node": "x" * 100}]})
    assert (long.status_code, long.json()["code"]) == (422, "FREEZE-016")
    assert not GateDecision.objects.exists()


def test_a_deployer_asks_and_reports_in_two_calls_and_reads_what_was_kept(zone, lena, capsys):
    Caller("ada").post(f"/freeze/zones/{zone}/approve", {"reason": "agreed"})
    otto, britt, node = Caller("otto"), Caller("britt"), aurora_node(lena)
    row = {"key": "fw-9", "class": "firmware", "nodes": node, "start": AT_NOON, "p95_minutes": 45}
    assert lena.post("/freeze/updates", {"updates": [row]}).status_code == 200
    told = otto.post("/gate/ask", {"update": "fw-9"}).json()
    assert (told["allowed"], told["planned_start"]) == (False, AT_NOON)
    assert told["reasons"]
    assert told["not_before"]
    assert told["slots"]
    free = otto.post("/gate/ask", {"update": "fw-9", "start": told["not_before"]}).json()
    assert free["allowed"]
    described = UPDATE | {"nodes": [node], "start": AT_NOON}
    assert otto.post("/gate/ask", described).json()["planned_start"] is None
    said = {"decision_id": free["decision_id"], "outcome": "succeeded", "ended_at": BEFORE}
    assert otto.post("/gate/report", said).json()["outcome"] == "succeeded"
    assert lena.post("/gate/report", said).status_code == 403
    assert britt.post("/gate/report", said).status_code == 404
    assert otto.post("/gate/report", said | {"outcome": "failed"}).json()["code"] == "FREEZE-071"
    kept = otto.get(f"/gate/decisions/{free['decision_id']}").json()
    assert (kept["key"], kept["report"]["outcome"]) == ("fw-9", "succeeded")
    assert britt.get(f"/gate/decisions/{free['decision_id']}").status_code == 404
    shown = typed(capsys, "freeze", "decision", free["decision_id"], "--as", "otto")
    assert _instants(shown) == _instants(kept)


@pytest.mark.parametrize(
    "said",
    [
        {}, {"update": ""}, {"update": "fw-9", "nodes": ["r01-n01"]}, {"update": ["fw-9"]},
        UPDATE, UPDATE | {"nodes": []}, UPDATE | {"nodes": ["r01-n01"], "update": "fw-9"},
        {"update": "fw-9", "start": "soon"}, {"update": "a\x00"},
    ],
)  # fmt: skip
def test_a_deployers_question_that_makes_no_sense_is_refused_and_not_kept(said, stage, lena):
    answer = lena.post("/gate/ask", said)
    assert answer.status_code == 422, answer.content
    assert not GateDecision.objects.exists()
