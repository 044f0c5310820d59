"""An example of an update calendar, over the fleet at hand: to try with, and to write one like."""

import csv
import io
from datetime import timedelta

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.freeze.engine.update_rows import FIELDS, GRID_S
from scuderia.freeze.engine.zone_scope import ScopeNode
from scuderia.freeze.queries.updates import nodes_within
from scuderia.freeze.queries.zone_scope import scope_nodes

RACKS_MAX = 200
A_NIGHT = 2
RINGS = 4
_DUE = timedelta(days=30)


def example_calendar(actor: Actor, now: AwareDatetime, *, first: AwareDatetime) -> str:
    """Return CSV: firmware rack by rack, two a night in four rings, then each cluster's fabric.

    first    the first start; it is moved on to whole five minutes
    raises   NotFound: the actor may read nothing at all
    """
    names = nodes_within(actor, now, "")
    nodes = [one for one in scope_nodes(now) if names is None or one.node in names]
    at = first + timedelta(seconds=-int(first.timestamp()) % GRID_S)
    rows = [*_firmware(nodes, at), *_fabric(nodes, at)]
    text = io.StringIO()
    writer = csv.DictWriter(text, [one.name for one in FIELDS], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _firmware(nodes: list[ScopeNode], first: AwareDatetime) -> list[dict[str, object]]:
    racks = sorted({(one.site, one.rack) for one in nodes})[:RACKS_MAX]
    return [
        {
            "key": f"example-bmc-{rack}",
            "title": "BMC firmware",
            "class": "firmware",
            "nodes": f"rack:{rack}",
            "start": _night(first, number).isoformat(),
            "p50_minutes": 40,
            "p95_minutes": 90,
            "bake_minutes": 30,
            "rollback_minutes": 20,
            "campaign": "example-bmc",
            "ring": number * RINGS // len(racks),
            "at_once": 2,
            "due": (_night(first, len(racks)) + _DUE).isoformat(),
            "cves": "CVE-2026-0001 high 2026-06-01",
            "owner": "platform",
            "deployer": "in-house",
        }
        for number, (_, rack) in enumerate(racks)
    ]


def _fabric(nodes: list[ScopeNode], first: AwareDatetime) -> list[dict[str, object]]:
    clusters = sorted({(one.site, one.cluster) for one in nodes})[:RACKS_MAX]
    return [
        {
            "key": f"example-fabric-{cluster}",
            "title": "Switch OS",
            "class": "fabric",
            "nodes": f"cluster:{cluster}",
            "start": _night(first, 2 * A_NIGHT + number * A_NIGHT).isoformat(),
            "p95_minutes": 120,
            "rollback_minutes": 30,
            "at_once": 8,
            "severity": "critical",
            "owner": "network",
            "deployer": "in-house",
        }
        for number, (_, cluster) in enumerate(clusters)
    ]


def _night(first: AwareDatetime, number: int) -> AwareDatetime:
    return first + timedelta(days=number // A_NIGHT, hours=2 * (number % A_NIGHT))
