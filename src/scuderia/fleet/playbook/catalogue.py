"""What the fleet brings: executors, evidence, detectors, lineage, and the files that it reads."""

from scuderia.fleet.engine.snapshot import FleetSnapshot
from scuderia.fleet.nouns import GPU_HOURS
from scuderia.fleet.playbook import action_kinds, detectors, evidence, repairs
from scuderia.fleet.playbook.importers import DESCRIPTIONS, OutageImporter
from scuderia.fleet.playbook.spare_pools import ResizeSparePool
from scuderia.fleet.playbook.swaps import PullLemon, SwapBack, SwapNode
from scuderia.fleet.queries.lineage import FleetLineage
from scuderia.fleet.queries.silence import FleetSilence
from scuderia.fleet.queries.snapshot import fleet_snapshot, told_span
from scuderia.intake.importers import register_importer
from scuderia.loop.ports import Registry


def register(registry: Registry) -> None:
    """Register everything; a declaration that leaves something empty is refused."""
    for executor in (
        SwapNode(action_kinds.SWAP_NODE),
        PullLemon(action_kinds.PULL_LEMON),
        SwapBack(action_kinds.SWAP_BACK),
        repairs.DRAIN_NODE,
        repairs.RETURN_NODE,
        repairs.ESCALATE_REPAIR,
        repairs.DEESCALATE_REPAIR,
        ResizeSparePool(action_kinds.RESIZE_SPARE_POOL),
    ):
        registry.register_executor(executor)
    for query in evidence.QUERIES:
        registry.evidence[query.name] = query
    for detector in (detectors.NodeOut(), detectors.BadReturn()):
        registry.detectors[detector.name] = detector
    registry.register_unit(GPU_HOURS, worth=1.0)  # the measure itself; others state theirs in it
    registry.register_lineage(FleetLineage())
    registry.register_silence(FleetSilence())
    for importer in (OutageImporter(), *DESCRIPTIONS):
        register_importer(importer)
    registry.register_snapshot(FleetSnapshot, fleet_snapshot, span=told_span)
