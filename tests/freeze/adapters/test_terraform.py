"""HCP Terraform's run task, replayed in its documented shape and in every broken one."""

import json

import pytest

from scuderia.freeze.engine.adapters import terraform
from scuderia.freeze.models.callbacks import Callback
from scuderia.freeze.models.gate_decisions import GateDecision
from scuderia.freeze.operations import adapters, callbacks
from tests.freeze.adapters.deployers import (
    INSIDE,
    SECRET,
    AdapterName,
    at,
    make_deployer,
    payload,
    post,
    set_up,
    touch,
    zone,
)
from tests.freeze.small_fleet import NOW, person
from tests.loop.test_outbound import listening

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]
TERRAFORM = AdapterName.TERRAFORM
TARGET = "aurora/rome-fabric"


@pytest.fixture(autouse=True)
def _deployer(db, settings, tmp_path):
    settings.HOME = type(settings.HOME)(tmp_path)
    make_deployer()
    set_up(TERRAFORM, ["app.terraform.io"])
    touch(TERRAFORM, {TARGET: "r1-n[1-2]"})


def send(body, *, secret=SECRET, now=NOW, **headers):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    signature = terraform.signature_of(raw, secret.encode())
    with at(now):
        return post("terraform", raw, {"X-TFC-Task-Signature": signature, **headers})


def task(**other):
    return payload("terraform_run_task", **other)


def test_the_signature_is_hmac_sha512_in_hex():
    """RFC 4231, test case 2."""
    assert terraform.signature_of(b"what do ya want for nothing?", b"Jefe") == (
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
        "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
    )


def test_a_run_is_answered_as_the_gate_says_by_the_token_that_came_with_it():
    zone()
    with listening() as (host, seen):
        adapters.set_hosts(actor=person("ada"), name=TERRAFORM, hosts=[host], now=NOW)
        url = f"http://{host}/api/v2/task-results/0c6f/callback"
        for key, now in (("taskrs-1", NOW), ("taskrs-2", INSIDE)):
            told = send(task(task_result_id=key, task_result_callback_url=url), now=now)
            assert (told.status_code, told.json()["allowed"]) == (200, now is NOW)
            assert "a-token-of" not in told.content.decode()
            assert callbacks.send_callbacks(now) == 1
    assert [(method, path) for method, path, _, _ in seen] == [
        ("PATCH", "/api/v2/task-results/0c6f/callback")
    ] * 2
    assert {told["Content-Type"] for *_, told in seen} == {"application/vnd.api+json"}
    assert {told["Authorization"] for *_, told in seen} == {"Bearer a-token-of-this-one-result"}
    yes, no = (json.loads(body)["data"] for _, _, body, _ in seen)
    assert (yes["type"], yes["attributes"]["status"]) == ("task-results", "passed")
    assert no["attributes"]["status"] == "failed"
    assert "Not before 2026-07-31T07:00:00Z." in no["attributes"]["message"]
    assert set(Callback.objects.values_list("state", "secret")) == {("sent", "")}
    assert set(GateDecision.objects.values_list("asked_by", "via")) == {("person:deployer", "gate")}


def test_a_verification_is_greeted_and_nothing_else_is_done():
    told = send({"payload_version": 1, "stage": "test", "access_token": "test-token"})
    assert (told.status_code, told.json()["words"]) == (200, "pong")
    assert not Callback.objects.exists()


def test_a_speculative_run_passes_unasked_and_an_unknown_workspace_fails():
    assert send(task(is_speculative=True)).json()["allowed"]
    told = send(task(task_result_id="taskrs-2", workspace_name="else")).json()
    assert (told["allowed"], told["decision_id"]) == (False, None)
    assert not GateDecision.objects.exists()


def test_nodes_that_are_gone_or_out_of_reach_are_refused_without_a_name():
    zone()
    touch(TERRAFORM, {TARGET: "r1-n1 r2-n2"})
    told = send(task(), now=INSIDE).json()
    assert not told["allowed"]
    assert "r2-n2" not in json.dumps(told)
    adapters.AdapterTarget.objects.update(nodes="r1-n1 nowhere")
    gone = send(task(task_result_id="taskrs-2")).json()
    assert (gone["allowed"], gone["decision_id"]) == (False, None)
    assert "nowhere" not in json.dumps(gone)


def test_what_is_unsigned_or_signed_by_another_is_refused():
    for signature in ("", "0" * 128, "a" * 5_000, "\u00e9"):
        assert send(task(), **{"X-TFC-Task-Signature": signature}).status_code == 401
    assert send(task(), secret="another secret").status_code == 401
    raw = json.dumps(task()).encode()
    signature = terraform.signature_of(raw, SECRET.encode())
    changed = raw.replace(b"pre_apply", b"post_plan")
    assert send(changed, **{"X-TFC-Task-Signature": signature}).status_code == 401
    assert not Callback.objects.exists()


def test_the_same_result_is_answered_once():
    assert send(task()).status_code == 200
    for other in ({}, {"stage": "post_plan"}):
        again = send(task(**other))
        assert (again.status_code, again.json()["code"]) == (409, "FREEZE-084")
    assert GateDecision.objects.count() == 1


@pytest.mark.parametrize(
    "other",
    [
        {"payload_version": 2}, {"payload_version": "1"}, {"stage": "post_apply"}, {"stage": None},
        {"access_token": ""}, {"access_token": "a\x00"}, {"task_result_id": 7},
        {"task_result_callback_url": None}, {"organization_name": []},
        {"workspace_name": "w" * 2_001},
    ],
)  # fmt: skip
def test_a_payload_of_another_shape_is_refused_by_its_field(other):
    answer = send(task(**other))
    assert (answer.status_code, answer.json()["code"]) == (422, "FREEZE-080"), answer.content
    assert not Callback.objects.exists()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"[" * 100_000])
def test_a_body_that_is_no_object_is_refused(body):
    assert send(body).status_code == 422


def test_bounds_and_hosts_hold_here_too():
    assert send(task(run_message="x" * 2_200_000)).status_code == 413
    elsewhere = send(task(task_result_callback_url="https://app.terraform.io.example.org/x"))
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (409, "LOOP-045")
    assert not GateDecision.objects.exists()
