"""A fleet described by form: nodes, who holds them, SKUs, customers; tried first, then written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from scuderia.basics.actors import Actor
from scuderia.basics.canonical import sha256_of
from scuderia.basics.clock import AwareDatetime, parse_instant
from scuderia.basics.errors import BadInput, ScuderiaError
from scuderia.fleet.operations.allocations import allocate_nodes, deallocate_nodes
from scuderia.fleet.operations.customers import Promise, add_customer
from scuderia.fleet.operations.descriptions import ReasonMissing, expand_nodes, may_describe
from scuderia.fleet.operations.nodes import (
    NodeFacts,
    NodesDescribed,
    add_nodes,
    edit_nodes,
    retire_nodes,
)
from scuderia.fleet.operations.outages import EndsBeforeStart
from scuderia.fleet.operations.skus import SkuChanges, add_sku
from scuderia.fleet.queries.customers import list_customers
from scuderia.fleet.queries.inventory import list_skus
from scuderia.web.base_views import act, attempt, page, show
from scuderia.web.components import Crumb, Field, Tab
from scuderia.web.request_context import form_value, request_context

Said: TypeAlias = Mapping[str, str]
"""What was typed, by the field's name."""

NAMES_TOLD = 20
TYPED_MAX = 20_000
_ELSEWHERE = {
    "node": "nodes", "from": "start", "to": "end", "in_service_from": "start",
    "in_service_to": "end",
}  # fmt: skip
"""Fields that a form calls otherwise than the flaw does."""
_AT = "A day, e.g. 2026-07-01, or an instant with its zone, e.g. 2026-07-01T08:00:00Z."
NODES = Field("nodes", "Nodes", "area", required=True, longest=TYPED_MAX,
              help="Names or hostlists such as node[001-128], parted by spaces.")  # fmt: skip
SITE = Field("site", "Site", longest=128)
CLUSTER = Field("cluster", "Cluster", longest=128)
RACK = Field("rack", "Rack", longest=128)
SKU = Field("sku", "SKU", "select")
CUSTOMER = Field("customer", "Customer", "select")
START = Field("start", "From", help=_AT, longest=40)
END = Field("end", "To", longest=40, help=f"The instant after the last. {_AT}")
REASON = Field("reason", "Why", longest=2000, help="Needed where a fact is corrected; audited.")


@dataclass(frozen=True, slots=True)
class DescribeForm:
    """One thing that a person may say of the fleet.

    needed   names of the fields that may not be left empty
    run      of (what was typed, actor, now, dry_run): does it, or tries it; returns words
    tried    it can be tried without being written
    """

    title: str
    words: str
    fields: tuple[Field, ...]
    needed: frozenset[str]
    run: Callable[[Said, Actor, AwareDatetime, bool], str]
    tried: bool = True


@dataclass(frozen=True, slots=True)
class DescribePage:
    """One form, and what would come of it.

    preview     what would be done; "" before it was tried
    previewed   names exactly what was tried
    """

    crumbs: tuple[Crumb, ...]
    tabs: tuple[Tab, ...]
    form: DescribeForm
    fields: tuple[Field, ...]
    preview: str
    previewed: str


@require_http_methods(["GET", "HEAD", "POST"])
@page
def describe(request: HttpRequest) -> HttpResponse:
    """Show one form, try what was typed, or write it."""
    may_describe(request_context(request).actor)
    name = request.GET.get("form", "")
    name = name if name in FORMS else "add-nodes"
    if request.method != "POST":
        return _shown(request, name)
    asked, form = request_context(request), FORMS[name]
    said = {field.name: form_value(request, field.name) for field in form.fields}

    def run(*, dry_run: bool) -> str:
        return _run(form, said, asked.actor, asked.now, dry_run=dry_run)

    if not form.tried or form_value(request, "previewed") == _named(name, said):
        there = f"{reverse('fleet-describe')}?form={name}"
        again = lambda: _shown(request, name, said)  # noqa: E731 - said again as it was
        return act(request, lambda: run(dry_run=False), then=there, again=again)
    return _shown(request, name, said, attempt(request, lambda: run(dry_run=True)) or "")


def _run(form: DescribeForm, said: Said, actor: Actor, now: AwareDatetime, *, dry_run: bool) -> str:
    for field in form.fields:
        if field.name in form.needed and not said[field.name]:
            raise BadInput(
                f"{field.label} is empty", remedy="Fill it in, and try again.", field=field.name
            )
    return form.run(said, actor, now, dry_run)


def _named(name: str, said: Said) -> str:
    return sha256_of([name, said])


def _shown(
    request: HttpRequest, name: str, said: Said | None = None, preview: str = ""
) -> HttpResponse:
    form, path = FORMS[name], reverse("fleet-describe")
    asked = request_context(request)
    choices = _choices(asked.actor, asked.now)
    refused: ScuderiaError | None = getattr(request, "refused_by", None)
    wrong = _field_of(refused, form) if refused else ""
    fields = tuple(
        replace(
            field,
            value=(said or {}).get(field.name, field.value),
            required=field.name in form.needed,
            choices=choices.get(field.name, ()),
            error=refused.message if refused and field.name == wrong else "",
        )
        for field in form.fields
    )
    context = DescribePage(
        crumbs=(Crumb("Fleet", reverse("fleet")), Crumb("Describe")),
        tabs=tuple(Tab(one.title, f"{path}?form={key}", key == name) for key, one in FORMS.items()),
        form=form,
        fields=fields,
        preview=preview,
        previewed=_named(name, said) if said and preview else "",
    )
    return show(request, "fleet/describe.html", context)


def _field_of(error: ScuderiaError, form: DescribeForm) -> str:
    """Return the field that the refusal speaks of; the form's first where it names none."""
    match error:
        case ReasonMissing():
            named = "reason"
        case EndsBeforeStart():
            named = "end"
        case _:
            named = str(error.facts.get("field", ""))
    named = _ELSEWHERE.get(named, named)
    return named if named in {field.name for field in form.fields} else form.fields[0].name


def _choices(actor: Actor, now: AwareDatetime) -> Mapping[str, tuple[tuple[str, str], ...]]:
    skus = tuple((name, f"{name}: {gpus} GPUs") for name, gpus in list_skus())
    held = tuple((str(one.name), str(one.name)) for one in list_customers(actor, now))
    return {"sku": (("", "Choose"), *skus), "customer": (("", "Choose"), *held)}


# --- what each form does ------------------------------------------------------------------


def _nodes(said: Said) -> tuple[str, ...]:
    try:
        return expand_nodes(said["nodes"].replace(", ", " ").split())
    except BadInput as error:
        raise BadInput(error.message, remedy=error.remedy, field="nodes") from None


def _instant(said: Said, name: str) -> AwareDatetime | None:
    if not said[name]:
        return None
    try:
        return parse_instant(said[name], field={"start": "From", "end": "To"}[name])
    except BadInput as error:
        raise BadInput(error.message, remedy=error.remedy, field=name) from None


def _needed_instant(said: Said, name: str) -> AwareDatetime:
    at = _instant(said, name)
    assert at is not None, "a needed field is not empty"  # noqa: S101 - a bug
    return at


def _facts(said: Said) -> NodeFacts:
    return NodeFacts(
        site=said["site"] or None,
        cluster=said["cluster"] or None,
        rack=said["rack"] or None,
        sku=said["sku"] or None,
        in_service_from=_instant(said, "start"),
        in_service_to=_instant(said, "end") if "end" in said else None,
    )


def _names(nodes: tuple[str, ...]) -> str:
    more = len(nodes) - NAMES_TOLD
    return ", ".join(nodes[:NAMES_TOLD]) + (f" and {more} more" if more > 0 else "")


def _told(done: NodesDescribed, nodes: tuple[str, ...], *, dry_run: bool) -> str:
    verb = "Would add" if dry_run else "Added"
    return (
        f"{verb} {done.added} and change {done.amended} of {len(nodes)} nodes; {done.unchanged} "
        f"stand so already: {_names(nodes)}."
    )


def _add_nodes(said: Said, actor: Actor, now: AwareDatetime, dry_run: bool) -> str:  # noqa: FBT001 - all forms alike
    nodes = _nodes(said)
    done = add_nodes(actor=actor, nodes=nodes, facts=_facts(said), now=now, dry_run=dry_run)
    return _told(done, nodes, dry_run=dry_run)


def _edit_nodes(said: Said, actor: Actor, now: AwareDatetime, dry_run: bool) -> str:  # noqa: FBT001
    nodes = _nodes(said)
    done = edit_nodes(
        actor=actor, nodes=nodes, facts=_facts(said), reason=said["reason"], now=now,
        dry_run=dry_run,
    )  # fmt: skip
    return _told(done, nodes, dry_run=dry_run)


def _retire_nodes(said: Said, actor: Actor, now: AwareDatetime, dry_run: bool) -> str:  # noqa: FBT001
    nodes = _nodes(said)
    done = retire_nodes(
        actor=actor, nodes=nodes, end=_needed_instant(said, "end"), reason=said["reason"],
        now=now, dry_run=dry_run,
    )  # fmt: skip
    return _told(done, nodes, dry_run=dry_run)


def _allocate(said: Said, actor: Actor, now: AwareDatetime, dry_run: bool) -> str:  # noqa: FBT001
    nodes = _nodes(said)
    done = allocate_nodes(
        actor=actor, nodes=nodes, customer=said["customer"],
        start=_needed_instant(said, "start"), end=_instant(said, "end"), now=now,
        dry_run=dry_run,
    )  # fmt: skip
    would = "would hold" if dry_run else "holds"
    return (
        f"{said['customer']} {would} {done.added} more of {len(nodes)} nodes; {done.unchanged} it "
        f"held just so: {_names(nodes)}."
    )


def _deallocate(said: Said, actor: Actor, now: AwareDatetime, dry_run: bool) -> str:  # noqa: FBT001
    nodes, end = _nodes(said), _needed_instant(said, "end")
    ended = deallocate_nodes(
        actor=actor, nodes=nodes, end=end, reason=said["reason"], now=now, dry_run=dry_run
    )
    would = "would end" if dry_run else "ended"
    return f"{ended} allocations {would} at {end:%Y-%m-%d %H:%M} UTC: {_names(nodes)}."


def _add_sku(said: Said, actor: Actor, now: AwareDatetime, _dry_run: bool) -> str:  # noqa: FBT001
    gpus = said["gpus"]
    if not (gpus.isascii() and gpus.isdigit()):
        raise BadInput(f"{gpus[:20]!r} is no count of GPUs", remedy="Give one.", field="gpus")
    sku = SkuChanges(gpus_per_node=int(gpus), gpu_model=said["model"])
    made = add_sku(actor=actor, name=said["name"], sku=sku, now=now)
    return f"{said['name']} {'is' if made else 'was'} on the books."


def _add_customer(said: Said, actor: Actor, now: AwareDatetime, _dry_run: bool) -> str:  # noqa: FBT001
    made = add_customer(actor=actor, name=said["name"], promise=Promise(), now=now)
    return f"{said['name']} {'is' if made else 'was'} on the books, promised nothing yet."


FORMS: Mapping[str, DescribeForm] = {
    "add-nodes": DescribeForm(
        "Add nodes", "All of them or none; sites, clusters and racks named first here are made.",
        (NODES, SITE, CLUSTER, RACK, SKU, START),
        frozenset({"nodes", "site", "cluster", "rack", "sku", "start"}), _add_nodes,
    ),
    "edit-nodes": DescribeForm(
        "Correct nodes", "What is corrected holds for all of the past too; empty keeps it.",
        (NODES, SITE, CLUSTER, RACK, SKU, START, END, REASON), frozenset({"nodes", "reason"}),
        _edit_nodes,
    ),
    "retire-nodes": DescribeForm(
        "Retire nodes", "Out of service from an instant on; nobody may hold them then.",
        (NODES, END, REASON), frozenset({"nodes", "end"}), _retire_nodes,
    ),
    "allocate": DescribeForm(
        "Allocate", "A customer holds nodes from an instant on, or over a stretch.",
        (NODES, CUSTOMER, START, END), frozenset({"nodes", "customer", "start"}), _allocate,
    ),
    "deallocate": DescribeForm(
        "End allocations", "Whoever holds the nodes at that instant holds them no longer.",
        (NODES, END, REASON), frozenset({"nodes", "end"}), _deallocate,
    ),
    "add-sku": DescribeForm(
        "Add a SKU", "A type of node; without a price no money is shown.",
        (Field("name", "Name", longest=128),
         Field("gpus", "GPUs of a node", "number", minimum="1", maximum="1024"),
         Field("model", "GPU model", longest=128)),
        frozenset({"name", "gpus", "model"}), _add_sku, tried=False,
    ),
    "add-customer": DescribeForm(
        "Add a customer", "Who holds nodes; what they are promised is said on their page.",
        (Field("name", "Name", longest=128),), frozenset({"name"}), _add_customer, tried=False,
    ),
}  # fmt: skip
