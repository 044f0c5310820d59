"""The zone's report over API and command line: alike, signed, and checked with no home at all."""

import json
import os
import re
import shutil
import subprocess
import sys
from base64 import b64decode
from pathlib import Path

import pytest
from django.test import Client

from scuderia.config.cli.main import run
from tests.api.caller import Caller
from tests.api.test_alike import typed
from tests.api.test_cast import UPDATE, ZONE

NOT_TOLD_ALIKE = {"made_at", "until", "head_seq", "head_hash", "issuer", "format", "made_for"}
VERIFY = (sys.executable, "-m", "scuderia.config", "freeze")


@pytest.fixture
def zone(stage, lena):
    """A zone over all of demo-aurora, and one question to the gate about a node of it."""
    made = lena.post("/freeze/zones", ZONE).json()["zone_id"]
    Caller("ada").post(f"/freeze/zones/{made}/approve", {"reason": "agreed"})
    return made


@pytest.fixture
def refused(zone, lena):
    node = lena.get(f"/freeze/zones/{zone}").json()["node_names"][0]
    return lena.post("/gate/decide", UPDATE | {"nodes": [node]}).json()["decision_id"]


@pytest.fixture
def key(stage, tmp_path, capsys):
    assert run(["freeze", "key", "--as", "vera"]) == 0
    found = tmp_path / "gate.pem"
    found.write_text(capsys.readouterr().out)
    return found


def body_of(envelope):
    return json.loads(b64decode(json.loads(envelope)["payload"]))


def test_the_report_is_the_same_over_the_api_and_on_the_command_line(zone, refused, lena, capsys):
    for name, caller in (("lena", lena), ("otto", Caller("otto")), ("vera", Caller("vera"))):
        over_api = body_of(caller.get(f"/freeze/zones/{zone}/report").content)
        on_line = typed(capsys, "freeze", "report", zone, "--as", name)
        assert {k: v for k, v in over_api.items() if k not in NOT_TOLD_ALIKE} == {
            k: v for k, v in on_line.items() if k not in NOT_TOLD_ALIKE
        }
        assert over_api["finding"] == "not begun"
        assert [one["id"] for one in over_api["decisions"]] == [refused]
        listed = caller.items(f"/freeze/zones/{zone}/decisions")
        assert [(one["id"], one["allowed"]) for one in listed] == [(refused, False)]
        assert listed[0]["asked_by"] == "person:lena"


def test_strangers_and_wrong_tokens_get_no_report_and_no_decision(zone, refused, capsys):
    paths = (
        f"/freeze/zones/{zone}/report",
        f"/freeze/zones/{zone}/decisions",
        f"/gate/decisions/{refused}/envelope",
    )
    others = [Caller(name) for name in ("britt", "olaf")]
    for path in paths:
        assert [one.get(path).status_code for one in others] == [404, 404]
        header = {"Authorization": "Bearer wrong"}
        assert Client().get(f"/api/v1{path}", headers=header).status_code == 401
    for words in (["report", zone], ["decision", refused]):
        assert run(["freeze", *words, "--as", "britt"]) != 0


def test_what_was_written_is_verified_with_no_home_and_a_changed_letter_is_not(
    zone, refused, key, tmp_path, capsys
):
    nowhere = os.environ | {"SCUDERIA_HOME": str(tmp_path / "none"), "DJANGO_SETTINGS_MODULE": ""}
    for verb, thing in (("report", zone), ("decision", refused)):
        file = tmp_path / f"{verb}.json"
        assert run(["freeze", verb, thing, "--out", str(file), "--as", "lena"]) == 0
        checked = [*VERIFY, verb, "verify", str(file), "--key", str(key)]
        told = subprocess.run(checked, env=nowhere, capture_output=True, check=False)
        assert told.returncode == 0, told.stderr
        assert b"the signature holds" in told.stdout
        assert not (tmp_path / "none").exists()
        kept = json.loads(file.read_bytes())
        kept["payload"] = ("A" if kept["payload"][0] != "A" else "B") + kept["payload"][1:]
        file.write_text(json.dumps(kept))
        assert run([*checked[3:]]) != 0
        assert "FREEZE-005" in capsys.readouterr().err
    other = "decision" if verb == "report" else "report"
    good = tmp_path / "good.json"
    assert run(["freeze", verb, thing, "--out", str(good), "--as", "lena"]) == 0
    assert run(["freeze", other, "verify", str(good), "--key", str(key)]) != 0
    assert "FREEZE-090" in capsys.readouterr().err


def test_the_envelope_goes_to_stdout_too(zone, capsys):
    capsys.readouterr()
    assert run(["freeze", "report", zone, "--envelope", "--as", "lena"]) == 0
    assert body_of(capsys.readouterr().out)["zone"] == zone


def documented(language):
    """Return the indented lines of the document that verify an envelope by something else."""
    text = (Path(__file__).parents[2] / "docs" / "zone-report.md").read_text()
    part = text.partition(language)[2]
    block = re.search(r"\n\n((?:    .*\n)+)", part)
    return "\n".join(line[4:] for line in block[1].splitlines())


@pytest.mark.parametrize("how", ["cryptography", "openssl"])
def test_the_document_s_own_lines_verify_it_without_us(zone, key, tmp_path, how):
    file = tmp_path / "report.json"
    assert run(["freeze", "report", zone, "--out", str(file), "--as", "lena"]) == 0
    if how == "cryptography":
        command = [sys.executable, "-I", "-c", documented("With Python's")]
    else:
        if not (shutil.which("openssl") and shutil.which("jq")):
            pytest.skip("openssl or jq is not here")
        command = ["bash", "-euo", "pipefail", "-c", documented("With openssl")]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert told.returncode == 0, told.stderr
    assert b"Verified Successfully" in told.stdout or json.loads(told.stdout)["zone"] == zone
    kept = json.loads(file.read_bytes())
    kept["payloadType"] += "x"
    file.write_text(json.dumps(kept))
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode != 0
