"""The wheel as an operator installs it: into a fresh environment, with nothing of this folder."""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.homes import ROOT, outside

pytestmark = [pytest.mark.slow, pytest.mark.long]


def call(*command: str | Path, **environment: str) -> str:
    kept = {**outside(), **environment}
    for name in ("DJANGO_SETTINGS_MODULE", "PYTHONPATH"):
        kept.pop(name, None)
    done = subprocess.run(
        [str(word) for word in command], env=kept, cwd="/", capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command as installed from the wheel; what it depends on is this environment's own.

    The dependencies are not fetched again, a gigabyte of them: a path file names where they are.
    It is not a site folder, so that the editable install in it is not seen.
    """
    folder = tmp_path_factory.mktemp("wheel")
    call(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, ROOT)
    (wheel,) = folder.glob("scuderia-*.whl")
    call(sys.executable, "-m", "venv", folder / "venv")
    python = folder / "venv" / "bin" / "python"
    call(python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel)
    (packages,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + os.linesep)
    where = call(python, "-c", "import scuderia; print(scuderia.__file__)")
    assert Path(where.strip()).is_relative_to(packages)
    return folder / "venv" / "bin" / "scuderia"


def test_what_is_installed_from_the_wheel_sets_up_backs_up_and_restores(
    installed: Path, tmp_path: Path
):
    home, new, file = tmp_path / "home", tmp_path / "new", tmp_path / "kept.tar"
    assert call(installed, "--version").startswith("scuderia ")
    stages = json.loads(call(installed, "--home", home, "setup", "--json"))["stages"]
    assert stages["home id"].endswith("made")
    made = json.loads(call(installed, "--home", home, "backup", file, "--json"))
    assert made["file"] == str(file)
    assert json.loads(call(installed, "restore", file, "--home", new, "--json"))["entry"] > 0
    assert json.loads(call(installed, "--home", new, "audit", "verify", "--json"))["holds"] is True
    assert json.loads(call(installed, "--home", new, "brake", "status", "--json"))["on"] is True


def test_every_page_template_and_static_file_is_in_the_wheel(installed: Path):
    (packages,) = (installed.parents[1] / "lib").glob("python*/site-packages")
    missing = [
        path
        for suffix in ("*.html", "*.css", "*.js", "*.svg", "*.toml")
        for path in (ROOT / "src").rglob(suffix)
        if not (packages / path.relative_to(ROOT / "src")).is_file()
    ]
    assert missing == []
