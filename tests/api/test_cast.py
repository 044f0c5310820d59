"""Who may do what over the API: the named cast, narrowed tokens, and what strangers are told."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from scuderia.basics.subjects import SubjectRef
from scuderia.loop.models.audit import AuditEntry
from scuderia.loop.models.people import ApiToken, Identity
from scuderia.loop.nouns import Power, ProposalState
from scuderia.loop.operations import brakes
from scuderia.loop.queries.proposals import get_proposal
from tests.api.caller import Caller
from tests.pages.stage import LENA, NOW

CAST = ("olaf", "vera", "otto", "britt", "lena", "ada")
NOBODY = "01a20ae1-3300-7462-9a80-445740bdf228"
BEFORE = (NOW - timedelta(hours=1)).isoformat()
SOON = (NOW + timedelta(days=3)).isoformat()
SKU = "H100-SXM-8x"
GRANT = {
    "agent": "lemon-scout", "kind": "*", "scope": "*", "level": 2, "expires_at": SOON,
    "actions_per_day": 3, "reason": "a trial",
}  # fmt: skip
ZONE = {
    "customer": "demo-aurora", "under": ["customer:demo-aurora"], "reason": "a run",
    "start": "2026-12-24 00:00 Europe/Berlin", "end": "2026-12-31 00:00 Europe/Berlin",
}  # fmt: skip
UPDATE = {"update_class": "firmware", "start": "2026-12-24 00:00 UTC", "duration": "45m"}
GLASS = UPDATE | {"minutes": 120, "reason": "a fire", "ticket": "INC-7"}

# what each of CAST is told, in that order; otto works for the swap's customer, britt for another
READS = {
    "/queue": (200, 200, 200, 200, 200, 200),
    "/proposals/{swap}": (404, 200, 200, 404, 200, 200),
    "/findings": (200, 200, 200, 200, 200, 200),
    "/signals": (200, 200, 200, 200, 200, 200),
    "/actions": (200, 200, 200, 200, 200, 200),
    f"/actions/{NOBODY}": (404, 404, 404, 404, 404, 404),
    "/crew": (404, 200, 200, 200, 200, 200),
    "/crew/lemon-scout/rounds": (404, 200, 200, 200, 200, 200),
    "/past-looks": (404, 200, 200, 200, 200, 200),
    f"/past-looks/{NOBODY}": (404, 404, 404, 404, 404, 404),
    "/crew/nobody/rounds": (404, 404, 404, 404, 404, 404),
    "/brakes": (404, 200, 200, 200, 200, 200),
    "/grants": (200, 200, 200, 200, 200, 200),
    "/approval-rules": (200, 200, 200, 200, 200, 200),
    "/subscriptions": (200, 200, 200, 200, 200, 200),
    "/audit": (404, 200, 200, 200, 200, 200),
    "/audit/verify": (404, 403, 200, 200, 200, 200),
    "/audit/export": (404, 403, 404, 404, 200, 200),
    "/me": (200, 200, 200, 200, 200, 200),
    "/people": (200, 200, 200, 200, 200, 200),
    "/tokens": (200, 200, 200, 200, 200, 200),
    "/fleet/nodes": (200, 200, 200, 200, 200, 200),
    "/fleet/shared-parts": (200, 200, 200, 200, 200, 200),
    "/fleet/nodes/{node}": (404, 200, 200, 404, 200, 200),
    "/fleet/nodes/{node}/timeline": (404, 200, 200, 404, 200, 200),
    "/fleet/outages": (200, 200, 200, 200, 200, 200),
    "/fleet/spare-pools": (200, 200, 200, 200, 200, 200),
    "/fleet/customers": (200, 200, 200, 200, 200, 200),
    "/fleet/allocations": (200, 200, 200, 200, 200, 200),
    "/fleet/prices": (200, 200, 200, 200, 200, 200),
    "/fleet/slas": (200, 200, 200, 200, 200, 200),
    "/fleet/exclusions": (200, 200, 200, 200, 200, 200),
    "/fleet/customers/demo-aurora/report": (404, 200, 200, 404, 200, 200),
    "/fleet/customers/demo-aurora/packet": (404, 200, 200, 404, 200, 200),
    "/fleet/report": (404, 200, 404, 404, 200, 200),
    "/fleet/ledger": (404, 200, 404, 404, 200, 200),
    "/fleet/ledger?customer=demo-aurora": (404, 200, 200, 404, 200, 200),
    "/datasets/projects": (200, 200, 200, 200, 200, 200),
    "/datasets/projects/nothing": (404, 404, 404, 404, 404, 404),
    "/freeze/zones": (404, 200, 200, 200, 200, 200),
    "/freeze/break-glass": (404, 200, 200, 200, 200, 200),
    f"/freeze/zones/{NOBODY}": (404, 404, 404, 404, 404, 404),
    f"/freeze/zones/{NOBODY}/report": (404, 404, 404, 404, 404, 404),
    f"/freeze/zones/{NOBODY}/decisions": (404, 404, 404, 404, 404, 404),
    "/freeze/updates": (404, 200, 200, 200, 200, 200),
    "/freeze/bundle": (404, 200, 404, 404, 200, 200),
    "/freeze/calendar.ics": (404, 200, 200, 200, 200, 200),
    f"/freeze/zones/{NOBODY}/bill": (404, 404, 404, 404, 404, 404),
    f"/freeze/zones/{NOBODY}/replans": (404, 404, 404, 404, 404, 404),
    f"/freeze/replans/{NOBODY}": (404, 404, 404, 404, 404, 404),
    f"/gate/decisions/{NOBODY}/envelope": (404, 404, 404, 404, 404, 404),
    "/gate/key": (404, 200, 200, 200, 200, 200),
    f"/gate/decisions/{NOBODY}": (404, 404, 404, 404, 404, 404),
}
WRITES = {
    "/proposals/{swap}/approve": (404, 403, 409, 404, 409, 409),
    "/proposals/{swap}/reject": (404, 403, 204, 404, 204, 204),
    "/proposals/{swap}/edit": (404, 403, 409, 404, 409, 409),
    f"/actions/{NOBODY}/undo": (404, 404, 404, 404, 404, 404),
    f"/actions/{NOBODY}/resume": (404, 404, 404, 404, 404, 404),
    f"/actions/{NOBODY}/halt": (404, 404, 404, 404, 404, 404),
    f"/actions/{NOBODY}/cancel": (404, 404, 404, 404, 404, 404),
    f"/actions/{NOBODY}/acknowledge": (404, 404, 404, 404, 404, 404),
    "/crew/run": (404, 403, 404, 404, 200, 200),
    "/past-looks": (404, 403, 202, 202, 202, 202),
    "/brakes": (404, 403, 404, 404, 204, 204),
    "/brakes/lift": (404, 403, 404, 404, 404, 404),
    "/grants": (404, 403, 404, 404, 201, 201),
    "/approval-rules": (404, 403, 404, 404, 201, 201),
    "/subscriptions": (404, 403, 403, 403, 403, 403),
    f"/subscriptions/{NOBODY}/end": (404, 404, 404, 404, 404, 404),
    f"/grants/{NOBODY}/revoke": (404, 404, 404, 404, 404, 404),
    f"/approval-rules/{NOBODY}/end": (404, 404, 404, 404, 404, 404),
    "/fleet/customers": (404, 403, 404, 404, 200, 200),
    "PATCH /fleet/customers": (404, 403, 404, 404, 200, 200),
    "/fleet/skus": (404, 403, 404, 404, 200, 200),
    "PATCH /fleet/skus": (404, 403, 404, 404, 200, 200),
    "/fleet/prices": (404, 403, 404, 404, 200, 200),
    "/fleet/slas": (404, 403, 404, 404, 200, 200),
    "/fleet/exclusions": (404, 403, 404, 404, 200, 200),
    "/fleet/exclusions/retract": (404, 403, 404, 404, 404, 404),
    "/fleet/slas/retract": (404, 403, 404, 404, 404, 404),
    "/fleet/nodes": (404, 403, 404, 404, 200, 200),
    "/fleet/node-versions": (404, 403, 404, 404, 200, 200),
    "/fleet/node-labels": (404, 403, 404, 404, 200, 200),
    "/fleet/node-shared-parts": (404, 403, 404, 404, 200, 200),
    "PATCH /fleet/nodes": (404, 403, 404, 404, 200, 200),
    "/fleet/retirements": (404, 403, 404, 404, 422, 422),
    "/fleet/allocations": (404, 403, 404, 404, 409, 409),
    "PATCH /fleet/allocations": (404, 403, 404, 404, 200, 200),
    "/evidence/node_outages": (404, 200, 200, 404, 200, 200),
    "/datasets/projects": (404, 403, 403, 404, 200, 200),
    "PATCH /datasets/projects/nothing": (404, 404, 404, 404, 404, 404),
    "/datasets/projects/nothing/state": (404, 404, 404, 404, 404, 404),
    "/datasets/projects/nothing/judgments": (404, 404, 404, 404, 404, 404),
    "/datasets/projects/nothing/items": (404, 404, 404, 404, 404, 404),
    "/freeze/zones": (404, 403, 200, 404, 200, 200),
    "/freeze/break-glass": (404, 403, 403, 403, 403, 403),
    f"/freeze/break-glass/{NOBODY}/approve": (404, 403, 403, 403, 403, 403),
    f"/freeze/break-glass/{NOBODY}/use": (404, 403, 403, 403, 403, 403),
    f"/freeze/zones/{NOBODY}/approve": (404, 404, 404, 404, 404, 404),
    f"/freeze/zones/{NOBODY}/reject": (404, 404, 404, 404, 404, 404),
    f"/freeze/zones/{NOBODY}/extend": (404, 404, 404, 404, 404, 404),
    f"/freeze/zones/{NOBODY}/end": (404, 404, 404, 404, 404, 404),
    "/freeze/updates": (404, 403, 404, 404, 200, 200),
    "/freeze/updates/nothing/cancel": (404, 403, 404, 404, 404, 404),
    f"/freeze/zones/{NOBODY}/replans": (404, 404, 404, 404, 404, 404),
    f"/freeze/replans/{NOBODY}/adopt": (404, 403, 404, 404, 404, 404),
    "/gate/decide": (404, 200, 200, 200, 200, 200),
    "/gate/ask": (404, 200, 200, 200, 200, 200),
    "/gate/report": (404, 404, 404, 404, 404, 404),
    "/gate/adapters/kubernetes": (404, 200, 200, 200, 200, 200),
    "/gate/adapters/azure-devops": (404, 422, 422, 422, 422, 422),  # without Azure's headers
    "/gate/decide-batch": (404, 200, 404, 404, 200, 200),
    "/people/password": (404, 403, 404, 404, 403, 204),
    "/people/password-link": (404, 403, 404, 404, 403, 201),
    "/people/unbind": (404, 403, 404, 404, 403, 204),
    "/people/deactivate": (404, 403, 404, 404, 403, 204),
    "/people/reactivate": (404, 403, 404, 404, 403, 204),
    "/tokens": (403, 403, 403, 403, 403, 403),
    "/tokens/revoke": (403, 403, 403, 403, 403, 403),
}


def body_for(path, stage):
    return {
        "/fleet/customers": {"name": "demo-new", "target": 0.975, "time_zone": "Europe/Berlin"},
        "PATCH /fleet/customers": {"name": "demo-aurora", "target": 0.5, "reason": "misread"},
        "/fleet/skus": {"name": "h-4", "gpus_per_node": 4, "gpu_model": "H100"},
        "PATCH /fleet/skus": {"name": SKU, "cents_per_gpu_hour": 301, "reason": "agreed"},
        "/fleet/exclusions": {
            "customer": "demo-aurora",
            "start": BEFORE,
            "end": SOON,
            "reason": "agreed",
        },
        "/fleet/exclusions/retract": {"customer": "demo-aurora", "start": BEFORE, "reason": "x"},
        "/fleet/slas": {"customer": "demo-aurora", "target": 0.99, "first_day": "2030-01-01"},
        "/fleet/slas/retract": {
            "customer": "demo-aurora",
            "first_day": "2031-01-01",
            "reason": "x",
        },
        "/fleet/prices": {"sku": SKU, "cents_per_gpu_hour": 240, "first_day": "2030-01-01"},
        "/fleet/nodes": {
            "nodes": ["x[1-3]"],
            "site": "x",
            "cluster": "x-c",
            "rack": "x-r",
            "sku": SKU,
            "in_service_from": BEFORE,
        },
        "/fleet/node-labels": {"nodes": [stage.node], "labels": {"pool": "training"}},
        "/fleet/node-shared-parts": {"nodes": [stage.node], "parts": ["switch:leaf-1"]},
        "/fleet/node-versions": {
            "source": "probe",
            "at": BEFORE,
            "nodes": [{"node": stage.node, "versions": {"firmware": "24.10"}}],
        },
        "PATCH /fleet/nodes": {
            "nodes": [stage.node],
            "in_service_from": "2020-01-01T00:00:00Z",
            "reason": "older",
        },
        "/fleet/retirements": {"nodes": [stage.node], "end": BEFORE},
        "/fleet/allocations": {
            "nodes": [stage.node],
            "customer": "demo-borealis",
            "start": BEFORE,
        },
        "PATCH /fleet/allocations": {"nodes": [stage.node], "end": BEFORE},
        "/crew/run": {"agents": ["lemon-scout"]},
        "/past-looks": {"as_of": BEFORE},
        "/brakes": {"stops": "all", "reason": "drill"},
        "/brakes/lift": {"stops": "all", "reason": "safe again"},
        "/grants": GRANT,
        "/approval-rules": {"scope": "*", "reason": "it is dear"},
        "/subscriptions": {"channel": "email", "address": "a@b.example", "verbs": ["freeze"]},
        "/datasets/projects": {
            "name": "pairs",
            "customer": "demo-aurora",
            "kind": "pairwise",
            "target_items": 9,
        },
        "PATCH /datasets/projects/nothing": {"title": "x", "reason": "x"},
        "/datasets/projects/nothing/state": {"state": "paused", "reason": "x"},
        "/datasets/projects/nothing/judgments": {"rows": [{"item": "i"}]},
        "/datasets/projects/nothing/items": {"rows": [{"item": "i"}]},
        "/freeze/zones": ZONE,
        "/freeze/break-glass": GLASS | {"nodes": [stage.node]},
        "/freeze/updates": {
            "updates": [
                {
                    "key": "fw-1",
                    "class": "firmware",
                    "nodes": stage.node,
                    "start": "2031-01-01T00:00:00Z",
                    "p95_minutes": 45,
                }
            ]
        },
        "/gate/decide": UPDATE | {"nodes": [stage.node]},
        "/gate/ask": UPDATE | {"nodes": [stage.node]},
        "/gate/adapters/kubernetes": {
            "apiVersion": "admission.k8s.io/v1",
            "kind": "AdmissionReview",
            "request": {"uid": "1", "operation": "CREATE", "object": {}},
        },
        "/gate/adapters/azure-devops": UPDATE | {"nodes": [stage.node]},
        "/gate/report": {"decision_id": NOBODY, "outcome": "succeeded", "ended_at": BEFORE},
        "/gate/decide-batch": {
            "targets": [{"node": stage.node, "update_class": "firmware", "start": 1, "end": 2}]
        },
        "/evidence/node_outages": {"params": {"node": stage.node}},
        "/people/password": {"name": "olaf", "password": "fiorano-1972"},
        "/people/password-link": {"name": "olaf"},
        "/people/unbind": {"name": bound_to_an_account("britt"), "reason": "another account"},
        "/people/deactivate": {"name": "otto", "reason": "left"},
        "/people/reactivate": {"name": "otto"},
        "/tokens": {"name": "two", "powers": ["read"], "expires_at": "2027-01-01T00:00:00Z"},
        "/tokens/revoke": {"name": "another"},
    }.get(path, {"digest": "0" * 64, "reason": "by a test"})


def bound_to_an_account(name):
    """Bind the person to an account at a provider, and return their name."""
    person = get_user_model().objects.get(username=name)
    Identity.objects.create(person=person, issuer="https://id.example", subject=name, bound_at=NOW)
    return name


def filled(path, stage):
    return path.format(swap=stage.swap.id, node=stage.node)


@pytest.mark.parametrize("path", READS)
def test_each_of_the_cast_reads_what_is_theirs(path, stage):
    told = tuple(Caller(name).get(filled(path, stage)).status_code for name in CAST)
    assert told == READS[path]


@pytest.mark.parametrize("path", WRITES)
@pytest.mark.parametrize("name", CAST)
def test_each_of_the_cast_does_what_is_theirs(path, name, stage):
    method, _, where = path.rpartition(" ")
    sent = body_for(path, stage)
    answer = Caller(name).post(filled(where, stage), sent, method=(method or "post").lower())
    assert answer.status_code == WRITES[path][CAST.index(name)], answer.content


def test_a_stranger_is_told_the_same_of_what_is_there_and_of_what_is_not(stage, swap):
    for name in ("olaf", "britt"):
        caller = Caller(name)
        there = caller.get(f"/proposals/{swap.id}").json()
        assert there == caller.get(f"/proposals/{NOBODY}").json()


def test_lists_hold_nothing_of_another_customer(stage):
    for name, mine, other in (("britt", "borealis", "aurora"), ("otto", "aurora", "borealis")):
        caller = Caller(name)
        for path in ("/queue", "/proposals", "/findings", "/signals", "/actions", "/audit",
                     "/grants", "/brakes", "/crew", "/people", "/fleet/nodes", "/fleet/outages",
                     "/fleet/customers"):  # fmt: skip
            assert f"demo-{other}" not in caller.get(path).content.decode(), path
        assert [one["name"] for one in caller.items("/fleet/customers")] == [f"demo-{mine}"]


def test_the_outsider_finds_every_list_empty(stage):
    caller = Caller("olaf")
    for path in ("/queue", "/proposals", "/findings", "/signals", "/actions", "/grants",
                 "/fleet/nodes", "/fleet/outages", "/fleet/customers",
                 "/fleet/spare-pools"):  # fmt: skip
        assert caller.items(path) == [], path
    assert caller.get("/me").json()["roles"] == []


def test_a_scoped_reader_is_not_told_what_agents_considered_elsewhere(stage, lena):
    path = "/crew/lemon-scout/rounds"
    assert any(row["considered"] for row in lena.items(path))
    assert not any(row["considered"] for row in Caller("otto").items(path))


def test_a_brake_on_another_customer_is_not_told(stage, lena):
    from scuderia.loop.nouns import BrakeScope

    brakes.set_brake(
        actor=LENA, scope=BrakeScope.SCOPE, value="customer:demo-aurora", reason="x", now=NOW
    )
    assert len(lena.items("/brakes")) == len(Caller("otto").items("/brakes")) == 1
    assert Caller("britt").items("/brakes") == []


def test_only_the_admin_sees_everyone_and_nobody_sees_a_secret(stage):
    ada, lena = Caller("ada"), Caller("lena")
    assert {row["name"] for row in ada.items("/people")} >= {"ada", "lena", "olaf"}
    assert [row["name"] for row in lena.items("/people")] == ["lena"]
    kept = set(ApiToken.objects.values_list("secret_sha256", flat=True))
    for path in ("/people", "/tokens", "/me", "/audit?limit=200"):
        shown = ada.get(path).content.decode()
        assert not any(secret in shown for secret in kept)
        assert ada.secret not in shown
        assert "password" not in shown


SIGNED = ("/gate/adapters/github", "/gate/adapters/terraform")


@pytest.mark.parametrize("path", SIGNED)
def test_no_token_and_no_session_lets_in_where_a_signature_alone_does(path, stage, as_person):
    assert Caller("ada").post(path, {}).status_code == 401
    assert as_person("ada").post(f"/api/v1{path}", {}, "application/json").status_code == 401


# --- tokens -----------------------------------------------------------------------------------


@pytest.mark.parametrize("header", [
    "Bearer wrong", "Bearer ", "Bearer", "Basic YWRhOnB3", "bearer scd_00000000_" + "0" * 64,
    "Bearer " + "x" * 5000, "Bearer a\x00b", "Bearer \u00e9\u00e9",
])  # fmt: skip
def test_a_wrong_token_is_told_one_thing_even_beside_a_session(header, stage, as_person):
    for client in (Client(), as_person("lena")):
        answer = client.get("/api/v1/queue", headers={"Authorization": header})
        assert answer.status_code == 401
        assert set(answer.json()) == {"code", "message", "remedy", "facts"}
        assert "Bearer" in answer.headers["WWW-Authenticate"]


def test_a_secret_with_one_letter_changed_is_wrong(stage, lena):
    changed = lena.secret[:-1] + ("0" if lena.secret[-1] != "0" else "1")
    header = {"Authorization": f"Bearer {changed}"}
    assert Client().get("/api/v1/queue", headers=header).status_code == 401


def test_an_expired_token_is_refused_by_the_walls_clock(stage):
    assert Caller("lena", life=timedelta(seconds=-1)).get("/queue").status_code == 401


def test_a_token_of_somebody_sent_away_is_refused(stage, lena):
    assert lena.get("/queue").status_code == 200
    get_user_model().objects.filter(username="lena").update(is_active=False)
    assert lena.get("/queue").status_code == 401


def test_who_is_deactivated_is_refused_at_once_by_token_and_by_session(stage, lena, as_person):
    weak, session = Caller("ada", powers=[Power.READ]), as_person("lena")
    assert session.get("/api/v1/queue").status_code == 200
    body = {"name": "lena", "reason": "left"}
    assert weak.post("/people/deactivate", body).status_code == 403
    assert lena.get("/queue").status_code == 200
    ApiToken.objects.filter(name=weak.token_name).update(name="weak")
    ada = Caller("ada")
    assert ada.post("/people/deactivate", body).status_code == 204
    assert lena.get("/queue").status_code == session.get("/api/v1/queue").status_code == 401
    assert ada.post("/people/reactivate", {"name": "lena"}).status_code == 204
    assert lena.get("/queue").status_code == session.get("/api/v1/queue").status_code == 401


def test_a_refused_password_is_told_without_the_password(stage):
    ada, long = Caller("ada"), "maranello" * 300
    for password in ("orange7", long):
        answer = ada.post("/people/password", {"name": "olaf", "password": password})
        assert answer.status_code == 422
        assert password not in answer.content.decode()
    assert ada.post("/people/deactivate", {"name": "ada", "reason": "x"}).json()["code"] == (
        "LOOP-031"
    )


def test_a_password_link_opens_once_at_the_address_that_is_told_and_for_nobody_let_in_no_more(
    stage,
):
    ada = Caller("ada")
    told = ada.post("/people/password-link", {"name": "olaf"}).json()
    assert (told["person"], set(told)) == ("olaf", {"person", "address", "ends_at"})
    path = told["address"].removeprefix("http://testserver")
    assert path.startswith("/password/olaf/")
    chosen = {"new": "fiorano-1972", "again": "fiorano-1972"}
    assert [Client().post(path, chosen).status_code for _ in range(2)] == [303, 404]
    assert Client().login(username="olaf", password="fiorano-1972")
    assert ada.post("/people/password-link", {"name": "ada"}).status_code == 403
    ada.post("/people/deactivate", {"name": "olaf", "reason": "left"})
    assert ada.post("/people/password-link", {"name": "olaf"}).json()["code"] == "LOOP-037"


def test_an_account_is_unbound_once_and_the_reason_is_kept(stage):
    ada, body = Caller("ada"), {"name": bound_to_an_account("britt"), "reason": "another account"}
    assert ada.post("/people/unbind", {"name": "britt"}).status_code == 422
    assert [ada.post("/people/unbind", body).status_code for _ in range(2)] == [204, 404]
    entry = AuditEntry.objects.get(verb="person.unbound")
    assert (entry.subject, entry.reason) == ("person:britt", "another account")
    assert not Identity.objects.exists()


def test_a_token_may_end_itself_and_is_then_refused(stage, lena):
    assert lena.post("/tokens/revoke", {"name": lena.token_name}).status_code == 204
    assert lena.get("/queue").status_code == 401


def test_a_token_without_the_power_to_read_reads_nothing(stage, swap):
    blind = Caller("lena", powers=[Power.BRAKE])
    assert blind.items("/queue") == []
    assert blind.get(f"/proposals/{swap.id}").status_code == 404
    assert blind.post(f"/proposals/{swap.id}/reject", {}).status_code == 404


def test_a_token_of_another_customers_scope_cannot_reach_the_proposal(stage, swap):
    narrow = Caller("lena", scope=SubjectRef("customer", "demo-borealis"))
    answer = narrow.post(f"/proposals/{swap.id}/approve", {"digest": swap.digest})
    assert answer.status_code == 404
    assert get_proposal(LENA, swap.id).row.state is ProposalState.PENDING


def test_the_audit_names_the_token_that_was_used(stage, swap, lena):
    assert lena.post(f"/proposals/{swap.id}/reject", {"reason": "not now"}).status_code == 204
    entry = lena.items(f"/audit?subject=proposal:{swap.id}")[0]
    assert (entry["verb"], entry["actor"], entry["via"]) == (
        "proposal.rejected", "person:lena", lena.token_name,
    )  # fmt: skip


# --- sessions ---------------------------------------------------------------------------------


def test_a_person_signed_in_issues_lists_and_ends_a_token_of_their_own(stage, as_person):
    client = as_person("otto")
    wish = {"name": "nightly", "powers": ["read"], "expires_at": "2026-12-31T00:00:00+01:00",
            "scope": "customer:demo-aurora"}  # fmt: skip
    from scuderia.loop.ports import registry

    wish["expires_at"] = (registry.wall.now() + timedelta(days=9)).isoformat()
    issued = client.post("/api/v1/tokens", wish, content_type="application/json")
    assert issued.status_code == 201, issued.content
    header = {"Authorization": f"Bearer {issued.json()['secret']}"}
    assert Client().get("/api/v1/queue", headers=header).status_code == 200
    (listed,) = client.get("/api/v1/tokens").json()["items"]
    assert (listed["name"], listed["powers"]) == ("nightly", ["read"])
    assert "secret" not in listed
    ended = client.post(
        "/api/v1/tokens/revoke", {"name": "nightly"}, content_type="application/json"
    )
    assert ended.status_code == 204
    assert Client().get("/api/v1/queue", headers=header).status_code == 401


def test_a_session_writes_with_the_csrf_token_and_only_with_it(stage, swap):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(get_user_model().objects.get(username="lena"))
    path, sent = f"/api/v1/proposals/{swap.id}/reject", {"content_type": "application/json"}
    refused = strict.post(path, {}, **sent)
    assert (refused.status_code, refused.json()["code"]) == (403, "WEB-007")
    assert strict.get("/api/v1/queue").status_code == 200
    secret = "x" * 32
    strict.cookies["csrftoken"] = secret
    done = strict.post(path, {}, **sent, headers={"X-CSRFToken": secret})
    assert done.status_code == 204


def test_a_write_by_nobody_is_unauthorised_not_forbidden(stage, swap):
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(f"/api/v1/proposals/{swap.id}/reject", {}, content_type="application/json")
    assert answer.status_code == 401


def test_glass_is_broken_by_a_session_and_by_no_token(stage):
    strict, secret = Client(enforce_csrf_checks=True), "x" * 32
    strict.force_login(get_user_model().objects.get(username="lena"))
    strict.cookies["csrftoken"] = secret
    body = GLASS | {"nodes": [stage.node], "start": SOON}
    sent = {"content_type": "application/json", "headers": {"X-CSRFToken": secret}}
    by_token = Caller("lena").post("/freeze/break-glass", body)
    assert (by_token.status_code, by_token.json()["code"]) == (403, "FREEZE-061")
    late = strict.post("/api/v1/freeze/break-glass", body, **sent)
    assert (late.status_code, late.json()["code"]) == (422, "FREEZE-060")
    soon = body | {"start": (NOW + timedelta(minutes=30)).isoformat()}
    free = strict.post("/api/v1/freeze/break-glass", soon, **sent)
    assert (free.status_code, free.json()["code"]) == (409, "FREEZE-062")
