"""A fleet on paper: the demo's 128 nodes, or as many as a recorded year needs; who holds which."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from scuderia.fleet.nouns import CustomerName, NodeName, NodePlace, Sku, SlaDefinition

SITE = "north"
CLUSTER = "paddock"
RECORDED_SITE = "recorded"
RECORDED_CLUSTER = "year"
RACKS = 16
NODES_PER_RACK = 8
SKU = Sku(name="H100-SXM-8x", gpus_per_node=8, gpu_model="H100 SXM", cents_per_gpu_hour=250)

AURORA = CustomerName("demo-aurora")
BOREALIS = CustomerName("demo-borealis")
SLAS = (
    SlaDefinition(customer=AURORA, target=0.975, time_zone="America/Los_Angeles"),
    SlaDefinition(customer=BOREALIS, target=0.97, time_zone="Europe/Berlin"),
)
_AURORA_RACKS = 9  # racks 1-9: 72 nodes
_BOREALIS_RACKS = 14  # racks 10-14: 40 nodes; racks 15 and 16 are sold to nobody


def places() -> tuple[NodePlace, ...]:
    """Return every node where it stands, r01-n01 to r16-n08, in order."""
    return tuple(
        NodePlace(
            node=NodeName(f"r{rack:02d}-n{slot:02d}"),
            site=SITE,
            cluster=CLUSTER,
            rack=f"r{rack:02d}",
            sku=SKU.name,
        )
        for rack in range(1, RACKS + 1)
        for slot in range(1, NODES_PER_RACK + 1)
    )


def first_holder(place: NodePlace) -> CustomerName | None:
    """Return the customer who holds the node when the demo's history begins."""
    rack = int(place.rack[1:])
    if rack <= _AURORA_RACKS:
        return AURORA
    return BOREALIS if rack <= _BOREALIS_RACKS else None


@dataclass(frozen=True, slots=True)
class Layout:
    """What stands where, and what was promised to whom.

    recorded   in words, the file whose outages this fleet lives through; empty: they are drawn
    """

    cluster: str
    places: tuple[NodePlace, ...]
    sku: Sku
    slas: tuple[SlaDefinition, ...]
    recorded: str = ""

    def as_text(self) -> str:
        """Return what `layout_of` needs of a recorded fleet."""
        sla = self.slas[0]
        return json.dumps({
            "recorded": self.recorded,
            "customer": sla.customer,
            "target": sla.target,
            "nodes": [place.node for place in self.places],
        })  # fmt: skip


DEMO = Layout(CLUSTER, places(), SKU, SLAS)
RECORDED_SKU = replace(SKU, name="8-gpu-node", gpu_model="GPU", cents_per_gpu_hour=0)


def recorded_layout(
    recorded: str, *, nodes: tuple[str, ...], customer: str, target: float
) -> Layout:
    """Return the layout of a recorded fleet: one customer, racks of eight in the order given."""
    return Layout(
        cluster=RECORDED_CLUSTER,
        places=tuple(
            NodePlace(
                node=NodeName(node),
                site=RECORDED_SITE,
                cluster=RECORDED_CLUSTER,
                rack=f"rack-{at // NODES_PER_RACK + 1:04d}",
                sku=RECORDED_SKU.name,
            )
            for at, node in enumerate(nodes)
        ),
        sku=RECORDED_SKU,
        slas=(SlaDefinition(CustomerName(customer), target, "UTC"),),
        recorded=recorded,
    )


def layout_of(meta: Mapping[str, str]) -> Layout:
    """Return the layout that a world's file was made with."""
    if "layout" not in meta:
        return DEMO
    told = json.loads(meta["layout"])
    return recorded_layout(
        told["recorded"],
        nodes=tuple(told["nodes"]),
        customer=told["customer"],
        target=told["target"],
    )
