"""The kinds of file that the fleet reads: outages, nodes, allocations, promises, prices."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime, parse_instant
from scuderia.basics.errors import BadInput
from scuderia.fleet.engine.gpu_words import INDEX_MAX
from scuderia.fleet.engine.restatements import TOLERANCE_S
from scuderia.fleet.operations.description_imports import (
    allocation_import,
    exclusion_import,
    node_import,
    price_import,
    sla_import,
)
from scuderia.fleet.operations.outage_imports import OutageImport, StoodUp, may_import
from scuderia.intake.fields import ImportKind
from scuderia.intake.importers import Setting

TOLERANCE_MAX_S = 3_600
_SOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_OF_A_FLEET = ("site", "customer", "starts-at", "ends-at")


class OutageImporter:
    """Outages of nodes: those on the books, or with a fleet's size those that the file names."""

    name = "outages"
    job = (
        "Outages: node, start, end, cause, planned, detected, key, gpus_lost, gpu_indices, "
        "severity; or a StepFun trace."
    )
    settings = (
        Setting("fleet-size", "Nodes in the whole fleet: it is stood up from the file."),
        Setting("site", "With --fleet-size: where the nodes stand (else: imported)."),
        Setting("customer", "With --fleet-size: who holds new nodes (else: fleet)."),
        Setting("starts-at", "With --fleet-size: from when the file speaks."),
        Setting(
            "ends-at", "With --fleet-size: until when the file speaks (else: its last record)."
        ),
        Setting("source", "Who sends such files; facts are known again within one source."),
        Setting("start-tolerance", f"Seconds a restated start may lie off (else: {TOLERANCE_S})."),
        Setting(
            "degraded-gpus",
            "GPUs taken by an outage called degraded that gives none (else: the whole node).",
        ),
    )

    def begin(
        self, said: Mapping[str, str], *, actor: Actor, now: AwareDatetime
    ) -> ImportKind[Any]:
        """Return the kind for one import.

        raises   NotAuthorised, BadInput
        """
        may_import(actor)
        source = said["source"]
        if source and not _SOURCE.fullmatch(source):
            raise BadInput(
                f"--source {source[:40]!r} is no name",
                remedy="Use letters, digits and . _ -, at most 40 of them.",
            )
        tolerance = _whole("start-tolerance", said["start-tolerance"] or str(TOLERANCE_S))
        if tolerance > TOLERANCE_MAX_S:
            raise BadInput(
                f"--start-tolerance {tolerance} is too wide", remedy="Give 0 to 3600 seconds."
            )
        gpus = _whole("degraded-gpus", said["degraded-gpus"]) if said["degraded-gpus"] else None
        if gpus is not None and not 1 <= gpus <= INDEX_MAX + 1:
            raise BadInput(
                f"--degraded-gpus {gpus} is no share of a node", remedy="Give 1 or more GPUs."
            )
        return OutageImport(
            now=now, source=source, fleet=_fleet(said), tolerance_s=tolerance, degraded_gpus=gpus
        )


def _fleet(said: Mapping[str, str]) -> StoodUp | None:
    if not said["fleet-size"]:
        alone = next((name for name in _OF_A_FLEET if said[name]), "")
        if alone:
            remedy = "Say --fleet-size too, or leave it away: the nodes stand already."
            raise BadInput(f"--{alone} speaks of a fleet that is stood up", remedy=remedy)
        return None
    fleet = StoodUp(
        fleet_size=_whole("fleet-size", said["fleet-size"]),
        site=said["site"] or "imported",
        customer=said["customer"] or "fleet",
        starts_at=_instant(said, "starts-at"),
        ends_at=_instant(said, "ends-at"),
    )
    fleet.check()
    return fleet


def _whole(name: str, text: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text):
        raise BadInput(f"--{name} {text[:40]!r} is no whole number", remedy="Write digits alone.")
    return int(text)


def _instant(said: Mapping[str, str], name: str) -> AwareDatetime | None:
    return parse_instant(said[name], field=f"--{name}") if said[name] else None


class _DescriptionImporter:
    """Facts that describe the fleet; no settings beside the file."""

    settings = ()

    def __init__(
        self, name: str, job: str, kind_at: Callable[[AwareDatetime], ImportKind[Any]]
    ) -> None:
        self.name, self.job, self._kind_at = name, job, kind_at

    def begin(
        self, _said: Mapping[str, str], *, actor: Actor, now: AwareDatetime
    ) -> ImportKind[Any]:
        """Return the kind for one import.

        raises   NotAuthorised, NotFound
        """
        may_import(actor)
        return self._kind_at(now)


DESCRIPTIONS = (
    _DescriptionImporter(
        "nodes",
        "Nodes: node, site, cluster, rack, sku, in_service_from, in_service_to.",
        node_import,
    ),
    _DescriptionImporter(
        "allocations", "Who held which node: node, customer, from, to.", allocation_import
    ),
    _DescriptionImporter(
        "slas",
        "What customers are promised from a day on: customer, from, target, time_zone.",
        sla_import,
    ),
    _DescriptionImporter(
        "exclusions",
        "Downtime that does not count: customer, from, to, cause, time_zone, reason.",
        exclusion_import,
    ),
    _DescriptionImporter(
        "prices",
        "Prices from a day on: sku, customer (empty: everybody's), from, cents_per_gpu_hour.",
        price_import,
    ),
)
