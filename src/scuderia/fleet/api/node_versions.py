"""With which firmware, driver, kernel, image and boot nodes are seen, over JSON."""

from typing import Annotated

from django.http import HttpRequest
from ninja import Field, Router, Schema

from scuderia.fleet.nouns import SeenVersions, VersionKind
from scuderia.fleet.operations.node_versions import VersionsNoted, note_versions
from scuderia.loop.api.common import Instant, Name, Words, answers, asked_by

router = Router()


class NodeSeenIn(Schema):
    """One node, and what it was seen with: boot_id, firmware, driver, kernel, image."""

    node: Words
    versions: Annotated[dict[VersionKind, Words], Field(min_length=1)]


class VersionsIn(Schema):
    """What was seen of nodes at one instant, and by whom."""

    source: Name
    at: Instant
    nodes: Annotated[list[NodeSeenIn], Field(min_length=1, max_length=2_000)]


@router.post("/node-versions", response=answers(VersionsNoted))
def note(request: HttpRequest, said: VersionsIn) -> VersionsNoted:
    """Note what nodes were seen with; the same again only says that it still is so."""
    seen = tuple(SeenVersions(one.node, one.versions) for one in said.nodes)
    at = min(said.at, asked_by(request)["now"])
    actor = asked_by(request)["actor"]
    return note_versions(actor=actor, source=said.source, seen=seen, at=at)
