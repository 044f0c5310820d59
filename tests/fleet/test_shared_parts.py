"""The switches, feeds and storage that nodes hang on: by command, file and API, within reach."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scuderia.basics.errors import BadInput, NotAuthorised
from scuderia.config.cli.main import run
from scuderia.fleet.engine.shared_parts import (
    PARTS_MAX,
    BadSharedPart,
    changed_parts,
    counted,
    is_shared_part,
    parts_in,
    parts_text,
    read_changes,
)
from scuderia.fleet.nouns import SharedPartKind
from scuderia.fleet.operations.description_imports import node_import
from scuderia.fleet.operations.shared_parts import hang_nodes
from scuderia.fleet.queries.nodes import get_node
from scuderia.fleet.queries.shared_part_access import list_shared_parts, parts_within_reach
from tests.fleet.test_description_imports import bring, came_to, described
from tests.fleet.test_descriptions import LENA, NOW, OTTO, VERA, allocate, cast, fleet

__all__ = ["bring", "cast", "described", "fleet"]
parts = st.builds("{}:{}".format, st.sampled_from(SharedPartKind), st.text("az09", min_size=1))


@given(st.sets(parts, max_size=PARTS_MAX), st.sets(parts, max_size=9), st.sets(parts, max_size=9))
def test_parts_are_read_as_written_and_changed_as_sets(held, on, off):
    assert parts_in(parts_text(held)) == tuple(sorted(held))
    assert all(map(is_shared_part, held))
    on -= off
    if not on and not off:
        return
    assert read_changes([*on, *(f"{part}-" for part in off)]) == (on, off)
    left = (held | on) - off
    if len(left) <= PARTS_MAX:
        assert changed_parts(held, frozenset(on), frozenset(off)) == tuple(sorted(left))
    else:
        with pytest.raises(BadSharedPart, match="more than 32"):
            changed_parts(held, frozenset(on), frozenset(off))


@pytest.mark.parametrize(
    "text",
    ["leaf-1", "router:x", "switch:", "switch:a b", "switch:-a", f"feed:{'x' * 101}", "feed:é"],
)
def test_what_is_no_part_is_refused(text):
    with pytest.raises(BadSharedPart):
        read_changes([text])


def test_parts_are_counted_by_kind():
    assert counted(["switch:a", "switch:b", "feed:x", "storage:s", "storage:t"]) == (
        "2 switches, 1 feed, 2 storage"
    )
    assert counted([]) == ""


def told(node):
    return get_node(VERA, node, NOW).hangs_on


@pytest.mark.django_db
@pytest.mark.postgres
def test_nodes_hang_on_parts_that_are_told_within_reach(fleet):
    def hang(*nodes, changes, actor=LENA, **other):
        return hang_nodes(actor=actor, nodes=nodes, changes=changes, now=NOW, **other)

    assert hang("n0", "n1", changes=["switch:s1", "feed:a"], dry_run=True).changed == 2
    assert told("n0") == ()
    hang("n0", "n1", changes=["switch:s1", "feed:a"])
    done = hang("n1", "n2", changes=["switch:s1-", "feed:a"])
    assert (done.changed, done.unchanged) == (2, 0)
    assert [told(node) for node in ("n0", "n1", "n2")] == [
        ("feed:a", "switch:s1"), ("feed:a",), ("feed:a",),
    ]  # fmt: skip
    with pytest.raises(NotAuthorised):
        hang("n0", changes=["feed:b"], actor=VERA)
    allocate("n2")
    reach = {name: list_shared_parts(actor, NOW) for name, actor in (("v", VERA), ("o", OTTO))}
    assert [(one.part, one.nodes) for one in reach["v"]] == [("feed:a", 3), ("switch:s1", 1)]
    assert [(one.part, one.nodes) for one in reach["o"]] == [("feed:a", 1)]
    assert parts_within_reach(OTTO, ["feed:a", "switch:s1"], NOW) == {"feed:a"}


@pytest.mark.django_db
@pytest.mark.postgres
def test_a_nodes_file_says_all_parts_or_leaves_them(bring):
    def file(*cells):
        head = "node,site,cluster,rack,sku,in_service_from,in_service_to,hangs_on\n"
        line = "n{},turin,c1,r1,h-8,2026-07-01T00:00:00Z,,{}\n"
        text = "".join(line.format(at, cell) for at, cell in enumerate(cells))
        return bring(node_import, head + text)

    assert came_to(file("switch:s1 feed:a", "")) == (2, 0, 0)
    assert came_to(file("feed:a switch:s1", "feed:a")) == (0, 1, 1)
    assert came_to(file("", "feed:b")) == (0, 1, 1)
    assert [told("n0"), told("n1")] == [("feed:a", "switch:s1"), ("feed:b",)]
    with pytest.raises(BadInput, match="is no switch, feed or storage"):
        file("router:x")


@pytest.mark.django_db
def test_the_command_hangs_and_tells(fleet, capsys):
    def said(*words):
        code = run(["fleet", *words, "--as", "lena"])
        return code, capsys.readouterr().out

    assert said("node", "hang", "n[0-1]", "switch:s1", "feed:a")[1].startswith("2 nodes hang")
    assert said("node", "hang", "n0", "feed:a-")[0] == 0
    status = json.loads(said("node", "show", "n0", "--json")[1])["status"]
    assert status["hangs_on"] == ["switch:s1"]
    rows = json.loads(said("shared-parts", "--json")[1])
    assert [(row["part"], row["nodes"]) for row in rows] == [("feed:a", 1), ("switch:s1", 2)]
