"""Agreement against published tables, pairs counted one by one, and files that say nothing."""

import json
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scuderia.config.cli.main import run
from scuderia.datasets.engine.agreement import (
    fleiss_kappa,
    kept_answers,
    krippendorff_alpha,
    value_counts,
)
from scuderia.datasets.nouns import AgreementMetric, RepeatRule
from tests.examples import examples

KRIPPENDORFF = (
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)
"""Four observers and twelve units: Krippendorff (2011), section C."""
FLEISS = (
    "00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031 "
    "00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006"
)
"""Thirty patients, six psychiatrists, five diagnoses: Fleiss (1971), table 1."""


def krippendorff_rows() -> np.ndarray:
    return np.array(
        [
            (unit, rater, int(value) - 1)
            for rater, line in enumerate(KRIPPENDORFF)
            for unit, value in enumerate(line.split())
            if value != "."
        ]
    )


def slow_alpha(rows: np.ndarray, values: np.ndarray, metric: AgreementMetric) -> float:
    """Go through every ordered pair of answers."""
    units: dict[int, list[int]] = {}
    for unit, _, value in rows.tolist():
        units.setdefault(unit, []).append(value)
    units = {unit: told for unit, told in units.items() if len(told) > 1}
    told = [value for answers in units.values() for value in answers]
    n = np.bincount(told, minlength=len(values))

    def apart(c: int, k: int) -> float:
        if metric is AgreementMetric.NOMINAL:
            return float(c != k)
        if metric is AgreementMetric.INTERVAL:
            return float(values[c] - values[k]) ** 2
        low, high = min(c, k), max(c, k)
        return float(n[low : high + 1].sum() - (n[low] + n[high]) / 2) ** 2 * (c != k)

    observed = sum(
        sum(apart(c, k) for c, k in permutations(answers, 2)) / (len(answers) - 1)
        for answers in units.values()
    )
    expected = sum(apart(c, k) for c, k in permutations(told, 2)) / (len(told) - 1)
    return 1 - observed / expected


@pytest.mark.parametrize(
    ("metric", "published"),
    [
        (AgreementMetric.NOMINAL, 0.743),
        (AgreementMetric.ORDINAL, 0.815),
        (AgreementMetric.INTERVAL, 0.849),
    ],
)
def test_krippendorffs_own_example_comes_out(metric, published):
    counts = value_counts(krippendorff_rows(), 5)
    found = krippendorff_alpha(counts, np.arange(1.0, 6.0), metric)
    assert found.alpha == pytest.approx(published, abs=5e-4)
    assert found.low < found.alpha < found.high <= 1
    assert (found.units, found.votes) == (11, 40)


def test_fleiss_own_table_comes_out():
    counts = np.array([[int(sign) for sign in row] for row in FLEISS.split()], float)
    assert counts.sum(axis=0).tolist() == [26, 26, 30, 55, 43]
    assert fleiss_kappa(counts) == pytest.approx(0.430, abs=5e-4)
    counts[0, 0] += 1
    assert fleiss_kappa(counts) is None


@given(st.integers(0, 2**32), st.sampled_from(AgreementMetric))
@examples(30)
def test_alpha_is_what_all_pairs_come_to(seed, metric):
    rng = np.random.default_rng(seed)
    size = int(rng.integers(6, 40))
    rows = np.stack([rng.integers(0, high, size) for high in (6, 5, 4)], axis=1)
    rows[:3] = [(0, 0, 0), (0, 1, 1), (0, 2, 3)]
    values = np.array([1.0, 2.0, 5.0, 1_000.0])
    found = krippendorff_alpha(value_counts(rows, 4), values, metric, resamples=5)
    assert found.alpha == pytest.approx(slow_alpha(rows, values, metric), abs=1e-9)


def test_the_interval_holds_what_fresh_samples_come_to():
    rng = np.random.default_rng(0)

    def sample() -> np.ndarray:
        truth = rng.integers(0, 3, 120)[:, None]
        is_noise = rng.random((120, 3)) < 0.4
        told = np.where(is_noise, rng.integers(0, 3, (120, 3)), truth)
        return (told[:, :, None] == np.arange(3)).sum(axis=1).astype(float)

    values, nominal = np.arange(3.0), AgreementMetric.NOMINAL
    truth = np.mean([krippendorff_alpha(sample(), values, nominal, resamples=0).alpha
                     for _ in range(200)])  # fmt: skip
    told = [krippendorff_alpha(sample(), values, nominal, resamples=200) for _ in range(100)]
    assert 0.88 <= np.mean([one.low <= truth <= one.high for one in told]) <= 1


def test_the_rule_says_which_of_a_raters_answers_counts():
    rows = np.array([(0, 0, 1), (0, 1, 2), (0, 0, 3), (1, 0, 1), (0, 0, 2)])
    kept = {rule: kept_answers(rows, rule).tolist() for rule in RepeatRule}
    assert kept[RepeatRule.FIRST] == [[0, 0, 1], [0, 1, 2], [1, 0, 1]]
    assert kept[RepeatRule.LAST] == [[0, 1, 2], [1, 0, 1], [0, 0, 2]]
    assert kept[RepeatRule.ALL] == rows.tolist()


@pytest.fixture
def agree(tmp_path, capsys):
    def told(rows: str, *arguments: str) -> tuple[int, str, str]:
        (tmp_path / "answers.csv").write_text("item,worker,label\n" + rows, encoding="utf-8")
        code = run(["datasets", "agreement", str(tmp_path / "answers.csv"), *arguments])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return told


def test_the_command_tells_alpha_its_interval_and_the_rule(agree):
    rows = "".join(f"u{unit},r{rater},{value}\n" for unit, rater, value in krippendorff_rows())
    code, out, _ = agree(rows + "u0,r0,4\n", "--metric", "interval", "--json")
    told = json.loads(out)
    assert code == 0
    assert told["alpha"] == pytest.approx(0.849, abs=5e-4)
    assert told["low"] < told["alpha"] < told["high"]
    assert (told["repeated"], told["repeated_rule"]) == (1, "first")
    assert (told["units"], told["units_alone"], told["fleiss_kappa"]) == (11, 1, None)
    again = json.loads(agree(rows + "u0,r0,4\n", "--metric", "interval", "--json")[1])
    assert again == told
    assert "alpha 0.8" in agree(rows, "--metric", "ordinal")[1]


def test_what_cannot_disagree_has_no_alpha(agree):
    told = json.loads(agree("a,x,1\na,y,1\n", "--metric", "nominal", "--json")[1])
    assert (told["alpha"], told["low"]) == (None, None)
    code, out, _ = agree("a,x,1\nb,x,2\n", "--metric", "nominal")
    assert (code, "cannot be told" in out) == (0, True)


@pytest.mark.parametrize(
    ("rows", "arguments", "words"),
    [
        ("a,x,yes\na,y,no\n", ("--metric", "ordinal"), "field label: 'yes' is no number"),
        ("a,x,1\na,y,inf\n", ("--metric", "interval"), "field label: 'inf' is no number"),
        ("a,x,1\na,y,2\n", ("--metric", "ratio"), "DATA-043"),
        ("a,x,1\na,y,2\n", ("--metric", "nominal", "--repeated", "best"), "DATA-043"),
        ("a,x,1\na,y,2\n", ("--metric", "nominal", "--resamples", "-1"), "DATA-043"),
        ("a,,1\n", ("--metric", "nominal"), "line 2, field worker: it is empty"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(agree, rows, arguments, words):
    code, out, err = agree(rows, *arguments)
    assert (code, out) == (2, "")
    assert words in err
