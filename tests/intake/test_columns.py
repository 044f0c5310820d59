import random

import pyarrow as pa
import pytest
from pyarrow import parquet

from scuderia.intake.columns import read_columns
from scuderia.intake.mapping import ColumnsMissing
from scuderia.intake.records import FileUnreadable, Limits


def write(path, **columns):
    parquet.write_table(pa.table(columns), path)
    return path


def test_parquet_cells_are_what_was_written(tmp_path):
    drawn = random.Random(5)  # noqa: S311 - not for secrets
    words = [
        drawn.choice([None, "", "plain", "Zürich", "中文 \U0001f600", "a\nb"]) for _ in range(9_000)
    ]
    path = write(
        tmp_path / "a.parquet",
        text=words,
        wide=pa.array(words, pa.large_string()),
        coded=pa.array(words).dictionary_encode(),
        number=list(range(9_000)),
        deep=[{"inner": {"leaf": word}} for word in words],
    )
    names = ["number", "text", "deep.inner.leaf", "wide", "coded"]
    found = read_columns(path, names)
    assert found.columns["number"] == [str(n) for n in range(9_000)]
    assert [found.columns[name] for name in names[1:]] == [words] * 4
    assert found.shape == "Parquet"


def test_json_record_without_the_key_is_null(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": "x", "b": 1}\n{"b": 2}\n{"b": 3, "a": null}\n')
    assert read_columns(path, ["a", "b"]).columns == {"a": ["x", None, None], "b": ["1", "2", "3"]}


def test_absent_column_is_named_with_those_that_are_there(tmp_path):
    path = write(tmp_path / "a.parquet", text=["x"], other=["y"])
    with pytest.raises(ColumnsMissing, match=r"no column 'prompt'; it has text, other"):
        read_columns(path, ["prompt"])


def test_parquet_text_that_is_not_utf_8_names_its_record(tmp_path):
    raw = pa.array([b"good", b"\xff\xfe"], pa.binary())
    broken = pa.Array.from_buffers(pa.string(), 2, raw.buffers())
    with pytest.raises(FileUnreadable, match=r"a\.parquet, record 2"):
        read_columns(write(tmp_path / "a.parquet", text=broken), ["text"])


def test_more_than_the_limits_is_refused(tmp_path):
    path = write(tmp_path / "a.parquet", text=["x" * 100] * 10)
    with pytest.raises(FileUnreadable, match="over 900 characters"):
        read_columns(path, ["text"], Limits(column_characters=900))
    with pytest.raises(FileUnreadable, match="more than 9 records"):
        read_columns(path, ["text"], Limits(rows=9))
    with pytest.raises(FileUnreadable, match="a row of it has more than 80 characters"):
        read_columns(path, ["text"], Limits(line_characters=10))
