import json
import shutil
from dataclasses import replace
from hashlib import sha256

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scuderia.basics.canonical import sha256_of
from scuderia.config.cli.main import run
from scuderia.datasets.engine.release_table import DATA_FILE, batch_of, table_writer
from scuderia.datasets.operations.releases import write_release
from scuderia.datasets.queries.release_checks import check_release
from tests.datasets.release_rows import facts, many_rows, mixed_rows

ROWS = 1_200


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    out = tmp_path_factory.mktemp("released") / "out"
    write_release([*mixed_rows(), *many_rows(ROWS)], facts(), out)
    return out


@pytest.fixture
def out(released, tmp_path):
    return shutil.copytree(released, tmp_path / "out")


def flip(path, at):
    raw = bytearray(path.read_bytes())
    raw[at] ^= 1
    path.write_bytes(raw)


def told(check):
    return [(one.file, one.what, one.row) for one in check.faults]


def forge(out):
    """Write the manifest anew, so that it fits the files as they are now."""
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    for one in manifest["files"]:
        raw = (out / one["path"]).read_bytes()
        one |= {"bytes": len(raw), "sha256": sha256(raw).hexdigest()}
    sign(out, manifest)


def sign(out, manifest):
    rest = {name: value for name, value in manifest.items() if name != "digest"}
    text = json.dumps({**rest, "digest": sha256_of(rest)}, indent=1, sort_keys=True)
    (out / "manifest.json").write_text(text, encoding="utf-8")


def write_table(out, rows):
    with (out / DATA_FILE).open("wb") as sink:
        writer = table_writer(sink)
        for at in range(0, len(rows), 1_000):
            writer.write_batch(batch_of(rows[at : at + 1_000]))
        writer.close()


def ordered():
    return sorted([*mixed_rows(), *many_rows(ROWS)], key=lambda row: row.key)


def test_a_whole_release_is_checked_file_by_file_and_row_by_row(out):
    check = check_release(out)
    assert check.is_whole
    assert check.checked["files"] == 7
    assert check.checked["rows"] == check.checked["row hashes"] == ROWS + 7
    assert check.checked["lines"] >= 4 * (ROWS + 6)
    assert told(check_release(out, version="v-0")) == [
        ("manifest.json", f"this is {check.version}, not v-0", "")
    ]


@pytest.mark.parametrize("path", ["trl/preference.jsonl", "openai/preference.jsonl"])
def test_a_flipped_byte_of_a_line_is_named_by_its_row(path, out):
    at = (out / path).read_bytes().index(b"one of k00734")
    flip(out / path, at)
    [fault] = check_release(out).faults
    assert (fault.file, fault.row, fault.what) == (path, "k00734", "its line was changed")
    assert fault.at == 1 + 734  # keys k00000.. stand first


def test_a_flipped_byte_of_the_table_is_named_by_row_or_by_the_rows_that_it_made_unreadable(out):
    size = (out / DATA_FILE).stat().st_size
    whole = (out / DATA_FILE).read_bytes()
    named = 0
    for at in range(3, size, size // 12):
        flip(out / DATA_FILE, at)
        check = check_release(out)
        assert not check.is_whole
        assert {one.file for one in check.faults} == {DATA_FILE}
        named += any(one.row or one.at for one in check.faults)
        (out / DATA_FILE).write_bytes(whole)
    assert named >= 9  # the rest lies in the frame, and in no row


def test_each_flipped_byte_of_the_other_files_is_named_by_its_line(out):
    for path in ("README.md", "croissant.json"):
        whole = (out / path).read_bytes()
        flip(out / path, len(whole) // 2)
        [fault] = check_release(out).faults
        assert (fault.file, fault.at) == (path, whole[: len(whole) // 2].count(b"\n") + 1)
        (out / path).write_bytes(whole)
    raw = (out / "row-hashes.jsonl").read_bytes()
    flip(out / "row-hashes.jsonl", raw.index(b'"k00007"') + 30)
    [fault] = check_release(out).faults
    assert (fault.file, fault.row, fault.at) == ("row-hashes.jsonl", "k00007", 8)


def rows_changed(rows):
    return [replace(row, value="b") if row.key == "k00002" else row for row in rows]


def rows_without_one(rows):
    return [row for row in rows if row.key != "k00002"]


def rows_with_another(rows):
    return sorted([*rows, replace(rows[0], key="k00002x")], key=lambda row: row.key)


def rows_swapped(rows):
    return [rows[1], rows[0], *rows[2:]]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (rows_changed, [("the row was changed", "k00002")]),
        (rows_without_one, [("the row is missing", "k00002")]),
        (rows_with_another, [("a row that was not released", "k00002x")]),
        (
            rows_swapped,
            [
                ("the row stands where 'k00000' should", "k00001"),
                ("the row stands where 'k00001' should", "k00000"),
            ],
        ),
    ],
)
def test_a_table_written_anew_with_its_hash_in_the_manifest_is_found_by_the_root(
    change, named, out
):
    write_table(out, change(ordered()))
    forge(out)
    check = check_release(out)
    found = [one[1:] for one in told(check) if one[0] == DATA_FILE and one[2]]
    assert found == named


@pytest.mark.parametrize("path", ["trl/unpaired.jsonl", "trl/preference.jsonl"])
def test_lines_taken_out_put_in_or_swapped_are_named_though_the_manifest_fits(path, out):
    lines = (out / path).read_bytes().splitlines(keepends=True)
    for changed, what in (
        ([*lines[:4], *lines[5:]], {"its line is missing"}),
        ([*lines[:4], b"{}\n", *lines[4:]], {"a line that was not released"}),
        ([*lines[:-1]], {"its line is missing"}),
        ([*lines, lines[0]], {"a line that was not released"}),
        (
            [*lines[:4], lines[5], lines[4], *lines[6:]],
            {"its line is missing", "a line that was not released"},
        ),
    ):
        (out / path).write_bytes(b"".join(changed))
        forge(out)
        check = check_release(out)
        found = [one.what for one in check.faults if one.file == path]
        assert (set(found), len(found)) == (what, len(what))


def test_files_that_went_or_came_or_are_links_are_named(out):
    (out / "trl" / "unpaired.jsonl").unlink()
    (out / "extra.txt").touch()
    (out / "trl" / "link").symlink_to("/etc/passwd")
    found = {(one.file, one.what) for one in check_release(out).faults}
    assert ("trl/unpaired.jsonl", "the file is missing") in found
    assert ("extra.txt", "a file that was not released") in found
    assert ("'trl/link'", "no plain file") in found


def test_a_manifest_that_was_changed_is_found_by_its_digest_and_then_by_the_root(out):
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    manifest["facts"]["seed"] = 8
    (out / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    [fault] = check_release(out).faults
    assert (fault.file, "was changed" in fault.what) == ("manifest.json", True)
    sign(out, manifest)
    assert ("manifest.json", "its root is not that of these rows under these facts", "") in told(
        check_release(out)
    )
    manifest["root"] = "00" * 32
    sign(out, manifest)
    assert "stands for v-0000000000000000" in check_release(out).faults[0].what


@pytest.mark.parametrize(
    "text",
    ["", "[]", "[" * 100_000, '{"format": "scuderia.release/1"}', '{"a": 1e999}', "\x00"],
)
def test_what_is_no_manifest_is_said_and_raises_nothing(text, out):
    (out / "manifest.json").write_text(text, encoding="utf-8")
    assert [one.file for one in check_release(out).faults] == ["manifest.json"]


def test_a_table_of_other_columns_is_said(out):
    pq.write_table(pa.table({"key": ["k"]}), out / DATA_FILE)
    forge(out)
    assert (DATA_FILE, "its columns are not those of a release", "") in told(check_release(out))


def test_the_command_needs_no_home_and_its_exit_says_whether_the_release_is_whole(
    out, capsys, monkeypatch, tmp_path
):
    monkeypatch.setenv("SCUDERIA_HOME", str(tmp_path / "absent"))
    assert run(["datasets", "verify", str(out), "--json"]) == 0
    whole = json.loads(capsys.readouterr().out)
    assert whole["whole"] is True
    assert whole["faults"] == []
    flip(out / "trl/preference.jsonl", 200)
    assert run(["datasets", "verify", str(out)]) == 3
    said = capsys.readouterr()
    assert "trl/preference.jsonl" in said.out
    assert "DATA-086" in said.err
    assert run(["datasets", "verify", str(tmp_path / "none")]) == 2
    assert not (tmp_path / "absent").exists()
