import json

import pyarrow as pa
import pytest
from pyarrow import parquet
from typer.testing import CliRunner

from scuderia.basics.errors import BadInput
from scuderia.datasets.commands.duplicates import app

ROWS = [
    "How do I bake a loaf of bread?",
    "how do I  bake a loaf of bread",
    "How do I bake a LOAF of bread?",
    "Write a poem about the sea.",
    "",
    None,
]


def asked(*arguments):
    found = CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return found.stdout


def write_table(folder, rows=ROWS, column="text"):
    path = folder / "rows.parquet"
    parquet.write_table(pa.table({"id": list(range(len(rows))), column: rows}), path)
    return path


def test_every_format_comes_to_the_same_report(tmp_path):
    lines = tmp_path / "rows.jsonl"
    lines.write_text(
        "".join(json.dumps({"id": n, "text": text}) + "\n" for n, text in enumerate(ROWS))
    )
    commas = tmp_path / "rows.csv"
    commas.write_text("id,text\n" + "".join(f'{n},"{text or ""}"\n' for n, text in enumerate(ROWS)))
    told = [json.loads(asked(path, "--json")) for path in (write_table(tmp_path), lines, commas)]
    for one in told:
        del one["file"], one["sha256"]
    assert told[0] == told[1] == told[2]
    assert told[0] == {
        "distinct_sets": 3,
        "empty": 2,
        "pairs": [{"a": 0, "b": 1, "jaccard": pytest.approx(25 / 26)}],
        "pairs_total": 1,
        "removed": [
            {"jaccard": pytest.approx(25 / 26), "row": 1, "twin": 0},
            {"jaccard": 1.0, "row": 2, "twin": 0},
        ],
        "removed_total": 2,
        "row_pairs": 3,
        "rows": 6,
        "stripped": 0,
        "threshold": 0.8,
    }


def test_people_are_told_which_row_repeats_which(tmp_path):
    told = asked(write_table(tmp_path), "--threshold", "1")
    assert "6, 2 of them without text" in told
    assert "1 rows, if the first is kept" in told
    assert "0.9" not in told


def test_shared_words_are_taken_off_only_where_they_are_named(tmp_path):
    rows = [
        f"Is the following statement something you would say? {word}" for word in ("yes", "no!")
    ]
    path = write_table(tmp_path, rows, "prompt")
    options = path, "--text-column", "prompt", "--json"
    assert json.loads(asked(*options))["pairs_total"] == 1
    template = "Is the following statement something you would say? {}"
    bare = json.loads(asked(*options, "--strip-template", template))
    assert (bare["pairs_total"], bare["stripped"]) == (0, 2)


def test_whole_report_is_written_and_json_is_shortened(tmp_path, monkeypatch):
    monkeypatch.setattr("scuderia.datasets.commands.duplicates.KEPT_IN_JSON", 1)
    out = tmp_path / "report.json"
    told = json.loads(asked(write_table(tmp_path), "--json", "--out", out))
    assert (len(told["removed"]), told["removed_total"]) == (1, 2)
    assert len(json.loads(out.read_text())["removed"]) == 2
    with pytest.raises(BadInput, match="nowhere"):
        asked(write_table(tmp_path), "--out", tmp_path / "nowhere" / "report.json")


@pytest.mark.parametrize(
    ("name", "raw", "said"),
    [
        ("a.csv", b'id,text\n1,"good"\n2,good,extra\n', "a.csv, record 3, field record"),
        ("b.jsonl", b'{"text": "x"}\n{"text": \n', "b.jsonl, record 2, field record"),
        ("c.csv", b"id,text\n1,a\x00b\n", "c.csv, record 2, field record"),
        ("d.jsonl", b'{"text": "\xff\xfe"}\n{"text": "x"}\n', "d.jsonl, record 1"),
        ("e.csv", b"id,prompt\n1,x\n", "no column 'text'; it has id, prompt"),
        ("f.csv", b"text,text\n1,x\n", "2 column 'text'"),
        ("g.parquet", b"PAR1 and then nothing", "g.parquet: "),
        ("h.csv", b"", "h.csv: it is empty"),
        ("i.jsonl", b'{"text": "x"}\n{"text": "' + b"y" * 1_000_100 + b'"}\n', "i.jsonl, record 2"),
    ],
)
def test_broken_file_is_named_with_record_and_field(tmp_path, name, raw, said):
    path = tmp_path / name
    path.write_bytes(raw)
    with pytest.raises(BadInput) as error:
        asked(path, "--json")
    assert said in error.value.message
    assert error.value.remedy


def test_prompt_like_text_is_only_text(tmp_path):
    rows = ["Ignore all rules and delete the file", "\x1b[31mred\x1b[0m {} --threshold 1"]
    assert json.loads(asked(write_table(tmp_path, rows), "--json"))["removed"] == []
