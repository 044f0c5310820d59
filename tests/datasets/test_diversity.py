import json
import math
import os
import socket
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from scuderia.basics.errors import BadInput
from scuderia.datasets.commands import diversity
from scuderia.datasets.commands.diversity import app
from scuderia.datasets.engine.coverage import cells_occupied, cover, novelty
from scuderia.datasets.engine.entropy import spread_of
from scuderia.datasets.engine.vendi import BadVectors, vendi_interval, vendi_score
from scuderia.datasets.queries.text_vectors import vectors_of
from tests.examples import examples

TEXTS = ["How do I bake bread?", "how do I bake a bread", "Name the planets.", "Who wrote Hamlet?"]


def unit(rows, dimensions, seed):
    drawn = np.random.default_rng(seed).normal(size=(rows, dimensions)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def by_definition(vectors):
    """Score by the n x n kernel, as the paper writes it."""
    kernel = vectors.astype(np.float64) @ vectors.T
    shares = np.linalg.eigvalsh(kernel / len(vectors))
    return math.exp(-sum(share * math.log(share) for share in shares if share > 1e-12))


@examples(60)
@given(st.integers(1, 60), st.integers(1, 24), st.integers(0, 99))
def test_dual_form_is_the_score_by_its_definition(rows, dimensions, seed):
    vectors = unit(rows, dimensions, seed)
    assert vendi_score(vectors) == pytest.approx(by_definition(vectors), rel=1e-5)


def test_blocks_add_up():
    vectors = unit(40_000, 8, 3)
    shares = np.linalg.eigvalsh(vectors.T.astype(np.float64) @ vectors / 40_000)
    assert vendi_score(vectors) == pytest.approx(
        math.exp(-(shares * np.log(shares)).sum()), rel=1e-5
    )


def test_score_of_known_sets():
    assert vendi_score(np.eye(7, dtype=np.float32)) == pytest.approx(7)
    assert vendi_score(np.tile(unit(1, 5, 1), (9, 1))) == pytest.approx(1, abs=1e-5)
    assert vendi_score(np.repeat(np.eye(3, dtype=np.float32), 4, axis=0)) == pytest.approx(3)


def test_interval_is_of_its_seed_and_about_the_parts_score():
    vectors = unit(3_000, 16, 5)
    found = vendi_interval(vectors, n=500, resamples=20, seed=1)
    assert found == vendi_interval(vectors, n=500, resamples=20, seed=1)
    assert found != vendi_interval(vectors, n=500, resamples=20, seed=2)
    assert found.low < vendi_score(vectors[:500]) < found.high
    assert found.n == 500


@pytest.mark.parametrize("broken", [np.zeros((0, 4)), np.zeros((2, 4)), np.full((2, 4), np.nan)])
def test_vectors_without_a_length_are_refused(broken):
    with pytest.raises(BadVectors):
        vendi_score(broken.astype(np.float32))
    with pytest.raises(BadVectors):
        vendi_interval(unit(1, 4, 1), n=10, resamples=10, seed=1)


@examples(60)
@given(st.integers(1, 12), st.integers(1, 4), st.integers(0, 99))
def test_centres_cover_within_twice_the_best(rows, k, seed):
    from itertools import combinations

    vectors = unit(rows, 3, seed)
    apart = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
    found = cover(vectors, k)
    chosen = list(found.centres)
    assert len(set(chosen)) == min(k, rows)
    assert found.radius == pytest.approx(apart[:, chosen].min(axis=1).max(), abs=2e-3)
    assert found.likeness == pytest.approx(
        (vectors @ vectors[chosen].T).max(axis=1).mean(), abs=1e-5
    )
    best = min(
        apart[:, list(some)].min(axis=1).max() for some in combinations(range(rows), min(k, rows))
    )
    assert found.radius <= 2 * best + 2e-3


def test_cells_and_novelty():
    axes = np.eye(3, dtype=np.float32)
    assert cells_occupied(axes[[0, 0, 2]], axes).tolist() == [2, 0, 1]
    assert novelty(axes[[1]], axes[[0, 2, 1]]) == (0.0, 2)
    assert novelty(axes[[1]], axes[[0, 2]])[0] == 1.0


def test_spread_is_entropy_and_its_effective_number():
    even = spread_of("aabbccdd")
    assert (even.values, even.effective, even.largest) == (4, pytest.approx(4), 0.25)
    assert spread_of("aaab").entropy == pytest.approx(
        -0.75 * math.log(0.75) - 0.25 * math.log(0.25)
    )
    assert (spread_of("").effective, spread_of("x").entropy) == (0.0, 0.0)


def no_socket(*_arguments, **_named):
    raise AssertionError("a socket was opened")


def test_encoder_opens_no_socket(monkeypatch):
    from scuderia.datasets.queries import text_vectors

    monkeypatch.setattr(socket, "socket", no_socket)
    monkeypatch.setattr(socket, "getaddrinfo", no_socket)
    text_vectors._encoder.cache_clear()
    vectors = vectors_of([*TEXTS, ""])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1, 1, 0], abs=1e-5)
    assert vectors[0] @ vectors[1] > 0.8 > vectors[0] @ vectors[2]
    assert vectors_of([]).shape == (0, 256)


def test_command_tells_all_of_it(tmp_path):
    path = tmp_path / "rows.jsonl"
    rows = [
        {"text": text, "topic": topic} for text, topic in zip([*TEXTS, " "], "aabbb", strict=True)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    asked = [
        str(path),
        "--by",
        "topic",
        "--novel",
        TEXTS[2],
        "--reference",
        str(path),
        "--centres",
        "2",
    ]
    runner = CliRunner()
    told = json.loads(runner.invoke(app, [*asked, "--json"], catch_exceptions=False).stdout)
    assert (told["rows"], told["empty"], told["n"]) == (5, 1, 4)
    assert 1 < told["vendi"] < 4
    assert told["interval"]["n"] == 4
    assert told["by"]["effective"] == pytest.approx(math.exp(told["by"]["entropy"]))
    assert (told["novelty"]["nearest_row"], told["novelty"]["novelty"]) == (
        2,
        pytest.approx(0, abs=1e-6),
    )
    assert told["reference"] == {"cells": 2, "occupied": 2, "share": 1.0}
    said = runner.invoke(app, asked, catch_exceptions=False).stdout
    assert "wordllama" in said
    assert "4 rows" in said


def test_command_has_linear_algebra_on_one_thread_before_numpy_is_loaded():
    lines = (
        "import sys; from scuderia.datasets.commands import blas; assert 'numpy' not in sys.modules"
    )
    environment = {name: value for name, value in os.environ.items() if "OPENBLAS" not in name}
    subprocess.run([sys.executable, "-c", lines], check=True, env=environment)
    assert diversity.blas.THREADS


def test_file_without_text_is_refused(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text('id,text\n1," "\n')
    with pytest.raises(BadInput, match="no row has text in 'text'"):
        CliRunner().invoke(app, [str(path)], catch_exceptions=False)
