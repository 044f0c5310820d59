"""The API says what the pages say, to those who may hear it, and errors carry their remedy."""

import pytest
from django.test import Client

from scuderia.basics.subjects import SubjectRef
from scuderia.loop.nouns import Power, ProposalState
from scuderia.loop.queries.proposals import get_proposal
from tests.api.caller import Caller
from tests.pages.stage import LENA

READS = (
    "/queue", "/proposals", "/findings", "/actions", "/crew", "/crew/lemon-scout/rounds",
    "/brakes", "/audit", "/audit/verify", "/fleet/nodes", "/fleet/nodes/r01-n01",
    "/fleet/nodes/r01-n01/timeline", "/fleet/customers", "/fleet/report",
    "/fleet/customers/demo-aurora/report", "/signals", "/grants", "/people", "/fleet/outages",
    "/fleet/spare-pools", "/fleet/ledger", "/fleet/ledger?customer=demo-aurora",
    "/search?q=aurora",
)  # fmt: skip


@pytest.mark.parametrize("path", READS)
def test_reads_answer_to_a_token_and_to_a_session_alike(path, stage, as_person):
    by_token = Caller("lena").get(path)
    by_session = as_person("lena").get(f"/api/v1{path}")
    assert (by_token.status_code, by_session.status_code) == (200, 200), by_token.content
    if not path.startswith("/audit"):  # issuing the token is itself an entry
        assert by_token.json() == by_session.json()


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "x"}])
def test_nobody_comes_in_without_a_valid_token(path, header, stage, client):
    answer = client.get(f"/api/v1{path}", headers=header)
    assert answer.status_code == 401
    assert answer.json()["code"] == "WEB-003"
    assert answer.json()["remedy"]


def test_the_queue_and_the_card_say_what_the_page_says(stage, swap):
    caller = Caller("lena")
    queue = caller.items("/queue")
    card = caller.get(f"/proposals/{swap.id}").json()
    assert [line["id"] for line in queue] == [str(row.id) for row in stage.queue]
    assert card["row"]["digest"] == swap.digest
    assert card["row"]["targets"] == [f"node:{stage.node}"]
    assert card["row"]["rehearsal"]["limits"]
    assert len(card["findings"][0]["evidence"]) >= 1


def test_approve_reject_and_edit_go_through_the_same_operations(stage, swap):
    caller = Caller("lena")
    stale = caller.post(f"/proposals/{swap.id}/approve", {"digest": "0" * 64})
    assert stale.status_code == 409
    assert stale.json()["remedy"]
    edited = caller.post(f"/proposals/{swap.id}/edit", {
        "digest": swap.digest,
        "params": {"spare": f"node:{stage.other_spare}", "customer": "customer:demo-aurora"},
    })  # fmt: skip
    assert edited.status_code == 200, edited.content
    digest = edited.json()["digest"]
    approved = caller.post(f"/proposals/{swap.id}/approve", {"digest": digest})
    assert approved.status_code == 202, approved.content
    run = caller.get(f"/actions/{approved.json()['action_id']}").json()
    assert run["state"] == "queued"
    assert run["decided_by"] == "person:lena"
    pool = stage.proposal("fleet.resize_spare_pool")
    assert caller.post(f"/proposals/{pool.id}/reject", {}).status_code == 204
    assert get_proposal(LENA, pool.id).row.state is ProposalState.REJECTED


def test_the_brake_is_pulled_and_released(stage):
    caller = Caller("lena")
    assert caller.post("/brakes", {"stops": "all", "reason": "drill"}).status_code == 204
    assert [brake["stops"] for brake in caller.items("/brakes")] == ["all"]
    assert caller.post("/brakes/lift", {"stops": "all", "reason": "safe again"}).status_code == 204
    assert caller.items("/brakes") == []


def test_a_token_gives_no_more_than_it_was_issued_for(stage, swap):
    reader = Caller("lena", powers=[Power.READ])
    assert reader.get("/queue").status_code == 200
    assert reader.post(f"/proposals/{swap.id}/reject", {}).status_code == 403
    assert reader.post("/brakes", {"stops": "all", "reason": "x"}).status_code == 403


def test_a_token_scoped_to_one_customer_sees_only_it(stage):
    caller = Caller("lena", scope=SubjectRef("customer", "demo-borealis"))
    nodes = caller.get("/fleet/nodes?limit=200").json()
    assert {node["customer"] for node in nodes["items"]} == {"demo-borealis"}
    assert caller.get("/fleet/customers/demo-aurora/report").status_code == 404


@pytest.mark.parametrize(("person", "status"), [("olaf", 404), ("britt", 404), ("vera", 403)])
def test_the_cast_is_told_what_the_pages_tell_them(person, status, stage, swap, as_person):
    from django.contrib.auth import get_user_model

    client = Client()
    client.force_login(get_user_model().objects.get(username=person))
    answer = client.post(
        f"/api/v1/proposals/{swap.id}/approve", {"digest": swap.digest},
        content_type="application/json",
    )  # fmt: skip
    assert answer.status_code == status
    assert get_proposal(LENA, swap.id).row.state is ProposalState.PENDING


def test_a_session_writes_only_with_the_csrf_token(stage, swap):
    from django.contrib.auth import get_user_model

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(get_user_model().objects.get(username="lena"))
    answer = strict.post(f"/api/v1/proposals/{swap.id}/reject", {}, content_type="application/json")
    assert answer.status_code == 403
    assert get_proposal(LENA, swap.id).row.state is ProposalState.PENDING


@pytest.mark.parametrize("path", ["/queue?limit=9999", "/fleet/nodes?limit=0", "/audit?limit=x",
                                  "/proposals/not-an-id", "/fleet/report?target=7"])  # fmt: skip
def test_pages_are_bounded_and_bad_requests_explained(path, stage):
    answer = Caller("lena").get(path)
    assert answer.status_code == 422
    assert answer.json()["code"] in ("WEB-004", "FLEET-011")
    assert answer.json()["remedy"]


def test_nodes_are_paged_without_loss(stage):
    caller, seen, offset = Caller("lena"), [], 0
    while offset is not None:
        page = caller.get(f"/fleet/nodes?limit=50&offset={offset}").json()
        seen += [node["place"]["node"] for node in page["items"]]
        offset = page["next_offset"]
    assert len(seen) == len(set(seen)) == page["total"] == 128


def test_the_api_describes_itself(stage, client):
    told = client.get("/api/v1/openapi.json").json()
    assert told["info"]["title"] == "Scuderia"
    assert len(told["paths"]) >= 20
    assert client.get("/api/v1/docs").status_code == 404
