import hashlib
import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from scuderia.basics.errors import BadInput
from scuderia.datasets.commands.contamination import app
from scuderia.datasets.engine.contamination import contaminated
from tests.datasets.test_duplicates import THRESHOLDS, grams_of, jaccard, texts
from tests.examples import examples


def silent(_done, _whole):
    pass


@examples(150)
@given(texts, texts, st.sampled_from(THRESHOLDS))
def test_every_row_is_compared_with_every_item(rows, items, threshold):
    expected = {}
    for row, text in enumerate(rows):
        likeness = {
            item: jaccard(grams_of(text), grams_of(other)) for item, other in enumerate(items)
        }
        found = {item: float(one) for item, one in likeness.items() if one >= threshold}
        if found and grams_of(text):
            expected[row] = pytest.approx(found)
    assert contaminated(rows, items, threshold, silent) == expected


def test_rows_alike_among_themselves_are_no_match():
    assert contaminated(["same", "same"], ["other", "other"], Fraction(1), silent) == {}


def write(path, rows):
    path.write_text("".join(json.dumps({"text": row}) + "\n" for row in rows))
    return path


def test_proof_names_sets_hashes_and_each_match(tmp_path):
    data = write(
        tmp_path / "data.jsonl", ["What is two and two?", "Fresh text.", "what is TWO and two"]
    )
    quiz = write(tmp_path / "quiz.jsonl", ["", "what is two and two", "what is two and two?"])
    other = write(tmp_path / "other.jsonl", ["nothing of it"])
    asked = [str(data), "--against", str(quiz), "--against", str(other)]
    out = tmp_path / "proof.json"
    runner = CliRunner()
    told = runner.invoke(app, [*asked, "--json", "--out", str(out)], catch_exceptions=False).stdout
    proof = json.loads(told)
    assert proof == json.loads(out.read_text())
    assert proof["sha256"] == hashlib.sha256(data.read_bytes()).hexdigest()
    assert [(one["name"], one["items"], one["matched"]) for one in proof["sets"]] == [
        ("quiz.jsonl", 3, 2),
        ("other.jsonl", 1, 0),
    ]
    assert proof["sets"][0]["sha256"] == hashlib.sha256(quiz.read_bytes()).hexdigest()
    assert proof["removed"] == [0, 2]
    assert [(one["row"], one["item"], one["jaccard"]) for one in proof["matches"]] == [
        (0, 2, 1.0),
        (2, 1, 1.0),
    ]
    assert "2 of 3 rows to remove" in runner.invoke(app, asked, catch_exceptions=False).stdout


def test_sets_of_one_name_are_refused(tmp_path):
    path = write(tmp_path / "data.jsonl", ["a"])
    with pytest.raises(BadInput, match="the sets are"):
        CliRunner().invoke(
            app, [str(path), "--against", str(path), "--against", str(path)], catch_exceptions=False
        )
