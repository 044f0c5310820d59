"""The loop over JSON: what the pages show, and the same few acts through the same operations."""

from ninja import Router

from scuderia.loop.api import deciding, keeping, powers, running

router = Router()
for _part in (
    deciding.router,
    running.router,
    running.agents,
    powers.router,
    powers.persons,
    keeping.router,
):
    router.add_router("", _part)
