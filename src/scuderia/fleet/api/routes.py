"""The fleet over JSON: nodes, outages, spare pools, customers, SKUs, prices, holds, reports."""

from ninja import Router

from scuderia.fleet.api import (
    allocations,
    customers,
    exclusions,
    labels,
    node_versions,
    nodes,
    outages,
    prices,
    reports,
    shared_parts,
    skus,
    slas,
    spare_pools,
)

router = Router(tags=["fleet"])
router.add_router("", nodes.router)
router.add_router("", node_versions.router)
router.add_router("", labels.router)
router.add_router("", shared_parts.router)
router.add_router("", outages.router)
router.add_router("", spare_pools.router)
router.add_router("", customers.router)
router.add_router("", skus.router)
router.add_router("", slas.router)
router.add_router("", exclusions.router)
router.add_router("", prices.router)
router.add_router("", allocations.router)
router.add_router("", reports.router)
