"""The freeze room over JSON: the zones, and the gate."""

from ninja import Router

from scuderia.freeze.api import adapters, break_glass, gate, updates, zones

router = Router()
router.add_router("/freeze", zones.router)
router.add_router("/freeze", break_glass.router)
router.add_router("/freeze", updates.router)
router.add_router("/freeze", gate.bundles)
router.add_router("/gate", gate.router)
router.add_router("/gate/adapters", adapters.router)
