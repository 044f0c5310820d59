"""A fleet described by form: tried before it is written, refused beside its field, for who may."""

import html
import re
from datetime import timedelta

import pytest

from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.models.customers import Customer
from scuderia.fleet.models.inventory import Node, Sku
from scuderia.fleet.pages.describe import FORMS
from scuderia.loop.models.audit import AuditEntry
from tests.pages.stage import NOW

SKU = "H100-SXM-8x"
BEFORE = (NOW - timedelta(hours=5)).isoformat()
LATER = (NOW - timedelta(hours=2)).isoformat()
ADD = {"nodes": "x[1-3]", "site": "x", "cluster": "x-c", "rack": "x-r", "sku": SKU, "start": BEFORE}


def path(form):
    return f"/fleet/describe?form={form}"


def text(answer):
    return html.unescape(answer.content.decode())


def preview(client, form, said):
    answer = client.post(path(form), said)
    found = re.search(r'name="previewed" value="([0-9a-f]{64})"', text(answer))
    return answer, found[1] if found else ""


def write(client, form, said):
    """Try it, then write exactly what was tried."""
    answer, named = preview(client, form, said)
    assert answer.status_code == 200, text(answer)
    return client.post(path(form), {**said, "previewed": named})


@pytest.fixture
def lena(as_person):
    return as_person("lena")


def test_nodes_are_tried_and_nothing_is_written_until_that_is_confirmed(lena):
    entries = AuditEntry.objects.count()
    answer, named = preview(lena, "add-nodes", ADD)
    assert "Would add 3 and change 0 of 3 nodes; 0 stand so already: x1, x2, x3." in text(answer)
    assert not Node.objects.filter(name__startswith="x").exists()
    assert AuditEntry.objects.count() == entries
    done = lena.post(path("add-nodes"), {**ADD, "previewed": named})
    assert done.status_code == 303
    assert Node.objects.filter(name__in=["x1", "x2", "x3"]).count() == 3
    assert "Added 3" in text(lena.get(done["Location"]))


def test_what_was_changed_after_it_was_tried_is_tried_again(lena):
    _, named = preview(lena, "add-nodes", ADD)
    answer = lena.post(path("add-nodes"), {**ADD, "nodes": "x[1-9]", "previewed": named})
    assert "Would add 9" in text(answer)
    assert not Node.objects.filter(name__startswith="x").exists()


def test_nodes_are_corrected_held_let_go_and_retired(lena):
    write(lena, "add-nodes", ADD)
    edit = {"nodes": "x1", "rack": "x-s", "reason": "moved"}
    assert write(lena, "edit-nodes", edit).status_code == 303
    assert Node.objects.get(name="x1").rack.name == "x-s"
    hold = {"nodes": "x[1-2]", "customer": "demo-borealis", "start": BEFORE}
    assert write(lena, "allocate", hold).status_code == 303
    assert Allocation.objects.filter(node__name__in=["x1", "x2"], end=None).count() == 2
    assert write(lena, "deallocate", {"nodes": "x1, x2", "end": LATER}).status_code == 303
    assert not Allocation.objects.filter(node__name__in=["x1", "x2"], end=None).exists()
    assert write(lena, "retire-nodes", {"nodes": "x3", "end": LATER}).status_code == 303
    assert Node.objects.get(name="x3").active_to is not None


def test_skus_and_customers_are_added(lena):
    sku = {"name": "h-4", "gpus": "4", "model": "H100"}
    assert lena.post(path("add-sku"), sku).status_code == 303
    assert Sku.objects.get(name="h-4").gpus_per_node == 4
    assert lena.post(path("add-customer"), {"name": "demo-new"}).status_code == 303
    assert Customer.objects.filter(name="demo-new").exists()


FLAWS = [
    ("add-nodes", ADD | {"nodes": ""}, "nodes"),
    ("add-nodes", ADD | {"nodes": "x[3-1]"}, "nodes"),
    ("add-nodes", ADD | {"nodes": "x[1-99999]"}, "nodes"),
    ("add-nodes", ADD | {"sku": "ghost"}, "sku"),
    ("add-nodes", ADD | {"sku": ""}, "sku"),
    ("add-nodes", ADD | {"start": "yesterday"}, "start"),
    ("add-nodes", ADD | {"start": "2026-11-01T08:00:00"}, "start"),
    ("add-nodes", ADD | {"start": "2199-01-01"}, "start"),
    ("add-nodes", ADD | {"site": "a b"}, "site"),
    ("edit-nodes", {"nodes": "ghost", "reason": "why"}, "nodes"),
    ("edit-nodes", {"nodes": "ghost"}, "reason"),
    ("retire-nodes", {"nodes": "{node}", "end": ""}, "end"),
    ("retire-nodes", {"nodes": "{node}", "end": "2199-01-01"}, "end"),
    ("allocate", {"nodes": "ghost", "customer": "demo-borealis", "start": BEFORE}, "nodes"),
    ("allocate", {"nodes": "{node}", "customer": "", "start": BEFORE}, "customer"),
    ("allocate", {"nodes": "{node}", "customer": "demo-borealis", "start": BEFORE}, "nodes"),
    ("allocate", {"nodes": "{node}", "customer": "demo-borealis", "start": BEFORE,
                  "end": "2020-01-01"}, "end"),
    ("deallocate", {"nodes": "{node}", "end": "soon"}, "end"),
    ("add-sku", {"name": "h-4", "gpus": "-1", "model": "H100"}, "gpus"),
    ("add-sku", {"name": "h-4", "gpus": "0", "model": "H100"}, "name"),
    ("add-customer", {"name": "no name"}, "name"),
]  # fmt: skip


@pytest.mark.parametrize(("form", "said", "field"), FLAWS)
def test_what_is_refused_says_so_beside_its_field_and_keeps_what_was_typed(
    form, said, field, lena, stage
):
    said = {name: value.replace("{node}", stage.node) for name, value in said.items()}
    before = (Node.objects.count(), Allocation.objects.count(), AuditEntry.objects.count())
    answer = lena.post(path(form), said)
    shown = answer.content.decode()
    assert answer.status_code in (404, 409, 422), shown
    wrong = [label for label in shown.split("<label")[1:] if "field__error" in label]
    assert len(wrong) == 1
    assert f'name="{field}"' in wrong[0]
    for name, value in said.items():
        if FORMS[form].fields and value and name not in {"sku", "customer"}:
            assert html.escape(value) in shown
    assert before == (Node.objects.count(), Allocation.objects.count(), AuditEntry.objects.count())


@pytest.mark.parametrize("name", ["vera", "otto", "britt", "olaf"])
def test_who_may_not_describe_gets_no_way_in(name, as_person):
    client = as_person(name)
    assert "/fleet/describe" not in text(client.get("/fleet"))
    for form in FORMS:
        assert client.get(path(form)).status_code in (403, 404)
        assert client.post(path(form), ADD).status_code in (403, 404)
    assert not Node.objects.filter(name__startswith="x").exists()


def test_who_may_is_led_there(lena):
    assert "/fleet/describe" in text(lena.get("/fleet"))
    for form in FORMS:
        assert FORMS[form].title in text(lena.get(path(form)))


def test_a_name_with_markup_is_text(lena):
    shown = lena.post(path("add-nodes"), ADD | {"site": "<script>x</script>"}).content.decode()
    assert "<script>x" not in shown
