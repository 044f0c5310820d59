"""`scuderia serve` on real processes: opens, restarts what crashes and says so, stops when told."""

import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from scuderia.basics.errors import Unable
from scuderia.config.home import Home
from scuderia.config.processes.supervisor import KeepsCrashing, Supervised, Supervisor, Tolerance
from tests.processes.living import LiveHome, eventually

pytestmark = pytest.mark.slow


def status(port: int) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/sign-in", timeout=5) as answer:
            return int(answer.status)
    except OSError:
        return 0


def pid_of(home: LiveHome, name: str) -> int:
    lines = [line for line in home.log().splitlines() if line.startswith(f"{name}: started (pid")]
    return int(lines[-1].rsplit(" ", 1)[1].rstrip(")")) if lines else 0


def test_serve_opens_restarts_a_killed_process_and_stops_when_told(home: LiveHome, port: int):
    supervisor = home.start("serve", "--port", str(port))
    assert eventually(lambda: status(port) == 200), home.log()[-3000:]
    for name in ("worker", "web"):
        before = pid_of(home, name)
        subprocess.run(["kill", "-9", str(before)], check=True)
        assert eventually(lambda name=name, before=before: pid_of(home, name) != before)
        assert f"{name}: ended with SIGKILL; restarting" in home.log()
    assert eventually(lambda: status(port) == 200), home.log()[-3000:]
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(timeout=40) == 0
    assert eventually(lambda: status(port) == 0, within_s=10)


def test_the_children_of_a_killed_supervisor_stop_by_themselves(home: LiveHome, port: int):
    supervisor = home.start("serve", "--port", str(port))
    assert eventually(lambda: status(port) == 200), home.log()[-3000:]
    supervisor.kill()
    supervisor.wait()
    assert eventually(lambda: status(port) == 0, within_s=40)


def test_a_taken_port_is_refused_with_a_remedy(home: LiveHome):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused = subprocess.run(
            [sys.executable, "-m", "scuderia.config", "serve", "--port", port],
            env=home.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert refused.returncode == 4
    assert refused.stderr.startswith("RUN-004 ")
    assert "--port" in refused.stderr.splitlines()[1]


def test_what_keeps_crashing_ends_the_supervision_with_its_log_named(tmp_path: Path):
    home = Home(tmp_path)
    home.logs.mkdir()
    said: list[str] = []
    child = Supervised("web", ["no-such-command"], home)
    quick = Tolerance(crashes_max=2, first_wait_s=0.01)
    with pytest.raises(KeepsCrashing, match=r"3 times .*web\.log"):
        Supervisor([child], say=said.append, tolerance=quick).run()
    assert issubclass(KeepsCrashing, Unable)
    assert sum("restarting" in line for line in said) == 2
    assert any("No such command" in line for line in said), said
