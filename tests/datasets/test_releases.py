import errno
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scuderia.basics.canonical import canonical_json, sha256_of
from scuderia.datasets.engine.release_facts import BadReleaseFacts, facts_from_json, facts_json
from scuderia.datasets.engine.releases import JsonTexts, ReleaseRow, UnreleasableRow, row_json
from scuderia.datasets.nouns import ProjectKind
from scuderia.datasets.operations import releases
from scuderia.datasets.operations.releases import FolderTaken, ReleaseNotWritten, write_release
from tests.datasets.release_rows import HOSTILE, facts, many_rows, mixed_rows, pair
from tests.examples import examples

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
VALUES = {
    ProjectKind.PAIRWISE: (st.sampled_from(["a", "b", "tie"]), 2),
    ProjectKind.LABEL: (TEXTS.filter(bool), 1),
    ProjectKind.RATING: (st.floats(allow_nan=False, allow_infinity=False) | st.integers(), 1),
    ProjectKind.RANKING: (st.permutations(range(3)).map(tuple), 3),
}


@st.composite
def drawn_rows(draw) -> ReleaseRow:
    kind = draw(st.sampled_from(ProjectKind))
    values, texts = VALUES[kind]
    return ReleaseRow(
        key=draw(TEXTS),
        kind=kind,
        prompt=draw(TEXTS),
        texts=tuple(draw(TEXTS) for _ in range(texts)),
        value=draw(values),
        confidence=draw(st.none() | st.floats(0, 1)),
        votes=draw(st.dictionaries(TEXTS, st.integers(0, 2**40), max_size=3)),
        attributes=draw(st.dictionaries(TEXTS, TEXTS, max_size=3)),
        judgments=tuple(draw(st.lists(TEXTS, max_size=3))),
        decisions=tuple(draw(st.lists(TEXTS, max_size=2))),
    )


def as_object(row: ReleaseRow) -> dict[str, object]:
    told = {name: getattr(row, name) for name in ReleaseRow.__slots__}
    if row.kind is ProjectKind.RATING:
        told["value"] = float(row.value)
    return told


def contents(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def lines(folder: Path, path: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / path).read_bytes().split(b"\n") if line]


@examples(300)
@given(st.lists(drawn_rows(), max_size=3))
def test_a_rows_bytes_are_its_canonical_json(rows):
    told = JsonTexts()
    for row in rows:
        assert row_json(row, told).decode() == canonical_json(as_object(row))


def test_a_release_says_every_row_in_each_form_that_has_a_word_for_it(tmp_path):
    rows = mixed_rows()
    done = write_release(rows, facts(), tmp_path / "out")
    out = tmp_path / "out"
    table = pq.read_table(out / "data").to_pylist()
    assert [one["key"] for one in table] == sorted(row.key for row in rows)
    hostile = next(one for one in table if one["key"] == "p4")
    assert hostile["prompt"] == HOSTILE
    assert hostile["attributes"] == [{"name": HOSTILE, "value": HOSTILE}]
    ranking = [("z", "x"), ("z", "y"), ("x", "y")]
    expected = [
        *(("Which is better, o1?", better, worse) for better, worse in ranking),
        ("Which is better, p1?", "one of p1", "other of p1"),
        ("Which is better, p2?", "other of p2", "one of p2"),
        (HOSTILE, HOSTILE, ""),
    ]
    assert [tuple(one.values()) for one in lines(out, "trl/preference.jsonl")] == expected
    assert list(lines(out, "trl/preference.jsonl")[0]) == ["prompt", "chosen", "rejected"]
    assert lines(out, "trl/unpaired.jsonl")[6:8] == [
        {"prompt": expected[3][0], "completion": "one of p1", "label": True},
        {"prompt": expected[3][0], "completion": "other of p1", "label": False},
    ]
    assert lines(out, "openai/preference.jsonl")[4] == {
        "input": {"messages": [{"role": "user", "content": expected[4][0]}]},
        "preferred_output": [{"role": "assistant", "content": "other of p2"}],
        "non_preferred_output": [{"role": "assistant", "content": "one of p2"}],
    }
    # no reader that breaks lines at U+2028 and its like sees more lines than there are
    raw = (out / "trl/preference.jsonl").read_text(encoding="utf-8")
    assert len(raw.splitlines()) == len(expected)
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["rows"], manifest["undecided"]) == (7, 3)
    assert manifest["version"] == done.version == f"v-{done.root[:16]}"
    assert {one["path"] for one in manifest["files"]} == contents(out).keys() - {"manifest.json"}
    hashes = {one["key"]: one["sha256"] for one in lines(out, "row-hashes.jsonl")}
    assert hashes["p4"] == sha256_of(as_object(rows[3]))


REBUILD = """
import sys, random
from pathlib import Path
from scuderia.datasets.operations.releases import write_release
from tests.datasets.release_rows import facts, many_rows, mixed_rows
rows = [*mixed_rows(), *many_rows(2_500)]
random.Random(3).shuffle(rows)
write_release(rows, facts(taxonomies={"topic": {"b": 1, "a": 2}}), Path(sys.argv[1]))
"""


def test_another_process_rebuilds_the_same_bytes_from_the_rows_in_another_order(tmp_path):
    rows = [
        replace(
            row,
            votes=dict(reversed(row.votes.items())),
            attributes=dict(reversed(row.attributes.items())),
        )
        for row in [*mixed_rows(), *many_rows(2_500)]
    ]
    write_release(rows, facts(taxonomies={"topic": {"a": 2, "b": 1}}), tmp_path / "one")
    env = {**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", REBUILD, tmp_path / "two"], env=env, check=True)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (pair("p1", prompt="half \ud800"), "prompt"),
        (pair("p1", texts=("fine", "half \udfff")), "texts[1]"),
        (pair("p1", attributes={"topic": "\ud800"}), "attributes[0]"),
        (pair("p1", judgments=("j", "\ud800")), "judgments[1]"),
        (pair("p\ud800"), "key"),
        (pair("p1", prompt=b"bytes"), "prompt"),
        (pair("p1", texts=("one",)), "texts"),
        (pair("p1", texts=("x" * 2_000_001, "")), "texts[0]"),
        (pair("p1", "c"), "value"),
        (pair("p1", confidence=1.5), "confidence"),
        (pair("p1", float("nan"), kind=ProjectKind.RATING), "value"),
        (pair("p1", (0, 0), kind=ProjectKind.RANKING), "value"),
        (pair("p2"), "key"),
    ],
)
def test_a_row_that_cannot_be_delivered_is_named_by_its_field_and_nothing_is_written(
    row, field, tmp_path
):
    with pytest.raises(UnreleasableRow) as refused:
        write_release([pair("p2"), row], facts(), tmp_path / "out")
    assert refused.value.facts["field"] == field
    assert str(refused.value).isprintable()
    assert list(tmp_path.iterdir()) == []


def test_no_word_of_a_project_is_more_than_text_on_its_card(tmp_path):
    said = facts(query=HOSTILE, figures={"a | b": "<img src=x> [link](javascript:x)"})
    write_release([pair("p1")], said, tmp_path / "out")
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    _, front, body = card.split("---\n", 2)
    assert yaml.safe_load(front)["pretty_name"] == said.title
    assert yaml.safe_load(front)["license"] == "cc-by-4.0"
    files = [{"split": "train", "path": "data/train-*.parquet"}]
    assert yaml.safe_load(front)["configs"] == [{"config_name": "default", "data_files": files}]
    for mark in ("<b>", "<script", "<img", "](java", "\x00", "\u2028"):
        assert mark not in body
    metadata = json.loads((tmp_path / "out" / "croissant.json").read_text(encoding="utf-8"))
    assert metadata["conformsTo"][0] == "http://mlcommons.org/croissant/1.1"
    assert metadata["rai:annotationsPerItem"] == "2.00 on average"
    assert "x1" not in card  # what was removed stands in the manifest alone
    assert "2 taken out" in body.replace("\\", "")


def test_facts_come_back_from_the_manifest_as_they_were():
    assert facts_json(facts_from_json(facts_json(facts()))) == facts_json(facts())
    for name, value in {"seed": "7", "counts": [], "kind": "poem", "created_at": "now"}.items():
        with pytest.raises(BadReleaseFacts):
            facts_from_json({**facts_json(facts()), name: value})
    for bad in ({"query": "\ud800"}, {"parameters": {"x": float("nan")}}):
        with pytest.raises(BadReleaseFacts):
            facts_json(facts(**bad))


def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch):
    write, written = releases._Sink.write, []

    def full(sink, raw):
        written.append(raw)
        if len(written) > 9:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(sink, raw)

    monkeypatch.setattr(releases._Sink, "write", full)
    with pytest.raises(ReleaseNotWritten, match="No space"):
        write_release(many_rows(2_000), facts(), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


KILLED = """
import os, sys
from pathlib import Path
from scuderia.datasets.operations import releases
from tests.datasets.release_rows import facts, mixed_rows
releases._take_name = lambda *_: os._exit(9)
releases.write_release(mixed_rows(), facts(), Path(sys.argv[1]))
"""


def test_a_killed_release_is_no_release_and_is_cleared_away_by_the_next(tmp_path):
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    out = tmp_path / "out"
    assert subprocess.run([sys.executable, "-c", KILLED, out], env=env, check=False).returncode == 9
    assert [path.name.startswith(".out.partial-") for path in tmp_path.iterdir()] == [True]
    assert write_release(mixed_rows(), facts(), out).is_new
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_release_that_is_still_being_written_is_left_to_its_writer(tmp_path):
    other = tmp_path / ".out.partial-other"
    other.mkdir()
    with releases._locked(other):
        write_release(mixed_rows(), facts(), tmp_path / "out")
        assert other.is_dir()
    write_release(mixed_rows(), facts(), tmp_path / "out")
    assert not other.exists()


def test_a_folder_that_holds_something_else_is_left_as_it_is(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    assert write_release(mixed_rows(), facts(), out).is_new  # an empty folder is none
    before = contents(out)
    rows = mixed_rows()[::-1]
    assert not write_release(rows, facts(), out).is_new
    with pytest.raises(FolderTaken, match="another release"):
        write_release(rows, facts(seed=8), out)
    assert contents(out) == before
    (out / "README.md").write_bytes(b"mine")
    with pytest.raises(FolderTaken, match="damaged"):
        write_release(rows, facts(), out)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").touch()
    with pytest.raises(FolderTaken, match="no release"):
        write_release(rows, facts(), tmp_path / "notes")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes", "out"]
