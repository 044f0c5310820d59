"""The switches, power feeds and storage that nodes hang on, over JSON."""

from collections.abc import Mapping
from typing import Annotated

from django.http import HttpRequest
from ninja import Field, Router, Schema

from scuderia.fleet.api.allocations import NodesIn
from scuderia.fleet.operations.descriptions import expand_nodes
from scuderia.fleet.operations.node_marks import NodesMarked
from scuderia.fleet.operations.shared_parts import hang_nodes
from scuderia.fleet.queries.shared_part_access import SharedPartRow, list_shared_parts
from scuderia.loop.api import common

router = Router()


class HangIn(Schema):
    """What nodes hang on, as `switch:NAME`, `feed:NAME` or `storage:NAME`; with `-` behind: not."""

    nodes: NodesIn
    parts: Annotated[list[common.SubjectText], Field(min_length=1, max_length=64)]
    dry_run: bool = False


@router.get("/shared-parts", response=common.answers(common.PageOut[SharedPartRow]))
def get_shared_parts(request: HttpRequest, *, page: common.LongPage) -> Mapping[str, object]:
    """Return the shared parts, by name, with how many nodes within reach hang on each."""
    return page.of(list_shared_parts(**common.asked_by(request)))


@router.post("/node-shared-parts", response=common.answers(NodesMarked))
def hang(request: HttpRequest, said: HangIn) -> NodesMarked:
    """Say what nodes hang on, all of them or none."""
    return hang_nodes(
        **common.asked_by(request),
        nodes=expand_nodes(said.nodes),
        changes=said.parts,
        dry_run=said.dry_run,
    )
