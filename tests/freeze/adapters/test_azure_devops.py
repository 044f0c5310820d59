"""Azure Pipelines' "Invoke REST API" check: its documented headers in, TaskCompleted out."""

import json
from datetime import timedelta

import pytest
from django.test import Client

from scuderia.freeze.engine.adapters.azure_devops import HEADERS
from scuderia.freeze.models.callbacks import Callback
from scuderia.freeze.models.gate_decisions import GateDecision
from scuderia.freeze.operations import adapters, callbacks
from tests.freeze.adapters.deployers import INSIDE, AdapterName, at, make_deployer, payload, zone
from tests.freeze.small_calendar import FIRMWARE, load
from tests.freeze.small_fleet import NOW, person
from tests.loop.test_outbound import listening

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]
AZURE = AdapterName.AZURE_DEVOPS
BODY = {"nodes": ["r1-n1"], "update_class": "firmware", "duration": "45m"}
HEADER = payload("azure_check")


@pytest.fixture(autouse=True)
def token(db):
    found = make_deployer()
    adapters.set_hosts(actor=person("ada"), name=AZURE, hosts=["dev.azure.com"], now=NOW)
    return found


@pytest.fixture
def send(token):
    def sent(body=BODY, now=NOW, by=token, **headers):
        told = HEADER | {"Authorization": f"Bearer {by}"} | headers
        with at(now):
            return Client(enforce_csrf_checks=True).post(
                "/api/v1/gate/adapters/azure-devops", body, "application/json", headers=told
            )

    return sent


def test_a_check_is_answered_at_once_and_its_event_sent_by_the_token_that_came_with_it(send):
    zone()
    with listening() as (host, seen):
        adapters.set_hosts(actor=person("ada"), name=AZURE, hosts=[host], now=NOW)
        clear = send(PlanUrl=f"http://{host}/tfs/aurora")
        assert (clear.status_code, clear.json()["allowed"]) == (200, True)
        assert Callback.objects.get().secret == HEADER["AuthToken"]
        inside = send(PlanUrl=f"http://{host}/", JobId=HEADER["PlanId"], now=INSIDE)
        assert (inside.status_code, inside.json()["allowed"]) == (200, False)
        assert HEADER["AuthToken"] not in inside.content.decode()
        assert callbacks.send_callbacks(INSIDE + timedelta(minutes=1)) == 1
        Callback.objects.filter(state="failed").update(state="waiting", secret="t", next_at=NOW)
        assert callbacks.send_callbacks(NOW) == 1
    by_job = {
        json.loads(body)["jobId"]: (path, json.loads(body), told) for _, path, body, told in seen
    }
    path, body, told = by_job[HEADER["PlanId"]]
    plan = f"{HEADER['ProjectId']}/_apis/distributedtask/hubs/build/plans/{HEADER['PlanId']}"
    assert path == f"/{plan}/events?api-version=2.0-preview.1"
    assert told["Authorization"] == f"Bearer {HEADER['AuthToken']}"
    assert body == {
        "name": "TaskCompleted", "taskId": HEADER["TaskInstanceId"], "jobId": HEADER["PlanId"],
        "result": "failed",
    }  # fmt: skip
    assert by_job[HEADER["JobId"]][0].startswith("/tfs/aurora/")
    assert by_job[HEADER["JobId"]][1]["result"] == "succeeded"
    assert set(Callback.objects.values_list("state", "secret")) == {("sent", "")}


def test_an_update_of_the_calendar_is_asked_for_by_its_key(send):
    load(FIRMWARE)
    zone()
    told = send({"update": "fw-r1"}).json()
    assert not told["allowed"]
    kept = GateDecision.objects.get(pk=told["decision_id"])
    assert (kept.update["key"], kept.asked_by, kept.via) == ("fw-r1", "person:deployer", "gate")


def test_an_unknown_node_is_refused_while_a_zone_is_in_force(send):
    zone()
    assert not send(BODY | {"nodes": ["r3-n1"]}, now=INSIDE).json()["allowed"]
    assert not send(BODY | {"nodes": ["nowhere"]}, now=INSIDE, JobId=HEADER["PlanId"]).json()[
        "allowed"
    ]


def test_without_a_token_of_ours_nothing_is_read(send):
    for wrong in ("", "wrong", HEADER["AuthToken"]):
        assert send(by=wrong).status_code == 401
    assert not Callback.objects.exists()


def test_the_same_check_is_answered_once(send):
    assert send().status_code == 200
    again = send()
    assert (again.status_code, again.json()["code"]) == (409, "FREEZE-084")
    assert GateDecision.objects.count() == 1
    assert send(TaskInstanceId=HEADER["JobId"]).status_code == 200


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("value", ["", "a b", "x" * 9_000, "../.."])
def test_a_header_that_is_not_there_or_is_none_of_azures_is_refused(header, value, send):
    answer = send(**{header: value})
    if (header, value) == ("AuthToken", "../.."):  # a token may look like anything
        assert answer.status_code == 200
        return
    assert (answer.status_code, answer.json()["code"]) == (422, "FREEZE-080"), answer.content
    assert not GateDecision.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {}, {"update": ""}, BODY | {"update": "fw-r1"}, BODY | {"nodes": []},
        BODY | {"start": "2026-07-24"}, BODY | {"duration": "soon"}, {"nodes": "r1-n1"},
    ],
)  # fmt: skip
def test_a_body_that_is_no_update_is_refused_and_its_check_may_be_asked_again(body, send):
    assert send(body).status_code == 422
    assert not Callback.objects.exists()
    assert send().status_code == 200


def test_no_event_goes_where_none_was_allowed(send):
    answer = send(PlanUrl="https://dev.azure.com.example.org/aurora/")
    assert (answer.status_code, answer.json()["code"]) == (409, "LOOP-045")
    adapters.Adapter.objects.all().delete()
    assert send().json()["code"] == "LOOP-045"
    assert not GateDecision.objects.exists()


def test_a_body_beyond_the_bound_is_not_read(send):
    assert send(BODY | {"nodes": ["x" * 2_200_000]}).status_code == 413
