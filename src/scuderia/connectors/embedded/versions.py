"""What the machines of the embedded fleet run, and updates that a deployer makes without asking."""

from collections.abc import Mapping
from pathlib import Path
from uuid import UUID, uuid5

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput
from scuderia.connectors.embedded.nodes import BROKEN, Node
from scuderia.connectors.embedded.storage import load_node, read_meta, save_node, write_world
from scuderia.connectors.embedded.world import advance_within, seconds
from scuderia.fleet.nouns import SeenVersions, VersionKind

BUILT_WITH: Mapping[VersionKind, str] = {
    VersionKind.FIRMWARE: "24.10.17",
    VersionKind.DRIVER: "550.127.08",
    VersionKind.KERNEL: "6.8.0-51-generic",
    VersionKind.IMAGE: "paddock-2026.07",
}
_BOOTS = UUID("6f1d3c5a-4a3e-5f0e-9a51-0d8b1f6b2c11")


def seen_versions(node: Node) -> SeenVersions | None:
    """Return what the node says it runs; None where it is broken and says nothing."""
    if node.state in BROKEN:
        return None
    told = {kind: node.flashed.get(kind.value, built) for kind, built in BUILT_WITH.items()}
    boot = str(uuid5(_BOOTS, f"{node.name}/{node.boots}"))
    return SeenVersions(node.name, {VersionKind.BOOT_ID: boot, **told})


def inject_update(
    path: Path, name: str, *, at: AwareDatetime, versions: Mapping[VersionKind, str]
) -> None:
    """Have a node started again, with these versions from then on, by somebody who asks nobody.

    raises   BadInput: there is no such node, or it is broken and takes no update
    """
    with write_world(path) as connection:
        come_to = advance_within(connection, to=seconds(at))
        node = load_node(connection, name)
        if node is None or node.state in BROKEN:
            raise BadInput(f"{name[:80]} takes no update", remedy="Name a node that runs.")
        node.boots += 1
        node.flashed |= {kind.value: value for kind, value in versions.items()}
        healthy = read_meta(connection)["healthy"] == "1"
        save_node(connection, node, at=come_to, healthy=healthy, observed=True)
