"""Labels of nodes over JSON: set, and taken away."""

from typing import Annotated

from django.http import HttpRequest
from ninja import Field, Router, Schema

from scuderia.fleet.api.allocations import NodesIn
from scuderia.fleet.operations.descriptions import expand_nodes
from scuderia.fleet.operations.labels import label_nodes
from scuderia.fleet.operations.node_marks import NodesMarked
from scuderia.loop.api.common import SubjectText, answers, asked_by

router = Router()
LabelText = Annotated[str, Field(max_length=320)]


class LabelsIn(Schema):
    """What nodes are to bear, by key; null takes a key away. What is not named stays."""

    nodes: NodesIn
    labels: Annotated[dict[LabelText, SubjectText | None], Field(min_length=1, max_length=64)]
    dry_run: bool = False


@router.post("/node-labels", response=answers(NodesMarked))
def label(request: HttpRequest, said: LabelsIn) -> NodesMarked:
    """Label nodes, all of them or none."""
    return label_nodes(
        **asked_by(request),
        nodes=expand_nodes(said.nodes),
        changes=said.labels,
        dry_run=said.dry_run,
    )
