"""The fleet over JSON: nodes, timelines, outages, spare pools, customers and reports."""

from ninja import Router

from scuderia.fleet.api import customers, nodes, outages, reports, spare_pools

router = Router(tags=["fleet"])
router.add_router("", nodes.router)
router.add_router("", outages.router)
router.add_router("", spare_pools.router)
router.add_router("", customers.router)
router.add_router("", reports.router)
