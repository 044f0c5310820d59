"""What the freeze room brings: its gate to the loop, its kind of file to the intake."""

from scuderia.fleet.ports import registry as fleet
from scuderia.freeze.playbook.importers import UpdateImporter
from scuderia.freeze.playbook.kept_nodes import SWAP_KEPT, SwapKept
from scuderia.freeze.playbook.zone_gate import ZoneGate
from scuderia.freeze.queries.capacity_holds import ZoneCapacity
from scuderia.freeze.queries.planned_work import UpdateWork
from scuderia.intake.importers import register_importer
from scuderia.loop.ports import Registry


def register(registry: Registry) -> None:
    """Register the gate and the kind of file."""
    registry.gates.append(ZoneGate())
    fleet.calendars["freeze"] = UpdateWork()
    fleet.capacity["freeze"] = ZoneCapacity()
    registry.register_executor(SwapKept(SWAP_KEPT))
    register_importer(UpdateImporter())
