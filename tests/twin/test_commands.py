"""`scuderia twin replay`: figures for people and programs, refusals on the error stream."""

import json

import pytest
from typer.testing import CliRunner

from scuderia.twin.commands import app

TRACE = [
    {"node_id": node, "event_time": at, "event_type": kind,
     "fault_type": {"Level": "Hardware", "Class": "Fan", "Desc": "Lost"}}
    for at, node, kind in [
        (1.0, "a", "fault_start"), (2.0, "b", "fault_start"), (4.0, "b", "fault_end"),
        (9.0, "a", "fault_end"), (9.5, "a", "fault_start"), (10.0, "a", "fault_end"),
    ]
]  # fmt: skip


@pytest.fixture
def trace(tmp_path):
    path = tmp_path / "trace.json"
    path.write_text(json.dumps(TRACE), encoding="utf-8")
    return str(path)


def run(*words: str):
    return CliRunner().invoke(app, ["replay", *words])


def test_json_prints_base_and_candidate_with_interval_method_seed_and_limits(trace):
    told = run(trace, "--fleet-size", "10", "--spares", "1", "--swap-days", "1", "--json")
    assert told.exit_code == 0
    said = json.loads(told.stdout)
    assert said["base"]["availability"] == pytest.approx(1 - 10.5 / 100)
    assert said["candidate"]["availability"] == pytest.approx(1 - 3.5 / 100)
    for side in ("base", "candidate"):
        assert {"days_below_target", "outages", "worst_day", "digest", "interval80"} <= set(
            said[side]
        )
    assert said["seeds"] == 200
    assert "spares never fail" in " ".join(said["limits"])


def test_without_a_policy_the_candidate_is_history(trace):
    said = json.loads(run(trace, "--fleet-size", "10", "--seeds", "5", "--json").stdout)
    assert said["candidate"] == said["base"]


def test_people_read_a_table_and_the_limits(trace):
    told = run(trace, "--fleet-size", "10", "--spares", "1", "--lemon", "2/28", "--seeds", "5")
    assert told.exit_code == 0
    assert "days below target" in told.stdout
    assert "operator's word" in told.stdout.replace("\n", " ")


def test_every_policy_word_reaches_the_policy(trace):
    words = ["--repair-cap-days", "2", "--return-soak-hours", "24", "--soak-catches", "0.5:0.9"]
    told = run(trace, "--fleet-size", "10", *words, "--lemon", "2/28", "--seeds", "5", "--json")
    policy = json.loads(told.stdout)["policy"]
    assert policy["repair_cap_s"] == 2 * 86_400
    assert policy["return_soak_s"] == 86_400
    assert policy["relapse_catch_share"] == {"low": 0.5, "high": 0.9}
    assert (policy["lemon"]["outages"], policy["lemon"]["within_s"]) == (2, 28 * 86_400)


@pytest.mark.parametrize(
    "words",
    [
        ["--fleet-size", "1"],
        ["--fleet-size", "0"],
        ["--fleet-size", "1000000000000"],
        ["--fleet-size", "10", "--spares", "11"],
        ["--fleet-size", "10", "--spares", "-1"],
        ["--fleet-size", "10", "--swap-days", "nan"],
        ["--fleet-size", "10", "--swap-days", "inf"],
        ["--fleet-size", "10", "--swap-days", "-1"],
        ["--fleet-size", "10", "--repair-cap-days", "0"],
        ["--fleet-size", "10", "--return-soak-hours", "-1"],
        ["--fleet-size", "10", "--soak-catches", "2"],
        ["--fleet-size", "10", "--soak-catches", "much"],
        ["--fleet-size", "10", "--lemon", "2"],
        ["--fleet-size", "10", "--lemon", "two/28"],
        ["--fleet-size", "10", "--lemon", "1/28"],
        ["--fleet-size", "10", "--lemon", "2/nan"],
        ["--fleet-size", "10", "--target", "95"],
        ["--fleet-size", "10", "--target", "nan"],
        ["--fleet-size", "10", "--seeds", "0"],
        ["--fleet-size", "10", "--seed", "-1"],
    ],
    ids=" ".join,
)
def test_bad_input_exits_2_with_code_and_remedy(trace, words):
    told = run(trace, *words, "--json")
    assert told.exit_code == 2
    assert told.stdout == ""
    error = json.loads(told.stderr)
    assert set(error) == {"code", "message", "remedy"}
    assert error["code"].startswith("TWIN-")


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xfe\x00", b"[1, 2"])
def test_a_wrong_file_exits_2_and_says_what_to_do(tmp_path, content):
    path = tmp_path / "wrong.bin"
    path.write_bytes(content)
    told = run(str(path), "--fleet-size", "10")
    assert told.exit_code == 2
    assert told.stderr.startswith("TWIN-004")
    assert len(told.stderr.strip().splitlines()) == 2


def test_an_absent_file_exits_2():
    assert run("absent.json", "--fleet-size", "10").exit_code == 2
