"""Two processes that are asked to sign somebody in at once count as one would."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.config.test_set_up import set_up
from tests.homes import made_once, outside

pytestmark = pytest.mark.slow
TRIES = 8
GUESSER = """
import sys, threading
from datetime import UTC, datetime
import django
django.setup()
from scuderia.loop.operations import sign_ins
asked = {"name": sys.argv[1], "address": "192.0.2.1", "wall": datetime(2026, 3, 2, tzinfo=UTC)}
got_in = []

def guess():
    for _ in range(int(sys.argv[2]) // 2):
        try:
            got_in.append(sign_ins.begin_attempt(**asked))
        except sign_ins.HeldBack:
            pass

print("ready", flush=True)
sys.stdin.readline()
both = [threading.Thread(target=guess) for _ in range(2)]
for one in both:
    one.start()
for one in both:
    one.join()
print(len(got_in), flush=True)
"""


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sign-ins") / "home"
    return Path(shutil.copytree(made_once(tmp_path_factory, "set-up-home", set_up), path))


def test_two_processes_look_at_no_more_passwords_than_one(home: Path):
    guessers = [
        subprocess.Popen(
            [sys.executable, "-c", GUESSER, "omar", str(TRIES)],
            env=outside(SCUDERIA_HOME=str(home)), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for _ in range(2)
    ]  # fmt: skip
    for one in guessers:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    for one in guessers:
        assert one.stdin is not None
        one.stdin.write("\n")
        one.stdin.flush()
    looked_at = [json.loads(one.communicate(timeout=60)[0]) for one in guessers]
    assert sum(looked_at) == 5
