"""Kubernetes' AdmissionReview v1, replayed in its documented shape and in every broken one."""

import json
from copy import deepcopy

import pytest
from django.test import Client

from scuderia.freeze.models.gate_decisions import GateDecision
from tests.freeze.adapters.deployers import INSIDE, at, make_deployer, payload, zone
from tests.freeze.small_calendar import FIRMWARE, load
from tests.freeze.small_fleet import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]
UID = "705ab4f5-6393-11e8-b7cc-42010a800002"


@pytest.fixture(autouse=True)
def token(db):
    found = make_deployer()
    zone()
    return found


@pytest.fixture
def send(token):
    def sent(body, now=INSIDE, by=token):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        with at(now):
            return Client(enforce_csrf_checks=True).post(
                "/api/v1/gate/adapters/kubernetes", raw, "application/json",
                headers={"Authorization": f"Bearer {by}"},
            )  # fmt: skip

    return sent


def review(metadata=None, **request):
    told = deepcopy(payload("kubernetes_admission"))
    told["request"] |= request
    if metadata is not None:
        told["request"]["object"]["metadata"] = {"name": "x"} | metadata
    return told


def marks(**said):
    return {
        "annotations": {f"scuderia.dev/{word.replace('_', '-')}": of for word, of in said.items()}
    }


def response(answer):
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert (told["apiVersion"], told["kind"]) == ("admission.k8s.io/v1", "AdmissionReview")
    return told["response"]


def test_an_object_is_let_in_or_refused_as_the_gate_says_and_its_uid_is_echoed(send):
    assert response(send(review(), now=NOW)) == {"uid": UID, "allowed": True}
    told = response(send(review()))
    assert (told["uid"], told["allowed"], told["status"]["code"]) == (UID, False, 403)
    assert "Not before 2026-07-31T07:00:00Z." in told["status"]["message"]
    kept = GateDecision.objects.order_by("pk").last()
    assert str(kept.pk) in told["status"]["message"]
    assert (kept.asked_by, kept.via, kept.update["nodes"]) == (
        "person:deployer", "gate", ["r1-n1", "r1-n2"],
    )  # fmt: skip
    assert (kept.update["start"], kept.update["work_s"]) == (int(INSIDE.timestamp()), 2700)


def test_a_dry_run_is_answered_alike_and_keeps_nothing(send):
    told = response(send(review(dryRun=True)))
    assert (told["allowed"], told["status"]["code"]) == (False, 403)
    assert "nothing was kept" in told["status"]["message"]
    assert response(send(review(dryRun=True), now=NOW))["allowed"]
    assert not GateDecision.objects.exists()


def test_a_node_object_is_its_own_and_a_deleted_one_is_the_old_one(send):
    node = {
        "kind": "Node",
        "metadata": {"name": "r1-n1"} | marks(update_class="firmware", duration="5m"),
    }
    assert not response(send(review(object=node)))["allowed"]
    assert not response(send(review(object=None, oldObject=node, operation="DELETE")))["allowed"]
    assert GateDecision.objects.count() == 2


def test_an_update_of_the_calendar_is_named_and_judged_from_now_on(send):
    load(FIRMWARE)
    told = response(send(review(marks(update="fw-r1"))))
    assert (told["allowed"], GateDecision.objects.get().update["key"]) == (False, "fw-r1")
    assert response(send(review(marks(update="fw-r1")), now=NOW))["allowed"]
    for metadata in (marks(update="none"), marks(update="fw-r1", duration="5m")):
        assert response(send(review(metadata), now=NOW))["status"]["code"] == 422


@pytest.mark.parametrize("node", ["nowhere", "r2-n2", "r1-n1 r3-n1"])
def test_a_node_unknown_or_out_of_reach_is_refused(node, send):
    said = marks(nodes=node, update_class="firmware", duration="5m")
    assert not response(send(review(said)))["allowed"]


@pytest.mark.parametrize(
    "metadata",
    [
        {}, {"annotations": None}, {"labels": ["a"]}, marks(nodes="r1-n1"),
        marks(nodes="r1-n1", update_class="firmware"),
        marks(nodes="r1-n1", update_class="firmware", duration="soon"),
        marks(nodes="r1-n1", update_class="firmware", duration="0s"),
        marks(nodes="", update_class="firmware", duration="5m"),
        marks(nodes="r[1-", update_class="firmware", duration="5m"),
    ],
)  # fmt: skip
def test_an_object_that_does_not_say_what_it_touches_is_refused_with_what_is_lacking(
    metadata, send
):
    told = response(send(review(metadata), now=NOW))
    assert (told["uid"], told["allowed"], told["status"]["code"]) == (UID, False, 422)
    assert told["status"]["message"]
    assert not GateDecision.objects.exists()


def test_the_same_review_twice_is_answered_twice_alike(send):
    first, second = (response(send(review())) for _ in range(2))
    assert (first["uid"], first["allowed"]) == (second["uid"], second["allowed"])
    assert GateDecision.objects.count() == 2


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"[" * 100_000, {}, {"kind": "AdmissionReview"},
        review() | {"apiVersion": "admission.k8s.io/v1beta1"}, review() | {"request": None},
        review(uid=""), review(uid=7), review(uid="u" * 129), review(operation=None),
        review(marks(nodes=7)), review(marks(nodes="a\x00")), review(marks(nodes="a" * 2_001)),
    ],
)  # fmt: skip
def test_what_is_no_review_is_refused_and_the_servers_failure_policy_holds(body, send):
    answer = send(body)
    assert (answer.status_code, answer.json()["code"]) == (422, "FREEZE-080"), answer.content


def test_without_a_token_and_beyond_the_bound_nothing_is_read(send):
    assert send(review(), by="wrong").status_code == 401
    assert send(review(name="x" * 2_200_000)).status_code == 413
    assert not GateDecision.objects.exists()
