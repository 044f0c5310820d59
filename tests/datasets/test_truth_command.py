"""`scuderia datasets truth`: what a user types, and what becomes of files that are no votes."""

import csv
import json

import numpy as np
import pytest

from scuderia.config.cli.main import run
from scuderia.datasets.nouns import TruthMethod
from tests.datasets.crowd import drawn_votes

VOTES = "item,worker,label\na,ann,yes\na,bob,yes\nb,ann,no\nb,bob,no\nc,ann,yes\nc,bob,no\n"


@pytest.fixture
def tell(tmp_path, capsys):
    """Write the files, run the command, and return its exit code, output and errors."""

    def told(labels: str | bytes, *arguments: str, gold: str = "") -> tuple[int, str, str]:
        raw = labels if isinstance(labels, bytes) else labels.encode()
        (tmp_path / "label.csv").write_bytes(raw)
        words = ["datasets", "truth", "--labels", str(tmp_path / "label.csv"), *arguments]
        if gold:
            (tmp_path / "truth.csv").write_text(gold, encoding="utf-8")
            words += ["--gold", str(tmp_path / "truth.csv")]
        code = run(words)
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return told


def written(seed: int = 0, items: int = 200) -> tuple[str, str]:
    votes, truth = drawn_votes(seed, items=items)
    rows = zip(votes.items(), votes.workers, votes.labels, strict=True)
    labels = "item,worker,label\n" + "".join(f"q{i},w{j},{k}\n" for i, j, k in rows)
    return labels, "item,truth\n" + "".join(f"q{i},{k}\n" for i, k in enumerate(truth))


def test_auto_chooses_on_gold_and_tells_who_lost(tell):
    labels, gold = written()
    code, out, _ = tell(labels, "--json", gold=gold)
    told = json.loads(out)
    assert code == 0
    assert told["chosen_on"] == "gold"
    assert {one["method"] for one in told["tried"]} == set(TruthMethod)
    best = max(one["accuracy"] for one in told["tried"])
    assert told["accuracy"] == best
    assert told["accuracy_unseen"] <= best
    truth = dict(csv.reader(gold.splitlines()[1:]))
    assert np.mean([told["labels"][item] == truth[item] for item in truth]) == pytest.approx(
        told["accuracy"], abs=0.03
    )
    assert told["workers"]["w0"]["votes"] > 50
    assert told["workers"]["w0"]["accuracy"] > told["workers"]["w7"]["accuracy"]


def test_auto_without_gold_chooses_on_votes_held_out(tell):
    code, out, _ = tell(written()[0], "--json")
    told = json.loads(out)
    assert code == 0
    assert told["chosen_on"] == "held-out votes"
    assert told["held_out"] > 40
    assert all(one["log_score"] < 0 for one in told["tried"])
    assert "accuracy" not in {key for key, value in told.items() if value is not None}


def test_people_read_the_losing_numbers_too(tell):
    labels, gold = written()
    code, out, _ = tell(labels, gold=gold)
    assert code == 0
    assert all(method in out for method in TruthMethod)
    assert "where the choice had not seen the gold" in out


@pytest.mark.parametrize("method", TruthMethod)
def test_a_named_method_is_used_as_asked(tell, method):
    code, out, _ = tell(written()[0], "--method", method, "--json")
    told = json.loads(out)
    assert code == 0
    assert (told["method"], told["chosen_on"], told["tried"]) == (method, "asked", [])
    assert len(told["labels"]) == 200


def test_out_holds_each_item_its_label_and_how_likely_it_is(tell, tmp_path):
    target = tmp_path / "labels.csv"
    tell(VOTES, "--method", "majority", "--out", str(target))
    assert target.read_text(encoding="utf-8") == (
        "item,label,probability\na,yes,1.000000\nb,no,1.000000\nc,no,0.500000\n"
    )
    code, _, err = tell(VOTES, "--out", str(tmp_path / "nowhere" / "labels.csv"))
    assert (code, err.split()[0]) == (4, "DATA-042")


def test_a_vote_said_twice_counts_once_and_is_told(tell):
    twice = VOTES + "c,ann,yes\nc,ann,yes\n"
    told = json.loads(tell(twice, "--method", "majority", "--json")[1])
    assert told["repeated"] == 2
    assert told["tied"] == 1
    assert told["workers"]["ann"]["votes"] == 3


def test_gold_that_nobody_voted_for_is_wrong_and_strangers_are_counted(tell):
    gold = "item,truth\na,perhaps\nb,no\nzz,yes\n"
    told = json.loads(tell(VOTES, "--method", "majority", "--json", gold=gold)[1])
    assert (told["accuracy"], told["gold_items"], told["gold_strangers"]) == (0.5, 2, 1)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (b"", "label.csv: it is empty"),
        ("item,worker,label\n", "label.csv: it holds a header and no vote"),
        ("item,rater,label\na,b,c\n", "label.csv: no column 'worker'"),
        (VOTES + "d,,yes\n", "label.csv, line 8, field worker: it is empty"),
        (VOTES + "d,ann\n", "label.csv, line 8, field record: "),
        (VOTES + "d,ann,y\0s\n", "label.csv, line 8, field record: it holds a NUL byte"),
        (VOTES.encode() + b"d,ann,\xff\n", "label.csv, line 8, field record: byte 0xFF"),
        ("item,worker,label\na,ann,x\nb,ann,y\n", "label.csv, field worker: all 2 votes are of on"),
        ("item,worker,label\na,ann,x\na,bob,x\n", "label.csv, field label: every vote says 'x'"),
        ("item,worker,label\na,ann,x\nb,bob,y\n", "label.csv, field item: no item has two votes"),
    ],
)
def test_a_file_that_tells_nothing_is_refused_by_file_line_and_field(tell, labels, words):
    code, out, err = tell(labels)
    assert (code, out) == (2, "")
    assert words in err
    assert len(err.splitlines()) == 2


def test_what_cannot_be_weighed_can_still_be_counted(tell):
    one_rater = "item,worker,label\na,ann,x\nb,ann,y\n"
    told = json.loads(tell(one_rater, "--method", "majority", "--json")[1])
    assert told["labels"] == {"a": "x", "b": "y"}


@pytest.mark.parametrize(
    ("gold", "words"),
    [
        ("item,truth\nzz,yes\n", "truth.csv, field item: none of its items"),
        ("item,truth\na,yes\na,no\n", "truth.csv, line 3, field truth: 'a' has another truth"),
        ("item,label\na,yes\n", "truth.csv: no column 'truth'"),
    ],
)
def test_gold_that_is_none_is_refused(tell, gold, words):
    code, _, err = tell(VOTES, gold=gold)
    assert code == 2
    assert words in err


def test_too_many_labels_are_no_labels(tell):
    rows = "".join(f"i{n % 300},w{n % 200},text {n}\n" for n in range(1_000))
    code, _, err = tell("item,worker,label\n" + rows)
    assert code == 2
    assert "field label: 1,000 labels of 200 workers" in err


def test_an_unknown_method_says_which_there_are(tell):
    code, _, err = tell(VOTES, "--method", "oracle")
    assert code == 2
    assert "DATA-041 there is no method 'oracle'" in err
    assert "ebcc" in err
