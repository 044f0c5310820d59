"""What the freeze room brings to the loop: its gate."""

from scuderia.freeze.playbook.zone_gate import ZoneGate
from scuderia.loop.ports import Registry


def register(registry: Registry) -> None:
    """Register the gate."""
    registry.gates.append(ZoneGate())
