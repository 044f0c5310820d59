"""The demo fleet on paper: 128 nodes of 8 GPUs in 16 racks, one site, two demo customers."""

from scuderia.fleet.nouns import CustomerName, NodeName, NodePlace, Sku, SlaDefinition

SITE = "north"
CLUSTER = "paddock"
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
