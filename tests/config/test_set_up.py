"""Set-up of a home, on the real command line in a process of its own."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.homes import Shell, made_once, outside

pytestmark = pytest.mark.slow


def scuderia(home: Path, *command: str) -> subprocess.CompletedProcess[str]:
    kept = outside()
    kept.pop("DJANGO_SETTINGS_MODULE")
    return subprocess.run(
        [sys.executable, "-m", "scuderia.config", "--home", str(home), *command],
        env=kept,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def set_up(home: Path) -> None:
    done = scuderia(home, "setup")
    assert done.returncode == 0, done.stderr
    assert "tables" in done.stderr


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("set-up") / "home"
    return Path(shutil.copytree(made_once(tmp_path_factory, "set-up-home", set_up), path))


@pytest.fixture(scope="module")
def shell(home: Path) -> Iterator[Shell]:
    opened = Shell(outside(SCUDERIA_HOME=str(home)))
    yield opened
    opened.close()


def test_the_home_and_what_is_secret_in_it_are_their_owners_alone(home: Path):
    assert home.stat().st_mode & 0o777 == 0o700
    secret = {"secret-key", "scuderia.sqlite3", "runs.sqlite3", "owner"}
    modes = {name: (home / name).stat().st_mode & 0o777 for name in secret}
    assert modes == dict.fromkeys(secret, 0o600)
    assert (home / "static" / "charts" / "vega.js").stat().st_size > 100_000


def test_set_up_again_changes_nothing(home: Path):
    before = (home / "secret-key").read_text()
    done = scuderia(home, "setup", "--json")
    stages = json.loads(done.stdout)["stages"]
    assert done.returncode == 0
    assert (stages["secret key"], stages["tables"]) == ("was there", "up to date")
    assert (home / "secret-key").read_text() == before


def test_what_nobody_set_up_is_not_served(tmp_path: Path):
    done = scuderia(tmp_path / "nothing", "serve")
    assert done.returncode == 4
    assert done.stderr.startswith("RUN-001 ")
    assert "scuderia setup" in done.stderr


def test_the_network_is_not_let_in_unasked(home: Path):
    done = scuderia(home, "serve", "--host", "0.0.0.0")  # noqa: S104 - what must be refused
    assert done.returncode == 3
    assert done.stderr.startswith("RUN-003 ")


def test_a_home_that_cannot_be_made_says_so(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    done = scuderia(tmp_path / "file" / "home", "setup")
    assert done.returncode == 4
    assert done.stderr.splitlines()[-2].startswith("RUN-002 ")


def test_the_owner_can_brake_from_the_first_minute(shell: Shell):
    assert json.loads(shell.call("brake", "on", "--json").stdout)["on"] is True
    status = json.loads(shell.call("brake", "status", "--json").stdout)
    assert status["on"] is True
    assert shell.call("brake", "off").returncode == 0
    assert json.loads(shell.call("brake", "status", "--json").stdout)["on"] is False


def test_a_stranger_is_not_let_in(shell: Shell):
    unknown = shell.call("loop", "list", "--as", "nobody")
    assert (unknown.returncode, unknown.stderr[:7]) == (3, "CLI-003")
    token = shell.call("loop", "list", "--token", "scd_wrong")
    assert (token.returncode, token.stderr[:7]) == (3, "CLI-002")


def test_a_person_made_here_can_act_by_token_within_its_powers(shell: Shell):
    made = shell.call("people", "create", "vic", "--role", "viewer", "--json")
    assert made.returncode == 0, made.stderr
    issued = shell.call("people", "token", "vic", "--label", "ci", "--json")
    secret = json.loads(issued.stdout)["secret"]
    assert json.loads(shell.call("loop", "list", "--token", secret, "--json").stdout) == []
    assert shell.call("brake", "on", "--token", secret).returncode == 3


def test_the_audit_verifies_exports_and_finds_a_cut_tail(shell: Shell, tmp_path: Path):
    export = tmp_path / "audit.jsonl"
    assert shell.call("audit", "export", str(export)).returncode == 0
    held = shell.call("audit", "verify", "--head", str(export), "--json")
    assert json.loads(held.stdout)["holds"] is True
    head = json.loads(export.read_text().splitlines()[-1])["head"]
    cut = shell.call("audit", "verify", "--head", f"{head['seq'] + 5}:{head['hash']}")
    assert (cut.returncode, cut.stderr[:7]) == (3, "CLI-005")


def test_a_file_of_heads_that_the_chain_does_not_have_is_told(shell: Shell, tmp_path: Path):
    export, file = tmp_path / "audit.jsonl", tmp_path / "heads.jsonl"
    assert shell.call("audit", "export", str(export)).returncode == 0
    head = json.loads(export.read_text().splitlines()[-1])["head"]
    line = {"at": "2026-03-02T09:00:00+00:00", "home": "", **head}
    file.write_text(json.dumps(line) + "\n")
    held = shell.call("audit", "verify", "--heads", str(file))
    assert held.returncode == 0, held.stderr
    assert "no head is kept" in held.stdout
    file.write_text(json.dumps(line | {"seq": head["seq"] + 5}) + "\n")
    cut = shell.call("audit", "verify", "--heads", str(file))
    assert (cut.returncode, cut.stderr[:7]) == (3, "CLI-005")
    assert f"names an entry {head['seq'] + 5}" in cut.stderr
    file.write_text("nothing\n")
    assert shell.call("audit", "verify", "--heads", str(file)).stderr.startswith("LOOP-034")
