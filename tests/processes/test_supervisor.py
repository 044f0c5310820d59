"""`scuderia serve` on real processes: opens, restarts what crashes and says so, stops when told."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from importlib import import_module
from pathlib import Path

import pytest
from django.http import HttpRequest

from benchmarks.crash.kills import began_at
from scuderia.basics.errors import Unable
from scuderia.config.home import Home
from scuderia.config.notices import parts_down
from scuderia.config.processes.parts_down import read_down, write_down
from scuderia.config.processes.rotating_log import RotatingLog
from scuderia.config.processes.supervisor import KeepsCrashing, Supervised, Supervisor, Tolerance
from scuderia.web.page_chrome import chrome
from tests.config.test_set_up import set_up
from tests.homes import made_once, outside
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


@pytest.mark.long
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


def processes_of(home: LiveHome) -> list[int]:
    """The pids of all that serve this home, grandchildren among them."""
    named = f"SCUDERIA_HOME={home.path}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        try:
            served = named in (entry / "environ").read_bytes().split(b"\0")
            asked = b"serve" in (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if served and asked and entry.name.isdecimal():
            found.append(int(entry.name))
    return found


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize("when", ["importing", "open"])
def test_nothing_outlives_a_killed_supervisor(home: LiveHome, port: int, when: str):
    supervisor = home.start("serve", "--port", str(port))
    if when == "open":
        assert eventually(lambda: status(port) == 200), home.log()[-3000:]
        assert len(processes_of(home)) == 5  # two of granian's own among them
    else:
        assert eventually(lambda: len(processes_of(home)) == 3)
    supervisor.kill()
    supervisor.wait()
    assert eventually(lambda: not processes_of(home), within_s=40), processes_of(home)
    assert status(port) == 0


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs Linux's /proc")
def test_nothing_outlives_a_killed_web_process(home: LiveHome, port: int):
    web = home.start("serve", "web", "--port", str(port))
    assert eventually(lambda: status(port) == 200), home.log()[-3000:]
    web.kill()
    web.wait()
    assert eventually(lambda: not processes_of(home), within_s=40), processes_of(home)


def test_a_process_on_the_leash_of_who_is_gone_stops_at_once():
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    watching = "import time; from scuderia.config.processes.parent_watch import watch_parent as w"
    orphan = subprocess.run(
        [sys.executable, "-c", f"{watching}; w(); time.sleep(60)"],
        env={**outside(), "SCUDERIA_LEASH": str(gone.pid)},
        check=False,
        timeout=50,
    )
    assert orphan.returncode == -signal.SIGTERM


def test_who_hangs_with_the_lock_of_python_held_does_not_outlive_its_parent():
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    hangs = (
        "import ctypes, signal, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: ctypes.PyDLL(None).sleep(100))\n"
        "from scuderia.config.processes.parent_watch import watch_parent\n"
        "watch_parent(); time.sleep(100)"
    )
    orphan = subprocess.run(
        [sys.executable, "-c", hangs],
        env={**outside(), "SCUDERIA_LEASH": str(gone.pid)},
        check=False,
        timeout=80,
    )
    assert orphan.returncode == -signal.SIGALRM


HANGS_FOR_GOOD = (
    "import ctypes, sys\n"
    "from scuderia.config.processes.parent_watch import watch_parent\n"
    "watch_parent(); print(flush=True)\n"
    "ctypes.PyDLL(None).sleep(600)"  # holds Python's lock: no thread of this process runs again
)
PARENT = (
    "import os, subprocess, sys\n"
    "from scuderia.config.processes.parent_watch import LEASH, pid_to_watch\n"
    "child = subprocess.Popen([sys.executable, '-c', sys.argv[1]], stdout=subprocess.PIPE,"
    " env={**os.environ, LEASH: pid_to_watch()})\n"
    "child.stdout.readline(); print(child.pid, flush=True)\n"
    "child.wait()"
)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's word is Linux's")
def test_a_child_that_hangs_before_its_parent_dies_is_ended_by_the_kernel():
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, HANGS_FOR_GOOD], env=outside(), stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    with parent.stdout as told:
        child = int(told.readline())
        assert began_at(child)
        parent.kill()
        parent.wait()
    gone = eventually(lambda: not began_at(child), within_s=20)
    if not gone:
        os.kill(child, signal.SIGKILL)
    assert gone


@pytest.mark.parametrize("ignored", [False, True])
def test_a_terminal_that_closes_stops_the_supervision_unless_nohup_is_asked(
    folder: Home, *, ignored: bool
):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)
    stopped_by: list[str] = []

    def close_the_terminal() -> None:
        os.kill(os.getpid(), signal.SIGHUP)
        eventually(lambda: supervisor.is_stopping, within_s=2)
        stopped_by.append("the terminal" if supervisor.is_stopping else "us")
        supervisor.stop()

    def once_started(line: str) -> None:
        if "started" in line:
            threading.Thread(target=close_the_terminal).start()

    web = written("web", "import time; time.sleep(60)", folder)
    supervisor = Supervisor([web], say=once_started)
    try:
        supervisor.run()
    finally:
        signal.signal(signal.SIGHUP, before)
    assert eventually(lambda: stopped_by == ["us" if ignored else "the terminal"], within_s=10)


def test_a_taken_port_is_refused_with_a_remedy(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
):
    made = made_once(tmp_path_factory, "set-up-home", set_up)
    home = LiveHome(Path(shutil.copytree(made, tmp_path / "home")))
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


QUICK = Tolerance(crashes_max=2, first_wait_s=0.01, down_wait_s=0.05)


@pytest.fixture
def folder(tmp_path: Path) -> Home:
    (tmp_path / "logs").mkdir()
    return Home(tmp_path)


def written(name: str, code: str, home: Home) -> Supervised:
    """A child that runs these lines of Python."""
    return Supervised(name, [code], home, program=(sys.executable, "-c"))


def test_what_keeps_crashing_ends_the_supervision_where_nothing_else_is_left(folder: Home):
    said: list[str] = []
    child = Supervised("web", ["no-such-command"], folder)
    with pytest.raises(KeepsCrashing, match=r"crashed 3 times .*web\.log"):
        Supervisor([child], say=said.append, tolerance=QUICK).run()
    assert issubclass(KeepsCrashing, Unable)
    assert sum("restarting" in line for line in said) == 3
    assert any("No such command" in line for line in said), said


def test_a_part_that_keeps_crashing_is_left_down_alone_and_told_of(folder: Home):
    said: list[str] = []
    steady = written("web", "import time; time.sleep(60)", folder)
    broken = written("worker", "raise SystemExit('no disk')", folder)
    supervisor = Supervisor([broken, steady], say=said.append, tolerance=QUICK)
    seen: list[tuple[bool, tuple[str, ...]]] = []

    def stop_in_the_end() -> None:
        eventually(lambda: broken.crashes > 4)
        seen.append((steady.has_ended(), read_down(folder)))
        supervisor.stop()

    threading.Thread(target=stop_in_the_end).start()
    with pytest.raises(KeepsCrashing, match=r"worker crashed .*worker\.log"):
        supervisor.run()
    assert seen == [(False, ("worker",))]
    assert sum(line.startswith("web: started") for line in said) == 1
    assert any("left down" in line for line in said)


def test_a_part_that_was_down_and_runs_steadily_is_up_again(folder: Home):
    mended = folder.path / "mended"
    code = f"import pathlib, time; time.sleep(60 if pathlib.Path({str(mended)!r}).exists() else 0)"
    part = written("worker", code, folder)
    steady = written("web", "import time; time.sleep(60)", folder)
    tolerance = Tolerance(crashes_max=1, first_wait_s=0.01, down_wait_s=0.05, steady_s=0.5)
    said: list[str] = []
    supervisor = Supervisor([part, steady], say=said.append, tolerance=tolerance)

    def mend() -> None:
        eventually(lambda: read_down(folder) == ("worker",))
        mended.touch()
        eventually(lambda: part.crashes == 0)
        supervisor.stop()

    threading.Thread(target=mend).start()
    supervisor.run()
    assert "worker: up again" in said
    assert read_down(folder) == ()


def test_waits_double_and_are_bounded_up_and_down():
    waits = [Tolerance().wait_s(crashes) for crashes in range(1, 12)]
    assert waits == [0.5, 1, 2, 4, 8, 60, 120, 240, 480, 600, 600]


def test_a_part_that_is_down_is_said_above_the_pages(folder: Home, monkeypatch):
    monkeypatch.setenv("SCUDERIA_HOME", str(folder.path))
    assert parts_down(HttpRequest()) == ()
    write_down(folder, ["worker"])
    (notice,) = parts_down(HttpRequest())
    assert "worker keeps crashing" in notice.words
    assert notice.state == "bad"
    import_module("scuderia.config.urls")
    assert parts_down in chrome.notices


def test_a_child_that_writes_without_end_keeps_its_folder_bounded(folder: Home):
    loud = written("web", "while True: print('x' * 99)", folder)
    loud.rotating = RotatingLog(Path(loud.log), bytes_max=100_000, files_max=3)
    loud.start()
    oldest = folder.logs / "web.log.2"
    assert eventually(oldest.exists)
    assert eventually(lambda: loud.rotating.set_aside > 20)
    assert loud.child is not None
    loud.child.kill()
    loud.child.wait()
    loud.finish_log()
    files = sorted(path.name for path in folder.logs.iterdir())
    assert files == ["web.log", "web.log.1", "web.log.2"]
    assert sum(path.stat().st_size for path in folder.logs.iterdir()) <= 3 * (100_000 + 65_536)
