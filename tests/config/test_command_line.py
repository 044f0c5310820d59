"""The command line: exit codes, words and JSON for every family of failure."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scuderia.basics.errors import BadInput, NotAuthorised, Refused, Unable
from scuderia.config.cli import main as cli
from scuderia.config.cli.commands import commands
from scuderia.config.cli.failures import ExitCode, exit_code_of, show_failure
from scuderia.twin.nouns import BadPolicy


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BadInput("no"), ExitCode.BAD_INPUT),
        (Refused("no"), ExitCode.REFUSED),
        (NotAuthorised("no"), ExitCode.REFUSED),
        (Unable("no"), ExitCode.UNABLE),
        (BadPolicy("no", remedy="Change it."), ExitCode.BAD_INPUT),
        (ZeroDivisionError("no"), ExitCode.BUG),
    ],
)
def test_every_family_of_failure_has_its_exit_code(error: Exception, code: ExitCode):
    assert exit_code_of(error) is code


def test_a_failure_says_its_code_and_what_to_do_next(capsys):
    show_failure(Refused("the brake is on", remedy="Let go of it."), as_json=False)
    assert capsys.readouterr().err == "BASE-001 the brake is on\n  Let go of it.\n"


def test_a_failure_as_json_is_one_object_on_standard_error(capsys):
    show_failure(Unable("silent", remedy="Wait.", source="paddock"), as_json=True)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert json.loads(shown.err)["error"] == {
        "code": "BASE-002",
        "message": "silent",
        "remedy": "Wait.",
        "facts": {"source": "paddock"},
    }


def test_a_bug_says_where_its_story_stands(capsys, monkeypatch, tmp_path: Path):
    monkeypatch.setenv("SCUDERIA_HOME", str(tmp_path))
    try:
        _ = 1 / 0
    except ZeroDivisionError as error:
        show_failure(error, as_json=False)
    log = tmp_path / "logs" / "cli.log"
    assert str(log) in capsys.readouterr().err
    assert "ZeroDivisionError" in log.read_text()


def test_an_unknown_command_is_bad_input_with_a_guess(capsys):
    assert cli.run(["flet"]) == ExitCode.BAD_INPUT
    assert "Did you mean 'fleet'?" in capsys.readouterr().err


def test_an_unknown_option_is_bad_input_as_json_where_json_was_asked(capsys):
    assert cli.run(["setup", "--nonsense", "--json"]) == ExitCode.BAD_INPUT
    assert json.loads(capsys.readouterr().err)["error"]["code"] == "CLI-001"


def test_no_command_at_all_shows_the_help(capsys):
    assert cli.run([]) == ExitCode.BAD_INPUT
    shown = capsys.readouterr().err
    assert shown.startswith("Usage: scuderia")
    assert all(name in shown for name in commands())


def test_version_is_shown_and_done(capsys):
    assert cli.run(["--version"]) == ExitCode.DONE
    assert capsys.readouterr().out.startswith("scuderia ")


def test_interrupting_a_command_ends_it_with_130(capsys, monkeypatch):
    def interrupt(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "root", interrupt)
    assert cli.run(["setup"]) == 130


def test_help_reads_declarations_and_loads_nothing_heavy():
    script = (
        "import sys; from scuderia.config.cli.main import run; run(['--help']);"
        "print([name for name in sys.modules if name.split('.')[0] in"
        " ('numpy', 'numba', 'dbos', 'ninja', 'rules')], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize("command", commands().values(), ids=lambda command: command.name)
def test_every_command_opens_with_its_help(command, capsys):
    assert cli.run([command.name, "--help"]) == ExitCode.DONE
    assert f"scuderia {command.name}" in capsys.readouterr().out
