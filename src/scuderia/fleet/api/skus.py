"""Node types and their stated prices, described over JSON."""

from typing import Annotated

from django.http import HttpRequest
from ninja import Field, Router, Schema

from scuderia.fleet.api.customers import ChangedOut
from scuderia.fleet.operations.skus import SkuChanges, add_sku, edit_sku
from scuderia.loop.api import common

router = Router()
Count = Annotated[int, Field(ge=0, le=common.COUNT_MAX)]


class SkuIn(Schema):
    """A node type; a price of 0 US cents, and none, states none."""

    name: common.SubjectText
    gpus_per_node: Count | None = None
    gpu_model: common.SubjectText | None = None
    cents_per_gpu_hour: Count | None = None

    def changes(self) -> SkuChanges:
        """Return what is said of the type."""
        return SkuChanges(
            gpus_per_node=self.gpus_per_node,
            gpu_model=self.gpu_model,
            cents_per_gpu_hour=self.cents_per_gpu_hour,
        )


class SkuEditIn(SkuIn):
    """What a node type is instead; what is left out stays."""

    reason: common.Words = ""


@router.post("/skus", response=common.answers(ChangedOut))
def add(request: HttpRequest, said: SkuIn) -> dict[str, bool]:
    """Bring a node type onto the books."""
    return {"changed": add_sku(**common.asked_by(request), name=said.name, sku=said.changes())}


@router.patch("/skus", response=common.answers(ChangedOut))
def edit(request: HttpRequest, said: SkuEditIn) -> dict[str, bool]:
    """Correct a node type, for all of the past too."""
    changed = edit_sku(
        **common.asked_by(request), name=said.name, changes=said.changes(), reason=said.reason
    )
    return {"changed": changed}
