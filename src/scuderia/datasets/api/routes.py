"""The datasets room over JSON."""

from ninja import Router

from scuderia.datasets.api import projects

router = Router()
router.add_router("", projects.router)
