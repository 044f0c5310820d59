"""`scuderia import`: a look before a yes, errors that say what to do, nothing half-booked."""

import gzip
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scuderia.basics.actors import Actor, ActorKind
from scuderia.basics.clock import FixedClock, parse_instant
from scuderia.basics.errors import BadInput, NotAuthorised, NotFound, ScuderiaError
from scuderia.config.cli.imports import app
from scuderia.fleet.models.amendments import OutageAmendment
from scuderia.fleet.models.outages import Outage
from scuderia.intake.importers import NoSuchKind, importer_named, importers
from scuderia.loop.operations import people
from scuderia.loop.ports import registry
from tests.fleet.typing_person import acts_as_admin

pytestmark = pytest.mark.django_db
NOW = parse_instant("2026-08-01T00:00:00Z", field="now")
STAND = ("--fleet-size", "300")
GOOD = "g{0},2026-07-01T00:00:00Z,2026-07-02T00:00:00Z,psu\n"


@pytest.fixture(autouse=True)
def admin(monkeypatch, tmp_path):
    monkeypatch.setattr(registry, "clock", FixedClock(NOW))
    acts_as_admin(monkeypatch)
    monkeypatch.setenv("SCUDERIA_HOME", str(tmp_path / "home"))


@pytest.fixture
def bring(tmp_path):
    def _bring(content, *words, name="x.csv", stand=True, lines=None):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        told = [*STAND, *words] if stand else list(words)
        return CliRunner().invoke(app, ["outages", str(path), *told], input=lines)

    return _bring


def refusal(done) -> ScuderiaError:
    assert isinstance(done.exception, ScuderiaError), done.output
    return done.exception


def only() -> Outage:
    return Outage.objects.select_related("node").get()


def test_a_dry_run_shows_columns_rows_and_what_looks_odd_and_books_nothing(bring, tmp_path):
    text = "hostname,start,end,is_planned\n"
    for name in ("gpu01", "GPU01", "gpu1.dc1.example.com"):
        text += f"{name},2026-07-01T00:00:00Z,2026-07-02T00:00:00Z,true\n"
    shown = bring(text, "--map", "node=hostname", "--dry-run")
    assert shown.exit_code == 0
    said = " ".join(shown.stdout.split())
    assert "node hostname gpu01 gpu01" in said
    assert "Columns that nobody reads: is_planned" in said
    assert "is it --map planned=is_planned?" in said
    assert "3 spellings of what may be one node" in said
    assert "This was a dry run. Nothing was booked." in said
    assert not Outage.objects.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.csv"]


def test_a_dry_run_says_what_it_would_be_refused_with(bring):
    shown = bring("node,start,end\ng1,yesterday,\n", "--dry-run")
    assert "record 2, field start: 'yesterday'" in shown.stdout
    assert "Would be refused: x.csv, record 2" in shown.stdout


def test_json_tells_the_same_for_scripts(bring):
    told = json.loads(bring("node,start,end,cause\n" + GOOD.format(1), "--json").stdout)
    assert (told["kind"], told["records"], told["commit"]["added"]) == ("outages", 1, 1)
    assert told["preview"]["columns"][0] == {
        "field": "node", "column": "node", "found": "g1", "understood": "g1",
    }  # fmt: skip
    assert told["preview"]["rows"][0]["cause"] == "psu"


@pytest.mark.parametrize(
    ("text", "words", "node", "start", "end"),
    [
        ("hostname,begin,end\ng1,2026-07-01T00:00:00Z,\n",
         ["--map", "node=hostname", "--map", "start=begin"], "g1", "00:00", None),
        ("node,start,end\ng1,2026-07-01T00:00:00,2026-07-01T12:00:00\n",
         ["--time-zone", "America/Denver"], "g1", "06:00", "18:00"),
        ("node,start,end\ng1,01.07.2026 00:00,01.07.2026 01:00\n",
         ["--time-zone", "UTC", "--time-format", "%d.%m.%Y %H:%M"], "g1", "00:00", "01:00"),
        ("node,start,end\ng1,1782864000,1782867600\n",
         ["--time-format", "epoch-s"], "g1", "00:00", "01:00"),
        ("node,start,end\ng1,2026-07-01,\n", ["--bare-date-zone", "UTC"], "g1", "00:00", None),
        ("node,start,secs\ng1,2026-07-01T00:00:00Z,90\n",
         ["--duration", "end=secs", "--duration-unit", "minutes"], "g1", "00:00", "01:30"),
        ("node,start,end\ng1,2026-07-01T00:00:00Z,Unknown\n",
         ["--empty", "end=Unknown"], "g1", "00:00", None),
        ("node,start,end\ng1,2026-07-01T00:00:00Z,2099-12-31T00:00:00Z\n",
         ["--open-from", "2099-01-01T00:00:00Z"], "g1", "00:00", None),
        ("node,start,end\nDC1/GPU01.x.y:9100,2026-07-01T00:00:00Z,\n",
         ["--cut-path", "--cut-port", "--cut-domain", "--lower-case"], "gpu01", "00:00", None),
        ("g1;2026-07-01T00:00:00Z;\n",
         ["--header", "node,start,end", "--delimiter", "semicolon"], "g1", "00:00", None),
        ('{"a": [{"node": "g1", "start": "2026-07-01T00:00:00Z", "end": null}], "b": [{"c": 1}]}',
         ["--records", "a"], "g1", "00:00", None),
    ],
)  # fmt: skip
def test_each_flag_says_how_the_file_is_written(bring, text, words, node, start, end):
    assert bring(text, *words).exit_code == 0
    outage = only()
    assert (outage.node.name, f"{outage.start:%H:%M}") == (node, start)
    assert (outage.end and f"{outage.end:%H:%M}") == end


def test_a_hostlist_is_one_outage_for_each_node(bring):
    bring('node,start,end\n"node[001-128]",2026-07-01T00:00:00Z,\n', "--hostlists")
    assert Outage.objects.count() == 128


def test_words_for_planned_are_said_and_not_guessed(bring):
    text = "node,start,end,planned\ng1,2026-07-01T00:00:00Z,,SCHEDULED\n"
    assert "--word planned:SCHEDULED=true" in refusal(bring(text)).remedy
    bring(text, "--word", "planned:SCHEDULED=true")
    assert only().planned is True


def test_a_profile_is_saved_by_name_and_used_again_and_flags_win(bring, tmp_path):
    text = "hostname,start,end\ng1,2026-07-01T00:00:00,\n"
    words = ["--map", "node=hostname", "--time-zone", "Europe/Rome", "--profile", "slurm"]
    shown = bring(text, *words, "--save-profile", "--dry-run")
    saved = tmp_path / "home" / "profiles" / "slurm.json"
    assert f"The profile is saved: {saved}" in shown.stdout
    assert json.loads(saved.read_text())["columns"] == {"node": "hostname"}
    bring(text, "--profile", "slurm", "--time-zone", "UTC")
    assert only().start.hour == 0
    assert json.loads(saved.read_text())["times"] == {"time_zone": "Europe/Rome"}
    bring(text.replace("g1", "g2"), "--profile", str(saved), name="y.csv")
    assert Outage.objects.get(node__name="g2").start.hour == 22


def test_a_duration_said_by_flag_wins_over_the_column_of_the_profile_and_the_other_way(bring):
    text = "node,start,till,secs\ng1,2026-07-01T00:00:00Z,2026-07-01T12:00:00Z,90\n"
    bring(text, "--map", "end=till", "--profile", "p", "--save-profile", "--dry-run")
    lasting = ["--duration", "end=secs", "--duration-unit", "minutes", "--profile", "p"]
    assert bring(text, *lasting, "--save-profile").exit_code == 0
    assert f"{only().end:%H:%M}" == "01:30"
    assert bring(text, *lasting[-2:], "--map", "end=till", name="y.csv").exit_code == 0
    assert f"{only().end:%H:%M}" == "12:00"


def test_a_refused_import_saves_no_profile(bring, tmp_path):
    bring("node,start,end\ng1,x,\n", "--profile", "p", "--save-profile", "--cut-port")
    assert not (tmp_path / "home" / "profiles").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--profile", "absent"], "absent.json: No such file"),
        (["--profile", "../x y"], "No such file"),
        (["--profile", "a b"], "neither a file nor a name"),
        (["--save-profile"], "no name to save under"),
        (["--map", "node"], "--map 'node' cannot be read"),
        (["--map", "host=node"], "there is no field 'host'"),
        (["--word", "planned=true"], "--word 'planned=true' cannot be read"),
        (["--empty", "Unknown"], "--empty 'Unknown' cannot be read"),
        (["--time-zone", "Mars/Base"], "there is no time zone 'Mars/Base'"),
        (["--time-format", "%H:%M"], "has no year"),
        (["--duration", "end=x"], "durations have no unit"),
        (["--source", "a:b"], "--source 'a:b' is no name"),
        (["--start-tolerance", "3601"], "--start-tolerance 3601 is too wide"),
        (["--start-tolerance", "-1"], "is no whole number"),
        (["--fleet-size", "0"], "--fleet-size 0 is not a fleet"),
        (["--site", "a b"], "a b"),
    ],
)
def test_a_flag_that_makes_no_sense_is_refused_with_a_remedy(bring, words, said):
    error = refusal(bring("node,start,end\n", *words))
    assert isinstance(error, BadInput)
    assert said in error.message
    assert error.remedy
    assert not Outage.objects.exists()


def test_a_fleets_flags_without_its_size_are_refused(bring):
    error = refusal(bring("node,start,end,cause\n" + GOOD, "--site", "x", stand=False))
    assert "--site speaks of a fleet" in error.message


def test_over_one_in_a_hundred_bad_needs_the_exact_number_and_keeps_raw_text(bring, tmp_path):
    text = "node,start,end,cause\n" + "".join(map(GOOD.format, range(98))) + "g98,x,,a\ng99,,,b\n"
    error = refusal(bring(text, "--on-error", "quarantine"))
    assert "2 of 100 records are bad" in error.message
    assert "--accept-bad 2" in error.remedy
    assert not Outage.objects.exists()
    refusal(bring(text, "--on-error", "quarantine", "--accept-bad", "3"))
    done = bring(text, "--on-error", "quarantine", "--accept-bad", "2")
    assert "98 new outages" in done.stdout
    (kept,) = tmp_path.glob("*.quarantine.jsonl")
    raw = [json.loads(line)["raw"] for line in kept.read_text().splitlines()]
    assert raw == ["g98,x,,a\n", "g99,,,b\n"]


HOSTILE = {
    "a bomb": (gzip.compress(b"node,start,end\n" + b"\0" * 90_000_000), "x.csv.gz"),
    "NUL bytes": (b"node,start,end\ng\0,2026-07-01T00:00:00Z,\n", "x.csv"),
    "latin-1": (b"node,start,end,cause\ng1,2026-07-01T00:00:00Z,,caf\xe9\n", "x.csv"),
    "deep JSON": (b"[" * 200_000, "x.json"),
    "a number of a million digits": (b'[{"node": ' + b"9" * 1_000_000 + b"}]", "x.json"),
    "nothing": (b"", "x.csv"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0", "x.png"),
    "no table": (b"name,age\nada,36\n", "x.csv"),
    "a broken gzip": (gzip.compress(b"node,start,end\n")[:-9], "x.csv.gz"),
    "an endless cell": (b'node,start,end\n"' + b"x" * 3_000_000, "x.csv"),
    "no zone": (b"node,start,end\ng1,2026-07-01T00:00:00,\n", "x.csv"),
    "July or January": (b"node,start,end\ng1,01.07.2026,\n", "x.csv"),
    "a formula as a node": (b"node,start,end\n=cmd(),2026-07-01T00:00:00Z,\n", "x.csv"),
}


@pytest.mark.parametrize("case", sorted(HOSTILE))
def test_a_hostile_file_is_refused_by_name_with_a_remedy(bring, case):
    content, name = HOSTILE[case]
    error = refusal(bring(content, name=name))
    assert name in error.message
    assert error.remedy
    assert not Outage.objects.exists()


def test_standard_input_is_read_like_a_file():
    text = "node,start,end,cause\n" + GOOD.format(1)
    done = CliRunner().invoke(app, ["outages", "-", *STAND], input=text)
    assert done.stdout.startswith("standard input: 1 new outages")


def test_what_a_file_says_otherwise_is_told_field_by_field(bring):
    bring("node,start,end,cause\n" + GOOD.format(1))
    done = bring("node,start,end,cause\n" + GOOD.format(1).replace("psu", "fan"))
    assert "0 new outages, 1 amended, 0 known." in done.stdout
    before = only()
    shown = bring("node,start,end,cause\n" + GOOD.format(1).replace("psu", "nic"), "--dry-run")
    assert "It would be:\nx.csv: 0 new outages, 1 amended, 0 known." in shown.stdout
    assert "record 2: cause fan is now nic" in shown.stdout
    assert (only().cause, only().pk) == ("fan", before.pk)
    assert OutageAmendment.objects.count() == 1
    assert "record 2: cause psu is now fan" in done.stdout


def test_who_may_not_import_is_refused_before_the_file_is_read(bring, monkeypatch):
    people.create_person(actor=Actor(ActorKind.PERSON, "ada"), name="otto", now=NOW)
    monkeypatch.setenv("SCUDERIA_ACTOR", "otto")
    assert isinstance(bring("", "--dry-run").exception, NotAuthorised | NotFound)


def test_kinds_are_found_by_name():
    assert [each.name for each in importers()] == [
        "allocations",
        "exclusions",
        "judgments",
        "nodes",
        "outages",
        "prices",
        "slas",
        "updates",
    ]
    assert importer_named("outages").settings
    with pytest.raises(NoSuchKind, match="outages"):
        importer_named("weather")
    done = CliRunner().invoke(app, ["weather", "x.csv"])
    assert done.exit_code == 2


def test_every_flag_that_a_remedy_names_is_a_flag():
    import re

    source = Path(__file__).parents[2] / "src" / "scuderia" / "intake"
    text = "\n".join(path.read_text() for path in source.rglob("*.py"))
    named = set(re.findall(r"--[a-z][a-z-]+", text)) - {"--help"}
    shown = CliRunner().invoke(app, ["outages", "--help"]).stdout
    assert sorted(flag for flag in named if flag not in shown) == []
