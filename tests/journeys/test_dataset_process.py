"""A project from the books to a release that its customer checks, by the commands people script.

On two topics of real judgments: whose texts come as items, whose judgments as a table of other
names, and of which a second file tells some otherwise.
"""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from scuderia.basics.errors import ScuderiaError
from scuderia.config.cli import imports
from scuderia.datasets.commands import forecasts, project_releases, projects, releases
from scuderia.loop.models.audit import AuditEntry
from scuderia.loop.operations import audit
from tests.freeze.small_fleet import make_cast, make_fleet

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
UKP = Path(__file__).resolve().parents[3] / "shared" / "data" / "ukpconvarg1"
NAMES = (
    "--map", "item=pair", "--map", "contributor=worker", "--map", "started_at=accept",
    "--map", "made_at=submit", "--time-zone", "UTC",
)  # fmt: skip
TOPICS = 2


def typed(app, *words, code=0):
    """Return what the command printed as JSON, or its words."""
    answer = CliRunner().invoke(app, [*map(str, words)])
    assert answer.exit_code == code, (answer.output, answer.exception)
    return json.loads(answer.stdout) if "--json" in words else answer.stdout


@pytest.fixture
def files(tmp_path):
    """Return two topics' items, judgments, and a second word on ten of them, as files."""
    if not UKP.is_dir():
        pytest.skip("the real judgments are not on this machine")
    texts = {row["arg"]: row["text"] for row in read("arguments")}
    topics = sorted({row["topic"] for row in read("pairs")})[:TOPICS]
    items = [
        {
            "item": row["pair"],
            "a": texts[row["arg1"]],
            "b": texts[row["arg2"]],
            "topic": row["topic"],
            "gold": row["gold"],
        }
        for row in read("pairs")
        if row["topic"] in topics
    ]
    judged = [row for row in read("judgments") if row["topic"] in topics]
    columns = ("pair", "worker", "value", "reason", "accept", "submit")
    rows = [{name: row[name] for name in columns} for row in judged]
    otherwise = [row | {"reason": "looked at again"} for row in rows[:10]]
    told = {"items": items, "judgments": rows, "otherwise": otherwise}
    for name, lines in told.items():
        text = "\n".join(json.dumps(line, default=str) for line in lines)
        (tmp_path / f"{name}.jsonl").write_text(text, encoding="utf-8")
    return told, tmp_path


def read(name):
    return pq.read_table(UKP / f"{name}.parquet").to_pylist()


def test_from_the_first_file_to_a_release_that_is_checked(files):
    told, folder = files
    make_fleet()
    make_cast()
    typed(
        projects.app, "project", "add", "pairs", "--customer", "aurora", "--kind", "pairwise",
        "--items", len(told["items"]), "--judgments-per-item", 5, "--as", "lara",
    )  # fmt: skip
    bring = (imports.app, "judgments", "pairs")
    done = typed(*bring, folder / "items.jsonl", "--kind", "items", "--as", "lara", "--json")
    assert done["commit"]["added"] == len(told["items"])
    with_names = (*NAMES, "--as", "lara", "--json")
    done = typed(*bring, folder / "judgments.jsonl", "--kind", "pairwise", *with_names)
    assert done["commit"]["added"] == len(told["judgments"])
    done = typed(*bring, folder / "otherwise.jsonl", *with_names)
    assert (done["commit"]["added"], done["commit"]["amended"]) == (0, 10)

    show = ("project", "show", "pairs", "--json", "--as")
    row = typed(projects.app, *show, "vera")["project"]
    people = {line["worker"] for line in told["judgments"]}
    assert (row["judgments"], row["contributors"]) == (len(told["judgments"]), len(people))
    stranger = CliRunner().invoke(projects.app, [*show, "britt"])
    assert isinstance(stranger.exception, ScuderiaError)
    assert typed(forecasts.app, "pairs", "--as", "lara", "--json")["done"] == row["judgments"]

    out = folder / "release"
    release = ("pairs", "--out", out, "--min-judgments", 3, "--as", "lara", "--json")
    made = typed(project_releases.app, *release)["release"]
    assert made["rows"] > 0.9 * len(told["items"])
    again = typed(project_releases.app, *release)["release"]
    assert (again["root"], again["is_new"]) == (made["root"], False)
    assert typed(releases.app, out, "--version", made["version"], "--json")["whole"]
    facts = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["facts"]
    assert float(facts["figures"]["accuracy"].split()[0]) > 0.85
    spoilt = out / "trl" / "preference.jsonl"
    raw = bytearray(spoilt.read_bytes())
    raw[len(raw) // 2] ^= 1
    spoilt.write_bytes(raw)
    found = CliRunner().invoke(releases.app, [str(out), "--json"])
    assert isinstance(found.exception, ScuderiaError)
    faults = json.loads(found.stdout)["faults"]
    assert {fault["file"] for fault in faults} == {"trl/preference.jsonl"}
    assert all(fault["row"] or fault["at"] for fault in faults)

    steps = AuditEntry.objects.filter(subject="project:pairs").values_list("verb", flat=True)
    assert list(steps) == [
        "datasets.project.added", "datasets.items.imported", "datasets.judgments.imported",
        "datasets.judgments.imported", "datasets.project.released",
    ]  # fmt: skip
    assert audit.verify().holds
