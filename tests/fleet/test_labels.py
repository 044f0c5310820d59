"""Labels of nodes: Kubernetes' syntax, set by command and file, told to who asks of the node."""

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scuderia.basics.errors import NotAuthorised, NotFound
from scuderia.config.cli.main import run
from scuderia.fleet.engine.labels import (
    LABELS_MAX,
    BadLabel,
    changed_labels,
    labels_in,
    labels_text,
    read_changes,
    read_selectors,
)
from scuderia.fleet.models.labels import NodeLabel
from scuderia.fleet.operations.description_imports import node_import
from scuderia.fleet.operations.labels import label_nodes
from scuderia.fleet.queries.inventory import UnknownSubject
from scuderia.fleet.queries.nodes import get_node
from scuderia.loop.models.audit import AuditEntry
from tests.fleet.test_description_imports import bring, came_to, described
from tests.fleet.test_descriptions import LENA, NOW, OTTO, VERA, cast, fleet

__all__ = ["bring", "cast", "described", "fleet"]
LETTERS = string.ascii_letters + string.digits


def is_key(text):
    """Say by hand what Kubernetes' documentation says of a key: another way than ours."""
    *prefix, name = text.split("/")
    if len(prefix) > 1 or not is_name(name):
        return False
    if not prefix:
        return True
    parts = prefix[0].split(".")
    low = set(string.ascii_lowercase + string.digits)
    return len(prefix[0]) <= 253 and all(
        part and {part[0], part[-1]} <= low and set(part) <= low | {"-"} for part in parts
    )


def is_name(text):
    ends = {text[:1], text[-1:]}
    return 1 <= len(text) <= 63 and ends <= set(LETTERS) and set(text) <= set(LETTERS + "._-")


@given(
    st.text(alphabet="aZ0._-/ =é", max_size=8) | st.text(alphabet="ab.", min_size=60, max_size=70),
    st.text(alphabet="aZ0._- é", max_size=6) | st.just("v" * 63) | st.just("v" * 64),
)
def test_a_label_is_taken_as_kubernetes_documents_it(key, value):
    if is_key(key) and (value == "" or is_name(value)):
        assert changed_labels({}, {key: value}) == {key: value}
    else:
        with pytest.raises(BadLabel):
            changed_labels({}, {key: value})


names = st.text(alphabet=LETTERS, min_size=1, max_size=5)


@given(st.dictionaries(names, names | st.just(""), max_size=LABELS_MAX))
def test_a_text_of_labels_is_read_as_it_was_written(labels):
    assert labels_in(labels_text(labels)) == labels


@given(st.dictionaries(st.sampled_from("abc"), st.sampled_from("xy")), st.data())
def test_a_selector_holds_of_whom_it_says(labels, data):
    key, value = data.draw(st.sampled_from("abc")), data.draw(st.sampled_from("xy"))
    (same,), (other,) = read_selectors([f"{key}={value}"]), read_selectors([f"{key}!={value}"])
    assert same.holds(labels) == ((key, value) in labels.items())
    assert other.holds(labels) != same.holds(labels)


def test_a_node_bears_32_labels_at_most_and_a_key_once():
    full = {f"k{at}": "" for at in range(LABELS_MAX)}
    assert changed_labels(full, {"k0": "x"})["k0"] == "x"
    with pytest.raises(BadLabel, match="33 labels"):
        changed_labels(full, {"one-more": ""})
    assert len(changed_labels(full, {"one-more": "", "k0": None})) == LABELS_MAX
    assert read_changes(["a=", "b-"]) == {"a": "", "b": None}
    for texts in (["a=1", "a-"], ["a"], [""]):
        with pytest.raises(BadLabel):
            read_changes(texts)


def told(node):
    return get_node(VERA, node, NOW).labels


@pytest.mark.django_db
@pytest.mark.postgres
def test_nodes_are_labelled_all_or_none_by_who_may_and_audited(fleet):
    def label(*nodes, actor=LENA, dry_run=False, **changes):
        return label_nodes(actor=actor, nodes=nodes, changes=changes, now=NOW, dry_run=dry_run)

    assert label("n0", "n1", pool="a", dry_run=True).changed == 2
    assert not NodeLabel.objects.exists()
    assert label("n0", "n1", pool="a").changed == 2
    done = label("n1", "n2", pool="a")
    assert (done.changed, done.unchanged) == (1, 1)
    for actor, error in ((VERA, NotAuthorised), (OTTO, (NotAuthorised, NotFound))):
        with pytest.raises(error):
            label("n0", actor=actor, pool="b")
    with pytest.raises(UnknownSubject):
        label("n0", "n9", pool="b")
    with pytest.raises(BadLabel):
        label("n0", **{"-pool": "b"})
    label("n0", pool=None, tier="1")
    assert [told(node) for node in ("n0", "n1", "n2")] == [
        {"tier": "1"}, {"pool": "a"}, {"pool": "a"},
    ]  # fmt: skip
    entries = AuditEntry.objects.filter(verb="fleet.nodes.labelled").order_by("seq")
    assert [json.loads(entry.detail)["changes"] for entry in entries] == [
        {"pool": "a"}, {"pool": "a"}, {"pool": None, "tier": "1"},
    ]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.postgres
def test_a_nodes_file_says_all_labels_or_leaves_them(bring):
    head = "node,site,cluster,rack,sku,in_service_from,in_service_to"

    def line(node, *labels):
        return ",".join((node, "turin", "c1", "r1", "h-8", "2026-07-01T00:00:00Z", "", *labels))

    def file(*labels, head=f"{head},labels"):
        lines = (line(f"n{at}", *one) for at, one in enumerate(labels))
        return bring(node_import, "\n".join((head, *lines)) + "\n")

    assert came_to(file(['"tier=1,pool=a"'], ["pool=b"], [""])) == (3, 0, 0)
    assert [told(f"n{at}") for at in range(3)] == [{"pool": "a", "tier": "1"}, {"pool": "b"}, {}]
    assert came_to(file(["pool=a tier=1"], [""], ["pool=c"])) == (0, 1, 2)
    assert came_to(file([], [], [], head=head)) == (0, 0, 3)
    assert came_to(file(["pool=c"])) == (0, 1, 0)
    assert [told(f"n{at}") for at in range(3)] == [{"pool": "c"}, {"pool": "b"}, {"pool": "c"}]
    with pytest.raises(Exception, match="is no key of a label"):
        file(["_x=1"])


@pytest.mark.django_db
def test_the_command_labels_and_tells(fleet, capsys):
    def said(*words):
        code = run(["fleet", "node", *words, "--as", "lena"])
        return code, capsys.readouterr().out

    assert said("label", "n[0-1]", "pool=a", "tier=1")[1].startswith("2 nodes labelled otherwise")
    assert said("label", "n0", "tier-")[0] == 0
    assert "pool=a" in said("show", "n0")[1]
    out = said("show", "n0", "--json")[1]
    assert json.loads(out)["status"]["labels"] == {"pool": "a"}
    assert said("label", "n0", "pool")[0] != 0
