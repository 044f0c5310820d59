"""GitHub's deployment_protection_rule, replayed in its documented shape and in every broken one."""

import io
import json
import stat
from base64 import urlsafe_b64decode
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from django.conf import settings

from scuderia.basics.errors import NotAuthorised, NotFound
from scuderia.config.cli.main import run
from scuderia.freeze.engine.adapters import github
from scuderia.freeze.models.adapters import AdapterDelivery
from scuderia.freeze.models.callbacks import Callback
from scuderia.freeze.models.gate_decisions import GateDecision
from scuderia.freeze.nouns import TargetAsked, UpdateClass
from scuderia.freeze.operations import adapters, callbacks
from scuderia.freeze.operations.adapter_secrets import read_secrets
from scuderia.freeze.operations.adapters import AppKeyMissing, BadAdapter
from scuderia.freeze.queries.adapters import list_adapters
from scuderia.loop.models.audit import AuditEntry
from scuderia.loop.operations import people
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
GITHUB = AdapterName.GITHUB
TARGET = "aurora-ops/fleet-images:rome-prod"


@pytest.fixture(autouse=True)
def _deployer(db, settings, tmp_path):
    settings.HOME = type(settings.HOME)(tmp_path)
    make_deployer()
    set_up(GITHUB, ["api.github.com"])
    touch(GITHUB, {TARGET: "r1-n1"})


def send(body, *, key="one", secret=SECRET, event="deployment_protection_rule", **headers):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    signature = github.signature_of(raw, secret.encode())
    told = {"X-Hub-Signature-256": signature, "X-GitHub-Delivery": key, "X-GitHub-Event": event}
    with at(headers.pop("now", NOW)):
        return post("github", raw, {**told, **headers})


def test_the_signature_is_the_one_of_the_documentation():
    """The test values of GitHub's page on validating webhook deliveries."""
    signed = github.signature_of(b"Hello, World!", b"It's a Secret to Everybody")
    assert signed == "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def test_a_deployment_is_reviewed_as_the_gate_says_and_the_decision_is_kept():
    zone()
    clear, inside = (
        send(payload("github_requested")),
        send(payload("github_requested", event="schedule"), key="two", now=INSIDE),
    )
    assert (clear.status_code, clear.json()["allowed"]) == (200, True)
    assert (inside.status_code, inside.json()["allowed"]) == (200, False)
    yes, no = Callback.objects.order_by("made_at")
    assert (yes.method, yes.url) == ("POST", payload("github_requested")["deployment_callback_url"])
    assert (yes.body["environment_name"], yes.body["state"]) == ("rome-prod", "approved")
    assert (no.body["state"], no.app, no.secret) == ("rejected", 234, "")
    assert "Not before 2026-07-31T07:00:00Z" in no.body["comment"]
    kept = GateDecision.objects.get(pk=inside.json()["decision_id"])
    assert (kept.asked_by, kept.via, kept.allowed) == ("person:deployer", "gate", False)
    assert kept.update["work_s"] == 2700
    assert no.decision_id == kept.pk


def test_a_node_out_of_the_deployers_reach_is_refused_without_its_name():
    zone()
    touch(GITHUB, {TARGET: "r1-n1 r2-n2"})
    told = send(payload("github_requested"), now=INSIDE).json()
    assert not told["allowed"]
    assert "r2-n2" not in json.dumps(told) + json.dumps(Callback.objects.get().body)


def test_a_target_that_nobody_told_of_is_rejected_and_says_what_is_lacking():
    told = send(payload("github_requested", environment="paris")).json()
    assert (told["allowed"], told["decision_id"]) == (False, None)
    assert "scuderia freeze adapter target" in Callback.objects.get().body["comment"]
    assert Callback.objects.get().body["state"] == "rejected"


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Hub-Signature-256": ""},
        {"X-Hub-Signature-256": "sha256="},
        {"X-Hub-Signature-256": "sha256=" + "0" * 64},
        {"X-Hub-Signature-256": "sha1=" + "0" * 40},
        {"X-Hub-Signature-256": "\u00e9"},
        {"X-Hub-Signature-256": "a" * 5_000},
    ],
)
def test_what_is_unsigned_or_signed_by_another_is_refused_before_it_is_read(headers):
    assert send(payload("github_requested"), **headers).status_code == 401
    assert send(payload("github_requested"), secret="another secret").status_code == 401
    assert send(b"[" * 100_000, **headers).status_code == 401
    assert not Callback.objects.exists()
    assert not GateDecision.objects.exists()


def test_a_body_changed_by_one_letter_is_refused():
    raw = json.dumps(payload("github_requested")).encode()
    signature = github.signature_of(raw, SECRET.encode())
    changed = raw.replace(b"rome-prod", b"rome-test")
    with at(NOW):
        answer = post("github", changed, {"X-Hub-Signature-256": signature})
    assert answer.status_code == 401


def test_the_same_delivery_is_answered_once_under_whatever_name():
    assert send(payload("github_requested")).status_code == 200
    for key in ("one", "two"):
        again = send(payload("github_requested"), key=key)
        assert (again.status_code, again.json()["code"]) == (409, "FREEZE-084")
    other = send(payload("github_requested", event="tag"), key="one")
    assert other.json()["code"] == "FREEZE-084"
    assert (Callback.objects.count(), GateDecision.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    "other",
    [
        {"action": "completed"}, {"action": None}, {"environment": ""}, {"environment": ["a"]},
        {"environment": "a\x00"}, {"environment": "a" * 2_001}, {"repository": None},
        {"repository": {"full_name": "others/fleet-images"}}, {"installation": {"id": "234"}},
        {"installation": {"id": True}}, {"installation": {"id": 0}}, {"installation": {}},
        {"installation": {"id": 2**60}}, {"deployment_callback_url": "https://api.github.com/"},
        {"deployment_callback_url": "https://api.github.com/repos/aurora-ops/fleet-images/actions"
                                    "/runs/1/deployment_protection_rule?x=1"},
    ],
)  # fmt: skip
def test_a_payload_of_another_shape_is_refused_by_its_field(other):
    answer = send(payload("github_requested", **other))
    assert (answer.status_code, answer.json()["code"]) == (422, "FREEZE-080"), answer.content
    assert not Callback.objects.exists()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_object_is_refused(body):
    assert send(body).status_code == 422


def test_a_body_beyond_the_bound_is_not_read():
    assert send(payload("github_requested", sender="x" * 2_200_000)).status_code == 413


def test_only_the_event_that_asks_is_answered_and_a_ping_is_greeted():
    assert send({"zen": "Keep it logically awesome."}, event="ping").json()["words"] == "pong"
    for event in ("push", ""):
        assert send(payload("github_requested"), event=event).status_code == 422
    for key in ("", "k" * 129):
        assert send(payload("github_requested"), key=key).status_code == 422
    assert not Callback.objects.exists()


def test_nothing_is_asked_where_its_answer_may_not_be_sent():
    adapters.set_hosts(actor=person("ada"), name=GITHUB, hosts=["github.example.com"], now=NOW)
    answer = send(payload("github_requested"))
    assert (answer.status_code, answer.json()["code"]) == (409, "LOOP-045")
    assert not GateDecision.objects.exists()


@pytest.mark.parametrize("ending", ["expired", "revoked", "deactivated"])
def test_a_deployer_whose_token_has_ended_is_let_in_no_more(ending):
    now = NOW
    match ending:
        case "expired":
            now = NOW + timedelta(days=31)
        case "revoked":
            people.revoke_token(actor=person("ada"), person="deployer", name="gate", now=NOW)
        case "deactivated":
            people.deactivate_person(
                actor=person("ada"), person="deployer", reason="left", now=NOW, wall=NOW
            )
    assert send(payload("github_requested"), now=now).status_code == 401


# --- what is sent back ------------------------------------------------------------------------


@pytest.fixture
def app_key():
    key = generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    adapters.set_app_key(actor=person("ada"), app_id="5151", pem=pem, now=NOW)
    return key


def ask_at(host):
    adapters.set_hosts(actor=person("ada"), name=GITHUB, hosts=[host], now=NOW)
    path = "repos/aurora-ops/fleet-images/actions/runs/4711/deployment_protection_rule"
    url = f"http://{host}/api/v3/{path}"
    assert send(payload("github_requested", deployment_callback_url=url)).status_code == 200


def test_the_review_is_sent_by_a_token_that_the_apps_key_buys(app_key):
    with listening(201, b'{"token": "ghs_bought"}') as (host, seen):
        ask_at(host)
        assert callbacks.send_callbacks(NOW) == 1
        assert callbacks.send_callbacks(NOW + timedelta(days=1)) == 0
    bought, review = seen
    assert bought[:2] == ("POST", "/api/v3/app/installations/234/access_tokens")
    head, claims, signature = bought[3]["Authorization"].removeprefix("Bearer ").split(".")
    padded = urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    app_key.public_key().verify(padded, f"{head}.{claims}".encode(), PKCS1v15(), SHA256())
    told = json.loads(urlsafe_b64decode(claims + "=="))
    assert (told["iss"], told["exp"] - told["iat"]) == ("5151", 600)
    assert review[3]["Authorization"] == "Bearer ghs_bought"
    assert json.loads(review[2])["state"] == "approved"
    assert Callback.objects.get().state == "sent"


@pytest.mark.parametrize(("status", "tries"), [(500, 6), (429, 6), (503, 6)])
def test_a_host_that_fails_is_tried_a_few_times_ever_more_rarely(status, tries, app_key):
    with listening(status) as (host, seen):
        ask_at(host)
        for seconds in range(0, 7_200, 60):
            callbacks.send_callbacks(NOW + timedelta(seconds=seconds))
    held = Callback.objects.get()
    assert (len(seen), held.state, held.tries) == (tries, "failed", tries)
    assert str(status) in held.said
    (row,) = list_adapters(person("ada"))
    assert (row.failed, row.waiting, row.last_failure) == (1, 0, held.said)


def test_a_no_of_the_other_side_is_final(app_key):
    with listening(201, b'{"token": "t"}') as (host, _):
        ask_at(host)
        with listening(422, b"{}") as (other, seen):
            held = Callback.objects.get()
            Callback.objects.update(url=held.url.replace(host, other), secret="t", app=0)
            adapters.set_hosts(actor=person("ada"), name=GITHUB, hosts=[other], now=NOW)
            callbacks.send_callbacks(NOW)
            callbacks.send_callbacks(NOW + timedelta(hours=1))
    assert len(seen) == 1
    held.refresh_from_db()
    assert (held.state, held.secret, held.said) == ("failed", "", "it answered 422")


def test_without_the_apps_key_or_after_its_time_nothing_is_sent():
    with listening() as (host, seen):
        ask_at(host)
        callbacks.send_callbacks(NOW + timedelta(days=1))
        held = Callback.objects.get()
        assert (held.state, held.said) == ("failed", "nobody waits for it any more")
        Callback.objects.update(state="waiting", next_at=NOW)
        callbacks.send_callbacks(NOW)
        held.refresh_from_db()
        assert (held.state, "key" in held.said) == ("failed", True)
    assert not seen


def test_a_callback_that_is_being_sent_is_nobody_elses(app_key, monkeypatch):
    with listening(201, b'{"token": "t"}') as (host, seen):
        ask_at(host)
        sent = callbacks._sent

        def meanwhile(callback, wall):
            assert callbacks.send_callbacks(wall) == 0
            return sent(callback, wall)

        monkeypatch.setattr(callbacks, "_sent", meanwhile)
        assert callbacks.send_callbacks(NOW) == 1
    assert len(seen) == 2


def test_what_was_delivered_a_month_ago_is_forgotten_and_what_waits_is_not():
    send(payload("github_requested"))
    later = NOW + timedelta(days=31)
    assert callbacks.forget_deliveries(NOW) == 0
    assert callbacks.forget_deliveries(later) == 1
    assert (AdapterDelivery.objects.count(), Callback.objects.count()) == (0, 1)
    Callback.objects.update(state="sent")
    assert callbacks.forget_deliveries(later) == 1


# --- setting it up ----------------------------------------------------------------------------


def test_a_secret_is_told_once_and_kept_where_its_owner_alone_reads_it():
    made = adapters.set_secret(
        actor=person("ada"), name=GITHUB, person="deployer", token="gate", wall=NOW, now=NOW
    )
    path = Path(settings.HOME.path) / "adapter-github.secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (len(made), read_secrets(GITHUB).signing) == (64, made)
    assert made not in str(list_adapters(person("ada")))
    assert not any(made in str(one.detail) for one in AuditEntry.objects.all())
    assert send(payload("github_requested")).status_code == 401
    assert send(payload("github_requested"), secret=made).status_code == 200


@pytest.mark.parametrize(("name", "error"), [("lena", NotAuthorised), ("olaf", NotFound)])
def test_an_admin_alone_sets_a_system_up(name, error):
    actor = person(name)
    asked = TargetAsked("a", "r1-n1", UpdateClass.FIRMWARE, 60)
    with pytest.raises(error):
        adapters.set_secret(
            actor=actor, name=GITHUB, person="deployer", token="gate", wall=NOW, now=NOW
        )
    with pytest.raises(error):
        adapters.set_hosts(actor=actor, name=GITHUB, hosts=["x"], now=NOW)
    with pytest.raises(error):
        adapters.set_target(actor=actor, name=GITHUB, asked=asked, now=NOW)
    with pytest.raises(error):
        adapters.set_app_key(actor=actor, app_id="1", pem="", now=NOW)
    assert list_adapters(actor) == ()


def test_what_means_nothing_is_not_set():
    ada = {"actor": person("ada"), "now": NOW}
    for person_name, token, secret in (
        ("deployer", "none", ""), ("nobody", "gate", ""), ("deployer", "gate", "short"),
        ("deployer", "gate", "\u00e9" * 20), ("deployer", "gate", "x" * 5_000),
    ):  # fmt: skip
        with pytest.raises(BadAdapter):
            adapters.set_secret(
                **ada, name=GITHUB, person=person_name, token=token, secret=secret, wall=NOW
            )
    for hosts in (["https://x"], ["x/y"], ["x:"], [""], ["x"] * 1 + [f"h{n}" for n in range(20)]):
        with pytest.raises(BadAdapter):
            adapters.set_hosts(**ada, name=GITHUB, hosts=hosts)
    for nodes in ("", "nowhere", "rack:r9", "r1-n[1-"):
        asked = TargetAsked("a", nodes, UpdateClass.FIRMWARE, 60)
        with pytest.raises(BadAdapter):
            adapters.set_target(**ada, name=GITHUB, asked=asked)
    for pem in ("", "nonsense"):
        with pytest.raises(AppKeyMissing):
            adapters.set_app_key(**ada, app_id="1", pem=pem)


def test_a_system_is_set_up_on_the_command_line_and_its_secret_printed_once(
    capsys, monkeypatch, tmp_path, app_key
):
    def typed(*command, fed=""):
        capsys.readouterr()
        monkeypatch.setattr("sys.stdin", io.StringIO(fed))
        with at(NOW):
            code = run(["freeze", "adapter", *command, "--as", "ada"])
        return code, capsys.readouterr().out.strip()

    secret = ("secret", "github", "--person", "deployer", "--label", "gate")
    code, made = typed(*secret)
    assert (code, made) == (0, read_secrets(GITHUB).signing)
    assert typed("hosts", "github", "api.github.com", "ghe.example.com")[0] == 0
    touched = ("--nodes", "rack:r1", "--update-class", "driver", "--duration", "45m")
    code, words = typed("target", "github", "aurora-ops/other:prod", *touched)
    assert (code, "2 nodes" in words) == (0, True)
    pem = tmp_path / "app.pem"
    pem.write_text(read_secrets(GITHUB).app_key, encoding="utf-8")
    assert typed("app-key", str(pem), "--app-id", "77")[0] == 0
    code, told = typed("list", "--json")
    row = json.loads(told)[0]
    assert (row["person"], row["token"], row["hosts"]) == (
        "deployer", "gate", ["api.github.com", "ghe.example.com"],
    )  # fmt: skip
    assert [one["name"] for one in row["targets"]] == [TARGET, "aurora-ops/other:prod"]
    assert made not in told
    code, words = typed(*secret, "--stdin", fed="the one that GitHub has\n")
    assert (code, "the one that" in words) == (0, False)
    assert read_secrets(GITHUB).signing == "the one that GitHub has"
    assert read_secrets(GITHUB).app_id == "77"
    assert typed("secret", "azure-devops", "--person", "deployer", "--label", "gate")[0] != 0
