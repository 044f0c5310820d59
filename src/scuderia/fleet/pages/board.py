"""Fleet: every node as a tile by rack, live; and the box that finds one by name."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import EVERYTHING
from scuderia.basics.units import percent
from scuderia.fleet.nouns import NodeName, NodeState
from scuderia.fleet.pages.display import READY, SPARE, STATE_LOOKS, look_of, state_key
from scuderia.fleet.queries.access import sees_everything
from scuderia.fleet.queries.nodes import NodeStatus, list_nodes
from scuderia.fleet.queries.spare_pools import list_pool_sizes
from scuderia.loop.nouns import Power
from scuderia.loop.queries.access import may
from scuderia.web.base_views import page, show
from scuderia.web.components import Card, Field, Tile, TileGroup
from scuderia.web.request_context import RequestContext, request_context

FILTERS_MAX = 128
SERVING = (NodeState.UP, NodeState.DEGRADED)


@dataclass(frozen=True, slots=True)
class Legend:
    """One state in the legend, which filters the board when pressed.

    look, word   the mark's, as of the tiles
    count        nodes in it, whatever the filter says
    href         sets the filter; lets go of it where it is set
    """

    look: str
    word: str
    count: int
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class Stretch:
    """The racks of one cluster, under `SITE / CLUSTER`."""

    name: str
    racks: tuple[TileGroup, ...]


@dataclass(frozen=True, slots=True)
class FleetPage:
    """The fleet as it stands, as far as the person may read it.

    nodes       how many there are; `matching`: how many of them the filter takes
    filtered    anything was asked for
    customers   (name, URL) of those that hold a node
    sees_all    the person may read the whole fleet, and so its report
    may_describe   the person may say what stands where, and who holds it
    """

    as_of: AwareDatetime
    cards: tuple[Card, ...]
    legend: tuple[Legend, ...]
    clusters: tuple[Stretch, ...]
    fields: tuple[Field, ...]
    nodes: int
    matching: int
    filtered: bool
    customers: tuple[tuple[str, str], ...]
    sees_all: bool
    may_describe: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the URL asks for; empty means all.

    state   a node's state, or "spare" for a healthy node that is ready and held by nobody
    words   in lower case; part of the name of the node, its rack, cluster or site
    """

    state: str
    customer: str
    words: str

    def takes(self, node: NodeStatus) -> bool:
        """Say whether the node is asked for."""
        return (
            (not self.state or state_key(node) == self.state)
            and (not self.customer or node.customer == self.customer)
            and (not self.words or any(self.words in name.lower() for name in (
                node.place.node, node.place.rack, node.place.cluster, node.place.site)))
        )  # fmt: skip

    def url(self, **changes: str) -> str:
        """Return the page's address with some of it changed."""
        asked = {"state": self.state, "customer": self.customer, "q": self.words} | changes
        kept = {name: value for name, value in asked.items() if value}
        return f"{reverse('fleet')}?{urlencode(kept)}" if kept else reverse("fleet")


@require_safe
@page
def fleet(request: HttpRequest) -> HttpResponse:
    """Show every node the person may read."""
    asked = request_context(request)
    wanted = Wanted(
        request.GET.get("state", "")[:FILTERS_MAX],
        request.GET.get("customer", "")[:FILTERS_MAX],
        request.GET.get("q", "")[:FILTERS_MAX].strip().lower(),
    )
    return show(request, "fleet/fleet.html", _fleet(asked, wanted))


@require_safe
@page
def find(request: HttpRequest) -> HttpResponse:
    """Go to the node or the customer of that name, else to the nodes that hold the words."""
    asked, words = request_context(request), request.GET.get("q", "")[:FILTERS_MAX].strip()
    nodes = list_nodes(asked.actor, asked.now).nodes
    if any(node.place.node == words for node in nodes):
        return HttpResponseRedirect(reverse("node", args=[words]))
    if any(node.customer == words for node in nodes):
        return HttpResponseRedirect(reverse("customer", args=[words]))
    return HttpResponseRedirect(Wanted("", "", words).url())


def _fleet(asked: RequestContext, wanted: Wanted) -> FleetPage:
    nodes = list_nodes(asked.actor, asked.now).nodes
    lit = {node.place.node for node in nodes if wanted.takes(node)}
    customers = sorted({str(node.customer) for node in nodes if node.customer})
    return FleetPage(
        as_of=asked.now,
        cards=_cards(asked, nodes),
        legend=_legend(nodes, wanted),
        clusters=clusters_of(nodes, lit),
        fields=_fields(wanted, customers),
        nodes=len(nodes),
        matching=len(lit),
        filtered=bool(wanted.state or wanted.customer or wanted.words),
        customers=tuple((name, reverse("customer", args=[name])) for name in customers),
        sees_all=sees_everything(asked.actor),
        may_describe=may(asked.actor, Power.IMPORT, frozenset({EVERYTHING})),
    )


def _cards(asked: RequestContext, nodes: Sequence[NodeStatus]) -> tuple[Card, ...]:
    held = [node for node in nodes if node.customer]
    serving = [node for node in held if node.state in SERVING]
    short = sum(node.state is NodeState.DEGRADED for node in serving)
    down = [node for node in nodes if node.state not in (*SERVING, NodeState.DRAINED)]
    spares = sum(1 for node in nodes if state_key(node) == SPARE)
    stocked = list_pool_sizes(asked.actor)
    pools = sum(pool.target_size for pool in stocked) if stocked else None
    gpus = sum(node.gpus - node.gpus_lost for node in serving)
    whole = sum(1 - node.gpus_lost / max(node.gpus, 1) for node in serving)
    share = whole / len(held) if held else None
    return (
        Card("GPUs serving", f"{gpus:,}", f"of {sum(node.gpus for node in held):,}",
             "held by customers"),
        Card("Nodes serving", "\u2013" if share is None else percent(share, 1), "",
             f"{len(serving):,} of {len(held):,} held"
             + (f", {short:,} of them by the share of their GPUs" if short else "")),
        Card("Out of service", f"{len(down):,}", "nodes", "planned work not counted"),
        Card("Spares ready", f"{spares:,}", "" if pools is None else f"of {pools:,}",
             "" if pools is None else "the pool's target",
             "warn" if pools and spares < pools else ""),
    )  # fmt: skip


def _legend(nodes: Sequence[NodeStatus], wanted: Wanted) -> tuple[Legend, ...]:
    counted = Counter(state_key(node) for node in nodes)
    looks = {state.value: look for state, look in STATE_LOOKS.items()}
    looks[SPARE] = (READY, "Spare, ready")
    return tuple(
        Legend(
            look=look,
            word=word,
            count=counted.get(key, 0),
            href=wanted.url(state="" if wanted.state == key else key),
            current=wanted.state == key,
        )
        for key, (look, word) in looks.items()
    )


def clusters_of(nodes: Sequence[NodeStatus], lit: set[NodeName]) -> tuple[Stretch, ...]:
    """Return the nodes as tiles, by cluster and rack; those that are not `lit` are dim."""
    racks: dict[str, dict[str, list[NodeStatus]]] = defaultdict(lambda: defaultdict(list))
    for node in nodes:
        racks[f"{node.place.site} / {node.place.cluster}"][node.place.rack].append(node)
    return tuple(
        Stretch(cluster, tuple(_rack(name, inside, lit) for name, inside in rows.items()))
        for cluster, rows in racks.items()
    )


def _rack(name: str, nodes: Sequence[NodeStatus], lit: set[NodeName]) -> TileGroup:
    out = sum(node.state not in SERVING for node in nodes)
    tiles = tuple(_tile(node, lit) for node in nodes)
    return TileGroup(name, f"{out} out" if out else "", tiles, label=f"Rack {name}")


def _tile(node: NodeStatus, lit: set[NodeName]) -> Tile:
    look, word = look_of(node)
    name = node.place.node
    note = f"{node.customer or 'held by nobody'}{', ' + node.cause if node.cause else ''}"
    href = reverse("node", args=[name])
    return Tile(name, href, look, word, note, dim=name not in lit)


def _fields(wanted: Wanted, customers: Sequence[str]) -> tuple[Field, ...]:
    states = [(state.value, word) for state, (_, word) in STATE_LOOKS.items()]
    return (
        Field("state", "State", "select", value=wanted.state,
              choices=(("", "Any"), *states, (SPARE, "Spare, ready"))),
        Field("customer", "Customer", "select", value=wanted.customer,
              choices=(("", "Any"), *((name, name) for name in customers))),
        Field("q", "Node, rack or cluster", "search", value=wanted.words, longest=FILTERS_MAX),
    )  # fmt: skip
