"""The fleet over JSON: nodes, timelines, outages, spare pools, customers and reports."""

from ninja import Router

from scuderia.fleet.api import books, places

router = Router(tags=["fleet"])
router.add_router("", places.router)
router.add_router("", books.router)
