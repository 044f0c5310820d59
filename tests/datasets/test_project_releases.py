"""A project released from its books: the right values, the same bytes, by who may, told."""

import json

import pyarrow.parquet as pq
import pytest

from scuderia.basics.errors import NotAuthorised, NotFound
from scuderia.datasets.models.judgments import Judgment
from scuderia.datasets.nouns import ProjectKind
from scuderia.datasets.operations.project_releases import (
    NothingToRelease,
    ReleaseAsked,
    release_project,
)
from scuderia.datasets.queries.release_checks import check_release
from scuderia.loop.models.audit import AuditEntry
from tests.datasets.small_projects import add, load, said
from tests.freeze.small_fleet import NOW, make_cast, make_fleet, person

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]


@pytest.fixture(autouse=True)
def _cast(db):
    make_fleet()
    make_cast()


def released(folder, name="pairs", by="lara", **asked):
    return release_project(
        actor=person(by), name=name, folder=folder, asked=ReleaseAsked(**asked), now=NOW
    )


def rows_of(folder):
    (table,) = sorted(folder.glob("data/*.parquet"))
    return {row["key"]: row for row in pq.read_table(table).to_pylist()}


def pairs():
    """Return judgments of three pairs; "i3" has one judgment alone, w3 contradicts the others."""
    texts = {"prompt": "Which?", "a": "one", "b": "two"}
    return [
        said(item, who, value, **texts, topic="law")
        for item, votes in (("i1", "aab"), ("i2", "bba"), ("i3", "a"))
        for who, value in zip(("w1", "w2", "w3"), votes, strict=False)
    ]


def test_a_release_holds_what_is_believed_and_the_judgments_behind_it(tmp_path):
    add()
    load(*pairs())
    done = released(tmp_path / "out")
    assert (done.release.rows, done.left_out) == (2, 1)
    rows = rows_of(tmp_path / "out")
    assert {key: row["value"] for key, row in rows.items()} == {"i1": "a", "i2": "b"}
    behind = set(Judgment.objects.filter(item_key="i1").values_list("key", flat=True))
    assert set(rows["i1"]["judgments"]) == behind
    check = check_release(tmp_path / "out")
    assert check.is_whole
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())["facts"]
    assert manifest["counts"] == {
        "items": 2, "items_left_out": 1, "judgments": 6, "contributors": 3,
    }  # fmt: skip
    assert manifest["taxonomies"] == {"topic": {"law": 2}}
    told = AuditEntry.objects.get(verb="datasets.project.released")
    assert done.release.root in told.detail
    assert "|customer:aurora|" in told.reach


def test_the_same_books_give_the_same_bytes_and_other_books_another_version(tmp_path):
    add()
    load(*pairs())
    first = released(tmp_path / "one").release
    second = released(tmp_path / "two").release
    assert first.version == second.version
    for path in sorted((tmp_path / "one").rglob("*")):
        if path.is_file():
            assert (
                path.read_bytes()
                == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()
            )
    assert not released(tmp_path / "two").release.is_new
    assert AuditEntry.objects.filter(verb="datasets.project.released").count() == 2
    load(said("i3", "w2", "b"))
    assert released(tmp_path / "three").release.version != first.version


def test_gold_is_told_beside_the_values(tmp_path):
    add()
    load(*pairs())
    load(
        *({"item": key, "prompt": "Which?", "a": "one", "b": "two", "gold": gold}
          for key, gold in (("i1", "a"), ("i2", "a"))),
        items=True,
    )  # fmt: skip
    released(tmp_path / "out", method="majority")
    facts = json.loads((tmp_path / "out" / "manifest.json").read_text())["facts"]
    assert facts["figures"]["accuracy"].startswith("0.5000 on 2 items")


def test_ratings_are_their_mean_and_rankings_the_order_of_mean_places(tmp_path):
    add("stars", kind=ProjectKind.RATING, low=1, high=5)
    load(*(said("i1", who, value, text="t") for who, value in (("w1", "2"), ("w2", "5"))),
         into="stars")  # fmt: skip
    released(tmp_path / "stars", "stars")
    assert rows_of(tmp_path / "stars")["i1"]["rating"] == 3.5
    add("order", kind=ProjectKind.RANKING)
    load(
        said("i1", "w1", "one > three > two", options="one\ntwo\nthree"),
        said("i1", "w2", "three > one > two"),
        said("i1", "w3", "one > two > three"),
        said("i2", "w1", "3 > 1 > 2", options="x\ny\nz"),
        said("i2", "w2", "3 > 2 > 1"),
        said("i3", "w1", "r9 > r1"),
        said("i3", "w2", "r9 > r1"),
        into="order",
    )
    released(tmp_path / "order", "order")
    rows = rows_of(tmp_path / "order")
    assert {key: row["order"] for key, row in rows.items()} == {
        "i1": [0, 2, 1], "i2": [2, 0, 1], "i3": [1, 0],
    }  # fmt: skip
    assert rows["i3"]["texts"] == ["r1", "r9"]


def test_nobody_else_releases_and_nothing_is_released_of_nothing(tmp_path):
    add()
    with pytest.raises(NothingToRelease):
        released(tmp_path / "out")
    load(*pairs())
    for who, refusal in (("otto", NotAuthorised), ("vera", NotAuthorised), ("britt", NotFound)):
        with pytest.raises(refusal):
            released(tmp_path / "out", by=who)
    assert not (tmp_path / "out").exists()
