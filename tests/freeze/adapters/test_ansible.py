"""The playbook of docs/deployers.md: read in any case, and run for real where Ansible is there."""

import json
import os
import re
import shutil
import subprocess
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
import yaml

DOCS = Path(__file__).parents[3] / "docs" / "deployers.md"
PLAYBOOK = re.search(r"(?s)```yaml\n(- hosts:.*?)```", DOCS.read_text(encoding="utf-8"))[1]
ANSIBLE = shutil.which("ansible-playbook")
YES = {"allowed": True, "reasons": [], "not_before": None, "decision_id": "d-1"}
NO = {
    "allowed": False,
    "reasons": [{"words": "stops driver updates"}],
    "not_before": "2027-07-31T07:00:00Z",
    "decision_id": "d-2",
}


def test_the_playbook_asks_before_anything_else_and_reports_after():
    (play,) = yaml.safe_load(PLAYBOOK)
    ask, wait = play["pre_tasks"]
    assert ask["ansible.builtin.uri"]["url"].endswith("/api/v1/gate/ask")
    assert set(ask["ansible.builtin.uri"]["body"]) == {
        "nodes", "update_class", "start", "duration",
    }  # fmt: skip
    assert wait["ansible.builtin.assert"]["that"] == "gate.json.allowed"
    assert ask["no_log"]
    assert ask["run_once"]
    assert wait["run_once"]
    assert play["any_errors_fatal"]
    assert play["post_tasks"][0]["ansible.builtin.uri"]["url"].endswith("/api/v1/gate/report")


@contextmanager
def answering(answer, status=200):
    """Stand in for the API on loopback; yields its address, and what it was asked."""
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            seen.append((self.path, sent, self.headers["Authorization"]))
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *said):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.skipif(ANSIBLE is None, reason="ansible-playbook is not on the path")
@pytest.mark.parametrize(
    ("answer", "status", "goes"),
    [(YES, 200, True), (NO, 200, False), ({"code": "FREEZE-070"}, 409, False), ({}, 503, False)],
)
def test_the_playbook_goes_ahead_on_a_yes_alone(answer, status, goes, tmp_path):
    (tmp_path / "play.yml").write_text(PLAYBOOK, encoding="utf-8")
    (tmp_path / "hosts").write_text("[gpu_nodes]\nr01-n01\nr01-n02\n", encoding="utf-8")
    with answering(answer, status) as (url, seen):
        done = subprocess.run(
            [ANSIBLE, "-i", "hosts", "play.yml", "-c", "local", "-e", f"scuderia_url={url}",
             "-e", "scuderia_token=scd_1"],
            cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
            env=os.environ | {"ANSIBLE_NOCOLOR": "1", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
    assert (done.returncode == 0) is goes, done.stdout + done.stderr
    assert ("the update itself" in done.stdout) is goes
    assert "scd_1" not in done.stdout + done.stderr
    path, sent, header = seen[0]
    assert (path, header) == ("/api/v1/gate/ask", "Bearer scd_1")
    assert (sent["nodes"], sent["duration"]) == (["r01-n01", "r01-n02"], "45m")
    assert [path for path, *_ in seen[1:]] == (["/api/v1/gate/report"] if goes else [])
    if answer is NO:
        assert "stops driver updates" in done.stdout
        assert "2027-07-31T07:00:00Z" in done.stdout
